"""Steps over a workspace: what each command does, for the command line, `run` and Python alike; one file each."""
