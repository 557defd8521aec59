"""Audience files: what each ad platform imports, written and checked from one dated description per platform."""
