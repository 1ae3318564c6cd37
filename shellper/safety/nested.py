"""Programs that run another program, which stands in their words, in a file, or in what they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from shellper.safety import makefile, reads
from shellper.safety.code import judge_code
from shellper.safety.listing import plain_name
from shellper.safety.many import count_options, find, judge_text, parallel, xargs
from shellper.safety.options import by_variable
from shellper.safety.paths import written
from shellper.safety.programs import Call, Handler, judge_call, longest, proven
from shellper.safety.rules import Rules, Wrapper, like
from shellper.safety.tools import TOOLS
from shellper.safety.verdict import Level, Verdict, allow, block, combine, confirm, shown, warn
from shellper.safety.words import PROCESS_FILE, Argument, escaped, literal_argument, unescaped

if TYPE_CHECKING:
    from shellper.safety.state import State
    from shellper.safety.walk import Walk

PLAIN_WORDS = re.compile(r"[\w./:=@%+,\s-]+")
ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=")
# Options that take the rest of their word.
TAKING = {"perl": ("-M", "-I", "-m"), "ruby": ("-r", "-I"), "pyth": ("-W", "-X")}
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
MOST_RECIPES = 40
INPUTS = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "-")


def handler_of(name: str, arguments: Sequence[Argument], rules: Rules) -> Handler | None:
    """Return the reading for a program, or None if the tables are enough."""
    if name in HANDLERS:
        return HANDLERS[name]
    if name in TOOLS:
        return TOOLS[name]
    if longest(rules.wrappers, name, arguments)[0]:
        return _wrapper
    if name in rules.shells:
        return _shell
    return _interpreter if _language(name, rules) else None


def _language(name: str, rules: Rules) -> str | None:
    """Return the name that an interpreter is known by: that of `python3.11` is `python`."""
    plain = re.sub(r"[\d.]+$", "", name)
    return next((one for one in (name, plain) if one in rules.interpreters), None)


def _wrapper(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    name = call.name
    wrapper, leading = longest(walk.places.rules.wrappers, name, call.rest)
    if wrapper is None:
        return
    if name == "command" and call.rest and call.rest[0].literal in ("-v", "-V"):
        yield proven("command -v", reads.not_written_out(call.rest))
        return
    if name == "exec" and any(target.startswith(("/dev/tcp/", "/dev/udp/")) for target in call.targets):
        yield block("`exec` opens a line to another machine for all that follows")
    rest = call.rest[leading:]
    inner = rest[count_options(wrapper.values, rest) :]
    options = rest[: len(rest) - len(inner)]
    bare = name == "env" and not options and not inner
    if wrapper.verdict:
        yield Verdict(Level.ALLOW, ("`env` only reads",), secret=True) if bare else wrapper.verdict
    split = _split_string(options) if name == "env" else None
    if split is not None:
        yield from judge_text((split, *inner), walk, state)
        return
    while wrapper.assignments and inner and (found := ASSIGNED.match(inner[0].pattern)):
        value = inner[0].pattern[found.end() :] if inner[0].literal is not None else None
        yield walk.assignment(found.group(1), inner[0].raw, False, value)
        yield from by_variable(found.group(1), value, walk, state)
        state = state.copy()
        state.assign(found.group(1), value)
        inner = inner[1:]
    inner = inner[wrapper.positionals :]
    if not inner:
        if not bare:
            yield confirm(f"{shown(name)} isn't known to be read-only")
        if wrapper.input:
            yield from _from_input("sh", call, walk, state)
        return
    judged = list(_wrapped(wrapper, call, inner, walk, state))
    if wrapper.elsewhere:
        # What happens there doesn't touch the files here.
        judged = [verdict for verdict in judged if verdict.level is not Level.ALLOW]
    if wrapper.raises and not _ordinary(inner, walk.places.rules):
        judged = [replace(one, level=Level.WARN) if one.level is Level.CONFIRM else one for one in judged]
    yield from judged


def _wrapped(wrapper: Wrapper, call: Call, inner: Sequence[Argument], walk: Walk, state: State) -> Iterator[Verdict]:
    if wrapper.each:
        for word in inner:
            yield from judge_text([word], walk, state)
    elif wrapper.shell:
        text = " ".join(unescaped(word.pattern) for word in inner)
        fed = call.piped_from or call.documents
        if fed and PLAIN_WORDS.fullmatch(text) and all(word.is_proven for word in inner):
            # Shell text of plain words is the program and its words, which get the input.
            yield from judge_call(call.of([literal_argument(word) for word in text.split()]), walk, state)
        else:
            yield from judge_text(inner, walk, state)
    else:
        yield from judge_call(call.of(inner), walk, state)


def _ordinary(inner: Sequence[Argument], rules: Rules) -> bool:
    """Tell whether administrators do this every day, such as installing a package."""
    name = unescaped(inner[0].pattern).rsplit("/", 1)[-1]
    words = [unescaped(word.pattern) for word in inner[1:]]
    first = next((word for word in words if not word.startswith("-")), "")
    return name in rules.ordinary_admin and like(first, rules.ordinary_admin[name])


def _split_string(options: Sequence[Argument]) -> Argument | None:
    """Return the text that `env -S` takes for a command."""
    for option in options:
        found = re.match(r"-\w*S|--split-string=?", option.pattern)
        if found:
            return replace(option, pattern=option.pattern[found.end() :])
    return None


def _shell(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    name = call.name
    if any(target.startswith(("/dev/tcp/", "/dev/udp/")) for target in call.targets):
        yield block(f"hands `{name}` to another machine")
    place = 0
    while place < len(call.rest):
        text = call.rest[place].literal
        if text is None or text in ("-", "--") or text[:1] not in "-+":
            break
        place += 1
        if text == "--version":
            yield allow(f"shows the version of `{name}`")
            return
        if re.fullmatch(r"-[a-zA-Z]*c[a-zA-Z]*", text):
            if place < len(call.rest):
                own = state.called_with(_given(call.rest[place + 2 :]))
                own.variables["0"] = next(iter(_given(call.rest[place + 1 : place + 2])), escaped(name))
                yield from _script(call.rest[place], walk, own)
            return
        if text in ("-o", "+o", "-O", "+O", "--rcfile", "--init-file"):
            place += 1
    yield confirm(f"runs another shell, `{name}`")
    operands = [argument for argument in call.rest[place:] if argument.literal not in ("-", "--")]
    if (
        operands
        and "-s" not in [argument.literal for argument in call.rest[:place]]
        and operands[0].literal not in INPUTS
    ):
        yield from _file(name, operands[0], walk, state.called_with(_given(operands[1:])))
    else:
        yield from _from_input(name, call, walk, state)


def _given(arguments: Sequence[Argument]) -> tuple[str | None, ...]:
    """Return the patterns of the words that a script is given."""
    return tuple(argument.pattern if argument.is_proven else None for argument in arguments)


def _script(script: Argument, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge the text that a shell is given to run."""
    if _downloads(script, walk.places.rules):
        yield block(f"{shown(script.raw)} runs whatever the network sends")
    elif _decodes(script, walk.places.rules) and script.unknown:
        yield block(f"{shown(script.raw)} runs something that it hides")
    elif script.unknown or script.unset or (script.is_glob and script.dynamic):
        yield warn(f"what {shown(script.raw)} runs is only known when it runs")
        yield from walk.inner(unescaped(script.pattern), state) if script.pattern.strip() else ()
    else:
        yield from walk.inner(unescaped(script.pattern), state)


