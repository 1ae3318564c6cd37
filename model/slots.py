"""Filling the slots of phrasings from the world as it stands at that moment."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path, PurePosixPath

from model.heard import COUNTED, MIDDLE, NUMBERED, Heard, pick
from model.names import TEXT_EXTENSIONS, extension_name
from model.world import World

_NUMBER_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty"]
_MOVING = (
    "it",
    "it_parent",
    "it_folder",
    "prev",
    "dir_nth",
    "line_nth",
    "line_num",
    "found",
    "found_folder",
    "mentioned",
)
_FILE_SLOTS = ("file", "newfile", "subfile")
_FOLDER_SLOTS = ("folder", "newfolder", "emptyfolder", "sub")
_TWIN_SHARE = 0.3


class UnfillableError(Exception):
    """The world has nothing that a slot could name."""


def number_word(number: int) -> str:
    """Return a number up to 59 as a word."""
    if number <= 20:
        return _NUMBER_WORDS[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f"-{_NUMBER_WORDS[ones]}" if ones else "")


_UNITS = {
    "k": ("{} KB", "{} kB", "{}KB", "{} kilobytes", "{}k", "{} kb"),
    "M": ("{} MB", "{}MB", "{} megabytes", "{} megs", "{}M", "{} mb", "{} MB", "{} meg"),
    "G": ("{} GB", "{}GB", "{} gigabytes", "{} gigs", "{}G", "{} gb"),
}
_SINGULAR = {"kilobytes": "kilobyte", "megabytes": "megabyte", "megs": "meg", "gigabytes": "gigabyte", "gigs": "gig"}


def size_word(rng: random.Random, size: str) -> str:
    """Return how people say a size such as `10M`."""
    said = rng.choice(_UNITS[size[-1]]).format(size[:-1])
    number, _, unit = said.partition(" ")
    return f"{number} {_SINGULAR[unit]}" if number == "1" and unit in _SINGULAR else said


def _are_twins(one: str, other: str) -> bool:
    """Say whether two names begin alike for half of their length."""
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return alike * 2 >= max(len(one), len(other), 4)


def is_moving(slot: str) -> bool:
    """Say whether a slot's value follows the conversation instead of staying as it was chosen."""
    return slot in _MOVING or slot.startswith("listed_")


@dataclass
class Memory:
    """What the conversation has spoken of: files and folders (absolute, newest last), the last listing and output."""

    files: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    listing: list[str] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)
    since_file: int = 99
    since_folder: int = 99


