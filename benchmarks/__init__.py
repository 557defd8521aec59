"""Speed and memory, measured beside the peers; see README.md."""
