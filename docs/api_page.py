"""The Python reference: every public name of ``attribution``, by what it is for; made whenever the site is built."""

from __future__ import annotations

from collections.abc import Iterator

import attribution

HEAD = """# Python

`import attribution` gives all names on this page; nothing else is promised to stay. They are loaded when they are first
used, so the import itself costs nothing. Frames may be pandas, polars or Arrow. The [notebooks](examples/README.md)
show them at work, and what a column means stands in [Files, columns and rules](formats.md).
"""

# What is in no group here comes last, under "More".
GROUPS = {
    "From frames to contributions": ("build_journeys", "read_paths", "fit", "credits", "Journeys", "Fit"),
    "Models of paths": ("First", "Last", "LastNonDirect", "Linear", "Position", "TimeDecay", "Markov", "Shapley"),
    "Media mix": (
        "draft_mix", "check_mix", "fit_mix", "load_mix", "mix_credits", "mix_effects", "mix_curves", "predict_mix",
        "plan_mix", "mix_folds", "to_arviz", "StoredMix",
    ),
    "The workspace: what the commands do": (
        "Workspace", "ingest_files", "journeys_step", "fit_step", "credits_step", "reconcile_fits", "suppress_step",
        "lists",
    ),
    "Settings, tables and errors": ("IngestSettings", "JourneySettings", "TABLES", "AttributionError", "UsageError"),
}  # fmt: skip


def api_page() -> str:
    """The page as Markdown; each name is put in by mkdocstrings from its docstring."""
    return "\n".join([HEAD, *_groups()])


def _groups() -> Iterator[str]:
    public = set(attribution.__all__)
    grouped = {name for names in GROUPS.values() for name in names}
    for title, names in {**GROUPS, "More": sorted(public - grouped)}.items():
        if held := [name for name in names if name in public]:
            yield f"## {title}\n"
            yield from (f"::: {_home(name)}\n" for name in held)


def _home(name: str) -> str:
    """Where a public name is defined: the docstring is read there, without an import."""
    module, _, other = attribution._HOMES[name].partition(":")
    return f"{module}.{other or name}"
