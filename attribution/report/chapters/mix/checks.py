"""Media mix: whether the fit may be believed: the gate, the checks, and what each channel's evidence stands on."""

from __future__ import annotations

from attribution.mix.guard_rails import rails_frame
from attribution.report.document import Block, Column, Figure, Figures, Noticed, Table, Text, table_of
from attribution.report.mix_view import MixView
from attribution_models.mix.convergence import Gate

WORST = 8
COLUMNS = (
    Column("channel", "Channel"),
    Column("posterior_over_prior_sd", "Width left", "share",
           "Spread of the return after the data as a share of the spread before. Above 80 % the prior decides."),
    Column("below_one_percent", "Chance of doing nothing", "share",
           "Probability that the channel brings less than 1 % of the outcome, after the data."),
    Column("below_one_percent_prior", "the same before", "share", "And before the data."),
    Column("verdict", "Verdict"),
    Column("halved_by", "Halved by", "share",
           "Something unseen that explains this share of what is left of spend and of outcome would halve the effect. "
           "The smaller, the easier it is to be wrong."),
    Column("strongest_control", "Strongest control", explained="The known cause that explains most, to compare."),
    Column("strongest_control_is", "which explains", "share"),
    Column("placebo", "Placebo", explained="Whether the channel's future spend explains today's outcome, which it "
           "cannot cause. Suspicious: spend follows demand."),
)  # fmt: skip


def check_blocks(view: MixView) -> tuple[Block, ...]:
    """Diagnostics and findings."""
    blocks: list[Block] = [_gate(view)]
    blocks.append(
        Noticed(view.findings) if view.findings else Text("The checks after the fit found nothing to worry about.")
    )
    if "robustness" in view.stored.entry and "learned" in view.stored.entry:
        title = "How much each channel's figure stands on data"
        blocks.append(table_of(rails_frame(view.stored.entry), f"{view.id}-evidence", title, COLUMNS))
    if not view.stored.passed:
        blocks.append(_worst(view))
    return tuple(blocks)


def _gate(view: MixView) -> Figures:
    """Numbers of the sampler."""
    entry, gate = view.stored.entry, Gate()
    divergences = sum(int(r["divergences"]) for r in entry.get("rounds", ()) if r["kept"])
    return Figures((
        Figure("Did the fit converge?", "yes" if view.stored.passed else "no", "text",
               "Whether independent runs of the sampler agree. Where they do not, no number of this fit may be used."),
        Figure("Worst R-hat", entry["worst_rhat"], "number",
               f"How far the runs are apart, over all quantities: 1 is together, above {gate.rhat:g} is too far."),
        Figure("Least effective draws", entry["least_ess"], "count",
               f"How many independent draws the worst known quantity is worth; {gate.ess:.0f} are needed."),
        Figure("Divergences", divergences, "count",
               f"Steps at which the sampler lost its way; {gate.divergences} are allowed."),
    ))  # fmt: skip


def _worst(view: MixView) -> Table:
    """The quantities whose runs are furthest apart."""
    frame = view.stored.parameters.sort_values("rhat", ascending=False, kind="stable").head(WORST)
    return table_of(frame, f"{view.id}-worst", "Quantities whose runs are furthest apart", (
        Column("parameter", "Quantity"), Column("mean", "Mean", "number"), Column("sd", "Spread", "number"),
        Column("rhat", "R-hat", "ratio"), Column("ess_bulk", "Effective draws, middle", "count"),
        Column("ess_tail", "Effective draws, tails", "count"),
    ))  # fmt: skip
