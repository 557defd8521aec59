"""The command line: click commands, one file each; no logic."""
