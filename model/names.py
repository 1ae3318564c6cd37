"""Names and texts as people have them: files, folders, contents, words to look for."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from model.words import (
    COMPANIES,
    EXTENSION_NAMES,
    FIRST_NAMES,
    FOREIGN_WORDS,
    PLAIN_NAMES,
    SENTENCES,
    THEMES,
    vocabulary_words,
)

TEXT_EXTENSIONS = [
    ".txt",
    ".md",
    ".csv",
    ".log",
    ".py",
    ".json",
    ".yaml",
    ".yml",
    ".ini",
    ".cfg",
    ".conf",
    ".html",
    ".css",
    ".js",
    ".ts",
    ".sh",
    ".tex",
    ".xml",
    ".sql",
    ".toml",
    ".rst",
    ".java",
    ".c",
    ".h",
    ".go",
    ".rb",
]
_OTHER_EXTENSIONS = [
    ".pdf",
    ".docx",
    ".xlsx",
    ".jpg",
    ".png",
    ".mp3",
    ".zip",
    ".bak",
    ".tmp",
    ".old",
    ".odt",
    ".pptx",
    ".mp4",
    ".svg",
    ".dat",
]
_TWIN_MARKS = ("old", "new", "copy", "backup", "2", "3", "final", "draft", "(1)", "(2)", "a", "b", "test", "local")
_TWIN_ENDINGS = (".bak", ".old", ".1", "~")
_VERBS = ("call", "buy", "ask", "pay", "send", "meet", "fix", "check")
# A world of few words teaches those words; names of any word teach copying.
_ANY_WORD_SHARE = 0.6
_JOINERS = ("_", "_", "_", "-", "-", " ", "", ".")


@dataclass
class Names:
    """A source of names; `theme` is one of `THEMES`, and all randomness comes from `rng`."""

    rng: random.Random
    theme: str

    def _words(self, count: int) -> list[str]:
        pool = THEMES[self.theme]
        words = [self.rng.choice(pool) for _ in range(count)]
        if self.rng.random() < _ANY_WORD_SHARE:
            words = [self.rng.choice(vocabulary_words()) for _ in range(count)]
        if self.rng.random() < 0.12:
            words[-1] = self.rng.choice(self.rng.choice((FIRST_NAMES, COMPANIES))).lower()
        if self.rng.random() < 0.04:
            words[0] = self.rng.choice(FOREIGN_WORDS)
        return words

    def _mark(self) -> str:
        """Return a date, number or version as names carry them, or nothing."""
        rng = self.rng
        year, month, day = rng.randint(1998, 2027), rng.randint(1, 12), rng.randint(1, 28)
        marks = (
            str(year),
            f"{year}-{month:02}-{day:02}",
            f"{year}{month:02}{day:02}",
            f"{month:02}-{year}",
            f"v{rng.randint(1, 9)}",
            f"v{rng.randint(0, 4)}.{rng.randint(0, 19)}",
            str(rng.randint(1, 9)),
            f"{rng.randint(1, 99):02}",
            f"{rng.randint(1, 999):03}",
            rng.choice(
                ("final", "draft", "old", "new", "copy", "backup", "FINAL", "rev2", "q1", "Q3", "jan", "may", "oct")
            ),
            f"IMG_{rng.randint(1, 9999):04}" if self.theme == "photos" else str(rng.randint(100, 99999)),
        )
        return rng.choice(marks)

    def stem(self) -> str:
        """Return a name without its ending."""
        rng = self.rng
        words = self._words(rng.choice((1, 1, 1, 1, 2, 2, 2, 3, 4)))
        style = rng.random()
        if style < 0.10:
            words = [word.capitalize() for word in words]
        elif style < 0.13:
            words = [word.upper() for word in words]
        if rng.random() < 0.38:
            words.insert(rng.choice((0, len(words), len(words))), self._mark())
        joiner = rng.choice(_JOINERS)
        if joiner == "" and len(words) > 1:
            return words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:])
        stem = joiner.join(words)
        odd = rng.random()
        if odd < 0.015:
            return f"{stem} ({rng.randint(1, 4)})"
        if odd < 0.025:
            return f"{rng.choice(FIRST_NAMES)}'s {stem}"
        if odd < 0.032:
            return f"{stem}{rng.choice('!+@#&%=,~')}{rng.choice(('', 'x', '2', 'b'))}"
        return stem

    def file(self, text: bool = True) -> str:
        """Return a file name; `text` asks for one whose contents can be shown."""
        rng = self.rng
        chance = rng.random()
        if chance < 0.07:
            return rng.choice(PLAIN_NAMES)
        if chance < 0.10:
            return f".{self._words(1)[0]}{rng.choice(('rc', '', '_history', '.conf', 'ignore'))}"
        if chance < 0.15:
            return self.stem()
        common = rng.random() < 0.5
        endings = (".txt", ".md", ".csv", ".py", ".log", ".json") if common and text else TEXT_EXTENSIONS
        ending = rng.choice(endings if text or rng.random() < 0.3 else _OTHER_EXTENSIONS)
        if rng.random() < 0.04:
            ending = ending.upper()
        if rng.random() < 0.03:
            ending += rng.choice((".bak", ".old", ".1", ".gz", ".orig"))
        return self.stem() + ending

    def twin(self, name: str) -> str:
        """Return a name that is easily taken for another one: a mark more, another number or ending, another joint."""
        rng = self.rng
        hidden, name = ("." if name.startswith(".") else ""), name.lstrip(".")
        stem, dot, ending = name.partition(".")
        joint = rng.choice(("_", "-", " ", ""))
        longer = f"{stem}{joint}{rng.choice((*_TWIN_MARKS, self._mark(), self._words(1)[0]))}{dot}{ending}"
        numbers = list(re.finditer(r"\d+", stem))
        made = [longer, longer, f"{rng.choice(_TWIN_MARKS)}{joint}{name}", name + rng.choice(_TWIN_ENDINGS)]
        if numbers:
            found = rng.choice(numbers)
            other = f"{(int(found[0]) + rng.randint(1, 8)) % 10 ** len(found[0]):0{len(found[0])}}"
            made += [f"{stem[: found.start()]}{other}{stem[found.end() :]}{dot}{ending}"] * 4
        if dot:
            made += [stem + rng.choice((".txt", ".md", ".csv", ".log", ".json", ".test.js", ".min.css"))]
        if re.search(r"[_\- ]", stem):
            made += [re.sub(r"[_\- ]", rng.choice(("_", "-", " ", "")), stem) + dot + ending]
        return hidden + rng.choice(made)

    def folder(self) -> str:
        """Return a folder name."""
        rng = self.rng
        if rng.random() < 0.05:
            return "." + self._words(1)[0]
        if rng.random() < 0.45:
            return self._words(1)[0] if rng.random() < 0.8 else self._words(1)[0].capitalize()
        return self.stem()

    def pattern(self, text: str = "") -> str:
        """Return a word or short phrase to look for, mostly one of the given text."""
        words = [word for word in text.replace(",", " ").split() if len(word.strip(".:;()")) > 2]
        rng = self.rng
        if words and rng.random() < 0.75:
            start = rng.randrange(len(words))
            length = rng.choice((1, 1, 1, 1, 2, 2, 3))
            return " ".join(words[start : start + length]).strip(".:;()\"'") or "total"
        return rng.choice(
            (
                rng.choice(THEMES[rng.choice(tuple(THEMES))]),
                rng.choice(FIRST_NAMES),
                rng.choice(
                    ("ERROR", "TODO", "warning", "import", "def", "password", "FIXME", "timeout", "null", "return")
                ),
                str(rng.randint(1, 9999)),
                f"{rng.choice(FIRST_NAMES).lower()}@{rng.choice(COMPANIES).lower()}.com",
                rng.choice(SENTENCES).split(",")[0].rstrip(".!?"),
            )
        )

    def line(self) -> str:
        """Return a line of text as people write it into files."""
        rng = self.rng
        return rng.choice(
            (
                rng.choice(SENTENCES),
                rng.choice(SENTENCES).lower().rstrip("."),
                " ".join(self._words(rng.randint(1, 4))),
                " ".join(self._words(rng.randint(3, 8))),
                f"{rng.choice(_VERBS)} {' '.join(self._words(rng.randint(1, 2)))}",
                f"{rng.choice(FIRST_NAMES)}: {rng.randint(1, 500)}",
                f"# {' '.join(self._words(2)).title()}",
                f"{self._words(1)[0]}={rng.choice(('true', 'false', str(rng.randint(1, 9000)), 'anna'))}",
                f"- {' '.join(self._words(rng.randint(1, 3)))}",
                f"{rng.choice(FIRST_NAMES)} said {rng.choice(SENTENCES).lower().rstrip('.')}",
                f"{' '.join(self._words(rng.randint(1, 3)))} ({self._mark()})",
                f"{rng.choice(FIRST_NAMES)}'s {' '.join(self._words(rng.randint(1, 2)))}",
                f"{self._words(1)[0]}: {' '.join(self._words(rng.randint(1, 3)))}!",
                rng.choice(
                    ("hello world", "done", "import os", "print('hi')", "{}", "Hello World!", "TODO", "n/a", "a,b,c")
                ),
            )
        )

    def contents(self, name: str) -> str:
        """Return what a file of that name holds."""
        rng = self.rng
        count = rng.choice((1, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8, 14, 30))
        if name.lower().endswith((".csv", ".tsv")):
            return "".join(
                f"{rng.choice(FIRST_NAMES)},{rng.choice(THEMES[self.theme])},{rng.randint(1, 900)}\n"
                for _ in range(count)
            )
        if name.lower().endswith(".log"):
            return "".join(
                f"{rng.randint(8, 19):02}:{rng.randint(0, 59):02} {rng.choice(('INFO', 'WARN', 'ERROR', 'DEBUG'))} "
                f"{' '.join(self._words(2))} {rng.choice(('ok', 'failed', 'started', 'timeout', 'done'))}\n"
                for _ in range(count)
            )
        if name.lower().endswith((".py", ".js", ".ts", ".sh", ".rb", ".go", ".c", ".java")):
            word = self._words(1)[0]
            return f"import {word}\n\ndef {word}_{self._words(1)[0]}(x):\n    return x + {rng.randint(1, 99)}\n"
        if name.lower().endswith(".json"):
            return f'{{"{self._words(1)[0]}": {rng.randint(1, 99)}, "name": "{rng.choice(FIRST_NAMES)}"}}\n'
        if rng.random() < 0.1:
            return "".join(f"{rng.randint(1, 9999)}\n" for _ in range(count))
        return "".join(self.line() + "\n" for _ in range(count))


def extension_name(rng: random.Random, ending: str) -> str:
    """Return how people call files of an ending (`python` for `.py`)."""
    return rng.choice(EXTENSION_NAMES.get(ending, (ending.lstrip("."),)))
