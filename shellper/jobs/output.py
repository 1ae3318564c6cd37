"""A job's output in two files: what is written now, and what was written before that; the oldest leaves first."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from shellper.sandbox import TextStream

OUTPUT_NAME, EARLIER_NAME = "output", "output.earlier"
MOST_BYTES = 4 << 20
"""The size of each of the two files."""

_END_BYTES = 8 * 1024


class OutputFile:
    """Takes what a job prints. A full disk loses output, and nothing else: the job goes on."""

    def __init__(self, folder: Path, most: int = MOST_BYTES) -> None:
        self._folder, self._most = folder, most
        self._size = 0
        self.left_out = 0
        """Bytes that are not in the files (any more)."""
        with contextlib.suppress(OSError):
            self._size = (folder / OUTPUT_NAME).stat().st_size

    def add(self, data: bytes) -> bool:
        """Write bytes; says whether `left_out` has changed."""
        before = self.left_out
        if self._size and self._size + len(data) > self._most:
            self._begin_anew()
        try:
            descriptor = os.open(self._folder / OUTPUT_NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                written = os.write(descriptor, data)
            finally:
                os.close(descriptor)
        except OSError:
            written = 0
        self._size += written
        self.left_out += len(data) - written
        return self.left_out != before

    def _begin_anew(self) -> None:
        earlier = self._folder / EARLIER_NAME
        try:
            gone = earlier.stat().st_size if earlier.exists() else 0
            (self._folder / OUTPUT_NAME).replace(earlier)
        except OSError:
            return
        self.left_out += gone
        self._size = 0


def read_output(folder: Path, left_out: int) -> str:
    """Return a job's output as clean text, with a line on what left. Raises OSError; no file is an empty output."""
    data = b"".join((folder / name).read_bytes() for name in (EARLIER_NAME, OUTPUT_NAME) if (folder / name).exists())
    head = f"[... {left_out:,} bytes left out ...]\n" if left_out else ""
    return head + _clean(data)


def last_line(folder: Path) -> str:
    """Return the last line with something in it that a job has printed; empty where there is none."""
    data = b""
    with contextlib.suppress(OSError), (folder / OUTPUT_NAME).open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _END_BYTES))
        data = file.read()
    lines = [line.strip() for line in _clean(data).splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _clean(data: bytes) -> str:
    stream = TextStream()
    text = stream.feed(data) + stream.finish()
    return f"[binary output, {len(data):,} bytes]\n" if stream.binary else text
