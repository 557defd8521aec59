"""``attribution demo``."""

from __future__ import annotations

from pathlib import Path

import click

from attribution_cli.output import (
    announce_compile,
    columns,
    credits_table,
    number,
    percent,
    say,
    shown,
    tell,
    write_frame,
)
from attribution_cli.running import show_step


@click.command()
@click.argument("folder", default="attribution-demo", type=click.Path(file_okay=False))
@click.option("--people", default=20_000, show_default=True, type=click.IntRange(min=100), help="Size of the market.")
@click.option("--seed", default=1, show_default=True, help="Same seed, same bytes.")
def demo(folder: str, people: int, seed: int) -> None:
    """A simulated retailer whose truth is known, from raw exports to contributions and a suppression list.

    Everything is written under FOLDER: the exports (inputs/), what is true (truth.csv), the configuration
    (attribution.toml), and the workspace. Nothing outside it is touched.

    \b
    Example:
      attribution demo --people 5000 --seed 7
    """
    from attribution.demo import write_demo  # noqa: PLC0415
    from attribution.run import run  # noqa: PLC0415

    base = Path(folder)
    say(f"Simulating a retailer with {people:,} people (seed {seed}) …")
    configuration, truth = write_demo(base, people, seed)
    announce_compile()
    report = run(configuration, base, show_step)
    write_frame(report.credits, "csv", str(base / "credits.csv"), credits_table)
    _contributions(report.credits, truth)
    _files(base, report)
    tell(report.findings)


def _contributions(credits: object, truth: object) -> None:
    import pandas as pd  # noqa: PLC0415

    from attribution.demo import ALL_MEDIA, beside_truth  # noqa: PLC0415

    assert isinstance(credits, pd.DataFrame)
    assert isinstance(truth, pd.DataFrame)
    one = credits[credits["fit"] == "markov-1"]
    click.echo()
    click.secho("Contributions", bold=True)
    click.echo(credits_table(one))
    paid = sorted(set(credits.loc[credits["cost"] > 0, "channel"]))
    click.echo()
    click.secho("Share of paid media by model, beside the truth of this simulated market", bold=True)
    table = beside_truth(credits, truth, paid)
    rows = [["", *(shown(c) for c in table.columns)]]
    rows += [[shown(i), *(percent(v) for v in row)] for i, row in zip(table.index, table.to_numpy(), strict=True)]
    click.echo(columns(rows))
    everything = truth[truth["channel"] == ALL_MEDIA].iloc[0]
    total = credits.loc[credits["fit"] == "markov-1", "conversions"].sum()
    click.echo(
        f"\nOf {number(total, 0)} conversions {number(everything['incremental_conversions'], 0)} would not have "
        f"happened without paid media ({everything['incremental_conversions'] / total:.0%}).\nEvery model above shares "
        "out all of them: these are attributed, not incremental, conversions."
    )


def _files(base: Path, report: object) -> None:
    from attribution.run import RunReport  # noqa: PLC0415

    assert isinstance(report, RunReport)
    click.echo()
    click.secho("Where things are", bold=True)
    rows = [["credits", str(base / "credits.csv")], ["truth", str(base / "truth.csv")]]
    if report.suppress is not None:
        rows += [["suppression list", str(f)] for f in report.suppress.files]
    rows += [["configuration", str(base / "attribution.toml")], ["workspace", str(report.workspace.path)]]
    click.echo(columns(rows, left=2))
