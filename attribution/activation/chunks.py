"""Sorted rows into files: split at the platform's limits, doubled rows once, digests of what was written.

A batch of texts is one buffer in memory, rows behind each other; what stands between two limits goes to the file in one
piece. No row becomes a Python object.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from attribution.errors import AttributionError
from attribution.workspace import PRIVATE


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the rows, and how many fit.

    Attributes
    ----------
    head, between, tail : bytes
        Before the first row of a chunk, between two, after the last.
    rows, bytes : int or None
        Most rows and most bytes of a chunk.
    one_file : bool
        Whether chunks follow one another in one file (requests, a line each) or get a file each.
    """

    head: bytes
    between: bytes
    tail: bytes
    rows: int | None
    bytes: int | None
    one_file: bool


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that was written."""

    path: Path
    rows: int
    bytes: int
    sha256: str


@dataclass(slots=True)
class _Open:
    path: Path
    stream: BinaryIO
    digest: Any = field(default_factory=hashlib.sha256)
    rows: int = 0
    size: int = 0

    def put(self, data: bytes | memoryview) -> None:
        self.stream.write(data)
        self.digest.update(data)
        self.size += len(data)


class ChunkWriter:
    """Writes rows into chunks under temporary names; `finish` gives them their own.

    Parameters
    ----------
    folder : Path
    stem, suffix : str
        ``stem.suffix``, or ``stem-001.suffix`` and so on where there are several.
    frame : Frame
    """

    def __init__(self, folder: Path, stem: str, suffix: str, frame: Frame) -> None:
        self.folder, self.stem, self.suffix, self.frame = folder, stem, suffix, frame
        self.files: list[_Open] = []
        self.rows = self.doubled = 0
        self._here = self._size = 0
        self._last: str | None = None

    def add(self, lines: pa.Array) -> None:
        """Write sorted rows; those that are NULL, or equal to the one before, are left out."""
        lines = lines.drop_null()
        if not len(lines):
            return
        fresh = np.ones(len(lines), dtype=bool)
        fresh[1:] = pc.not_equal(lines[1:], lines[:-1]).to_numpy(zero_copy_only=False)
        fresh[0] = lines[0].as_py() != self._last
        self._last = lines[-1].as_py()
        self.doubled += int((~fresh).sum())
        if not fresh.all():
            lines = lines.filter(pa.array(fresh))
        if len(lines):
            self._put(lines)

    def _put(self, lines: pa.Array) -> None:
        text = pc.binary_join_element_wise(lines, "", self.frame.between.decode())
        offsets = np.frombuffer(text.buffers()[1], dtype=np.int32)[text.offset : text.offset + len(text) + 1]
        data = memoryview(text.buffers()[2])
        start = 0
        while start < len(text):
            stop = self._fits(offsets, start)
            if stop == start:
                self._end_chunk()
                continue
            if self._here:
                self.files[-1].put(self.frame.between)
            else:
                self._begin_chunk()
            self.files[-1].put(data[int(offsets[start]) : int(offsets[stop]) - len(self.frame.between)])
            self.files[-1].rows += stop - start
            self._here += stop - start
            self._size += int(offsets[stop] - offsets[start])
            self.rows += stop - start
            start = stop

    def _fits(self, offsets: np.ndarray[Any, np.dtype[np.int32]], start: int) -> int:
        """The last row, exclusive, that the open chunk still takes."""
        frame, stop = self.frame, len(offsets) - 1
        if frame.rows is not None:
            stop = min(stop, start + frame.rows - self._here)
        if frame.bytes is not None:
            # Rows are counted with what stands between them; after the last one there is only the tail.
            left = frame.bytes - len(frame.head) - len(frame.tail) + len(frame.between) - self._size
            stop = min(stop, int(np.searchsorted(offsets, int(offsets[start]) + left, side="right")) - 1)
        if stop <= start and not self._here:
            msg = f"One row is longer than a whole file of {self.stem} may be ({frame.bytes:,} bytes)."
            raise AttributionError(msg)
        return max(stop, start)

    def _begin_chunk(self) -> None:
        if not self.files or not self.frame.one_file:
            self.files.append(_opened(self.folder / f".{self.stem}-{len(self.files)}.{os.getpid()}.part"))
        self.files[-1].put(self.frame.head)

    def _end_chunk(self) -> None:
        if self._here:
            self.files[-1].put(self.frame.tail)
        self._here = self._size = 0

    def finish(self) -> tuple[WrittenFile, ...]:
        """Close the files, give them their names, and remove older ones of the same list."""
        self._end_chunk()
        made = []
        for number, file in enumerate(self.files, 1):
            file.stream.flush()
            os.fsync(file.stream.fileno())
            file.stream.close()
            several = f"-{number:03d}" if len(self.files) > 1 else ""
            path = self.folder / f"{self.stem}{several}.{self.suffix}"
            made.append((file, WrittenFile(path, file.rows, file.size, file.digest.hexdigest())))
        for file, written in made:
            file.path.replace(written.path)
        self._remove_older({written.path for _, written in made})
        return tuple(written for _, written in made)

    def _remove_older(self, now: set[Path]) -> None:
        """A list that had more files before must not leave some that would be uploaded again."""
        name = re.compile(rf"{re.escape(self.stem)}(?:-[0-9]{{3,}})?\.{re.escape(self.suffix)}")
        for path in self.folder.iterdir():
            if name.fullmatch(path.name) and path not in now:
                path.unlink()

    def drop(self) -> None:
        """Remove what has not got its name."""
        for file in self.files:
            file.stream.close()
            file.path.unlink(missing_ok=True)


def _opened(path: Path) -> _Open:
    return _Open(path, os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb"))


@contextmanager
def chunk_writer(folder: Path, stem: str, suffix: str, frame: Frame) -> Iterator[ChunkWriter]:
    """A writer whose temporary files do not outlive it; those of a killed run are removed first."""
    for left in folder.glob(f".{stem}-*.part"):
        left.unlink(missing_ok=True)
    writer = ChunkWriter(folder, stem, suffix, frame)
    try:
        yield writer
    finally:
        writer.drop()
