"""Options of sub-commands of ``mmm`` that sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from attribution.steps.mmm import Tuning

F = TypeVar("F", bound=Callable[..., Any])


def fold_options(command: F) -> F:
    """Which origins."""
    for option in (
        click.option(
            "--level", default=0.9, show_default=True, type=click.FloatRange(0.01, 0.99), help="Of intervals."
        ),
        click.option("--step", metavar="N", type=click.IntRange(min=1), help="Periods between origins [the horizon]."),
        click.option("--horizon", default=8, show_default=True, type=click.IntRange(min=1), help="Periods predicted."),
        click.option("--folds", default=4, show_default=True, type=click.IntRange(min=1), help="How many origins."),
    ):
        command = option(command)
    return command


def sampling_options(command: F) -> F:
    """How long, and how carefully, each fit is sampled."""
    count = click.IntRange(min=50)
    for option in (
        click.option(
            "--max-rounds",
            "rounds",
            default=4,
            show_default=True,
            type=click.IntRange(min=1),
            help="Sample on until the gate passes.",
        ),
        click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Of all random numbers."),
        click.option(
            "--target-accept", default=0.9, show_default=True, type=click.FloatRange(0.5, 0.999), help="Care."
        ),
        click.option("--draws", default=500, show_default=True, type=count, help="Draws per chain and round."),
        click.option("--tune", default=600, show_default=True, type=count, help="Draws that are thrown away."),
        click.option("--chains", default=4, show_default=True, type=click.IntRange(min=2), help="Chains per round."),
    ):
        command = option(command)
    return command


def tuning(options: dict[str, Any]) -> Tuning:
    """Settings of those options."""
    from attribution.steps.mmm import Tuning  # noqa: PLC0415

    return Tuning(**{name: options[name] for name in ("chains", "tune", "draws", "target_accept", "seed")})
