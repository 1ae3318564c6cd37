"""The arguments: what is asked for, as a request or as a subcommand."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from shellper import __version__
from shellper.cli.exits import UsageError

if TYPE_CHECKING:
    from shellper.config import LeastLevel

GROUPS = {
    "model": ("build", "info", "verify", "path"),
    "engine": ("status", "stop"),
    "sessions": ("list", "show", "rm"),
    "jobs": ("stop", "log", "forget"),
    "api": (),
    "doctor": (),
    "undo": (),
    "redo": (),
    "history": (),
    "check": (),
}
"""The words that begin a subcommand, and the words that follow; those without any stand alone."""

_MAY_STAND_ALONE = ("jobs",)

LONGEST_LIMIT = 30 * 24 * 3600
_TAKE_A_VALUE = ("--cwd", "--time-limit", "--sandbox", "--changed")
_COUNTED = ("undo", "redo")
_HAVE_JSON = ("history", "doctor", "model info", "engine status", "sessions list", "sessions show", "jobs")

_EPILOG = """\
keys at the question: r or Enter runs, e edits, x explains, d shows the differences, c copies, s skips,
q ends the request, o runs this one command outside the sandbox.
A command at `warn` asks for the word yes; one at `block` can't be run.

subcommands:
  shellper model build | info | verify | path     the model file
  shellper engine status | stop                   the process that holds the model
  shellper sessions list | show [ID] | rm ID...   the conversations that are kept
  shellper jobs | jobs stop N | log N | forget    what goes on in the background, ending it, its output
  shellper doctor                                 what the sandbox keeps from commands here, tested anew
  shellper undo [N] | redo [N] | history          take the last changes back, or do them again; what there is
  shellper check 'COMMAND' | check --jsonl        the verdict on a command that isn't run: shellper check --help
  shellper api                                    JSON lines for other programs: shellper api --help
A request may begin with such a word: `shellper model the data` is one, since no subcommand fits.
`shellper -- engine status`, or the request in quotes, is a request in any case.

standard input that is no terminal is taken as context: make 2>&1 | shellper "which file has the error?"

--json prints one object a turn:
  {"request", "steps": [{"call": {"name", "arguments"} or null, "command", "folder", "verdict", "reasons", "confidence",
  "decision", "elsewhere", "outside", "exit_code", "output", "left_out_lines", "duration", "timed_out", "cancelled",
  "sandbox", "effects", "changed", "transaction", "refusal", "left", "job"}],
  "reply", "end", "folder", "conversation", "exit_code"}
Its schema is the file turn.schema.json in the package shellper.cli.

exit codes: the command's own when one ran; 0 printed or copied; 1 the store or the folder can't be used; 2 usage;
3 nothing to run; 4 declined; 5 blocked; 6 engine or weights; 124 timed out; 130 interrupted.
"""

_API_EPILOG = """\
Each line of the standard input is an object, answered by one line on the standard output; nothing is run.
  {"id", "messages": [{"role": "user", "content"}, {"role": "assistant", "tool_calls": [{"name", "arguments"}]},
  {"role": "tool", "content"}, ...]}
is answered by the model's next step,
  {"id", "tool_calls": [{"name", "arguments"}], "command", "text", "confidence", "latency_ms"}
with no call and a text (which may be empty) where the turn is done. tool_calls may have OpenAI's form, too.
With "folder": "/its/whole/path" beside the messages the call is held against what is there, as in a conversation,
and the answer has a "note" on what gave way.
A line that can't be answered gets {"id", "error"}, and the next one is served.
"""


@dataclass(frozen=True)
class Options:
    """A request, empty for a conversation, and how it is to be taken; `time_limit` is in seconds, 0 for none."""

    request: str = ""
    resume: bool = False
    print_only: bool = False
    yes: bool = False
    json: bool = False
    folder: Path | None = None
    daemon: bool = True
    time_limit: float | None = None
    plain: bool = False
    sandbox: LeastLevel | None = None
    network: bool = False
    outside: bool = False


@dataclass(frozen=True)
class Subcommand:
    """A subcommand by its words, such as `sessions rm`, and what it was given."""

    words: str
    ids: tuple[int, ...] = ()
    json: bool = False
    force: bool = False
    folder: Path | None = None
    daemon: bool = True
    count: int = 1
    yes: bool = False
    changed: str | None = None
    command: str | None = None
    lines: bool = False


class _Parser(argparse.ArgumentParser):
    """A parser that leaves messages and exit codes to the caller."""

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`."""
        if message.startswith("unrecognized arguments"):
            message += "; put a request that holds such words in quotes"
        raise UsageError(f"{message} (see {self.prog} --help)")


