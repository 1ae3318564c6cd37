"""Programs whose words need a reading of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from shellper.safety import reads
from shellper.safety.code import judge_code
from shellper.safety.containers import container
from shellper.safety.git_runs import git
from shellper.safety.later import alias, crontab, tee
from shellper.safety.many import found_names
from shellper.safety.options import by_variable
from shellper.safety.paths import deleted, read_secrets, written
from shellper.safety.printed import output
from shellper.safety.programs import Call, Handler, proven
from shellper.safety.redirects import runs_later
from shellper.safety.verdict import Level, Verdict, allow, block, confirm, shown, warn
from shellper.safety.words import Argument, escaped, literal_argument, unescaped

if TYPE_CHECKING:
    from shellper.safety.state import State
    from shellper.safety.walk import Walk

MOST_LINES = 16
# Options that only say how; `declare -i` and `-n` look up what a value names, `mapfile -C` runs it.
CALM_OPTIONS = {
    "read": "radnpstNu0123456789",
    "declare": "aAxrpgfFlu",
    "typeset": "aAxrpgfFlu",
    "local": "aAxrlu",
    "readonly": "aAp",
    "mapfile": "tndsOu0123456789",
    "readarray": "tndsOu0123456789",
}
ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=")
LISTS_VARIABLES = frozenset({"-p", "-x", "-f", "-F", "-a", "-i", "-r"})
# What awk is fed becomes a command.
AWK_RUNS = re.compile(r"system\s*\(\s*\$|\$\d+\s*\|\s*getline|print[^|]*\|\s*\"(?:/bin/)?(?:ba|da|z)?sh")
CALM_SETTING = re.compile(r"[-+][euxo]+|pipefail|errexit|nounset|xtrace")
# A line that `sed` adds to a file.
SED_ADDS = re.compile(r"(?:^|[;{/\d$])\s*[iac]\\?\s*(.+)")
SED_RUNS = re.compile(r"(?:^|[;}/\d$])\s*e\s+(.+)|(?:s/(?:\\.|[^/])*/((?:\\.|[^/])*))?/[gpiI0-9]*e[gpiI0-9]*\s*$")


def _cd(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    name = call.name
    read = walk.places.rules.reads["cd"]
    doubt = reads.why_not_read("cd", read, call.rest)
    yield proven(name, doubt)
    operands = reads.operands_of(read, call.rest)
    target = operands[0] if operands else Argument(literal_argument(walk.places.home).pattern, "")
    literal = target.literal
    if literal is None or literal == "-" or name == "popd" or len(operands) > 1 or literal.startswith("+"):
        state.folders = None
    elif literal.startswith("/"):
        state.folders = (literal,)
    elif state.folders is not None:
        state.folders = tuple(f"{folder.rstrip('/')}/{literal}" for folder in state.folders)


def _export(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    name = call.name
    if all(argument.literal in LISTS_VARIABLES for argument in call.rest) and name in ("export", "declare", "typeset"):
        yield allow(f"`{name}` shows the variables")
        return
    if name == "export":
        yield confirm(f"changes variables with {shown(name)}")
    changed = any(re.match(r"-[a-zA-Z]*[iluAn]", argument.pattern) for argument in call.rest) and name != "export"
    for argument in call.rest:
        found = ASSIGNED.match(argument.pattern)
        if found:
            # Options such as `-i` and `-u` make another text of the value.
            known = argument.is_proven and "+=" not in found.group() and not changed
            value = argument.pattern[found.end() :] if known else None
            yield walk.assignment(found.group(1), argument.raw, True, value)
            yield from by_variable(found.group(1), value, walk, state)
            state.assign(found.group(1), value, call.secret)
        elif argument.literal is None:
            yield warn(f"which variable {shown(argument.raw)} is, is only known when it runs")
        elif argument.literal.startswith("-") and set(argument.literal[1:]) <= set(CALM_OPTIONS.get(name, "p")):
            yield allow(f"is an option of {shown(name)}")
        elif argument.literal.startswith("-"):
            yield warn(f"{shown(argument.literal)} of `{name}` can run what a variable holds")
        else:
            yield walk.assignment(argument.literal.partition("[")[0], argument.raw, True, None)
            if name in ("export", "readonly"):
                continue
            is_read = name == "read" and argument is call.rest[-1] and "=" not in argument.literal
            state.assign(argument.literal, _line(call, walk, state) if is_read else None, call.secret)
            if name in ("mapfile", "readarray") and len(call.documents) == 1 and call.documents[0]:
                state.arrays[argument.literal] = tuple(map(escaped, call.documents[0].splitlines()[:MOST_LINES]))


def _line(call: Call, walk: Walk, state: State) -> str | None:
    """Return a pattern for a line that `read` gets, if it is known."""
    if call.listed is not None:
        names = found_names(call.listed, walk.places, state.folders)
        return names[0].pattern if len(names) == 1 and names[0].is_proven else None
    if len(call.documents) == 1 and call.documents[0]:
        lines = [line for line in call.documents[0].split("\n") if line][:MOST_LINES]
        return "{" + ",".join(map(escaped, lines)) + "}" if len(lines) > 1 else escaped("".join(lines))
    return None


def _set(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge `set`, which shows the variables, says how the shell goes on, or gives it other words."""
    literals = [argument.literal for argument in call.rest]
    if literals[:1] == ["--"]:
        state.words = tuple(argument.pattern if argument.is_proven else None for argument in call.rest[1:])
        yield allow("gives the shell other words")
    elif literals and all(CALM_SETTING.fullmatch(literal or "") for literal in literals):
        yield allow("says how the shell goes on after errors")
    else:
        found = proven("set", reads.why_not_read("set", walk.places.rules.reads["set"], call.rest))
        yield replace(found, secret=not call.rest)


