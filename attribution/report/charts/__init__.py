"""Charts of the report: Vega-Lite descriptions, and drawings of our own where Vega-Lite has no mark for it."""
