"""Programs that need a reading of their own, most of them because another program stands in their words."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from shellper.safety import reads
from shellper.safety.git import why_not_git
from shellper.safety.paths import deleted, read_secrets, written
from shellper.safety.programs import Call, Handler, judge_call, proven
from shellper.safety.rules import Rules, like
from shellper.safety.verdict import Verdict, allow, block, confirm, shown, warn
from shellper.safety.words import Argument, literal_argument, unescaped, unknown_argument

if TYPE_CHECKING:
    from shellper.safety.walk import State, Walk

XARGS_VALUES = (
    "-a",
    "-d",
    "-E",
    "-I",
    "-L",
    "-n",
    "-P",
    "-s",
    "--arg-file",
    "--delimiter",
    "--max-args",
    "--max-procs",
)
# Tests that leave nearly everything in.
WIDE_TESTS = frozenset({"-type", "-maxdepth", "-mindepth"})
MOST_STARTS = 8
FIND_RUNS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
FIND_WRITES = frozenset({"-fprint", "-fprint0", "-fls", "-fprintf"})
ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=")


def handler_of(name: str, rules: Rules) -> Handler | None:
    """Return the reading for a program, or None if the tables are enough."""
    if name in HANDLERS:
        return HANDLERS[name]
    if name in rules.wrappers:
        return _wrapper
    if name in rules.shells:
        return _shell
    if re.sub(r"[\d.]+$", "", name) in rules.interpreters:
        return _interpreter
    return None


def _wrapper(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    name = unescaped(call.arguments[0].pattern).rsplit("/", 1)[-1]
    wrapper = walk.places.rules.wrappers[name]
    if wrapper.verdict:
        yield wrapper.verdict
    literals = [argument.literal for argument in call.rest]
    if name == "command" and literals[:1] in (["-v"], ["-V"]):
        yield proven("command -v", reads.not_written_out(call.rest))
        return
    inner = call.rest[_options(wrapper.values, call.rest) :]
    options = call.rest[: len(call.rest) - len(inner)]
    if any(re.match(r"-\w*S|--split", option.pattern) for option in options) and name == "env":
        yield warn("`env -S` runs a command that can't be read here")
    while wrapper.assignments and inner and (found := ASSIGNED.match(inner[0].pattern)):
        yield walk.assignment(found.group(1), inner[0].raw, False, inner[0].literal is not None)
        inner = inner[1:]
    inner = inner[wrapper.positionals :]
    if inner and wrapper.shell:
        yield from _text(inner, walk, state)
    elif inner:
        yield from judge_call(call.of(inner), walk, state)
    else:
        yield confirm(f"{shown(name)} isn't known to be read-only")


def _options(values: Sequence[str], arguments: Sequence[Argument]) -> int:
    """Count the words at the start that are options or their values."""
    place = 0
    while place < len(arguments):
        text = arguments[place].literal
        if text == "--":
            return place + 1
        if text is None or not text.startswith("-") or text == "-":
            break
        place += 2 if text in values else 1
    return place


def _xargs(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    skipped = _options(XARGS_VALUES, call.rest)
    inner = call.rest[skipped:]
    marks = [
        text.removeprefix("-I") or (after.literal or "")
        for option, after in zip(call.rest[:skipped], call.rest[1:], strict=False)
        if (text := option.literal or "").startswith("-I")
    ]
    yield confirm("`xargs` runs a command on names that are only known when it runs")
    if not inner:
        return
    unknown = unknown_argument("the input of xargs")
    if marks and marks[0]:
        words = [unknown if marks[0] in unescaped(argument.pattern) else argument for argument in inner]
    else:
        words = [*inner, unknown]
    yield from judge_call(Call(tuple(words)), walk, state)


def _find(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    tests = walk.places.rules.find_tests
    doubt = reads.why_not_find(tests, call.rest)
    yield proven("find", doubt)
    if doubt is None:
        return
    texts = [unescaped(argument.pattern) for argument in call.rest]
    skipped = _options((), call.rest) if texts[:1] in (["-H"], ["-L"], ["-P"]) else 0
    first = next((place for place in range(skipped, len(texts)) if texts[place][:1] in ("-", "(", "!")), len(texts))
    starts = list(call.rest[skipped:first]) or [literal_argument(".")]
    narrow = any(
        tests.get(text, 0) and text not in WIDE_TESTS and after.strip("*")
        for text, after in zip(texts[first:], [*texts[first + 1 :], ""], strict=False)
    ) or any(text in ("-empty", "-nouser", "-nogroup") for text in texts)
    place = first
    while place < len(texts):
        text = texts[place]
        place += 1
        if text == "-delete":
            yield from _find_deletes(starts, narrow, walk, state)
        elif text in FIND_WRITES and place < len(texts):
            yield from written(call.rest[place], walk.places, state.folders, "writes to")
        elif text in FIND_RUNS:
            end = next((at for at in range(place, len(texts)) if texts[at] in (";", "+")), len(texts))
            inner = call.rest[place:end]
            for start in starts if len(starts) <= MOST_STARTS else [unknown_argument("{}")]:
                found = unknown_argument("{}") if narrow or text in ("-execdir", "-okdir") else start
                yield from _find_runs(inner, found, walk, state)
            place = end + 1


def _find_deletes(starts: list[Argument], narrow: bool, walk: Walk, state: State) -> Iterator[Verdict]:
    for start in starts:
        if narrow:
            yield warn(f"`find` deletes all that matches below {shown(start.raw)}")
        else:
            yield from deleted(start, walk.places, state.folders)


def _find_runs(inner: Sequence[Argument], found: Argument, walk: Walk, state: State) -> Iterator[Verdict]:
    words = []
    for argument in inner:
        text = unescaped(argument.pattern)
        if text == "{}":
            words.append(found)
        elif "{}" in text:
            words.append(unknown_argument(argument.raw))
        else:
            words.append(argument)
    if words:
        yield from judge_call(Call(tuple(words)), walk, state)


def _shell(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    name = unescaped(call.arguments[0].pattern).rsplit("/", 1)[-1]
    yield confirm(f"runs another shell, `{name}`")
    place = 0
    while place < len(call.rest):
        text = call.rest[place].literal
        if text is None or text in ("-", "--") or text[:1] not in "-+":
            break
        place += 1
        if re.fullmatch(r"-[a-z]*c[a-z]*", text):
            following = call.rest[place:]
            yield from _script(following[0], walk, state) if following else ()
            return
        if text in ("-o", "+o", "-O", "+O", "--rcfile", "--init-file"):
            place += 1
    operands = [argument for argument in call.rest[place:] if argument.literal not in ("-", "--")]
    if operands and "-s" not in [argument.literal for argument in call.rest[:place]]:
        yield from _file(operands[0], walk.places.rules)
    else:
        yield from _from_input(name, call, walk, state)


def _script(script: Argument, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge the text that a shell is given to run."""
    if _downloads(script, walk.places.rules):
        yield block(f"{shown(script.raw)} runs whatever the network sends")
    elif script.unknown or script.unset or (script.is_glob and script.dynamic):
        yield warn(f"what {shown(script.raw)} runs is only known when it runs")
    else:
        yield from walk.inner(unescaped(script.pattern), state)


