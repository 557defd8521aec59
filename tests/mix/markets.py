"""Small panels as text, and the model that fits them."""

from __future__ import annotations

import numpy as np
import pandas as pd

MODEL = """
[data]
outcome = "sales"

[[channel]]
name = "tv"
exposure = "tv_grp"
spend = "tv_spend"
adstock = { l_max = 3 }

[[channel]]
name = "search"
spend = "search_spend"
adstock = { l_max = 2 }

[[control]]
column = "price"
role = "confounder"
"""
GEO_MODEL = MODEL.replace('outcome = "sales"', 'outcome = "sales"\ngeo = "region"\npopulation = "people"')


def weekly(periods: int = 30, *, start: str = "2024-01-01", step: int = 7, seed: int = 1) -> pd.DataFrame:
    """A national panel."""
    rng = np.random.default_rng(seed)
    dates = np.datetime64(start) + np.arange(periods) * np.timedelta64(step, "D")
    tv, search = rng.gamma(2.0, 50.0, periods).round(2), rng.gamma(3.0, 20.0, periods).round(2)
    return pd.DataFrame(
        {
            "date": dates.astype(str),
            "sales": (1000 + 2 * tv + 3 * search + rng.normal(0, 20, periods)).round(2),
            "tv_grp": (tv / 3).round(1),
            "tv_spend": tv,
            "search_spend": search,
            "price": rng.normal(10, 1, periods).round(2),
        }
    )


def geos(periods: int = 30, names: tuple[str, ...] = ("north", "south", "west")) -> pd.DataFrame:
    """A panel of regions."""
    parts = [weekly(periods, seed=i).assign(region=name, people=1000.0 * (i + 1)) for i, name in enumerate(names)]
    return pd.concat(parts, ignore_index=True)
