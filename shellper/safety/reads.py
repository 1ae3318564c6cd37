"""The proof that a command only reads: a known program, known options, words that are written out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from shellper.safety.rules import Read, is_short_for, like, load
from shellper.safety.verdict import shown
from shellper.safety.words import Argument, escaped, literal_argument, unescaped

NUMBER = re.compile(r"[-+]\d+")
AWK_ACTS = re.compile(r"\bsystem\b|\bgetline\b|@|\bprint.*>|\bprintf.*>", re.DOTALL)
# A sed script of print, delete, quit and substitute without the flags that write or run.
SED_ADDRESS = r"(?:\d+|\$|/(?:\\.|[^/\\\n])+/I?)"
SED_STEP = re.compile(
    rf"\s*(?:{SED_ADDRESS}(?:[,~]\s*(?:{SED_ADDRESS}|\+\d+|\d+))?)?\s*!?\s*"
    r"(?:[pdq=]|([sy])([/|,#:@!_])((?:\\.|(?!\2)[^\\\n])*)\2((?:\\.|(?!\2)[^\\\n])*)\2[gpiI0-9]*)?\s*(?:;|\n|\Z)"
)


def not_written_out(arguments: Sequence[Argument]) -> str | None:
    """Say which word isn't written out in full, or None if all are."""
    for argument in arguments:
        if not argument.is_proven:
            return f"{shown(argument.raw)} is only known when it runs"
    return None


def why_not_read(name: str, read: Read, arguments: Sequence[Argument]) -> str | None:
    """Say what keeps a program of the table from being proven read-only, or None if it is proven."""
    if doubt := _open_words(read, arguments):
        return doubt
    if name == "tar" and arguments and re.fullmatch(r"t[vzjJaf]*", arguments[0].literal or ""):
        # Its first word is a cluster of options also without a dash.
        arguments = [literal_argument("-" + (arguments[0].literal or "")), *arguments[1:]]
    operands = list(arguments)
    needed = f"-[a-zA-Z0-9]*[{read.needs}]|--list"
    if read.needs and not any(re.match(needed, argument.literal or "") for argument in arguments):
        return f"`{name}` can do more than read"
    if not read.free:
        found = _operands(name, read, arguments)
        if isinstance(found, str):
            return found
        operands = found
    if read.format and (not operands or not operands[0].is_proven or operands[0].pattern[:1] in ("-", "*", "?", "[")):
        return f"`{name}` with an option can do more than read"
    if read.most is not None and len(operands) > read.most:
        return f"`{name}` with {len(operands)} names can do more than read"
    if not read.glob:
        for argument in arguments[: _end_of_options(read, arguments)]:
            if argument.is_glob and argument.pattern[:1] in "*?[" and not read.free:
                return f"{shown(argument.raw)} could match a name that `{name}` takes for an option"
    if read.operand is not None:
        for argument in operands:
            last = name == "[" and argument is operands[-1]
            if not last and (argument.literal is None or not re.fullmatch(read.operand, argument.literal)):
                return f"{shown(argument.raw)} may make `{name}` do more than read"
    return None


def _open_words(read: Read, arguments: Sequence[Argument]) -> str | None:
    """Say which word isn't known, unless the program does the same with whatever it is."""
    if read.free or (read.names and read.glob):
        secret = [name for argument in arguments for name in argument.unset if like(name, load().secret_variables)]
        return f"`${secret[0]}` can hold a key or password" if secret else None
    return not_written_out(arguments)


def operands_of(read: Read, arguments: Sequence[Argument]) -> list[Argument]:
    """Return the words that are no options, without a leading pattern; for a doubtful call, all words."""
    found = _operands("", read, arguments)
    if isinstance(found, str):
        return list(arguments)
    literals = [argument.literal or "" for argument in arguments]
    given = any(re.match(r"-[a-zA-Z]*[ef]|--regexp|--file", literal) for literal in literals)
    return found[1:] if read.pattern and not given else found


def _operands(name: str, read: Read, arguments: Sequence[Argument]) -> list[Argument] | str:
    """Check every option and return the other words, or say which option isn't known."""
    operands: list[Argument] = []
    place = 0
    while place < len(arguments):
        argument = arguments[place]
        text = argument.literal if argument.literal is not None else argument.pattern
        place += 1
        if text == "--":
            return operands + list(arguments[place:])
        if not text.startswith("-") or text == "-":
            operands.append(argument)
            continue
        if argument.is_glob and not any(text.startswith(f"--{option}") for option in read.long if option[-1:] == "="):
            return f"{shown(argument.raw)} isn't known to be harmless for `{name}`"
        taken = _taken(read, text)
        if taken is None:
            return f"{shown(text)} isn't known to be harmless for `{name}`"
        place += taken
        if place > len(arguments):
            return f"{shown(text)} needs a value"
    return operands


def _end_of_options(read: Read, arguments: Sequence[Argument]) -> int:
    """Return the place of the `--` behind which no word is an option, or the end."""
    place = 0
    while place < len(arguments):
        text = arguments[place].literal or ""
        if text == "--":
            return place
        place += 1 + ((_taken(read, text) or 0) if text.startswith("-") else 0)
    return len(arguments)


