"""A media-mix model from a weekly panel: contributions, returns, and what to be careful about."""

from pathlib import Path

import pandas as pd

import attribution

data = Path(__file__).parent / "data"
panel = pd.read_csv(data / "weekly.csv", parse_dates=["week"])

report = attribution.fit_mix(panel, data / "mmm.toml")
for finding in report.findings:
    if finding.severity in {"warning", "error"}:
        print(f"{finding.severity}: {finding.message}")

columns = ["channel", "value", "value_lower", "value_upper", "cost", "roas", "roas_lower", "roas_upper", "mark"]
print(report.credits[columns].round(2).to_string(index=False))

monthly = attribution.mix_credits(report.stored, by=("month",))
print(monthly.pivot(index="month", columns="channel", values="value").round(0).tail(3).to_string())
