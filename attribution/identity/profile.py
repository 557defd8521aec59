"""What identity made of the data, in numbers: ids per customer, sizes of clusters, share of touches stitched."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.engine import identifier, one_row
from attribution.identity.audit import REASONS
from attribution.identity.id_types import id_type
from attribution.identity.oversized import NONE_OVERSIZED, Oversized
from attribution.identity.registry import Registry
from attribution.identity.status import Status
from attribution_models.paths.compiled import compiled, read_only

# Upper ends of the classes of cluster sizes.
CLASSES = (1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500)


def profile(registry: Registry, links: int, unused: int, large: Oversized = NONE_OVERSIZED) -> dict[str, Any]:
    """Describe clusters and guards.

    Parameters
    ----------
    registry : Registry
    links, unused : int
        Distinct pairs, and those between two people that are not used.
    large : Oversized

    Returns
    -------
    dict
        ``ids``, ``links`` (distinct pairs), ``customers``; ``sizes``: clusters by number of ids, as (at most,
        clusters, ids); ``types``: ids and customers who have one, by type; ``guards``: ids that join nobody, by
        reason; ``unused_links``, ``oversized`` (ids of each), ``bridges_cut``.
    """
    here = registry.present
    whole = bool(here.all())
    customer = registry.customer if whole else registry.customer[here]
    types, status = (a if whole else a[here] for a in (registry.types, registry.status))
    sizes = np.bincount(customer)
    sizes = sizes[sizes > 0]
    classes = np.searchsorted(CLASSES, sizes)
    per_class = np.bincount(classes, minlength=len(CLASSES) + 1)
    ids_in = np.bincount(classes, weights=sizes, minlength=len(CLASSES) + 1)
    statuses = np.bincount(status, minlength=len(Status))
    ids, customers = _by_type(read_only(customer), read_only(types), registry.issued + 1, len(registry.type_names))
    counts = zip(registry.type_names, ids.tolist(), customers.tolist(), strict=True)
    return {
        "ids": int(customer.size),
        "links": links,
        "customers": int(sizes.size),
        "sizes": [
            [int(c) if c is not None else None, int(n), int(i)]
            for c, n, i in zip((*CLASSES, None), per_class, ids_in, strict=True)
            if n
        ],
        "types": {name: {"ids": number, "customers": people} for name, number, people in counts if number},
        "guards": {REASONS[Status(s)]: int(statuses[s]) for s in range(1, len(Status)) if statuses[s]},
        "unused_links": unused,
        "oversized": list(large.sizes),
        "bridges_cut": int(large.cut.size),
    }


@compiled
def _by_type(
    cluster: NDArray[np.int32], types: NDArray[np.uint8], clusters: int, names: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids of each type, and clusters that hold one."""
    ids, there = np.zeros(names, np.int64), np.zeros((clusters, names), np.bool_)
    for v in range(cluster.size):
        ids[types[v]] += 1
        there[cluster[v], types[v]] = True
    customers = np.zeros(names, np.int64)
    for c in range(clusters):
        for t in range(names):
            customers[t] += there[c, t]
    return ids, customers


def touches_profile(connection: Any, touchpoints: str, unified: str, device: str | None) -> dict[str, Any]:
    """Describe touches: how many are stitched, and how many customers are seen on several devices.

    A touch is *stitched* where its customer has more than one unified id. A customer is *cross-device* who has touches
    on more than one device: of different ``id:device``-like ids or, where there are none, of different device types.

    Returns
    -------
    dict
        ``touches``, ``stitched``, ``people_before`` (unified ids with touches), ``people`` (customers with touches),
        ``cross_device`` (None where no column tells devices apart).
    """
    devices = "NULL" if device is None else f"count(DISTINCT {device}) > 1"
    touches, joined, before, people, across = one_row(
        connection,
        f"""SELECT sum(n), sum(n) FILTER (stitched), sum(u), count(*), count(*) FILTER (several)
        FROM (SELECT p.customer_id, count(*) AS n, bool_or(p.stitched) AS stitched,
                     count(DISTINCT t.unified_id) AS u, {devices} AS several
              FROM {touchpoints} t JOIN {unified} p ON p.unified_id = t.unified_id GROUP BY 1)""",
    )
    return {
        "touches": int(touches or 0),
        "stitched": int(joined or 0),
        "people_before": int(before or 0),
        "people": int(people),
        "cross_device": None if device is None else int(across),
    }


def device_column(connection: Any, touchpoints: str) -> str | None:
    """SQL that tells devices apart: a device's id, else the kind of device; None where no column does."""
    columns = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {touchpoints}").fetchall()]
    ids = [c for c in columns if c.startswith("id:") and id_type(c[3:]).name in {"device", "maid"}]
    told = [f"nullif(t.{identifier(c)}, '')" for c in ids] + (["t.device_type"] if "device_type" in columns else [])
    return f"coalesce({', '.join(told)})" if told else None
