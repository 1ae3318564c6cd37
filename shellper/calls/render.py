"""From a tool call to the shell command it means, every argument quoted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from shellper.calls.call import Argument, ToolCall
from shellper.calls.catalogue import Catalogue, Parameter, Step, load_catalogue
from shellper.calls.disk import Disk
from shellper.calls.forms import size_in_bytes
from shellper.calls.quoting import quote, quote_glob, quote_path

# bash's echo takes only these as options (bash(1), "echo"); anything else it prints.
_ECHO_OPTION = re.compile(r"-[neE]+\Z")
# What an option may begin with: tail and sort take a plus too, in their old syntax (GNU coreutils, "tail invocation").
_OPTION_STARTS = ("-", "+")
# Where a pattern begins like this, what it matches may begin with a dash.
_WILDCARD_STARTS = ("*", "?")


@dataclass(frozen=True)
class RenderedCommand:
    """A command as words; `append_to` is `>>`'s file, `pipe_to` the words of the command that reads its output.

    `paths` are the indices of the words that are paths: these still have a leading `~` for the shell to expand.
    `globs` are those of the paths whose `*` and `?` the shell expands too.
    """

    argv: tuple[str, ...]
    paths: frozenset[int]
    append_to: str | None = None
    globs: frozenset[int] = frozenset()
    pipe_to: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The command as the shell reads it."""
        words = [
            quote_glob(word) if index in self.globs else quote_path(word) if index in self.paths else quote(word)
            for index, word in enumerate(self.argv)
        ]
        if self.append_to is not None:
            words += [">>", quote_path(self.append_to)]
        if self.pipe_to:
            words += ["|", *(quote(word) for word in self.pipe_to)]
        return " ".join(words)


@dataclass(frozen=True)
class Part:
    """What one step added to a command: the argument's value and the text as it stands there."""

    step: Step
    value: Argument
    text: str


@dataclass(frozen=True)
class _Word:
    """A word of a command and how it is quoted."""

    text: str
    kind: Literal["text", "word", "path", "glob"] = "text"

    @property
    def quoted(self) -> str:
        return {"path": quote_path, "glob": quote_glob}.get(self.kind, quote)(self.text)

    @property
    def looks_like_option(self) -> bool:
        """Say whether a program could take the word, or what it expands to, for an option."""
        if self.kind == "glob" and self.text.startswith(_WILDCARD_STARTS):
            return True
        # A plus is an old option only to programs that take files; chmod's +x is none.
        return self.text != "-" and self.text.startswith("-" if self.kind == "word" else _OPTION_STARTS)


