"""``attribution run``."""

from __future__ import annotations

from pathlib import Path

import click

from attribution_cli.options import strict_option
from attribution_cli.output import announce_compile, credits_table, finish, say, tell, write_frame
from attribution_cli.progress_bar import watching
from attribution_cli.running import show_step


@click.command()
@click.argument("configuration", default="attribution.toml", type=click.Path(dir_okay=False))
@click.option("--show-config", is_flag=True, help="Print the configuration with every default, and stop.")
@click.option("--check", is_flag=True, help="Validate files and columns, and stop.")
@click.option("-w", "--workspace", metavar="FOLDER", help="Another workspace than the configuration's.")
@strict_option
def run(configuration: str, show_config: bool, check: bool, workspace: str | None, strict: bool) -> None:
    """Run every step of a configuration file; all of it is validated before the first step starts.

    \b
    Examples:
      attribution run attribution.toml
      attribution run --show-config > attribution.toml
    """
    import msgspec  # noqa: PLC0415

    from attribution.configuration import Configuration, as_toml, read_configuration  # noqa: PLC0415

    path = Path(configuration)
    if show_config:
        click.echo(as_toml(read_configuration(path) if path.exists() else Configuration()), nl=False)
        return
    found = read_configuration(path)
    if workspace is not None:
        found = msgspec.structs.replace(found, workspace=str(Path(workspace).resolve()))
    from attribution.run import run as run_all  # noqa: PLC0415
    from attribution.run import validate  # noqa: PLC0415

    if check:
        for name, layout in validate(found, path.parent).items():
            say(f"{name}: {layout.name}")
        say("Every step is valid.")
        return
    announce_compile()
    with watching("checking the configuration") as told:
        report = run_all(found, path.parent, show_step, told)
    output = found.credits.output
    if output is None:
        write_frame(report.credits, "table", None, credits_table)
    else:
        form = {".json": "json", ".jsonl": "jsonl", ".parquet": "parquet"}.get(Path(output).suffix, "csv")
        write_frame(report.credits, form, str(path.parent / output), credits_table)
    tell(report.findings)
    finish(report.findings, strict)
