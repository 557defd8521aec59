"""Reasons in words, and the facts behind them."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from attribution.frames import build_journeys
from attribution.reconcile.facts import Facts
from attribution.reconcile.matching import match
from attribution.reconcile.noticed import through_search
from attribution.reconcile.overlap import Overlap
from attribution.reconcile.touch_facts import TouchFacts, followed_by_another
from attribution.reconcile.words import measured, reasons
from attribution_models.mix.cells import Window
from attribution_models.reconcile.evidence import Experiment

DAY = 86_400_000_000


def touches(followed: float = 0.3, near: float = 0.1) -> TouchFacts:
    return TouchFacts({"a": followed}, {"a": near}, 0.3, 0.1)


def facts(**changed) -> Facts:
    plain = {"late": {}, "viewed": {"a": True}, "alike": {}, "touches": touches(), "marks": {}, "lookback": 30.0,
             "estimand": "attributed"}  # fmt: skip
    return Facts(**(plain | changed))


HAZARD = "incremental_direct"


@pytest.mark.parametrize(
    ("known", "apart", "given", "words"),
    [
        ("both", 0.5, facts(), ""),
        ("both", 2.0, facts(), "who would have bought anyway"),
        ("both", 2.0, facts(touches=touches(near=0.4)), "40% of its touches before a purchase are of the last day"),
        ("both", 2.0, facts(estimand=HAZARD), "demand that touches do not show"),
        ("both", -2.0, facts(), "open: touches that are not logged"),
        ("both", -2.0, facts(touches=touches(0.7)), "other channels follow 70% of its touches"),
        ("both", -2.0, facts(estimand=HAZARD), "later touches of other channels"),
        ("both", -2.0, facts(viewed={"a": False}), "view-through is missing"),
        ("both", -2.0, facts(late={"a": 0.4}), "by the mix model 40% of its effect is after 30 days"),
        ("both", -2.0, facts(alike={"a": ("b", 0.93)}), "moves with that of b (correlation 0.93)"),
        ("both", -2.0, facts(alike={"a": ("b", -0.93)}), "moves against that of b (correlation -0.93)"),
        ("both", 0.0, facts(marks={"a": "prior-dominated"}), "mostly its prior"),
        ("mix", np.nan, facts(viewed={}), "offline media"),
        ("mix", np.nan, facts(), "paths give it no credit"),
        ("mix", np.nan, facts(estimand=HAZARD), "no effect of it above zero"),
        ("paths", np.nan, facts(), "no spend of it"),
    ],
)
def test_reasons_in_words(known: str, apart: float, given: Facts, words: str) -> None:
    found = "; ".join(reasons("a", known, apart, given, ""))
    assert words in found
    assert bool(words) == bool(found)


def test_what_is_not_so_is_not_said() -> None:
    """A time-to-event model has no lookback, search has no views, and what was tested is not open."""
    late = "; ".join(reasons("a", "both", -2.0, facts(late={"a": 0.4}, estimand=HAZARD), ""))
    assert "lookback" not in late
    search = "; ".join(reasons("Brand search", "both", -2.0, facts(viewed={"Brand search": False}), ""))
    assert "view-through" not in search
    tested = "; ".join(reasons("a", "both", 2.0, facts(estimand=HAZARD), "the experiment measured 5 ± 1"))
    assert tested == "the experiment measured 5 ± 1"
    big = "; ".join(reasons("a", "both", -2.0, facts(), "", large=True))
    assert big.startswith("credit is shared by all channels that were there")
    assert "last day" not in "; ".join(reasons("a", "both", 2.0, facts(touches=touches(near=0.12)), ""))


def test_an_experiment_that_contradicts_the_mix_model_is_named() -> None:
    tests = (Experiment("a", 100.0, 10.0, 0.5),)
    words = "the experiment measured more than the mix model says (5.3 standard errors)"
    assert measured("a", tests, (50.0, 20.0)) == words
    assert measured("a", tests, (190.0, 20.0)) == ""
    assert measured("b", tests, (50.0, 20.0)) == ""
    assert measured("a", tests, (np.nan, np.nan)) == ""


def test_an_experiment_says_which_of_the_two_it_is_nearer_to() -> None:
    tests = (Experiment("a", 100.0, 10.0, 0.5),)
    assert measured("a", tests, (190.0, 20.0), 210.0) == "the experiment measured 200 ± 20, in reach of both"
    assert measured("a", tests, (190.0, 20.0), 400.0) == "the experiment measured 200 ± 20, nearer to the mix model"
    assert measured("a", tests, (170.0, 20.0), 210.0) == "the experiment measured 200 ± 20, nearer to paths"


def test_touches_that_another_channel_follows_are_those_a_loop_finds() -> None:
    rng = np.random.default_rng(5)
    lengths = rng.integers(0, 6, 300)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    channel = rng.integers(0, 3, offsets[-1])
    expected = [
        any(channel[later] != channel[i] for later in range(i + 1, end))
        for start, end in itertools.pairwise(offsets)
        for i in range(start, end)
    ]
    found = followed_by_another(channel, offsets, np.repeat(np.arange(300), lengths))
    np.testing.assert_array_equal(found, expected)


def test_facts_count_journeys_that_end_in_a_purchase_in_the_window() -> None:
    start = pd.Timestamp("2025-01-01")
    rows = [("p", "TV ad", 1), ("p", "mail", 2), ("p", "mail", 8.5), ("q", "mail", 3), ("r", "TV ad", 40)]
    seen = pd.DataFrame(
        [{"unified_id": who, "channel": c, "timestamp": start + pd.Timedelta(days=d)} for who, c, d in rows]
    )
    bought = pd.DataFrame({"unified_id": ["p", "r"], "timestamp": [start + pd.Timedelta(days=d) for d in (9, 41)]})
    journeys = build_journeys(seen, bought)
    first = int(np.datetime64("2025-01-01", "D").astype(np.int64)) * DAY
    found = Overlap(Window(0, 0), np.ones(1, np.bool_), np.array([first, first + 20 * DAY]), ("", ""), ())
    counted = TouchFacts.of(journeys, found, match(("Mail",), ("TV ad", "mail")))
    assert counted.followed == {"TV ad": 1.0, "Mail": 0.0}
    assert counted.near == {"TV ad": 0.0, "Mail": 0.5}
    assert counted.usual_followed == pytest.approx(1 / 3)
    assert counted.usual_near == pytest.approx(1 / 3)


def test_what_search_takes_from_a_channel_that_no_journey_holds_is_said() -> None:
    (said,) = through_search(("TV", "Brand search", "Display"), ("TV",))
    assert "takes the spend of Brand search as given" in said.message
    assert "whom TV made search" in said.message
    assert through_search(("TV", "Display"), ("TV",)) == []
    assert through_search(("TV", "Brand search"), ("Brand search",)) == []