def parse(arguments: Sequence[str]) -> Options | Subcommand:
    """Read the arguments; words behind `--` are a request.

    Raises `UsageError`, and `SystemExit` after `--help` and `--version`.
    """
    if "--" in arguments:
        end = list(arguments).index("--")
        return _request(arguments[:end], arguments[end + 1 :])
    words = list(_words(arguments))
    group = arguments[words[0]] if words else ""
    if group not in GROUPS:
        return _request(arguments, ())
    if len(words) == 1:
        return _lone(group, _without(arguments, words[:1]))
    action = arguments[words[1]]
    if group in _COUNTED and len(words) == 2 and action.isascii() and action.isdigit():
        return _subcommand(group, _without(arguments, words[:1]))
    if group == "check" and len(words) == 2:
        return _subcommand(group, _without(arguments, words[:1]))
    if action in GROUPS[group]:
        return _subcommand(f"{group} {action}", _without(arguments, words[:2]))
    return _request(arguments, ())


def _words(arguments: Sequence[str]) -> Iterator[int]:
    """Yield the places of those arguments that are neither options nor their values."""
    is_value = False
    for place, argument in enumerate(arguments):
        if not is_value and not (argument.startswith("-") and argument != "-"):
            yield place
        is_value = not is_value and argument in _TAKE_A_VALUE


def _without(arguments: Sequence[str], places: Sequence[int]) -> list[str]:
    return [argument for place, argument in enumerate(arguments) if place not in places]


def _lone(group: str, rest: Sequence[str]) -> Subcommand:
    """Read a subcommand's first word that no second one follows."""
    if not GROUPS[group] or group in _MAY_STAND_ALONE:
        return _subcommand(group, rest)
    choices = ", ".join(GROUPS[group])
    if "-h" in rest or "--help" in rest:
        _Parser(prog=f"shellper {group}", usage=f"shellper {group} {'|'.join(GROUPS[group])}").parse_args(["--help"])
    raise UsageError(f"`shellper {group}` needs one of {choices}; as a request: shellper -- {group}")


def _request(arguments: Sequence[str], forced: Sequence[str]) -> Options:
    """Read a request and its options."""
    found = _request_parser().parse_intermixed_args(list(arguments))
    words = [*found.request, *forced]
    request = " ".join(words).strip()
    if words and not request:
        raise UsageError("the request is empty; say what you want to be done")
    if found.no_sandbox and (not request or found.sandbox not in (None, "none")):
        what = f"--sandbox={found.sandbox}" if request else "a conversation: there o at the question does that"
        raise UsageError(f"--no-sandbox is for one request, not with {what}")
    return Options(
        request=request,
        resume=found.resume,
        print_only=found.print_only,
        yes=found.yes,
        json=found.json,
        folder=found.cwd,
        daemon=not found.no_daemon,
        time_limit=found.time_limit,
        plain=found.plain,
        sandbox=found.sandbox,
        network=found.network,
        outside=found.no_sandbox,
    )


