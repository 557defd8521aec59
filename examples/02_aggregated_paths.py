"""Paths that another tool exported: how the order of a Markov chain changes the picture."""

import pandas as pd

import attribution

paths = pd.DataFrame(
    {
        "path": ["Video > Search", "Video > Video > Search", "Search", "Mail > Search", "Video", "Mail"],
        "conversions": [30, 12, 25, 18, 2, 4],
        "nulls": [300, 90, 180, 120, 800, 260],
    }
)
journeys = attribution.read_paths(paths)
fits = attribution.fit(journeys, "last", "shapley", *(attribution.Markov(order=k) for k in (1, 2, 3)))
table = attribution.credits(journeys, fits)
print(table.pivot(index="channel", columns="fit", values="conversions").round(2).to_string())
