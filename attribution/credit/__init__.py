"""Models into the credits table."""
