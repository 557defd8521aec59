"""``attribution fit``: one sub-command per family, and ``paths`` for several at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from attribution_cli.fit_hazard import hazard
from attribution_cli.fit_mmm import mmm
from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import announce_compile, columns, credits_table, finish, say, tell, write_frame
from attribution_cli.progress_bar import watching


def _common(command: Any) -> Any:
    command = click.option(
        "--touch-credits", metavar="FILE", type=click.Path(dir_okay=False),
        help="Write the credit of every touch (Parquet); it sums to the table.",
    )(command)  # fmt: skip
    command = click.option("--level", default=0.9, show_default=True, help="Level of the intervals.")(command)
    command = click.option(
        "--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Same seed, same intervals."
    )(command)
    command = click.option(
        "--bootstrap",
        default=0,
        metavar="N",
        help="Intervals from N replicates of resampled customers (200 are usual).",
    )(command)
    return workspace_option(strict_option(format_options(command)))


def _name(command: Any) -> Any:
    return click.option("--name", metavar="NAME", help="Keep the fit under this name.")(command)


@click.group()
def fit() -> None:
    """Fit attribution models on the workspace's journeys.

    A fit is kept under a name that tells it apart (markov-2, time-decay-7d); fitting it again replaces it.
    """


@fit.command()
@click.option("--half-life", default=7.0, show_default=True, metavar="DAYS", help="Half-life of time-decay, in days.")
@click.option(
    "--position-weights", default="40/20/40", show_default=True, metavar="FIRST/MIDDLE/LAST",
    help="Weights of the position-based rule.",
)  # fmt: skip
@_common
@click.pass_context
def rules(ctx: click.Context, /, half_life: float, position_weights: str, **options: Any) -> None:
    """First, last, last non-direct, linear, position-based and time-decay, in one scan.

    \b
    Example:
      attribution fit rules --half-life 3 --position-weights 30/40/30
    """
    from attribution.credit.specs import make  # noqa: PLC0415

    first, last = _weights(position_weights)
    plain = [make(m) for m in ("first", "last", "last-non-direct", "linear")]
    specs = [
        *plain,
        make("position", {"first": first, "last": last}),
        make("time-decay", {"half_life_days": half_life}),
    ]
    _fit(ctx, specs, **options)


@fit.command()
@click.option(
    "--order",
    default="1",
    show_default=True,
    metavar="K|auto",
    help="Touches that a state remembers; auto takes the lowest that predicts held-out customers as well as the best.",
)
@click.option(
    "--removal", type=click.Choice(["redirect-to-null", "presence"]), default="redirect-to-null", show_default=True,
    help="What removing a channel means.",
)  # fmt: skip
@click.option(
    "--nulls", type=click.Choice(["use", "ignore"]), default="use", show_default=True,
    help="Whether journeys that never converted are in the chain.",
)  # fmt: skip
@click.option(
    "--posterior",
    default=0,
    metavar="N",
    help="Intervals from N draws of the chain's rows: fast, conditional on the chain.",
)
@_name
@_common
@click.pass_context
def markov(ctx: click.Context, /, order: str, removal: str, nulls: str, **options: Any) -> None:
    """Absorbing Markov chain of any order, with exact removal effects.

    \b
    Examples:
      attribution fit markov --order 2
      attribution fit markov --order auto --bootstrap 200
    """
    from attribution.credit.specs import make  # noqa: PLC0415

    orders: tuple[int, ...] = ()
    if order == "auto":
        chosen, orders = _chosen_order(ctx, options["workspace"], options["seed"])
    else:
        try:
            chosen = int(order)
        except ValueError:
            raise click.BadParameter(f'"{order}" is neither a whole number nor auto.', param_hint="--order") from None
    spec = make("markov", {"order": chosen, "removal": removal, "nulls": nulls == "use"})
    _fit(ctx, [spec], orders=orders, **options)


def _chosen_order(ctx: click.Context, workspace: str | None, seed: int) -> tuple[int, tuple[int, ...]]:
    """Choose the order on held-out customers and show the table it was chosen from; the order, the candidates."""
    from attribution.steps.order import order_step  # noqa: PLC0415

    target = open_workspace(ctx, workspace)
    target.require()
    announce_compile()
    say("Choosing the order on held-out customers …")
    with watching("choosing the order"):
        choice = order_step(target, seed)
    rows = [["order", "log-likelihood per step", "behind the best, per customer", "of conversion", "AUC", "contexts"]]
    for score in choice.scores:
        mark = " <" if score.order == choice.order else ""
        behind = f"{score.behind:.5f} ± {score.behind_error:.5f}"
        numbers = [f"{score.step:.5f}", behind, f"{score.conversion:.5f}", f"{score.auc:.4f}", f"{score.contexts:,}"]
        rows.append([f"{score.order}{mark}", *numbers])
    say(columns(rows))
    say(f"Order {choice.order}: the lowest within one standard error of the best ({choice.best}).")
    if choice.note:
        say(choice.note)
    return choice.order, tuple(score.order for score in choice.scores)


@fit.command()
@_name
@_common
@click.pass_context
def shapley(ctx: click.Context, /, **options: Any) -> None:
    """Shapley values in closed form: each conversion shared equally by its path's distinct channels.

    \b
    Example:
      attribution fit shapley
    """
    from attribution.credit.specs import make  # noqa: PLC0415

    _fit(ctx, [make("shapley")], **options)


@fit.command()
@click.option(
    "--models", default="rules,markov,shapley", show_default=True, metavar="A,B,C",
    help="Families or single models: rules, markov, shapley, first, last, linear…",
)  # fmt: skip
@_common
@click.pass_context
def paths(ctx: click.Context, /, models: str, **options: Any) -> None:
    """Several path models at once.

    \b
    Example:
      attribution fit paths --models rules,markov,shapley
    """
    from attribution.credit.specs import named  # noqa: PLC0415

    _fit(ctx, list(named([m.strip() for m in models.split(",") if m.strip()])), **options)


def _weights(text: str) -> tuple[float, float]:
    try:
        first, middle, last = (float(w) for w in text.split("/"))
    except ValueError:
        raise click.BadParameter(
            f'"{text}" is not FIRST/MIDDLE/LAST, like 40/20/40.', param_hint="--position-weights"
        ) from None
    total = first + middle + last
    if min(first, middle, last) < 0 or not total > 0:
        raise click.BadParameter(
            f'"{text}": weights are not negative, and not all zero.', param_hint="--position-weights"
        )
    return first / total, last / total


def _fit(
    ctx: click.Context, /, specs: list[Any], form: str, output: str | None, strict: bool, workspace: str | None,
    touch_credits: str | None, bootstrap: int, seed: int, level: float, posterior: int = 0, name: str | None = None,
    orders: tuple[int, ...] = (),
) -> None:  # fmt: skip
    from attribution.credit.intervals import Uncertainty  # noqa: PLC0415
    from attribution.steps.fit import fit_step  # noqa: PLC0415

    target = open_workspace(ctx, workspace)
    target.require()
    announce_compile()
    how = Uncertainty(
        bootstrap=bootstrap, posterior=posterior, seed=seed, level=level, orders=orders if bootstrap else ()
    )
    touches = None if touch_credits is None else Path(touch_credits)
    with watching("fitting") as told:
        report = fit_step(target, specs, name=name, touch_credits=touches, uncertainty=how, told=told)
    write_frame(report.credits, form, output, credits_table)
    tell(report.findings)
    finish(report.findings, strict)


fit.add_command(hazard)
fit.add_command(mmm)
