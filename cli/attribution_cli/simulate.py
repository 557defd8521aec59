"""``attribution simulate``: markets with known truth, as files."""

from __future__ import annotations

from pathlib import Path

import click

from attribution_cli.output import columns, number, percent, put, say, shown
from attribution_cli.progress_bar import watching


@click.group()
def simulate() -> None:
    """Simulated markets whose incremental truth is known, as the files a retailer has.

    paths: people and their touches. mix: spend and outcome by week or day. identities: people and their ids.

    The form of the worlds and the seeds of the studies were fixed before any model was tuned on them.
    """


@simulate.command()
@click.argument("folder", type=click.Path(file_okay=False))
@click.option(
    "--preset",
    default="neutral",
    show_default=True,
    metavar="NAME",
    help="neutral, retargeting-trap, brand-search-trap, synergy, upper-funnel, rare-conversions or null-channel.",
)
@click.option(
    "--intent",
    default="observed-intent",
    show_default=True,
    metavar="KIND",
    help="observed-intent: demand follows recorded history; latent-intent: part of it is hidden.",
)
@click.option("--people", default=20_000, show_default=True, type=click.IntRange(min=100), help="Size of the market.")
@click.option("--days", default=120, show_default=True, type=click.IntRange(min=14), help="Length of the window.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Same seed, same bytes.")
def paths(folder: str, preset: str, intent: str, people: int, days: int, seed: int) -> None:
    """User-level journeys: browsing, demand, ads that change both, targeting, holdouts, several ids per person.

    Writes touchpoints, conversions, customers, identities, spend, assignments (randomised holdouts),
    observations (time at risk) and truth. On stdout: conversions that each channel caused, by counterfactual.

    \b
    Example:
      attribution simulate paths market --preset retargeting-trap --people 5000
    """
    from attribution.simulate import simulate_paths  # noqa: PLC0415

    with watching("simulating people"):
        made = simulate_paths(Path(folder), preset, intent, people, seed, days)
    table = made.truth.pivot(index="channel", columns="truth", values="conversions")
    rows = [["conversions caused", *(shown(c) for c in table.columns)]]
    rows += [[shown(c), *(number(v, 0) for v in row)] for c, row in zip(table.index, table.to_numpy(), strict=True)]
    put(columns(rows))
    for file, count in made.files.items():
        say(f"{file}: {count:,} rows")


@simulate.command()
@click.option(
    "--preset",
    default="neutral",
    show_default=True,
    metavar="NAME",
    help="neutral, weak-signal, collinear, null-channel, confounded, geo, daily, saturated or short.",
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Same seed, same bytes.")
@click.option("--weeks", type=int, metavar="N", help="Length of the window [156; daily 104, short 78].")
@click.option("--geos", type=int, metavar="N", help="Number of geos [1; geo 20].")
@click.option("--media-before", is_flag=True, help="Rows of media before the window too, without outcome.")
@click.option("--media-after", is_flag=True, help="Rows of media after the window too, without outcome.")
@click.option("-o", "--output", required=True, metavar="FOLDER", type=click.Path(file_okay=False), help="Where to.")
def mix(
    preset: str, seed: int, weeks: int | None, geos: int | None, media_before: bool, media_after: bool, output: str
) -> None:
    """Spend, exposure and outcome by week or day: seasons, trends, targeting that follows demand, lift tests.

    Writes panel, lifts, truth (contributions, ROAS, marginal ROAS, CPA by counterfactual), truth_by_period,
    truth_curves and world.json (all true parameters). On stdout: the truth.

    \b
    Example:
      attribution simulate mix --preset confounded --seed 3 --weeks 156 --geos 20 -o market
    """
    from attribution.simulate import simulate_mix  # noqa: PLC0415

    folder = Path(output)
    with watching("simulating a market"):
        made = simulate_mix(folder, preset, seed, weeks, geos, media_before, media_after)
    rows = [["true effect", "contribution", "share", "spend", "ROAS", "marginal ROAS"]]
    for row in made.truth.to_dict("records"):
        effect = [number(row["contribution"], 0), percent(row["contribution_share"]), number(row["spend"], 0)]
        rows.append([shown(row["channel"]), *effect, number(row["roas"], 2), number(row["mroas"], 2)])
    put(columns(rows))
    for file, count in made.files.items():
        say(f"{file}: {count:,} rows")
    say(f"{folder / 'world.json'}: the world and its true parameters")


@simulate.command()
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--people", default=20_000, show_default=True, type=click.IntRange(min=1), help="People who visit.")
@click.option("--days", default=120, show_default=True, type=click.IntRange(min=1), help="Length of the window.")
@click.option("--layout", type=click.Choice(["pairs", "wide"]), default="pairs", show_default=True, help="Links as "
              "pairs of ids, or as rows with one column per id type.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Same seed, same bytes.")
def identities(folder: str, people: int, days: int, layout: str, seed: int) -> None:
    """People whose every id is known: cookies that reset, log-ins, second mailboxes, shared devices, placeholders.

    Writes links (what logs, till and CRM show), customers (CRM records, some people twice without a shared key) and
    truth (whose each id is, as it is written). On stdout: ids by type; those of one person, those that several share,
    and those that are none.

    \b
    Example:
      attribution simulate identities shop --people 5000
      attribution ingest --identities shop/links.csv
      attribution identify
    """
    from attribution.simulate import simulate_identities  # noqa: PLC0415

    with watching("simulating people"):
        made = simulate_identities(Path(folder), people, seed, days, layout)
    counts = made.truth.groupby(["id_type", "kind"], sort=False).size().unstack(fill_value=0)
    kinds = [k for k in ("own", "shared", "kiosk", "placeholder") if k in counts]
    rows = [["ids", *kinds]]
    rows += [[str(kind), *(f"{count:,}" for count in row)] for kind, row in counts[kinds].iterrows()]
    put(columns(rows))
    for file, count in made.files.items():
        say(f"{file}: {count:,} rows")
