"""Who stays un-suppressed, so that what a list does can be measured."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

BUCKETS: Final = 10_000
SEPARATOR: Final = "\x1f"
_DIGITS: Final = 15  # hexadecimal: 60 bits, which every database reads into a signed 64-bit integer


def buckets(customers: Iterable[str | int], salt: str, experiment: str) -> NDArray[np.int64]:
    r"""Bucket of each customer, 0 to 9,999, the same in every run and in any order.

    The first 15 hexadecimal digits of SHA-256(salt ‖ experiment ‖ customer), parts separated by the unit separator
    (0x1F), modulo 10,000. In SQL:
    ``('0x' || substr(sha256(salt || chr(31) || experiment || chr(31) || customer), 1, 15))::BIGINT % 10000``.

    Parameters
    ----------
    customers : iterable of str or int
        Customer ids; an integer counts as its decimal digits. After a merge, the id that survives decides.
    salt : str
        Secret of the workspace: who does not know it cannot tell who is held out. Another salt, another draw.
    experiment : str
        Name of the experiment: each draws anew.

    Raises
    ------
    ValueError
        An empty salt or experiment, or one that contains the separator.
    """
    for name, text in (("salt", salt), ("experiment", experiment)):
        if not text or SEPARATOR in text:
            raise ValueError(f"The {name} of a holdout is empty or contains the unit separator. Give another text.")
    start = hashlib.sha256(f"{salt}{SEPARATOR}{experiment}{SEPARATOR}".encode())
    found = []
    for customer in customers:
        digest = start.copy()
        digest.update(str(customer).encode())
        found.append(int(digest.hexdigest()[:_DIGITS], 16) % BUCKETS)
    return np.array(found, dtype=np.int64)


def held_out(customers: Iterable[str | int], salt: str, experiment: str, share: float) -> NDArray[np.bool_]:
    """Whether each customer is held out: stays un-suppressed.

    A larger share holds out the same people and some more, so that a holdout can grow without a new draw. Only
    people whom a commercial rule suppresses belong in here: consent, opt-out, complaint, employee and test rules are
    never held out, which is the caller's part.

    Parameters
    ----------
    customers, salt, experiment
        As in `buckets`.
    share : float
        Above 0 and below 1, in steps of 0.0001; 0.05 to 0.1 is usual.

    Raises
    ------
    ValueError
        As `buckets`, or a share outside the range or finer than the steps.
    """
    limit = round(share * BUCKETS)
    if not 0 < limit < BUCKETS or abs(limit - share * BUCKETS) > 1e-6:
        raise ValueError(f"A holdout of {share}: give a share between 0.0001 and 0.9999 in steps of 0.0001.")
    return buckets(customers, salt, experiment) < limit
