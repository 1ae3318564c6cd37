"""Catching a command's output: as text, cleaned, with its beginning and its end kept."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass

from shellper.sandbox.escapes import EscapeFilter

_SAMPLE_BYTES = 4096
# A Latin-1 word in a short line is text with a strange letter, not a binary: a share needs some bytes to be one.
_FEWEST_UNDECODABLE = 8
_UNDECODABLE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Captured:
    """One output of a command, as much of it as was kept."""

    text: str
    """The head, a line that says how much was left out, and the tail; or the name of binary output."""
    head: str
    """The beginning, up to the policy's head_bytes; all of it when nothing was left out."""
    tail: str
    """The end, up to the policy's tail_bytes; empty when nothing was left out."""
    left_out_lines: int
    left_out_bytes: int
    """Of the cleaned text, as UTF-8."""
    total_bytes: int
    """What the command wrote, before cleaning."""
    binary: bool
    """True when the output (in `combined`: one of the two) was no text, so its size is named instead."""


class HeadTail:
    """The beginning and the end of a text that is too long to keep."""

    def __init__(self, head_bytes: int, tail_bytes: int) -> None:
        self._head_bytes, self._tail_bytes = head_bytes, tail_bytes
        self._head, self._tail = bytearray(), bytearray()
        self._bytes = self._lines = 0

    def add(self, text: str) -> None:
        """Append text."""
        data = text.encode()
        self._bytes += len(data)
        self._lines += data.count(b"\n")
        room = self._head_bytes - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._tail_bytes + _SAMPLE_BYTES:  # not at every piece: the move costs
            del self._tail[: len(self._tail) - self._tail_bytes]

    def captured(self, total_bytes: int, binary: bool) -> Captured:
        """Put together what was kept."""
        if self._bytes <= self._head_bytes + self._tail_bytes:
            text = (self._head + self._tail).decode()
            return Captured(text, text, "", 0, 0, total_bytes, binary)
        head, tail = _whole_lines(bytes(self._head), bytes(self._tail[-self._tail_bytes or len(self._tail) :]))
        lines = self._lines - head.count("\n") - tail.count("\n")
        left_out = self._bytes - len(head.encode()) - len(tail.encode())
        what = f"{lines:,} line{'s'[: lines != 1]}" if lines else f"{left_out:,} bytes"
        text = f"{head}{_line_break(head)}[... {what} left out ...]\n{tail}"
        return Captured(text, head, tail, lines, left_out, total_bytes, binary)


def _whole_lines(head: bytes, tail: bytes) -> tuple[str, str]:
    """Cut off the broken lines and characters where the head ends and the tail begins.

    A line so long that half of the piece would go with it is left broken.
    """
    head_end = head.rfind(b"\n") + 1
    if head_end > len(head) // 2:
        head = head[:head_end]
    tail_start = tail.find(b"\n") + 1
    if 0 < tail_start < len(tail) // 2:
        tail = tail[tail_start:]
    return head.decode(errors="ignore"), tail.decode(errors="ignore")


def _line_break(before: str) -> str:
    return "" if not before or before.endswith("\n") else "\n"


class TextStream:
    """The bytes of one stream, turned into text that is safe to show; binary data is noticed and counted.

    Binary is: a NUL, or more than 10 % that is not UTF-8, in the first 4 KB.
    """

    def __init__(self) -> None:
        self.total_bytes = 0
        self.binary = False
        # Bytes that are not UTF-8 become lone surrogates, which tells them from a U+FFFD that was written.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._filter = EscapeFilter()
        self._undecodable = 0

    def feed(self, data: bytes) -> str:
        """Take the next bytes and give the text that can be shown by now; none once the stream is binary."""
        in_sample = data[: max(0, _SAMPLE_BYTES - self.total_bytes)]
        rest = data[len(in_sample) :]
        self.total_bytes += len(data)
        if self.binary:
            return ""
        text = self._decoder.decode(in_sample)
        if in_sample:
            self._undecodable += len(_UNDECODABLE.findall(text))
            share = self._undecodable / min(self.total_bytes, _SAMPLE_BYTES)
            self.binary = b"\0" in in_sample or (self._undecodable >= _FEWEST_UNDECODABLE and share > 0.1)
            if self.binary:
                return ""
        return self._clean(text + self._decoder.decode(rest))

    def finish(self) -> str:
        """Give what was waiting for more bytes."""
        if self.binary:
            return ""
        return self._clean(self._decoder.decode(b"", final=True)) + self._filter.finish()

    def _clean(self, text: str) -> str:
        if not text.isascii():
            text = _UNDECODABLE.sub("\ufffd", text)
        return self._filter.feed(text)


class Catcher:
    """Both outputs of a command, each alone and both in order of arrival, passed on while they are caught."""

    def __init__(self, head_bytes: int, tail_bytes: int, on_output: Callable[[str, str], None] | None = None) -> None:
        self._on_output = on_output
        self._streams = {name: TextStream() for name in ("stdout", "stderr")}
        self._kept = {name: HeadTail(head_bytes, tail_bytes) for name in (*self._streams, "combined")}
        self._last = dict.fromkeys(self._kept, "")  # the last piece of each, for its line break
        self._captured: dict[str, Captured] = {}

    def feed(self, stream: str, data: bytes) -> None:
        """Take bytes that arrived on "stdout" or "stderr"."""
        self._pass_on(stream, self._streams[stream].feed(data))

    def so_far(self) -> str:
        """Give the text of both outputs, as much of it as is kept by now."""
        return self._kept["combined"].captured(0, binary=False).text

    def finish(self) -> tuple[Captured, Captured, Captured]:
        """End both outputs; gives stdout, stderr and combined."""
        for name, stream in self._streams.items():
            self._pass_on(name, stream.finish())
            if stream.binary:
                self._captured[name] = self._name_binary(name, stream.total_bytes)
            else:
                self._captured[name] = self._kept[name].captured(stream.total_bytes, binary=False)
        both = self._streams.values()
        combined = self._kept["combined"].captured(
            sum(stream.total_bytes for stream in both), any(stream.binary for stream in both)
        )
        return self._captured["stdout"], self._captured["stderr"], combined

    def _pass_on(self, stream: str, text: str) -> None:
        if not text:
            return
        for name in (stream, "combined"):
            self._kept[name].add(text)
            self._last[name] = text
        if self._on_output is not None:
            self._on_output(stream, text)

    def _name_binary(self, stream: str, size: int) -> Captured:
        text = f"[binary output, {size:,} bytes]\n"
        self._pass_on(stream, _line_break(self._last["combined"]) + text)
        return Captured(text, text, "", 0, 0, size, binary=True)
