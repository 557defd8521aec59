"""Who is not to be advertised to, and what was spent on them so far."""
