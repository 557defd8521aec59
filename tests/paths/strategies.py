"""Random small journeys for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.paths.listpaths import Journey

NAMES = "abcd"


@st.composite
def journeys(draw: st.DrawFn, *, longest: int = 6) -> list[Journey]:
    """A few journeys over at most four channels, some of them empty or without weight."""
    found = []
    for _ in range(draw(st.integers(0, 12))):
        path = tuple(draw(st.lists(st.sampled_from(NAMES), max_size=longest)))
        conversions = float(draw(st.integers(0, 3)))
        value = draw(st.sampled_from([0.0, 0.5, 1.0, 7.25])) if conversions else 0.0
        ages = draw(st.lists(st.integers(0, 60), min_size=len(path), max_size=len(path)))
        found.append(
            Journey(
                path,
                conversions,
                value,
                float(draw(st.integers(0, 3))),
                tuple(float(age) for age in sorted(ages, reverse=True)),
            )
        )
    return found
