"""Completion: names of files in the working directory, and the words that begin with a slash."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MOST = 200
"""How many names are offered."""

_MOST_READ = 20_000
_WORD = re.compile(r"""'(?P<single>[^']*)(?:'|\Z)|"(?P<double>[^"]*)(?:"|\Z)|(?P<plain>(?:\\.|[^\s\\])+)""")


@dataclass(frozen=True)
class Completions:
    """What may stand from `start` to the cursor; each choice is what is shown and what is inserted."""

    start: int
    choices: tuple[tuple[str, str], ...]

    @property
    def common(self) -> str:
        """What all insertions begin with."""
        return os.path.commonprefix([text for _, text in self.choices])  # noqa: RUF071 (letter by letter is meant)


def complete(text: str, folder: Path, home: Path, words: Iterable[str]) -> Completions:
    """Return what can go on from the end of a text: one of the `words` at its beginning, else a file's name."""
    if text.startswith("/") and not any(character.isspace() for character in text):
        return Completions(0, tuple((f"/{word}", f"/{word} ") for word in words if f"/{word}".startswith(text)))
    start, word = _last_word(text)
    if start == 0 and word.startswith("!"):
        start, word = 1, word[1:]
    only_folders = text.startswith("/cd ")
    return Completions(start, tuple(_names(word, folder, home, only_folders)))


def _last_word(text: str) -> tuple[int, str]:
    """Return where the last word begins, and what it is without quotes; a quote within a word is an apostrophe."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found = _WORD.match(text, at)
        if found is None:  # a lone backslash at the end
            break
        end = found.end()
        is_open = found["plain"] is not None or end - at == 1 or text[end - 1] != text[at]
        if end == len(text) and is_open:
            word = found["single"] or found["double"] or re.sub(r"\\(.)", r"\1", found["plain"] or "")
            return at, word
        at = end
    return len(text), ""


def _names(word: str, folder: Path, home: Path, only_folders: bool) -> list[tuple[str, str]]:
    """Return the names in the folder that a word points into; hidden ones where the word asks for them."""
    head, slash, prefix = word.rpartition("/")
    where = folder / _expanded(head + slash, home)
    found: list[tuple[str, str]] = []
    try:
        with os.scandir(where) as entries:
            for count, entry in enumerate(entries):
                if count == _MOST_READ:
                    break
                if not entry.name.startswith(prefix) or (entry.name.startswith(".") and not prefix):
                    continue
                is_folder = _is_folder(entry)
                if is_folder or not only_folders:
                    end = "/" if is_folder else ""
                    found.append((entry.name + end, quoted(head + slash + entry.name + end, is_folder)))
    except (OSError, ValueError):
        return []
    return sorted(found)[:MOST]


def _expanded(head: str, home: Path) -> str:
    return f"{home}{head[1:]}" if head.startswith("~/") else head


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def quoted(name: str, is_folder: bool = False) -> str:
    """Return a name as it is typed: in quotes where it has to be, which stay open behind a folder."""
    if not name.isprintable() or "'" in name:
        return shlex.quote(name)
    if re.fullmatch(r"[^\s\"\\$`*?\[\](){}<>|&;#!]+", name):
        return name if is_folder else f"{name} "
    return f"'{name}" if is_folder else f"'{name}' "
