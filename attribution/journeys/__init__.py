"""Touches and conversions into encoded journeys, once."""
