"""Chapters of the report, one file each: what the workspace holds on a subject, or None where it holds nothing."""
