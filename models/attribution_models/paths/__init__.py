"""Path models: kernels over encoded journeys."""
