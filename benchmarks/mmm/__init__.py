"""The peers of the media-mix model, each run in its own environment."""
