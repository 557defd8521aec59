"""From three DataFrames to a table of contributions, without a workspace."""

from pathlib import Path

import pandas as pd

import attribution

data = Path(__file__).parent / "data"
touches = pd.read_csv(data / "touches.csv", parse_dates=["timestamp"])
orders = pd.read_csv(data / "orders.csv", parse_dates=["timestamp"])
spend = pd.read_csv(data / "spend.csv", parse_dates=["date"])

journeys = attribution.build_journeys(touches, orders, lookback="30d")
for finding in journeys.findings:
    print(f"{finding.severity}: {finding.message}")

fits = attribution.fit(journeys, "linear", attribution.Markov(order=1))
table = attribution.credits(journeys, fits, spend)
print(table[["fit", "channel", "conversions", "value", "cost", "cpa", "roas"]].to_string(index=False))