def _request_parser() -> _Parser:
    parser = _Parser(
        prog="shellper",
        description="Say what you want to be done: shellper proposes a command, shows what it does, and asks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("request", nargs="*", help="what you want to be done; without it a conversation starts")
    parser.add_argument("-c", "--continue", action="store_true", dest="resume", help="go on with the last conversation")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("-p", "--print", action="store_true", dest="print_only", help="print the command, run nothing")
    way.add_argument("-y", "--yes", action="store_true", help="run without asking what is at `allow` or `confirm`")
    parser.add_argument("--json", action="store_true", help="print one JSON object a turn")
    parser.add_argument("--plain", action="store_true", help="a conversation line by line")
    parser.add_argument("--cwd", type=_folder, metavar="FOLDER", help="work in this folder")
    parser.add_argument("--time-limit", type=_seconds, metavar="SECONDS", help="stop a command after this; 0: never")
    parser.add_argument(
        "--sandbox", choices=("full", "limited", "none"), metavar="LEVEL", help="the least level: full, limited, none"
    )
    parser.add_argument("--network", action="store_true", help="let the commands reach the network")
    parser.add_argument("--no-sandbox", action="store_true", help="run this request's commands outside the sandbox")
    parser.add_argument("--no-daemon", action="store_true", help="leave no engine running behind")
    parser.add_argument("--version", action="version", version=f"shellper {__version__}")
    return parser


def _subcommand(words: str, rest: Sequence[str]) -> Subcommand:
    """Read what stands behind the words of a subcommand."""
    parser = _Parser(prog=f"shellper {words}", allow_abbrev=False)
    if words in _COUNTED:
        parser.add_argument(
            "count", nargs="?", type=_count, default=1, metavar="N", help="how many of the last changes"
        )
        parser.add_argument("-y", "--yes", action="store_true", help="without asking")
        parser.add_argument(
            "--changed",
            choices=("skip", "keep-both", "overwrite"),
            help="what to do where a file has changed since",
        )
    if words in (*_COUNTED, *_HAVE_JSON):
        parser.add_argument("--json", action="store_true", help="as JSON")
    if words == "model build":
        parser.add_argument("--force", action="store_true", help="build it even if it is there and whole")
    if words == "sessions show":
        parser.add_argument("ids", nargs="?", type=_id, metavar="ID", help="by default this terminal's last one")
    if words == "jobs":
        parser.epilog = (
            "jobs stop N... ends jobs, jobs log N shows the output of one, jobs forget [N...] removes ended ones"
        )
    if words in ("jobs stop", "jobs forget"):
        parser.add_argument(
            "ids", nargs="+" if words == "jobs stop" else "*", type=_job, metavar="N", help="its number"
        )
    if words == "jobs log":
        parser.add_argument("ids", type=_job, metavar="N", help="its number")
    if words == "sessions rm":
        parser.add_argument("ids", nargs="+", type=_id, metavar="ID", help="as shown by sessions list")
    if words == "api":
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = _API_EPILOG
        parser.add_argument("--cwd", type=_folder, metavar="FOLDER", help="the folder that names are looked up in")
        parser.add_argument("--no-daemon", action="store_true", help="leave no engine running behind")
    if words == "check":
        from shellper.cli.check import EPILOG

        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("command", nargs="?", metavar="COMMAND", help="one command, in quotes")
        parser.add_argument("--jsonl", action="store_true", dest="lines", help="judge lines of the standard input")
        parser.add_argument("--json", action="store_true", help="as JSON")
        parser.add_argument("--cwd", type=_folder, metavar="FOLDER", help="the folder that it would run in")
    found = vars(parser.parse_args(list(rest)))
    ids = found.get("ids")
    return Subcommand(
        words=words,
        ids=tuple(ids) if isinstance(ids, list) else () if ids is None else (ids,),
        json=found.get("json", False),
        force=found.get("force", False),
        folder=found.get("cwd"),
        daemon=not found.get("no_daemon", False),
        count=found.get("count", 1),
        yes=found.get("yes", False),
        changed=found.get("changed"),
        command=found.get("command"),
        lines=found.get("lines", False),
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) < 9):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of changes")
    return int(text)


def _folder(text: str) -> Path:
    folder = Path(text).expanduser()
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return folder


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_LIMIT:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 (no limit) to {LONGEST_LIMIT}")
    return seconds


def _id(text: str, listed_by: str = "sessions list") -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise argparse.ArgumentTypeError(f"{text!r} is no number; `shellper {listed_by}` shows them")
    return int(text)


def _job(text: str) -> int:
    return _id(text, "jobs")
