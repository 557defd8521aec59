"""The report: what the workspace holds as chapters of text, tables and charts; as a page, Markdown or JSON."""
