"""A shop whose customers leave by chance, and what each of them is worth, worked out in plain loops."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from attribution_models.value.gamma_gamma import GammaGamma
from attribution_models.value.lifetime_value import lifetime_value
from attribution_models.value.purchase_history import PurchaseHistory
from attribution_models.value.repeat_buying import RepeatBuying
from tests.cli.running import prepared

FIRST, DAYS, PEOPLE = date(2025, 1, 1), 500, 600
# Every 12th customer has a status or a consent that keeps them out; the others are free.
OUT = {
    0: ("complaint", "granted"), 1: ("Active; employee", "granted"), 2: ("test account", "granted"),
    3: ("opted out", "granted"), 4: ("active", "denied"), 5: ("active", "unknown"),
}  # fmt: skip


def record(number):
    return OUT[number // 12 % 6] if number % 12 == 0 else ("active", "granted")


def purchases():
    """Customers who leave by chance and buy at rates and prices of their own."""
    rng = np.random.default_rng(8)
    rows = []
    for number in range(PEOPLE):
        rate, mean, day = rng.gamma(1.0, 0.02), 20 * rng.gamma(6, 1) / 6, float(rng.integers(0, 300))
        while day <= DAYS:
            rows.append((f"c{number:04d}", int(day), round(float(mean * rng.gamma(8, 1) / 8), 2) + 0.01))
            if rng.random() < 0.1:
                break
            day += 1 + rng.exponential(1 / rate)
    return pd.DataFrame(rows, columns=["customer_id", "day", "value"])


BOUGHT = purchases()


def stock(folder):
    """A workspace of the shop in a folder."""
    orders = pd.DataFrame(
        {
            "unified_id": BOUGHT["customer_id"],
            "timestamp": [f"{FIRST + timedelta(d)} 12:00:00" for d in BOUGHT["day"].tolist()],
            "value": BOUGHT["value"],
        }
    )
    orders.to_csv(folder / "orders.csv", index=False)
    rows = [
        (
            f"c{n:04d}",
            *record(n),
            f"c{n:04d}@shop.example",
            f"+4930{9000000 + n}",
            f"idfa:{n:08x}-aaaa-4bbb-8ccc-dddddddddddd",
        )
        for n in range(PEOPLE)
    ]
    crm = pd.DataFrame(rows, columns=["unified_id", "status", "consent", "email", "phone", "maid"])
    crm.to_csv(folder / "crm.csv", index=False)
    crm.drop(columns="consent").to_csv(folder / "bare.csv", index=False)
    prepared(
        folder,
        ("ingest", "--no-journeys", "--timezone", "UTC", "--conversions", "orders.csv", "--customers", "crm.csv"),
    )


def by_hand():
    """Value of each customer over a year, from arrays made here in plain loops."""
    end = int(BOUGHT["day"].max())
    names, x, t, age, previous, z, first, last = [], [], [], [], [], [], [], []
    for name, mine in BOUGHT.groupby("customer_id"):
        days = sorted(set(mine["day"]))
        names.append(name)
        x.append(len(days) - 1)
        t.append((days[-1] - days[0]) / 7)
        age.append((end - days[0]) / 7)
        previous.append((days[-2] - days[0]) / 7 if len(days) > 1 else np.nan)
        z.append(mine["value"].sum() / len(days))
        first.append(days[0])
        last.append(days[-1])
    history = PurchaseHistory(
        np.arange(len(names)), np.array(x), np.array(t), np.array(age), np.array(previous), np.array(z),
        np.array(first), np.array(last), end, 7.0, 0,
    )  # fmt: skip
    fit = RepeatBuying("mbgnbd").fit(history.frequency, history.recency, history.age)
    paid = GammaGamma().fit(history.frequency + 1, history.mean_value)
    # Fader and Hardie (2013), eq. (5), with the first purchase among those that are known.
    each = [paid.p * (paid.v + (n + 1) * m) / (paid.p * (n + 1) + paid.q - 1) for n, m in zip(x, z, strict=True)]
    value = lifetime_value(fit, 1.0, history, 365.0)
    return {name: float(a * b) for name, a, b in zip(names, each, value, strict=True)}