def _taken(read: Read, text: str) -> int | None:
    """Count the words that an option takes after it, or return None for an option that isn't known."""
    if read.numbers and NUMBER.fullmatch(text):
        return 0
    if text.startswith("--"):
        option, mark, _ = text[2:].partition("=")
        if mark:
            return 0 if {f"{option}=", f"{option}=?"}.intersection(read.long) else None
        if {option, f"{option}=?"}.intersection(read.long) or option in ("help", "version"):
            return 0
        return 1 if f"{option}=" in read.long else None
    for place, letter in enumerate(text[1:], start=2):
        if letter in read.values:
            return 0 if place < len(text) else 1
        if letter not in read.flags:
            return None
    return 0


def why_not_find(tests: Mapping[str, int], arguments: Sequence[Argument]) -> str | None:
    """Say what keeps a `find` from being proven read-only, or None if it is proven."""
    if doubt := not_written_out(arguments):
        return doubt
    place, in_tests = 0, False
    while place < len(arguments):
        text = arguments[place].literal
        if text is None and _harmless_in_find(arguments[place].pattern):
            text = arguments[place].pattern
        if text is None:
            return f"{shown(arguments[place].raw)} could match a name that `find` takes for an action"
        in_tests = in_tests or (text[:1] in "-(!," and text not in ("-H", "-L", "-P", ""))
        if in_tests or text.startswith("-"):
            if text not in tests:
                return f"{shown(text)} may make `find` do more than look"
            place += tests[text]
            if tests[text] and not _value_in_find(arguments[place : place + 1]):
                return f"what follows {shown(text)} could match a name that `find` takes for an action"
        place += 1
    return None


def _value_in_find(values: Sequence[Argument]) -> bool:
    return all(not value.is_glob or _harmless_in_find(value.pattern) for value in values)


def _harmless_in_find(pattern: str) -> bool:
    """Tell whether a pattern can't match a name such as `-delete`: by its first letter, or by a dot in it."""
    return pattern[:1] not in "*?[-(!,\\" or ("." in pattern and "[" not in pattern)


def why_not_awk(arguments: Sequence[Argument]) -> str | None:
    """Say what keeps an `awk` from being proven read-only, or None if it is proven."""
    read = Read(values="Fv", glob=True)
    if doubt := why_not_read("awk", read, arguments):
        return doubt
    operands = _operands("awk", read, arguments)
    program = operands[0].literal if operands and isinstance(operands, list) else None
    if program is None:
        return "the program of `awk` isn't written out"
    if AWK_ACTS.search(program) or "|" in program.replace("||", ""):
        return "the program of `awk` may write files or run others"
    return None


def why_not_sed(arguments: Sequence[Argument]) -> str | None:
    """Say what keeps a `sed` from being proven read-only, or None if it is proven."""
    read = Read(flags="nErsuz", values="e", long=("quiet", "silent", "regexp-extended"), glob=False)
    if doubt := why_not_read("sed", read, arguments):
        return doubt
    literals = [argument.literal or "" for argument in arguments]
    if any(re.match(r"-[nErsuz]*e.|--expression", literal) for literal in literals):
        return "the script of `sed` isn't where it can be read"
    scripts = [after for option, after in itertools.pairwise(literals) if re.match(r"-[nErsuz]*e$", option)]
    if not scripts:
        operands = _operands("sed", read, arguments)
        scripts = [operands[0].literal or "" if operands and isinstance(operands, list) else ""]
    for script in scripts:
        if not script or not _plain_sed(script):
            return f"the script {shown(script)} may write files or run programs"
    return None


def _plain_sed(script: str) -> bool:
    if re.search(r"\s{3}", script):
        return False
    place = 0
    while place < len(script):
        step = SED_STEP.match(script, place)
        if not step or step.end() == place:
            return False
        # Versions of sed differ on whether a delimiter inside brackets ends the pattern.
        if "[" in step.group():
            inside = re.findall(r"\[[^\]]*", step.group())
            if any(mark in part for part in inside for mark in ("/", step.group(2) or "/")):
                return False
        place = step.end()
    return True


def option_values(
    options: Sequence[str], arguments: Sequence[Argument], clusters: bool = True
) -> Iterator[tuple[int, Argument]]:
    """Find the values of options, each with the place of its last word: beside them, behind `=`, or in the next word.

    An option may be cut short, and with `clusters` stand at the end of others, as in `-avze ssh`.
    """
    letters = "".join(option[1] for option in options if clusters and re.fullmatch(r"-[A-Za-z]", option))
    cluster = re.compile(rf"-[A-Za-z]+?[{letters}]([/~.\-].*)?") if letters else None
    waiting = False
    for place, argument in enumerate(arguments):
        text = unescaped(argument.pattern)
        option, mark, _ = argument.pattern.partition("=")
        joined = cluster.fullmatch(text) if cluster and not waiting else None
        if waiting:
            yield place, argument
            waiting = False
        elif mark and (like(option, options) or any(is_short_for(option, one) for one in options)):
            yield place, replace(argument, pattern=argument.pattern[len(option) + 1 :])
        elif like(text, options) or (not mark and any(is_short_for(text, one) for one in options)):
            waiting = True
        elif text[:2] in options and text[2:]:
            yield place, replace(argument, pattern=argument.pattern[2:])
        elif joined and joined[1]:
            yield place, replace(argument, pattern=escaped(joined[1]))
        elif joined:
            waiting = True