def _shift(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    count = call.rest[0].literal or "" if call.rest else "1"
    if state.words is not None:
        state.words = state.words[int(count) :] if re.fullmatch(r"\d{1,4}", count) else None
    yield proven("shift", reads.why_not_read("shift", walk.places.rules.reads["shift"], call.rest))


def _printf(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge `printf`, which with `-v` sets a variable."""
    literals = [argument.literal for argument in call.rest]
    if literals[:1] == ["-v"] and len(literals) > 2 and literals[1]:
        known = [literal for literal in literals[2:] if literal is not None]
        text = output(("printf", *known), None) if len(known) == len(literals) - 2 else None
        value = None if text is None else escaped(text)
        yield walk.assignment(literals[1], call.rest[1].raw, True, value)
        state.assign(literals[1], value)
    else:
        yield proven("printf", reads.why_not_read("printf", walk.places.rules.reads["printf"], call.rest))


def _awk(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    doubt = reads.why_not_awk(call.rest)
    yield proven("awk", doubt)
    fetched = walk.places.rules.downloaders.intersection(call.piped_from)
    if fetched and any(AWK_RUNS.search(argument.pattern) for argument in call.rest):
        yield block("`awk` runs whatever the network sends")
    if doubt:
        programs = [argument for argument in call.rest if re.search(r"[{}()]", argument.pattern)]
        for argument in programs:
            code = unescaped(argument.pattern)
            if re.search(r"\bsystem\b|\|", code):
                yield from judge_code("awk", code, walk, state)
            for target in re.findall(r">\s*\"([^\"]+)\"", code):
                yield from written(literal_argument(target), walk.places, state.folders, "writes to")


def _sed(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    doubt = reads.why_not_sed(call.rest)
    yield proven("sed", doubt)
    if doubt is None:
        return
    in_place = any(re.match(r"-[nErsuz]*i|--in-place", argument.pattern) for argument in call.rest)
    operands = [argument for argument in call.rest if not argument.pattern.startswith("-")]
    scripted = any(re.match(r"-[nErsuz]*[ef]|--expression|--file", argument.pattern) for argument in call.rest)
    for script in operands if scripted else operands[:1]:
        for found in SED_RUNS.finditer(unescaped(script.pattern)):
            yield warn(f"the script {shown(script.raw)} runs programs")
            text = found[1] or re.sub(r"\\(.)", r"\1", found[2] or "")
            yield from walk.inner(text, state) if text else ()
        for target in re.findall(r"(?:^|[;/}\s\d$])w\s+([^\s;}]+)", unescaped(script.pattern)):
            yield from written(literal_argument(target), walk.places, state.folders, "writes to")
    empties = not scripted and re.fullmatch(r"(?:1,\$)?\s*d", unescaped(operands[0].pattern)) if operands else None
    files = (operands if scripted else operands[1:]) if in_place else ()
    for file in files:
        yield from written(file, walk.places, state.folders, "empties" if empties else "changes")
        for script in operands[: len(operands) - len(files)] if runs_later(file, walk, state) else ():
            for text in SED_ADDS.findall(unescaped(script.pattern)):
                yield from (found for found in walk.inner(text, state) if found.level is Level.BLOCK)


def _dd(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    yield confirm("`dd` copies raw data")
    for argument in call.rest:
        key, _, value = argument.pattern.partition("=")
        path = replace(argument, pattern=value)
        if key == "of":
            yield from written(path, walk.places, state.folders, "overwrites")
        elif key == "if":
            yield from read_secrets(path, walk.places, state.folders)


def _link(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge `ln`: a link can put one thing in the place of another."""
    operands = [argument for argument in call.rest if not argument.pattern.startswith("-")]
    if not operands:
        yield confirm("`ln` makes links")
        return
    target = operands[-1] if len(operands) > 1 else literal_argument(".")
    yield from written(target, walk.places, state.folders, "writes to")
    rules = walk.places.rules.places
    for source in operands[:-1] or operands:
        for verdict in read_secrets(source, walk.places, state.folders):
            yield warn(f"{shown(source.raw)} gets a second name: {verdict.reasons[0]}")
        for path in walk.places.resolved(target, state.folders):
            if source.literal == "/dev/null" and not walk.places.is_working(path):
                yield warn(f"what is written to {shown(target.raw)} is lost")
        if source.literal in ("/", *rules["guarded"][:4]):
            yield warn(f"{shown(source.raw)} gets a second name")


def _kill(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    words = [argument.literal for argument in call.rest]
    if words[:1] in (["-l"], ["-L"], ["-0"]):
        yield allow("`kill` only tells of signals and processes")
        return
    yield confirm("`kill` ends processes")
    named = words[:1] in (["-s"], ["-n"])
    signal = not named and bool(words) and (words[0] or "").startswith("-") and words[0] != "--"
    targets = words[2:] if named else words[1:] if signal else words
    if "-1" in targets or "1" in targets or (words[-1:] == ["-1"] and len(words) > 1) or words == ["-1"]:
        yield block("`kill` would end every process, or the first one")
    elif "0" in targets:
        yield warn("`kill` would end this whole session")


def _editor(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge an editor by the commands that are given to it."""
    name = call.name
    yield confirm(f"`{name}` is interactive: it needs a terminal of its own")
    for before, argument in zip([None, *call.rest], call.rest, strict=False):
        text = unescaped(argument.pattern)
        if before is not None and before.literal in ("--eval", "-eval", "--execute", "-f"):
            yield from judge_code(name, text, walk, state)
        found = re.search(r"(?:^|[+:|\s'\"])(?:r?\s*!|terminal\s)(.+)|system\(['\"](.+?)['\"]\)", text)
        if found and not text.startswith("/"):
            yield warn(f"{shown(argument.raw)} makes `{name}` run another program")
            yield from walk.inner(found.group(1) or found.group(2), state)
    for command in re.findall(r"(?m)^[\d,.$%]*(?:r |w )?!(.+)$", "\n".join(filter(None, call.documents))):
        yield warn(f"`{name}` runs what it gets as input")
        yield from walk.inner(command, state)
    scripted = any(re.match(r"\+.|-[es]*c$|--cmd", argument.pattern) for argument in call.rest) or call.documents
    for argument in call.rest if scripted else ():
        if not argument.pattern.startswith(("-", "+")):
            found_here = written(argument, walk.places, state.folders, "changes")
            yield from (verdict for verdict in found_here if verdict.level is Level.BLOCK)


def _test(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    name = call.name
    read = walk.places.rules.reads[name]
    texts = [unescaped(argument.pattern) for argument in call.rest]
    open_words = [argument for argument in call.rest if not argument.is_proven]
    if open_words and "-v" in texts:
        yield confirm(f"{shown(open_words[0].raw)} is only known when it runs")
    else:
        yield proven(name, reads.why_not_read(name, read, [word for word in call.rest if word.is_proven]))


def _unset(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    for argument in call.rest:
        name = argument.literal or ""
        if re.fullmatch(r"-[fvn]", name):
            continue
        if name in ("HISTFILE", "HISTSIZE", "PROMPT_COMMAND"):
            yield warn(f"{shown(name)}: past commands are no longer kept")
        else:
            yield confirm(f"takes the variable {shown(argument.raw)} away")
        state.assign(name, None)


def _history(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    if all((argument.literal or "x").isdigit() for argument in call.rest):
        yield Verdict(Level.ALLOW, ("shows past commands",), secret=True)
    else:
        yield confirm("`history` changes the record of past commands")


def _shred(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    yield confirm("`shred` destroys what a file holds")
    for argument in call.rest:
        if argument.pattern.startswith("-"):
            continue
        yield from (
            found for found in written(argument, walk.places, state.folders, "empties") if found.level is Level.BLOCK
        )
        yield from deleted(argument, walk.places, state.folders, "overwrites")


def _rsync(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    yield confirm("`rsync` copies files")
    texts = [unescaped(argument.pattern) for argument in call.rest]
    operands = [argument for argument, text in zip(call.rest, texts, strict=True) if not text.startswith("-")]
    target = operands[-1] if len(operands) > 1 else None
    deletes = any(text.startswith(("--del", "--remove-source-files")) for text in texts)
    if target is None or ":" in texts[-1]:
        if deletes:
            yield warn("`rsync --delete` deletes what isn't in the source, on another machine")
        return
    yield from written(target, walk.places, state.folders, "writes to")
    if deletes:
        yield confirm("`rsync --delete` deletes what isn't in the source")
        yield from deleted(target, walk.places, state.folders, "empties")


TOOLS: dict[str, Handler] = {
    "cd": _cd,
    "pushd": _cd,
    "popd": _cd,
    "export": _export,
    "declare": _export,
    "typeset": _export,
    "local": _export,
    "readonly": _export,
    "read": _export,
    "unset": _unset,
    "mapfile": _export,
    "readarray": _export,
    "getopts": _export,
    "set": _set,
    "shift": _shift,
    "printf": _printf,
    "alias": alias,
    "awk": _awk,
    "gawk": _awk,
    "mawk": _awk,
    "nawk": _awk,
    "sed": _sed,
    "gsed": _sed,
    "git": git,
    "dd": _dd,
    "ln": _link,
    "kill": _kill,
    "docker": container,
    "podman": container,
    "nerdctl": container,
    "vi": _editor,
    "vim": _editor,
    "nvim": _editor,
    "ex": _editor,
    "ed": _editor,
    "emacs": _editor,
    "gdb": _editor,
    "test": _test,
    "[": _test,
    "history": _history,
    "tee": tee,
    "crontab": crontab,
    "at": crontab,
    "atq": crontab,
    "batch": crontab,
    "shred": _shred,
    "rsync": _rsync,
}
