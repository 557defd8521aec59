"""``attribution mmm export``."""

from __future__ import annotations

from pathlib import Path

import click

from attribution_cli.options import open_workspace, workspace_option
from attribution_cli.output import finish, say, tell


@click.command()
@click.argument("fit", required=False, metavar="[FIT]")
@click.option("-o", "--output", required=True, metavar="FILE", type=click.Path(dir_okay=False), help="A NetCDF file.")
@click.option(
    "--prior", default=500, show_default=True, type=click.IntRange(min=0), help="Draws of the prior [0: none]."
)
@click.option("--force", is_flag=True, help="Exit 0 though the fit did not converge.")
@workspace_option
@click.pass_context
def export(ctx: click.Context, /, fit: str | None, output: str, prior: int, force: bool, workspace: str | None) -> None:
    """Posterior, log likelihood, observed data and prior for ArviZ (arviz.from_netcdf, or xarray's open_datatree).

    FIT is mmm-NAME or NAME; without it, the most recent media-mix fit.

    \b
    Example:
      attribution mmm export -o fit.nc
    """
    from attribution.credit.mix_fits import gate_told  # noqa: PLC0415
    from attribution.mix.arviz_out import write_netcdf  # noqa: PLC0415
    from attribution.mix.stored import load_mix  # noqa: PLC0415

    stored = load_mix(open_workspace(ctx, workspace), fit)
    try:
        write_netcdf(stored, Path(output), prior=prior)
    except OSError as error:
        raise click.FileError(output, error.strerror or "cannot be written") from None
    say(f"Written: {output} ({stored.name})")
    findings = tuple(gate_told([stored.entry], force=force))
    tell(findings)
    finish(findings, strict=False)
