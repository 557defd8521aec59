"""One answer from a media-mix posterior, path models and experiments on people: `totals`, then `split`."""
