"""Splits of several tools, side by side: what each gains by our posterior."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Row
from benchmarks.mmm.plan_fits import HOME
from benchmarks.mmm.runs import digest
from benchmarks.peers import UnavailableError

# A split of ours may be worse than another by this share of the gain and still count as equal: rounding.
ROUNDING = 1e-6
Splits = dict[str, dict[str, dict[str, float]]]


def by_name(names: Sequence[str], money: Sequence[float]) -> dict[str, float]:
    """Money by channel."""
    return dict(zip(names, money, strict=True))


def written(splits: Splits) -> Path:
    """Splits in a file that is named by what it holds."""
    text = json.dumps(splits, indent=1, sort_keys=True)
    file = HOME / f"splits-{digest(text)}.json"
    HOME.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n", encoding="utf-8")
    return file


def missing(part: str, peer: str, reason: Exception) -> Row:
    """A peer that was left out or cannot be installed is skipped; one that failed is not measured."""
    return Row(part, peer, None, "s", skipped=isinstance(reason, UnavailableError), note=str(reason))


def gain_rows(part: str, words: str, judged: dict[str, Any], peer: str, why: str) -> Iterator[Row]:
    """Expected gain over today of ours and of a peer's split, by our objective; ours has to be as good."""
    mine, other = judged["splits"]["ours"], judged["splits"]["theirs"]
    base = judged["today"]
    for name, split in (("ours", mine), (peer, other)):
        yield Row(part, f"{words}: gain over today, split of {name}", split["gain"], "",
                  note=f"{split['gain'] / base:+.2%} of what today's money brings; above today in "
                       f"{split['ahead']:.0%} of draws; spends {split['spent']:.3%} of today's money")  # fmt: skip
    yield Row(part, f"{words}: gain, ours ÷ {peer}", mine["gain"] / other["gain"], "×", 1 - ROUNDING, at_most=False,
              note=f"by our objective; {apart(mine['z'], other['z']):.2%} placed elsewhere; {why}")  # fmt: skip


def apart(a: Sequence[float], b: Sequence[float]) -> float:
    """Share of the money that two splits put in different channels."""
    return sum(abs(x - y) for x, y in zip(a, b, strict=True)) / 2 / sum(a)
