"""Chapters of the media-mix models, by subject."""
