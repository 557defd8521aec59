"""The same market as its retailer's own exports have it: touches know a browser, orders and records know a customer."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.path_tables import SimulatedTables

# An order belongs to the browser that was seen last within that time, and three of twenty name none: they were made
# by phone, or by somebody who refuses cookies at the checkout.
SAME_VISIT = 86_400_000_000  # microseconds
NO_BROWSER = 0.15


def by_browser(tables: SimulatedTables, seed: int) -> SimulatedTables:
    """Key tables as exports are keyed, not by person.

    Nothing that happened changes: only what the rows say of who it was.

    Parameters
    ----------
    tables : SimulatedTables
        Keyed by person.
    seed : int
        Decides which orders name no browser.

    Returns
    -------
    SimulatedTables
        Of a touch, ``unified_id`` is the cookie, and ``id:device`` stays. Of a conversion it is the cookie of the
        browser that it was made on, or the customer's number where that is not known; ``id:crm_id`` and ``id:email``
        say who bought. Customers have ``id:crm_id`` and ``email``. Links are as they were: a cookie beside its device,
        and beside an e-mail at a log-in.
    """
    touches, bought = dict(tables.touchpoints), dict(tables.conversions)
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, 2**32 - 2])))
    crm = bought["unified_id"]
    cookie = _browser(tables, rng)
    customers = dict(tables.customers)
    return replace(
        tables,
        touchpoints={"unified_id": touches.pop("id:cookie")} | {k: v for k, v in touches.items() if k != "unified_id"},
        conversions=bought
        | {
            "unified_id": np.where(cookie == "", crm, cookie),
            "id:crm_id": crm,
            "id:email": np.array([f"{name}@example.com" for name in crm], dtype=object),
        },
        customers={"id:crm_id": customers.pop("unified_id")} | customers,
    )


def _browser(tables: SimulatedTables, rng: np.random.Generator) -> NDArray[np.object_]:
    """Cookie of the browser that each conversion was made on; empty where that is not known."""
    touches, bought = tables.touchpoints, tables.conversions
    number = touches["unified_id"].size
    _, codes = np.unique(np.concatenate([touches["unified_id"], bought["unified_id"]]), return_inverse=True)
    times = np.concatenate([touches["timestamp"], bought["timestamp"]]).astype(np.int64)
    # Touches stand before conversions of the same moment: the last touch before each is the one made on.
    order = np.lexsort((np.arange(times.size) >= number, times, codes))
    last = np.maximum.accumulate(np.where(order < number, np.arange(order.size), -1))
    before = np.empty(times.size, np.int64)
    before[order] = np.where(last >= 0, order[last], -1)
    place, buyer, at = before[number:], codes[number:], times[number:]
    near = (place >= 0) & (codes[place] == buyer) & (at - times[place] <= SAME_VISIT)
    known = near & (rng.random(buyer.size) >= NO_BROWSER)
    found: NDArray[np.object_] = np.where(known, touches["id:cookie"][np.minimum(place, number - 1)], "")
    return found