class _Words:
    """The words of a command while it is put together."""

    def __init__(self, program: str, disk: Disk | None) -> None:
        self.head = [_Word(program)]
        self.positionals: list[_Word] = []
        self.expression: list[_Word] = []
        self.append_to: str | None = None
        self.pipe_to: tuple[str, ...] = ()
        self._disk = disk

    def add(self, step: Step, value: Argument, parameter: Parameter | None) -> str:
        """Add what one step renders for its argument's value, and return it as it stands in the command."""
        given = parameter is None or value != parameter.default
        match step.kind:
            case "fixed":
                return self._put(self.head, *(_Word(word) for word in step.flag.split()))
            case "flag":
                return self._put(self.head, _Word(step.flag)) if value else ""
            case "when_folder":
                return self._put(self.head, _Word(step.flag)) if self._is_folder(str(value), parameter) else ""
            case "when_backslash":
                return self._put(self.head, _Word(step.flag)) if self._has_backslash(str(value), parameter) else ""
            case "choice":
                flag = step.flags.get(spelling(value))
                return self._put(self.head, _Word(flag)) if flag else ""
            case "option":
                return self._put(self.head, _Word(step.flag), _Word(str(value))) if given else ""
            case "option_path":
                return self._put(self.head, _Word(step.flag), _Word(_no_option(str(value)), "path"))
            case "archive":
                return self._put(self.head, _Word(_no_option(str(value)), "path"))
            case "zip_archive":
                return self._put(self.head, _Word(_no_wildcard(_no_option(str(value))), "path"))
            case "positional":
                return self._put(self.positionals, self._path(str(value), parameter)) if given else ""
            case "word":
                return self._put(self.positionals, _Word(str(value), "word"))
            case "start":
                return self._put(self.positionals, self._start(str(value), parameter))
            case _:
                return self._add_text(step, str(value))

    def _add_text(self, step: Step, text: str) -> str:
        """Add a step whose argument is a text, and return it as it stands in the command."""
        match step.kind:
            case "pattern":
                # Behind `-e` where it would be read as an option.
                if text.startswith("-"):
                    return self._put(self.head, _Word("-e"), _Word(text))
                return self._put(self.positionals, _Word(text))
            case "text":
                # By printf where some shell's echo would not print it as it is.
                if _ECHO_OPTION.match(text) or "\\" in text:
                    self.head = [_Word("printf"), _Word(r"%s\n")]
                return self._put(self.head, _Word(text))
            case "append":
                self.append_to = text
                return f">> {quote_path(text)}"
            case "filter":
                # The headline of ps names its columns, so it stays.
                self.pipe_to = ("grep", "-i", "-F", "-e", "%CPU", "-e", text)
                return "| " + " ".join(quote(word) for word in self.pipe_to)
            case "name_contains":
                return self._put(self.expression, _Word("-name"), _Word(glob(text)))
            case "test":
                return self._put(self.expression, _Word(step.flag), _Word(step.sign + text))
            case "size":
                # In bytes: find rounds up to its other units (find(1), "-size"). A folder's own size means nothing.
                only = [] if _Word("-type") in self.expression else [_Word("-type"), _Word("f")]
                size = _Word(f"{step.sign}{size_in_bytes(text)}c")
                return self._put(self.expression, *only, _Word("-size"), size)
            case _:
                raise ValueError(f"the catalogue has an unknown step {step.kind!r}")

    def _put(self, place: list[_Word], *words: _Word) -> str:
        place += words
        return " ".join(word.quoted for word in words)

    def _is_folder(self, path: str, parameter: Parameter | None) -> bool:
        """Say whether a path, or one that a pattern matches, is a folder."""
        if self._disk is None:
            return False
        if self._is_glob(path, parameter):
            return any(map(self._disk.is_folder, self._disk.matches(path)))
        return self._disk.is_folder(path)

    def _has_backslash(self, path: str, parameter: Parameter | None) -> bool:
        """Say whether a path, or one that a pattern matches, has a backslash, which tar would read as an escape."""
        matches = self._disk.matches(path) if self._disk and self._is_glob(path, parameter) else ()
        return any("\\" in one for one in (path, *matches))

    def _is_glob(self, path: str, parameter: Parameter | None) -> bool:
        """Say whether a path is a pattern: it may be one, has a wildcard, and nothing has that very name."""
        if self._disk is None or parameter is None or not parameter.glob or not ("*" in path or "?" in path):
            return False
        return not self._disk.exists(path)

    def _path(self, path: str, parameter: Parameter | None) -> _Word:
        """Return a path; a lone dash is standard input or output to most programs, and the folder before to cd."""
        if path == "-" and self.head[0].text != "cd":
            return _Word("./-", "path")
        return _Word(path, "glob" if self._is_glob(path, parameter) else "path")

    def _start(self, path: str, parameter: Parameter | None) -> _Word:
        """Return find's starting point, which must not look like a part of its expression (find(1))."""
        is_glob = self._is_glob(path, parameter)
        odd = ("-", "(", ")", "!", ",", *(_WILDCARD_STARTS if is_glob else ()))
        return _Word(f"./{path}" if path.startswith(odd) else path, "glob" if is_glob else "path")

    def finish(self) -> RenderedCommand:
        """Return the command, guarded by `--` where a name would be read as an option."""
        guard = [_Word("--")] if any(word.looks_like_option for word in self.positionals) else []
        words = (*self.head, *guard, *self.positionals, *self.expression)
        return RenderedCommand(
            tuple(word.text for word in words),
            frozenset(index for index, word in enumerate(words) if word.kind in ("path", "glob")),
            self.append_to,
            frozenset(index for index, word in enumerate(words) if word.kind == "glob"),
            self.pipe_to,
        )


def spelling(value: Argument) -> str:
    """Return how the catalogue writes a value."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _no_option(path: str) -> str:
    """Return a path that no program takes for an option, nor tar for another machine's (tar(1), "-f")."""
    odd = path.startswith("-") or ":" in path.split("/", 1)[0]
    return f"./{path}" if odd else path


def _no_wildcard(path: str) -> str:
    """Return an archive's path as unzip takes it: in the last part of one with wildcards these stand for others."""
    folder, slash, name = path.rpartition("/")
    if not re.search(r"[*?\[]", name):
        return path
    return folder + slash + re.sub(r"[*?\[]", r"[\g<0>]", name.replace("\\", r"\\"))


def glob(name: str) -> str:
    """Return find's pattern for a part of a name; `*` and `?` in it keep their meaning as wildcards."""
    if "*" in name or "?" in name:
        return name
    return "*" + re.sub(r"([\[\]\\])", r"\\\1", name) + "*"


def render_parts(
    call: ToolCall, catalogue: Catalogue | None = None, disk: Disk | None = None
) -> tuple[RenderedCommand, list[Part]]:
    """Return the command a valid call means and what each step added to it, see `render_command`."""
    catalogue = catalogue or load_catalogue()
    tool = catalogue.tools[catalogue.validate(call).name]
    words = _Words(tool.program, disk)
    parts = []
    for step in tool.steps:
        parameter = tool.by_name[step.parameter] if step.parameter else None
        value = call.arguments.get(step.parameter, parameter.default) if parameter else True
        if value is not None and not (step.unless and call.arguments.get(step.unless)):
            parts.append(Part(step, value, words.add(step, value, parameter)))
    return words.finish(), parts


def render_command(call: ToolCall, catalogue: Catalogue | None = None, disk: Disk | None = None) -> RenderedCommand:
    """Return the command a valid call means, as words.

    `disk` says what is there at that moment, so that copying a folder gets its flag, and a path with a `*` or `?`
    is a pattern where no file has that very name; without it a name is always a name.
    Raises `CallError` where the call is not valid.
    """
    return render_parts(call, catalogue, disk)[0]


def render(call: ToolCall, catalogue: Catalogue | None = None, disk: Disk | None = None) -> str:
    """Return the shell text of a call, see `render_command`."""
    return render_command(call, catalogue, disk).text
