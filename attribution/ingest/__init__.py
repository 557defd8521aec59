"""Files of any layout into checked tables, with a quarantine for the rows that fail."""
