"""Models side by side: where they agree, where not, and why."""
