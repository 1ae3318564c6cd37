"""Commands that stand in options, words and variables of other programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shellper.safety.code import judge_code
from shellper.safety.listing import listed_by
from shellper.safety.many import filled, found_names, judge_text
from shellper.safety.programs import Call, judge_call
from shellper.safety.reads import option_values
from shellper.safety.rules import Rules, Script, like, scripts_about
from shellper.safety.verdict import Level, Verdict, shown, warn
from shellper.safety.words import Argument, unescaped

if TYPE_CHECKING:
    from shellper.safety.state import State
    from shellper.safety.walk import Walk

SHELL_SYNTAX = re.compile(r"[;&|<>$`()\n]")


def judge_scripts(name: str, call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge what a program runs because an option or a word of it says so."""
    for script in scripts_about(name):
        for place, word in _words(script, call.rest):
            found = script.value.fullmatch(unescaped(word.pattern))
            if found is None:
                continue
            if script.rest:
                yield Verdict(script.level, (f"{shown(word.raw)} is run by `{name}`",))
                yield from _program(script, [word, *call.rest[place + 1 :]], call, walk, state)
            else:
                yield from _text(name, script, word, found[1], walk, state)


def _words(script: Script, arguments: Sequence[Argument]) -> Iterator[tuple[int, Argument]]:
    return option_values(script.options, arguments, not script.rest) if script.options else enumerate(arguments)


def _text(name: str, script: Script, word: Argument, text: str, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge a word that is shell text or code."""
    reason = (f"{shown(word.raw)} makes `{name}` run another program",)
    if script.code:
        yield Verdict(script.level, reason)
        yield from judge_code(name, text, walk, state)
        return
    usual = names_helper(text, walk.places.rules) and word.is_proven
    level = Level.CONFIRM if usual else script.level
    yield Verdict(level, reason)
    if text.strip():
        told = Level.WARN if level is Level.CONFIRM else Level.BLOCK
        yield from (found for found in walk.inner(text, state) if found.level >= told)


def _program(script: Script, words: Sequence[Argument], call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge a program and its words that stand behind an option."""
    end = next((place for place, word in enumerate(words) if word.literal == ";"), len(words))
    inner = list(words[:end])
    if len(inner) == 1 and " " in unescaped(inner[0].pattern).strip():
        yield from judge_text(inner, walk, state)
    elif not script.names:
        yield from judge_call(call.of(inner), walk, state)
    else:
        for found in found_names(listed_by(call.arguments, None), walk.places, state.folders):
            given = [filled(word, "{}", found) for word in inner]
            named = any("{" in unescaped(word.pattern) for word in inner)
            yield from judge_call(call.of(given if named else [*given, found]), walk, state)


def passed_on(name: str, call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge the words of an unknown program from the name of a known one on: it may be one that runs others."""
    rules = walk.places.rules
    for place, argument in enumerate(call.rest):
        text = argument.literal or ""
        inner = text.rpartition("/")[2]
        if inner in rules.writes or inner in rules.shells or inner in ("dd", "find", "sudo", "env"):
            found = judge_call(call.of(call.rest[place:]), walk, state)
            yield from (verdict for verdict in found if verdict.level is Level.BLOCK)
            return
        if name not in rules.tellers and _could_run(text, rules):
            for verdict in walk.inner(text, state):
                if verdict.level is Level.BLOCK:
                    yield warn(f"if `{name}` runs {shown(argument.raw)}: {verdict.reasons[0]}")


def _could_run(text: str, rules: Rules) -> bool:
    """Tell whether a word could be a text that runs a program that changes things."""
    names = re.findall(r"[\w.+-]+", text) if " " in text.strip() else []
    acting = (*rules.writes, *rules.shells, "dd", "find")
    return any(name in acting or name.startswith("mkfs") for name in names)


def names_helper(text: str, rules: Rules) -> bool:
    """Tell whether a text runs one of the programs that such options and variables usually name."""
    words = text.split()
    return bool(words) and words[0] in rules.helpers and not SHELL_SYNTAX.search(text)


def by_variable(name: str, value: str | None, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge the command that a variable such as `EDITOR` holds."""
    if value and like(name, walk.places.rules.run_variables):
        yield from (found for found in walk.inner(unescaped(value), state) if found.level is Level.BLOCK)
