"""From a tool call to the shell command it means, every argument quoted."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from shellper.calls.call import Argument, ToolCall
from shellper.calls.catalogue import Catalogue, Step, load_catalogue

# bash's echo takes only these as options (bash(1), "echo"); anything else it prints.
_ECHO_OPTION = re.compile(r"-[neE]+\Z")
# What a shell reads in double quotes (bash(1), "QUOTING").
_SPECIAL = frozenset('$`"\\!')
# What an option may begin with: tail and sort take a plus too, in their old syntax (GNU coreutils, "tail invocation").
_OPTION_STARTS = ("-", "+")


@dataclass(frozen=True)
class RenderedCommand:
    """A command as words; `append_to` is `>>`'s file.

    `paths` are the indices of the words that are paths: these still have a leading `~` for the shell to expand.
    """

    argv: tuple[str, ...]
    paths: frozenset[int]
    append_to: str | None = None

    @property
    def text(self) -> str:
        """The command as the shell reads it."""
        words = [quote_path(w) if i in self.paths else quote(w) for i, w in enumerate(self.argv)]
        if self.append_to is not None:
            words += [">>", quote_path(self.append_to)]
        return " ".join(words)


def quote(word: str) -> str:
    """Quote a word; one with an apostrophe by quotation marks where nothing in these is special to the shell."""
    if "'" in word and _SPECIAL.isdisjoint(word):
        return f'"{word}"'
    return shlex.quote(word)


def quote_path(path: str) -> str:
    """Quote a path, leaving a leading `~` or `~/` to the shell."""
    if path == "~":
        return path
    if path.startswith("~/"):
        return "~/" + (quote(path[2:]) if path[2:] else "")
    return quote(path)


class _Words:
    """The words of a command while it is put together."""

    def __init__(self, program: str, is_folder: Callable[[str], bool]) -> None:
        self.options = [program]
        self.positionals: list[str] = []
        # Which of the positionals are paths.
        self.paths: list[bool] = []
        self.append_to: str | None = None
        self.expression: list[str] = []
        self.is_folder = is_folder

    def add(self, step: Step, value: Argument, is_default: bool) -> None:
        """Add what one step renders for its argument's value."""
        match step.kind:
            case "flag":
                self.options += [step.flag] if value else []
            case "when_folder":
                self.options += [step.flag] if self.is_folder(str(value)) else []
            case "choice":
                self.options.append(step.flags[str(value)])
            case "option":
                self.options += [] if is_default else [step.flag, str(value)]
            case "positional":
                if not is_default:
                    self._path(str(value))
            case "pattern":
                self._pattern(str(value))
            case "text":
                self._text(str(value))
            case "append":
                self.append_to = str(value)
            case "start":
                self._path(start(str(value)))
            case "name_contains":
                self.expression = ["-name", glob(str(value))]
            case _:
                raise ValueError(f"the catalogue has an unknown step {step.kind!r}")

    def _path(self, path: str) -> None:
        """Add a path; a lone dash is standard input or output to most programs, and the folder before to cd."""
        self.positionals.append("./-" if path == "-" and self.options[0] != "cd" else path)
        self.paths.append(True)

    def _pattern(self, pattern: str) -> None:
        """Add grep's pattern, behind `-e` where it would be read as an option."""
        if pattern.startswith("-"):
            self.options += ["-e", pattern]
        else:
            self.positionals.append(pattern)
            self.paths.append(False)

    def _text(self, text: str) -> None:
        """Add echo's text, by printf where some shell's echo would not print it as it is."""
        if _ECHO_OPTION.match(text) or "\\" in text:
            self.options = ["printf", r"%s\n", text]
        else:
            self.options.append(text)

    def finish(self) -> RenderedCommand:
        """Return the command, guarded by `--` where a name would be read as an option."""
        guard = ["--"] if any(word.startswith(_OPTION_STARTS) and word != "-" for word in self.positionals) else []
        head = self.options + guard
        argv = (*head, *self.positionals, *self.expression)
        paths = frozenset(len(head) + index for index, is_path in enumerate(self.paths) if is_path)
        return RenderedCommand(argv, paths, self.append_to)


def start(path: str) -> str:
    """Return find's starting point, which must not look like a part of its expression (find(1))."""
    return f"./{path}" if path.startswith(("-", "(", ")", "!", ",")) else path


def glob(name: str) -> str:
    """Return find's pattern for a part of a name; `*` and `?` in it keep their meaning as wildcards."""
    if "*" in name or "?" in name:
        return name
    return "*" + re.sub(r"([\[\]\\])", r"\\\1", name) + "*"


def render_command(
    call: ToolCall, catalogue: Catalogue | None = None, is_folder: Callable[[str], bool] | None = None
) -> RenderedCommand:
    """Return the command a valid call means, as words.

    `is_folder` says whether a path names a folder at that moment, so that copying one gets its flag.
    Raises `CallError` where the call is not valid.
    """
    catalogue = catalogue or load_catalogue()
    tool = catalogue.tools[catalogue.validate(call).name]
    words = _Words(tool.program, is_folder or (lambda path: False))
    for step in tool.steps:
        parameter = tool.by_name[step.parameter]
        value = call.arguments.get(step.parameter, parameter.default)
        if value is not None:
            words.add(step, value, is_default=value == parameter.default)
    return words.finish()


def render(call: ToolCall, catalogue: Catalogue | None = None, is_folder: Callable[[str], bool] | None = None) -> str:
    """Return the shell text of a call, see `render_command`."""
    return render_command(call, catalogue, is_folder).text
