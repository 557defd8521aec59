"""Bayesian media-mix models: a frozen specification, its PyMC graph, and a compiled density of the same posterior."""
