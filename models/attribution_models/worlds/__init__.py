"""Simulated worlds whose incremental truth is known."""
