"""Rows that were there before, in any file, with 16 bytes of memory per row."""

from __future__ import annotations

from array import array

import numpy as np

from attribution.activation.faults import Faults


class Doubles:
    """Collects a 64-bit hash and the line of each row."""

    def __init__(self) -> None:
        self._hashes, self._lines = array("q"), array("q")

    def add(self, row: object, line: int) -> None:
        """Note a row."""
        self._hashes.append(hash(row))
        self._lines.append(line)

    def __len__(self) -> int:
        return len(self._hashes)

    def settle(self, faults: Faults) -> None:
        """Note every row that equals an earlier one."""
        hashes, lines = np.frombuffer(self._hashes, np.int64), np.frombuffer(self._lines, np.int64)
        order = np.argsort(hashes, kind="stable")
        again = order[1:][hashes[order][1:] == hashes[order][:-1]]
        for line in np.sort(lines[again]).tolist():
            faults.add("duplicates", line)