def _file(file: Argument, rules: Rules) -> Iterator[Verdict]:
    """Judge a file of commands or code that is run."""
    if _downloads(file, rules):
        yield block(f"{shown(file.raw)} runs whatever the network sends")
    elif file.literal is None:
        yield warn(f"which file {shown(file.raw)} is, is only known when it runs")
    elif file.literal in ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"):
        yield warn("runs what it gets as input")
    else:
        yield confirm(f"runs the file {shown(file.raw)}")


def _from_input(name: str, call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge a shell or interpreter that takes its code from its input."""
    rules = walk.places.rules
    for document in call.documents:
        if document is None or name not in rules.shells:
            yield warn(f"`{name}` runs what it gets as input")
        else:
            yield from walk.inner(document, state)
    if rules.downloaders.intersection(call.piped_from):
        yield block(f"`{name}` runs whatever the network sends")
    elif (call.piped_from or call.has_input) and not call.documents:
        yield warn(f"`{name}` runs what it gets as input")


def _downloads(argument: Argument, rules: Rules) -> bool:
    return any(rules.downloaders.intersection(re.findall(r"[\w.+-]+", program)) for program in argument.programs)


def _interpreter(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    rules = walk.places.rules
    name = unescaped(call.arguments[0].pattern).rsplit("/", 1)[-1]
    letters = rules.interpreters[re.sub(r"[\d.]+$", "", name)]
    literals = [argument.literal for argument in call.rest]
    if literals in (["--version"], ["-V"]) and like(name, rules.versioned):
        yield allow(f"shows the version of `{name}`")
        return
    yield confirm(f"runs `{name}`")
    for place, argument in enumerate(call.rest):
        text = unescaped(argument.pattern)
        if not text.startswith("-") or text == "-":
            operands = [other for other in call.rest[place:] if other.literal != "-"]
            yield from _file(argument, rules) if operands and text != "-" else _from_input(name, call, walk, state)
            return
        code = re.match(rf"-[A-Za-z]*[{letters}]", text) if letters and not text.startswith("--") else None
        if code or text.startswith(("--eval", "--print", "--command", "--execute")):
            following = call.rest[place : place + 2]
            if any(_downloads(word, rules) for word in following):
                yield block(f"`{name}` runs whatever the network sends")
            yield warn(f"`{name}` runs code that isn't read here")
            return
        if text.startswith("-m"):
            return
    yield from _from_input(name, call, walk, state)


def _eval(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    yield warn("`eval` runs a text as a command")
    for argument in call.rest:
        if _downloads(argument, walk.places.rules):
            yield block(f"{shown(argument.raw)} runs whatever the network sends")
    yield from _text(call.rest, walk, state)
    state.folders = None


def _text(words: Sequence[Argument], walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge words that together are the text of a command."""
    unknown = [word for word in words if word.unknown or word.unset]
    if unknown:
        yield warn(f"what {shown(unknown[0].raw)} runs is only known when it runs")
    text = " ".join(unescaped(word.pattern) for word in words)
    if text.strip():
        yield from walk.inner(text, state)


def _trap(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    yield warn("`trap` makes a command run later")
    yield from _text(call.rest[:1], walk, state)


def _su(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    yield warn("`su` runs as another user")
    for option, following in itertools.pairwise(call.rest):
        if option.literal in ("-c", "--command"):
            yield from _script(following, walk, state)


def _source(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    yield from _file(call.rest[0], walk.places.rules) if call.rest else [confirm("runs a file in this shell")]
    # The file may change the folder.
    state.folders = None


def _cd(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    name = unescaped(call.arguments[0].pattern)
    read = walk.places.rules.reads["cd"]
    doubt = reads.why_not_read("cd", read, call.rest) if name == "cd" else "keeps a list of folders"
    yield proven(name, doubt)
    operands = reads.operands_of(read, call.rest)
    target = operands[0] if operands else Argument(literal_argument(walk.places.home).pattern, "")
    literal = target.literal
    if literal is None or literal == "-" or name != "cd" or len(operands) > 1:
        state.folders = None
    elif literal.startswith("/"):
        state.folders = (literal,)
    elif state.folders is not None:
        state.folders = tuple(f"{folder.rstrip('/')}/{literal}" for folder in state.folders)


def _export(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    yield confirm(f"changes variables with {shown(call.arguments[0].raw)}")
    for argument in call.rest:
        found = ASSIGNED.match(argument.pattern)
        if found:
            known = not argument.unknown and not argument.unset and "+=" not in found.group()
            yield walk.assignment(found.group(1), argument.raw, True, known)
            state.variables[found.group(1)] = argument.pattern[found.end() :] if known else None
        elif argument.literal is None:
            yield warn(f"which variable {shown(argument.raw)} is, is only known when it runs")
        else:
            state.variables[argument.literal] = None


def _awk(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    yield proven("awk", reads.why_not_awk(call.rest))
    if any("system" in argument.pattern for argument in call.rest):
        yield warn("the program of `awk` may run other programs")


def _sed(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    yield proven("sed", reads.why_not_sed(call.rest))
    if any(re.match(r"-[nErsuz]*i|--in-place", argument.pattern) for argument in call.rest):
        files = [argument for argument in call.rest if not argument.pattern.startswith("-")]
        scripted = any(re.match(r"-[nErsuz]*[ef]|--expression|--file", argument.pattern) for argument in call.rest)
        for file in files if scripted else files[1:]:
            yield from written(file, walk.places, state.folders, "changes")


def _git(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    yield proven("git", why_not_git(walk.places.rules.git, call.rest, state.folders))
    for argument in call.rest:
        if not argument.pattern.startswith("-"):
            break
        if argument.pattern.startswith(("-c", "--config-env", "--exec-path")):
            yield warn(f"{shown(argument.raw)} can make `git` run another program")


def _dd(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    yield confirm("`dd` copies raw data")
    for argument in call.rest:
        key, _, value = argument.pattern.partition("=")
        path = replace(argument, pattern=value)
        if key == "of":
            yield from written(path, walk.places, state.folders, "overwrites")
        elif key == "if":
            yield from read_secrets(path, walk.places, state.folders)


HANDLERS: dict[str, Handler] = {
    "find": _find,
    "xargs": _xargs,
    "eval": _eval,
    "source": _source,
    ".": _source,
    "cd": _cd,
    "pushd": _cd,
    "popd": _cd,
    "trap": _trap,
    "su": _su,
    "export": _export,
    "declare": _export,
    "typeset": _export,
    "local": _export,
    "readonly": _export,
    "read": _export,
    "unset": _export,
    "mapfile": _export,
    "getopts": _export,
    "awk": _awk,
    "gawk": _awk,
    "mawk": _awk,
    "sed": _sed,
    "git": _git,
    "dd": _dd,
}
