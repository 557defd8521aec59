"""Write small lists in tests."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pyarrow as pa

from attribution.activation.write import write_audience
from attribution.engine import connect

DAY = date(2026, 11, 25)
LISTS = ("email", "phone", "first_name", "last_name", "country", "zip", "maid")


def people_table(people):
    """Rows of dicts as an Arrow table; every identifier a list of texts."""
    columns = {"customer_id": pa.array([p.get("customer_id", f"c{n}") for n, p in enumerate(people)], pa.string())}
    for name in LISTS:
        cells = [p.get(name) for p in people]
        columns[name] = pa.array([[c] if isinstance(c, str) else c for c in cells], pa.list_(pa.string()))
    if any("value" in p for p in people):
        columns["value"] = pa.array([p.get("value") for p in people], pa.float64())
    return pa.table(columns)


def written(people, platform, folder, **options):
    """Write people's files; give what `write_audience` gives."""
    with connect() as connection:
        return write_audience(connection, people_table(people), platform, folder, made_on=DAY, **options)


def texts(made):
    return {item.name: [f.path.read_bytes().decode() for f in item.files] for item in made.lists}


def table(text):
    """Header and rows of a file."""
    header, *rows = list(csv.reader(io.StringIO(text)))
    return header, rows


def requests(text):
    return [json.loads(line) for line in text.splitlines()]
