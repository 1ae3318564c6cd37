"""The working directory: `cd` as the session does it, since no shell outlives its command."""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from shellper.session.errors import SessionError

# The words of a command that needs no shell to be read: quotes, `~`, patterns, and these three variables.
_VARIABLE = r"\$(?:(?P<name>HOME|OLDPWD|PWD)(?![A-Za-z0-9_])|\{(?P<braced>HOME|OLDPWD|PWD)\})"
_UNQUOTED = re.compile(
    rf"""
    (?P<space>[ \t]+)
    | '(?P<single>[^']*)'
    | (?P<quote>")
    | \\(?P<escaped>[^\n])
    | {_VARIABLE}
    | (?P<pattern>[*?]|\[[^]\s'"\\$`]+\])
    | (?P<plain>[^\s'"\\$`*?\[\]{{}}()<>|&;]+)
    """,
    re.VERBOSE,
)
_DOUBLE_QUOTED = re.compile(rf'\\(?P<escaped>[\\"$`])|{_VARIABLE}|(?P<plain>[^"\\$`]+|\\(?![\\"$`\n]))|(?P<quote>")')
_LONE_CD = re.compile(r"\s*cd(?:[ \t][^;&|<>\n]*)?\s*")
_GLOB = re.compile(r"[*?[]")


