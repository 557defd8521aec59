"""Statistics of attribution: arrays in, frozen results out. No files, no database, no command line."""