def _file(name: str, file: Argument, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge a file of commands or code that a shell or interpreter runs."""
    rules = walk.places.rules
    made = state.files.get(plain_name(file.literal or "/"), "")
    if _downloads(file, rules) or made is None:
        yield block(f"{shown(file.raw)} runs whatever the network sends")
    elif made:
        yield confirm(f"runs the file {shown(file.raw)}")
        yield from walk.inner(made, state) if name in rules.shells else judge_code(name, made, walk, state)
    elif file.programs and file.literal == PROCESS_FILE:
        if _decodes(file, rules):
            yield block(f"{shown(file.raw)} runs something that it hides")
        yield from _printed_by(file, walk, state)
    elif file.literal is None:
        yield warn(f"which file {shown(file.raw)} is, is only known when it runs")
    else:
        yield confirm(f"runs the file {shown(file.raw)}")


def _printed_by(file: Argument, walk: Walk, state: State) -> Iterator[Verdict]:
    text = walk.values(state).printed(file.programs[0])
    if text is not None:
        yield from walk.inner(text, state)
    yield warn(f"runs what {shown(file.raw)} prints")


def _from_input(name: str, call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge a shell or interpreter that takes its code from its input."""
    rules = walk.places.rules
    for document in call.documents:
        if document is None:
            yield warn(f"`{name}` runs what it gets as input")
        elif name in rules.shells:
            yield from walk.inner(document, state)
        else:
            yield from judge_code(name, document, walk, state)
    if rules.feeders.intersection(call.piped_from):
        yield block(f"`{name}` runs whatever the network sends")
    elif rules.decoders.intersection(call.piped_from):
        yield block(f"`{name}` runs something that is hidden by an encoding")
    elif (call.piped_from or call.has_input) and not call.documents:
        yield warn(f"`{name}` runs what it gets as input")


def _downloads(argument: Argument, rules: Rules) -> bool:
    return _mentions(argument, rules.feeders)


def _decodes(argument: Argument, rules: Rules) -> bool:
    return _mentions(argument, rules.decoders)


def _mentions(argument: Argument, names: frozenset[str]) -> bool:
    return any(names.intersection(re.findall(r"[\w.+-]+", program.text)) for program in argument.programs)


def _interpreter(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    rules = walk.places.rules
    name = call.name
    letters = rules.interpreters[_language(name, rules) or name]
    literals = [argument.literal for argument in call.rest]
    if literals in (["--version"], ["-V"], ["-v"]) and like(name, rules.versioned):
        yield allow(f"shows the version of `{name}`")
        return
    for place, argument in enumerate(call.rest):
        text = unescaped(argument.pattern)
        if not text.startswith("-") or text == "-":
            yield confirm(f"runs `{name}`")
            reading = _from_input(name, call, walk, state) if text in INPUTS else _file(name, argument, walk, state)
            yield from reading
            return
        if text.startswith(TAKING.get(name[:4], ("--no-",))):
            continue
        code = re.match(rf"-(?:[A-Za-z0-9]*[{letters}]\Z|[{letters}])", text) if letters else None
        if code or text.startswith(rules.code_options):
            attached = text[code.end() :] if code else text.partition("=")[2]
            following = replace(argument, pattern=escaped(attached)) if attached else None
            yield from _code(name, following or next(iter(call.rest[place + 1 :]), None), walk, state)
            if re.search(r"-[A-Za-z]*i", " ".join(word for word in literals[: place + 1] if word)) and name[:4] in (
                "perl",
                "ruby",
            ):
                for file in call.rest[place + 1 + (following is None) :]:
                    yield from written(file, walk.places, state.folders, "changes")
            return
        if text.startswith("-m"):
            yield confirm(f"runs a module of `{name}`")
            module = [literal_argument(text[2:])] if text[2:] else []
            words = [*module, *call.rest[place + 1 :]]
            judged = judge_call(call.of(words), walk, state) if words else ()
            yield from (found for found in judged if found.level > Level.CONFIRM)
            return
    yield confirm(f"runs `{name}`")
    yield from _from_input(name, call, walk, state)


def _code(name: str, argument: Argument | None, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge code that stands in a word."""
    if argument is None:
        yield confirm(f"runs `{name}`")
        return
    if _downloads(argument, walk.places.rules):
        yield block(f"`{name}` runs whatever the network sends")
    if argument.unknown or argument.unset:
        yield warn(f"what `{name}` runs is only known when it runs")
    yield from judge_code(name, unescaped(argument.pattern), walk, state)


def _eval(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    for argument in call.rest:
        if _downloads(argument, walk.places.rules):
            yield block(f"{shown(argument.raw)} runs whatever the network sends")
        elif _decodes(argument, walk.places.rules) and argument.unknown:
            yield block(f"{shown(argument.raw)} runs something that it hides")
    programs = [program.text for argument in call.rest for program in argument.programs]
    if len(call.rest) == 1 and len(programs) == 1 and like(programs[0].strip(), walk.places.rules.setups):
        yield confirm(f"`eval` takes over the settings of {shown(programs[0])}")
    else:
        yield from judge_text(call.rest, walk, state)
        yield warn("`eval` runs a text as a command")
    state.folders = None


def _trap(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    found = list(judge_text(call.rest[:1], walk, state))
    yield combine([confirm("`trap` makes a command run later"), *found])


def _source(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    if not call.rest:
        yield confirm("runs a file in this shell")
    elif call.rest[0].literal in INPUTS:
        yield from _from_input("bash", call, walk, state)
    else:
        yield from _file("bash", call.rest[0], walk, state)
    # The file may change the folder.
    state.folders = None


def _make(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge `make` by the rules that it is given where those are known."""
    yield confirm("`make` runs what its makefile says")
    texts: list[str] = [unescaped(value.pattern) for _, value in reads.option_values(("--eval",), call.rest)]
    files = [value for _, value in reads.option_values(("-f", "--file", "--makefile"), call.rest)]
    for file in files or [literal_argument(name) for name in MAKEFILES]:
        if file.literal in INPUTS:
            texts.extend(document for document in call.documents if document is not None)
            if None in call.documents or not call.documents:
                yield warn("`make` runs what it gets as input")
            if walk.places.rules.downloaders.intersection(call.piped_from):
                yield block("`make` runs whatever the network sends")
        elif file.programs and file.literal == PROCESS_FILE:
            text = walk.values(state).printed(file.programs[0])
            texts.extend([] if text is None else [text])
            yield warn(f"runs what {shown(file.raw)} prints")
        elif file.literal is None:
            yield warn(f"which file {shown(file.raw)} is, is only known when it runs")
        elif (made := state.files.get(plain_name(file.literal), "")) is None:
            yield block(f"{shown(file.raw)} runs whatever the network sends")
        else:
            texts.append(made)
    for word in call.rest:
        name, mark, value = unescaped(word.pattern).partition("=")
        if (
            mark
            and name in ("SHELL", "MAKE", ".SHELLFLAGS")
            and value.rpartition("/")[2] not in walk.places.rules.shells
        ):
            yield warn(f"{shown(word.raw)} makes `make` run another program")
            texts.append(f"x:;{value}")
    for command in [command for text in texts for command in makefile.commands(text)][:MOST_RECIPES]:
        yield from (found for found in walk.inner(command, state) if found.level > Level.CONFIRM)


HANDLERS: dict[str, Handler] = {
    "find": find,
    "xargs": xargs,
    "eval": _eval,
    "source": _source,
    ".": _source,
    "trap": _trap,
    "parallel": parallel,
    "make": _make,
    "gmake": _make,
}
