"""Options of plans, and how they become what is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from attribution.plan.options import PlanOptions

F = TypeVar("F", bound=Callable[..., Any])


def _all(command: F, *options: Callable[[F], F]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


def what_options(command: F) -> F:
    """Which fit and periods, how much money, and what for."""
    return _all(
        command,
        click.option("--fit", metavar="NAME", help="The media-mix fit [the latest]."),
        click.option("--budget", type=float, metavar="AMOUNT", help="Spent exactly [what was spent in the window]."),
        click.option(
            "--window", metavar="PERIODS",
            help="2024-01-01..2024-06-30; N: the last N of the panel; +N: the N after it [the last quarter].",
        ),
        click.option("--by", metavar="GRAIN,…", help="Decide on each week, geo, or both [spread as it was]."),
        click.option("--target-outcome", type=float, metavar="N", help="The least budget that brings this much."),
        click.option("--target-roas", type=float, metavar="R", help="The most money that still returns R per unit."),
        click.option(
            "--target-mroas", type=float, metavar="R", help="So much that the last unit of money returns R everywhere."
        ),
        click.option(
            "--objective", type=click.Choice(["expected", "quantile", "cvar", "beat-today"]), default="expected",
            show_default=True,
            help="Gain over today's split: its mean, a low quantile, the mean of its tail, or its probability.",
        ),
        click.option(
            "--quantile", default=0.05, show_default=True, type=click.FloatRange(0.001, 0.999),
            help="Of quantile and cvar.",
        ),
    )  # fmt: skip


def limit_options(command: F) -> F:
    """Where the money may go."""
    return _all(
        command,
        click.option("--bounds", "within", default="0.5x:1.5x", show_default=True, metavar="LOW:HIGH",
                     help="Of channels without bounds of their own."),
        click.option("--channel-bounds", "bounds", multiple=True, metavar="CHANNEL=LOW:HIGH", help="Repeatable."),
        click.option("--lock", "locks", multiple=True, metavar="CHANNEL", help="Leave as it was; repeatable."),
        click.option("--step", "steps", multiple=True, metavar="CHANNEL=AMOUNT", help="Whole multiples; repeatable."),
        click.option("--group", "groups", multiple=True, metavar="CHANNEL,…=LOW:HIGH",
                     help="Limits of several channels together; repeatable."),
        click.option("--move", "moves", multiple=True, metavar="FROM,…=TO,…:PERCENT",
                     help="Move money by hand instead of looking for the best plan; repeatable."),
    )  # fmt: skip


def search_options(command: F) -> F:
    """How the best plan is looked for."""
    return _all(
        command,
        click.option("--starts", default=5, show_default=True, type=click.IntRange(min=1), help="Of the search."),
        click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Of its random starts."),
    )


def figure_options(command: F) -> F:
    """Draws, intervals, and fits that failed."""
    from attribution_cli.mmm_stored import draws_options, force_option  # noqa: PLC0415

    return force_option(draws_options(command))


def options_of(given: dict[str, Any]) -> PlanOptions:
    """What is asked.

    Raises
    ------
    click.UsageError
        Several targets.
    """
    from attribution.plan.options import QUANTITIES, Goal, PlanOptions, Quantity, Search, Target  # noqa: PLC0415

    asked: dict[Quantity, Any] = {q: given[f"target_{q}"] for q in QUANTITIES}
    targets = [Target(quantity, value) for quantity, value in asked.items() if value is not None]
    if len(targets) > 1:
        raise click.UsageError(f"Take one target: {', '.join(f'--target-{t.quantity}' for t in targets)}.")
    return PlanOptions(
        budget=given["budget"],
        window=given["window"],
        by=tuple(filter(None, (part.strip() for part in (given["by"] or "").split(",")))),
        within=given["within"],
        **_limits(given),
        goal=Goal(given["objective"], given["quantile"]),
        target=targets[0] if targets else None,
        search=Search(given["starts"], given["seed"]),
        draws=given["draws"],
        level=given["level"],
    )


def options_within(given: dict[str, Any], level: float) -> PlanOptions:
    """What is asked by commands that split one budget: limits, money and window."""
    from attribution.plan.options import PlanOptions, Search  # noqa: PLC0415

    return PlanOptions(
        budget=given.get("budget"),
        window=given.get("window"),
        within=given["within"],
        **_limits(given),
        search=Search(seed=given["seed"]),
        level=level,
    )


def _limits(given: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(given[name]) for name in ("bounds", "locks", "steps", "groups", "moves")}
