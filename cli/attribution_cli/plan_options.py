"""Options of plans, and how they become what is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from attribution.plan.options import Goal, PlanOptions

F = TypeVar("F", bound=Callable[..., Any])


def _all(command: F, *options: Callable[[F], F]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


def future_option(command: F) -> F:
    """What is known of the periods after the panel."""
    return click.option(
        "--future", multiple=True, metavar="FILE",
        help="What is known of periods after the panel: controls, media that are decided; repeatable [a year before].",
    )(command)  # fmt: skip


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
        future_option,
        click.option("--by", metavar="GRAIN,…", help="Decide on each week, geo, or both [spread as it was]."),
        click.option("--target-outcome", type=float, metavar="N", help="The least budget that brings this much."),
        click.option("--target-roas", type=float, metavar="R", help="The most money that still returns R per unit."),
        click.option(
            "--target-mroas", type=float, metavar="R", help="So much that the last unit of money returns R everywhere."
        ),
        risk_options,
    )  # fmt: skip


def risk_options(command: F) -> F:
    """What is best."""
    return _all(
        command,
        click.option(
            "--objective", type=click.Choice(["expected", "quantile", "cvar", "beat-today"]),
            help="Gain over today's split: its mean, a low quantile, the mean of its worst draws (cvar), or its "
            "probability [cvar; with a target: expected].",
        ),
        click.option(
            "--quantile", type=click.FloatRange(0.001, 0.999),
            help="The share of draws that quantile and cvar look at [0.05; cvar: 0.1].",
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
        Several targets, or one that is no amount.
    """
    from attribution.plan.options import QUANTITIES, PlanOptions, Quantity, Search, Target  # noqa: PLC0415

    asked: dict[Quantity, Any] = {q: given[f"target_{q}"] for q in QUANTITIES}
    try:
        targets = [Target(quantity, value) for quantity, value in asked.items() if value is not None]
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if len(targets) > 1:
        raise click.UsageError(f"Take one target: {', '.join(f'--target-{t.quantity}' for t in targets)}.")
    return PlanOptions(
        budget=given["budget"],
        window=given["window"],
        future=tuple(given["future"]),
        by=tuple(filter(None, (part.strip() for part in (given["by"] or "").split(",")))),
        within=given["within"],
        **_limits(given),
        goal=_goal(given["objective"], given["quantile"]),
        target=targets[0] if targets else None,
        search=Search(given["starts"], given["seed"]),
        draws=given["draws"],
        level=given["level"],
    )


def _goal(kind: Any, share: float | None) -> Goal | None:
    from attribution.plan.options import goal_of  # noqa: PLC0415

    if kind is None:
        if share is not None:
            raise click.UsageError("--quantile: say of which --objective it is, quantile or cvar.")
        return None
    try:
        return goal_of(kind, share)
    except ValueError as error:
        raise click.UsageError(f"--quantile: {error}") from None


def options_within(given: dict[str, Any], level: float) -> PlanOptions:
    """What is asked by commands that split one budget: limits, money and window."""
    from attribution.plan.options import PlanOptions, Search  # noqa: PLC0415

    return PlanOptions(
        budget=given.get("budget"),
        window=given.get("window"),
        future=tuple(given.get("future", ())),
        within=given["within"],
        **_limits(given),
        goal=_goal(given.get("objective"), given.get("quantile")),
        search=Search(seed=given["seed"]),
        level=level,
    )


def _limits(given: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(given[name]) for name in ("bounds", "locks", "steps", "groups", "moves")}
