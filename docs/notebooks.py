"""Notebooks without a kernel: run their cells in order, keep what they print, and show them as pages.

    .venv/bin/python docs/notebooks.py     # run the notebooks of examples/ and write their outputs anew

A cell prints what it prints, and the value of its last expression, as a kernel would show it in plain text.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parent.parent / "examples"


def notebooks() -> list[Path]:
    """All notebooks of the examples, in their order."""
    return sorted(EXAMPLES.glob("*.ipynb"))


def run(path: Path) -> Iterator[tuple[str, str]]:
    """Run the code cells of a notebook in one namespace; each cell's stored output and what it printed now."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(c for c in _read(path)["cells"] if c["cell_type"] == "code"):
        yield stored(cell), _printed("".join(cell["source"]), names, f"{path.name}, code cell {number + 1}")


def stored(cell: dict[str, Any]) -> str:
    """The output kept in a code cell, as text."""
    return "".join("".join(output["text"]) for output in cell["outputs"])


def keep_outputs(path: Path) -> None:
    """Run a notebook and write what its cells print into it."""
    printed = [now for _, now in run(path)]
    notebook = _read(path)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, (cell, text) in enumerate(zip(code, printed, strict=True), start=1):
        cell["execution_count"] = number
        lines = text.splitlines(keepends=True)
        cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": lines}] if lines else []
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def as_page(path: Path) -> str:
    """The notebook as Markdown: text as it is, code and output as blocks."""
    parts = []
    for cell in _read(path)["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(text)
            continue
        parts.append(f"```python\n{text}\n```")
        if shown := stored(cell):
            parts.append(f"```text\n{shown.rstrip()}\n```")
    note = f"*This page is `examples/{path.name}`: open it in Jupyter and change it.*"
    return "\n\n".join([parts[0], note, *parts[1:]]) + "\n"


def _read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def _printed(source: str, names: dict[str, Any], place: str) -> str:
    tree = ast.parse(source, place)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(tree, place, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), place, "eval"), names)
            if value is not None:
                print(value if isinstance(value, str) else repr(value))
    return out.getvalue()


if __name__ == "__main__":
    for notebook in notebooks():
        keep_outputs(notebook)
        print(notebook)