class FolderError(Exception):
    """A `cd` that failed; the message is what a shell says, `exit_code` its exit code."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True)
class Place:
    """Where the session is: the working directory as the user names it, the one before, and home."""

    folder: Path
    previous: Path | None
    home: Path

    def resolve(self, path: str) -> Path:
        """Return the path that a word of a command means here."""
        return self.folder / Path(_tilde(path, self.home))

    def go(self, folder: Path) -> Place:
        """Return the place after a `cd`."""
        return Place(folder, self.folder, self.home)


@dataclass
class _Word:
    """A word while it is read: its text, and the same as a pattern in which only unquoted `*?[` are special."""

    text: str = ""
    pattern: str = ""
    has_pattern: bool = False

    def add(self, text: str) -> None:
        self.text += text
        self.pattern += glob.escape(text)


def current_folder() -> Path:
    """Return the working directory of the process, under the name that the user's shell has for it.

    Raises `SessionError` where it is gone.
    """
    try:
        real = Path.cwd()
    except OSError as error:
        raise SessionError("the working directory is gone; cd to another folder and start again") from error
    named = Path(os.environ.get("PWD", ""))
    try:
        # POSIX: PWD holds if it is absolute, without `.` and `..`, and names the same folder.
        if named.is_absolute() and ".." not in named.parts and named.samefile(real):
            return named
    except OSError:
        pass
    return real


def is_lone_cd(command: str) -> bool:
    """Say whether a command is one `cd` and nothing else, so that it moves the session."""
    return _LONE_CD.fullmatch(command) is not None or _starts_with_cd(_split(command.strip("\n"), None))


def _starts_with_cd(words: list[_Word] | None) -> bool:
    return bool(words) and words is not None and words[0].text == "cd"


def change_folder(command: str, place: Place) -> tuple[Place, str]:
    """Return where a lone `cd` leads, and what the shell prints.

    Links keep their names (`cd -L`, POSIX's default). Raises `FolderError` with the shell's message.
    """
    words = _split(command.strip("\n"), place)
    if words is None or not _starts_with_cd(words):
        raise FolderError(
            f"{_one_line(command)}: only a folder's name, ~, -, $HOME and patterns are understood; name it"
        )
    physical, arguments = _options([found for word in words[1:] for found in _expanded(word, place.folder)])
    if len(arguments) > 1:
        raise FolderError("cd: too many arguments")
    name = arguments[0] if arguments else str(place.home)
    if name == "-":
        if place.previous is None:
            raise FolderError("cd: OLDPWD not set")
        return place.go(_checked(str(place.previous), place.previous)), f"{place.previous}\n"
    if physical:
        return place.go(_checked(name, place.folder / name).resolve()), ""
    return place.go(_checked(name, _logical(name, place.folder))), ""


def _one_line(command: str) -> str:
    return " ".join(command.split())


def _options(words: list[str]) -> tuple[bool, list[str]]:
    """Take the options away; says whether links are to be resolved (`-P`)."""
    physical = False
    for index, word in enumerate(words):
        if word == "--":
            return physical, words[index + 1 :]
        if not word.startswith("-") or word == "-":
            return physical, words[index:]
        unknown = word[1:].strip("LPe")
        if unknown:
            raise FolderError(f"cd: -{unknown[0]}: invalid option", 2)
        physical = word.rstrip("e")[-1] == "P"
    return physical, []


def _logical(name: str, folder: Path) -> Path:
    """Return a folder's absolute path, `..` taken from the names.

    What a name goes back from must be a folder; the working directory itself may be gone.
    """
    parts = [] if name.startswith("/") else list(folder.parts[1:])
    entered = 0
    for part in Path(name).parts:
        if part == "/":
            continue
        if part != "..":
            parts.append(part)
            entered += 1
            continue
        if entered:
            _checked(name, Path("/", *parts))
            entered -= 1
        parts = parts[:-1]
    return Path("/", *parts)


def _checked(name: str, folder: Path) -> Path:
    """Return the folder if it can be entered."""
    try:
        is_folder = stat.S_ISDIR(folder.stat().st_mode)
        number = 0 if is_folder and os.access(folder, os.X_OK) else errno.EACCES if is_folder else errno.ENOTDIR
    except OSError as error:
        number = error.errno or errno.ENOENT
    except ValueError:  # a NUL character
        number = errno.ENOENT
    if number:
        raise FolderError(f"cd: {_shown(name)}: {os.strerror(number)}")
    return folder


def _shown(name: str) -> str:
    """Return a name for a message of one line, as bash does."""
    if name.isprintable():
        return name
    escaped = name.encode("unicode_escape", "backslashreplace").decode().replace("'", "\\'")
    return f"$'{escaped}'"


def _expanded(word: _Word, folder: Path) -> list[str]:
    """Return the names that a pattern stands for; a word that matches nothing stands for itself, as in bash."""
    if not word.has_pattern:
        return [word.text]
    # The pattern may be absolute, which Path.glob refuses.
    return sorted(glob.glob(word.pattern, root_dir=folder)) or [word.text]  # noqa: PTH207


def _tilde(text: str, home: Path) -> str:
    """Return a word with its leading `~` or `~name` replaced."""
    if text == "~" or text.startswith("~/"):
        return str(home) + text[1:]
    return text


def _other_home(text: str) -> str:
    """Return a word with a leading `~name` replaced, where there is such a user."""
    name, slash, rest = text[1:].partition("/")
    try:
        import pwd

        return pwd.getpwnam(name).pw_dir + slash + rest
    except (ImportError, KeyError):
        return text


def _split(text: str, place: Place | None) -> list[_Word] | None:
    """Return the words of one simple command, or None where it takes a shell to read it."""
    words: list[_Word] = []
    current: _Word | None = None
    at = 0
    while at < len(text):
        found = _UNQUOTED.match(text, at)
        if found is None:
            return None
        at = found.end()
        if found["space"]:
            current = None
            continue
        if current is None:
            if found["plain"] and found["plain"].startswith("#"):
                return words
            current = _Word()
            words.append(current)
            if found["plain"] and found["plain"].startswith("~"):
                current.add(_leading_tilde(found["plain"], text[at : at + 1], place))
                continue
        if found["quote"]:
            end = _double_quoted(text, at, current, place)
            if end is None:
                return None
            at = end
        elif found["pattern"]:
            current.text += found["pattern"]
            current.pattern += found["pattern"]
            current.has_pattern = True
        else:
            current.add(_literal(found, place))
    return words


def _leading_tilde(text: str, following: str, place: Place | None) -> str:
    """Expand the `~` that begins a word, unless its name goes on in quotes."""
    if place is None or ("/" not in text and following not in ("", " ", "\t")):
        return text
    if text == "~+" or text.startswith("~+/"):
        return str(place.folder) + text[2:]
    if place.previous and (text == "~-" or text.startswith("~-/")):
        return str(place.previous) + text[2:]
    expanded = _tilde(text, place.home)
    return expanded if expanded != text else _other_home(text)


def _double_quoted(text: str, at: int, word: _Word, place: Place | None) -> int | None:
    """Read up to the closing quote and return the place behind it, or None where there is none."""
    while found := _DOUBLE_QUOTED.match(text, at):
        at = found.end()
        if found["quote"]:
            return at
        word.add(_literal(found, place))
    return None


def _literal(found: re.Match[str], place: Place | None) -> str:
    """Return what a piece that is no pattern stands for."""
    groups = found.groupdict()
    name = groups["name"] or groups["braced"]
    if name:
        values = {"HOME": place.home, "PWD": place.folder, "OLDPWD": place.previous or ""} if place else {}
        return str(values.get(name, ""))
    return next((groups[key] for key in ("single", "escaped", "plain") if groups.get(key) is not None), "")