@dataclass
class Slots:
    """The values of the slots of one phrasing or scenario; a value once chosen stays.

    `bare` asks for names in the folder itself, never for paths.
    """

    world: World
    memory: Memory
    bare: bool = False
    values: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Return a slot's value, chosen now if it was not yet. Raises `UnfillableError`."""
        if name not in self.values or is_moving(name):
            self.values[name] = self._choose(name)
        return self.values[name]

    def _choose(self, name: str) -> str:
        kind = name.rstrip("0123456789")
        if name.startswith("listed_"):
            return self._listed(name)
        if name in self._heard:
            value = self._heard[name]()
            if not value:
                raise UnfillableError
            return value
        number = name[len(kind) :]
        makers: dict[str, Callable[[], str]] = {
            "file": self._file,
            "folder": self._folder,
            "emptyfolder": lambda: self._from(self.world.folders(empty=True)),
            "emptyinner": self._empty_inner,
            "folderpath": self._folder_path,
            "newfile": lambda: self._new(lambda: self._like(_FILE_SLOTS) or self.world.names.file()),
            "newfolder": lambda: self._new(lambda: self._like(_FOLDER_SLOTS) or self.world.names.folder()),
            "sub": self._sub,
            "subfile": lambda: self._from(self.world.files(self.world.folder / self.get("sub"))),
            "lostfile": self._lost,
            "fragment": self._fragment,
            "ext": self._ending,
            "extname": lambda: extension_name(self.world.rng, self.get("ext")),
            "n": self._number,
            "nword": lambda: number_word(int(self.get("n"))),
            "pattern": self._pattern,
            "content": lambda: self.world.names.line(),
            "stem": self._stem,
            "archive": lambda: self._archive(".zip"),
            "tarball": lambda: self._archive(".tar.gz"),
            "newzip": lambda: self._new(lambda: self.world.names.stem() + ".zip"),
            "newtar": lambda: self._new(self._tar_name),
            "program": lambda: self._from(sorted(self.world.machine.programs)),
            "process": lambda: self._process(number),
            "pid": lambda: self._pid(number),
            "size": self._size,
            "sizeword": lambda: size_word(self.world.rng, self.get(f"size{number}")),
            "it": lambda: self._remembered(self.memory.files, self.memory.since_file, 2, 1),
            "prev": lambda: self._remembered(self.memory.files, self.memory.since_file, 3, 2),
            "it_parent": self._parent,
            "it_folder": lambda: self._remembered(self.memory.folders, self.memory.since_folder, 1, 1),
        }
        return makers[kind]()

    def _from(self, candidates: list[str]) -> str:
        """Return a candidate that no other slot has taken."""
        free = [candidate for candidate in candidates if candidate not in self.values.values()]
        if not free:
            raise UnfillableError
        twins = [one for one in free if any(_are_twins(one, value) for value in self.values.values())]
        return self.world.rng.choice(twins if twins and self.world.rng.random() < _TWIN_SHARE else free)

    def _new(self, make: Callable[[], str]) -> str:
        name = make()
        if os.path.lexists(self.world.folder / name) or name in self.values.values():
            raise UnfillableError
        return name

    def _like(self, kinds: tuple[str, ...]) -> str:
        """Return, now and then, a twin of a name that is spoken of beside it, else nothing."""
        named = [PurePosixPath(value).name for slot, value in self.values.items() if slot.rstrip("0123456789") in kinds]
        if not named or self.world.rng.random() >= _TWIN_SHARE:
            return ""
        return self.world.names.twin(self.world.rng.choice(named))

    def _stem(self) -> str:
        """Return a new name that gets its ending from the phrasing."""
        taken = {path.stem for path in self.world.folder.iterdir()}
        while True:
            stem = self._new(lambda: self._like(("stem",)) or self.world.names.stem())
            if "." not in stem and stem not in taken:
                return stem

    def _archive(self, ending: str) -> str:
        """Return an archive in the folder; where all is chosen beforehand (`bare`) it can still be made."""
        free = [name for name in self.world.archives(ending) if name not in self.values.values()]
        if not free and self.bare:
            return self.world.make_archive(self.world.folder, ending)
        return self._from(free)

    def _tar_name(self) -> str:
        return self.world.names.stem() + self.world.rng.choices((".tar.gz", ".tgz"), (6, 1))[0]

    def _process(self, number: str) -> str:
        """Return the name of a running process, that of the number already chosen where there is one."""
        running = self.world.machine.processes
        pid = self.values.get(f"pid{number}")
        return self._from(sorted({one.name for one in running if pid is None or str(one.pid) == pid}))

    def _pid(self, number: str) -> str:
        """Return the number of a running process, one of the name already chosen where there is one."""
        running = self.world.machine.processes
        name = self.values.get(f"process{number}")
        return self._from([str(one.pid) for one in running if name is None or one.name == name])

    def _size(self) -> str:
        rng = self.world.rng
        amounts = (1, 2, 3, 5, 10, 15, 20, 25, 50, 64, 75, 100, 128, 150, 200, 250, 300, 400, 500, 512, 750)
        unit = rng.choices("kMG", (3, 6, 2))[0]
        return f"{rng.choice(amounts[:7] if unit == 'G' else amounts)}{unit}"

    def _file(self) -> str:
        """Return a text file: mostly in the folder, sometimes by a path."""
        rng, world = self.world.rng, self.world
        chance = rng.random()
        if self.bare:
            return self._from(world.files())
        if chance < 0.08:
            folder = self._from(world.folders(empty=False))
            return f"{folder}/{self._from(world.files(world.folder / folder))}"
        if chance < 0.10 and world.folder != world.root:
            up = world.folder.parent
            return f"../{self._from(world.files(up))}"
        if chance < 0.13:
            inside = [p for p in world.root.rglob("*") if p.is_file() and " " not in str(p)]
            return "~/" + self._from([str(p.relative_to(world.root)) for p in inside])
        return self._from(world.files())

    def _folder(self) -> str:
        rng, world = self.world.rng, self.world
        if not self.bare and rng.random() < 0.05:
            return self._folder_path()
        return self._from(world.folders())

    def _folder_path(self) -> str:
        nested = [f"{a}/{b}" for a in self.world.folders() for b in self.world.folders(self.world.folder / a)]
        return self._from(nested)

    def _sub(self) -> str:
        filled = [f for f in self.world.folders(empty=False) if self.world.files(self.world.folder / f)]
        return self._from(filled)

    def _empty_inner(self) -> str:
        return self._from(self.world.folders(self.world.folder / self.get("folder"), empty=True))

    def _below(self) -> list[Path]:
        return [p for p in self.world.folder.rglob("*") if p.is_file()]

    def _lost(self) -> str:
        if self.world.rng.random() < 0.4:
            return self.world.names.file()
        return self._from([p.name for p in self._below()])

    def _fragment(self) -> str:
        rng = self.world.rng
        below = self._below()
        if below and rng.random() < 0.6:
            stem = rng.choice(below).stem
            parts = [p for p in stem.replace("-", " ").replace("_", " ").split() if len(p) > 2]
            if parts:
                return rng.choice(parts)
        return rng.choice((self.world.names.stem(), rng.choice(self.world.names._words(1))))

    def _ending(self) -> str:
        """Return an ending, mostly one that a file of the folder has."""
        rng = self.world.rng
        known = [*TEXT_EXTENSIONS, ".pdf", ".jpg", ".png", ".mp3", ".docx"]
        here = sorted({path.suffix for path in self.world.folder.iterdir() if path.is_file()} & set(known))
        return rng.choice(here if here and rng.random() < 0.85 else known)

    def _number(self) -> str:
        return str(self.world.rng.choice([n for n in (*range(1, 26), 30, 40, 50, 5, 3, 20) if n != 10]))

    def _pattern(self) -> str:
        """Return something to look for, mostly out of the file that is spoken of."""
        name = self.values.get("file") or self.values.get("it") or self.values.get("subfile") or ""
        path = self.world.resolve(name) if name else None
        if "subfile" in self.values and "sub" in self.values and name == self.values["subfile"]:
            path = self.world.resolve(f"{self.values['sub']}/{name}")
        text = path.read_text(encoding="utf-8", errors="replace") if path and path.is_file() else ""
        return self.world.names.pattern(text if text.isascii() and "\0" not in text else "")

    def _remembered(self, paths: list[Path], since: int, within: int, back: int) -> str:
        """Return what was spoken of lately, by a path from here that does not climb."""
        here = [p for p in dict.fromkeys(reversed(paths)) if p.exists()]
        if since > within or len(here) < back:
            raise UnfillableError
        path = here[back - 1]
        if not path.is_relative_to(self.world.folder) or path == self.world.folder:
            raise UnfillableError
        return str(path.relative_to(self.world.folder))

    def _parent(self) -> str:
        """Return the folder, below this one, in which the file that was spoken of last lies."""
        path = PurePosixPath(self._remembered(self.memory.files, self.memory.since_file, 2, 1))
        if path.parent == PurePosixPath("."):
            raise UnfillableError
        return str(path.parent)

    @property
    def _heard(self) -> dict[str, Callable[[], str | None]]:
        """What can be named of the last output, by the slot's name."""
        heard = self.memory.heard
        return {
            "nth": lambda: self.world.rng.choice(tuple(COUNTED)),
            "num": lambda: self.world.rng.choice(tuple(NUMBERED)),
            "middle": lambda: self.world.rng.choice(MIDDLE),
            "dir_nth": self._listed_folder,
            "line_nth": lambda: heard.line(self.get("nth")),
            "line_num": lambda: heard.line(self.get("num")),
            "found": heard.found,
            "found_folder": heard.found_folder,
            "mentioned": self._mentioned,
        }

    def _listed_folder(self) -> str | None:
        """Return a folder of the last listing, counted among the folders."""
        folders = [entry for entry in self.memory.listing if self.world.resolve(entry).is_dir()]
        return pick(folders, self.get("nth"))

    def _mentioned(self) -> str | None:
        """Return the only file beside the one shown that the last output names."""
        shown = self.memory.files[-1] if self.memory.files else None
        if shown is None or not shown.is_relative_to(self.world.folder) or not shown.exists():
            return None
        named = [p for p in sorted(shown.parent.iterdir()) if p != shown and p.is_file()]
        named = [p for p in named if self.memory.heard.names(p.name)]
        return str(named[0].relative_to(self.world.folder)) if len(named) == 1 else None

    def _listed(self, name: str) -> str:
        """Return an entry of the last listing that is a file."""
        entries = self.memory.listing
        if name == "listed_only":
            picked = entries[0] if len(entries) == 1 else None
        else:
            word = name.removeprefix("listed_")
            picked = pick(entries, self.get(word) if word in ("nth", "num", "middle") else word)
        if not picked or not self.world.resolve(picked).is_file():
            raise UnfillableError
        return picked
