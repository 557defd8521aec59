"""How the figures were made: formulas, settings, seeds and versions, so that anyone can repeat them."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from attribution.report.document import Block, Chapter, Column, Formula, Table, Text, table_of
from attribution.report.fit_names import MEANT, PLAIN
from attribution.report.sources import Sources

RULES = {"first", "last", "last-non-direct", "linear", "position", "time-decay"}
FORMULAS = {
    "markov": ("RE_c = 1 − P(conversion without c) / P(conversion);  credit_c = conversions · RE_c / Σ RE",
               "Anderl, Becker, von Wangenheim, Schumann (2016), Mapping the customer journey."),
    "shapley": ("φ_c = Σ over sets S without c of |S|! (n − |S| − 1)! / n! · (v(S ∪ c) − v(S))",
                "Shapley (1953); closed form of Zhao, Mahboobi, Bagheri (2018)."),
    "hazard": ("λ(t) = baseline(t) + Σ effect of touch · decay(t − time of touch)", ""),
    "mmm": ("y_t = baseline_t + Σ_c β_c · saturation(adstock(spend_c))_t + noise",
            "Jin, Wang, Sun, Chan, Koehler (2017), Bayesian methods for media mix modeling."),
    "reconciled": ("p(totals | panel, lifts) · N(path totals | totals, discrepancy)", ""),
}  # fmt: skip
SETTINGS = (Column("setting", "Setting"), Column("value", "Value"))


def method(sources: Sources) -> Chapter:
    """Formulas, what is assumed, settings and versions."""
    blocks: list[Block] = [*_formulas(sources), *_assumptions(sources), _settings(sources), _versions(sources)]
    lead = "Everything that is needed to make these figures again: the formulas, the settings, the versions."
    return Chapter("method", "Method and assumptions", lead, tuple(blocks))


def _formulas(sources: Sources) -> list[Block]:
    if sources.credits is None:
        return []
    models = [str(m) for m in dict.fromkeys(sources.credits["model"])]
    found: list[Block] = []
    for model in models:
        if model in RULES:
            continue
        formula, source = FORMULAS.get(model, ("", ""))
        if formula:
            found.append(Formula(PLAIN.get(model, model), formula, MEANT.get(model, ""), source))
    if RULES & set(models):
        words = "Each rule gives the touches of a converting journey fixed weights that add up to 1."
        found.insert(0, Formula("Rules", "credit_c = Σ journeys conversions · weight(touches of c)", words))
    return found


def _assumptions(sources: Sources) -> list[Block]:
    if sources.credits is None:
        return []
    attributed = (sources.credits["estimand"] == "attributed").any()
    words = (
        "Channels, (baseline) and (unattributed) add up to what was observed in every model. Intervals say how far a "
        "figure would move with other customers or weeks of the same kind; they hold only as far as the model does."
    )
    if attributed:
        words += (
            " Rules, Markov chains and Shapley values share out observed conversions: they do not say what would have "
            "happened without a channel, and they see no touch that was not recorded (offline media, views, other "
            "devices that no id joins)."
        )
    return [Text(words)]


def _settings(sources: Sources) -> Table:
    manifest = sources.manifest
    rows: list[tuple[str, str]] = []
    if manifest["journeys"]:
        rows += [(f"journeys: {k}", _text(v)) for k, v in manifest["journeys"]["settings"].items()]
    kept = {**manifest["fits"], **manifest.get("mixes", {}), **manifest.get("reconciled", {})}
    for name, fit in sorted(kept.items()):
        for part in ("spec", "uncertainty", "sampling", "tuning"):
            if isinstance(fit.get(part), dict):
                rows.append((f"{name}: {part}", _text(fit[part])))
    frame = pd.DataFrame(rows, columns=["setting", "value"])
    return table_of(frame, "settings", "Settings", SETTINGS)


def _versions(sources: Sources) -> Table:
    rows = [*sources.manifest.get("versions", {}).items()]
    rows += [
        (f"input {i}", f"sha-256 {str(item['digest'])[:16]}…") for i, item in enumerate(sources.manifest["inputs"], 1)
    ]
    frame = pd.DataFrame(rows, columns=["setting", "value"])
    return table_of(frame, "versions", "Versions and inputs", SETTINGS)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
