"""The order of columns of a credits table."""

from __future__ import annotations

import pandas as pd

from attribution.tables import CREDIT_COLUMNS


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns in the order of the contract, each measure followed by its interval, grains last."""
    known = [c for name in CREDIT_COLUMNS for c in (name, f"{name}_lower", f"{name}_upper")]
    return frame[[c for c in known if c in frame.columns] + [c for c in frame.columns if c not in known]]
