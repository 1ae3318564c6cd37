"""What a makefile would run: its recipes, and the commands that stand in its variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

ASSIGNED = re.compile(r"(?:export\s+|override\s+)*([\w.-]+)\s*(\?|\+|::?:?|!)?=\s*(.*)")
RULE = re.compile(r"[^\t#=][^=]*?:(?!=)([^;=]*;)?(.*)")
USED = re.compile(r"\$(?:\(([\w.-]+)\)|\{([\w.-]+)\}|([@<^*?+%]))")
SHELL = re.compile(r"\$[({]shell\s+(.+?)[)}](?=\s|$|[)}])")
MOST_ROUNDS = 5


def commands(text: str) -> list[str]:
    """Return the shell texts that `make` would run for any target of a makefile."""
    lines = re.sub(r"\\\n\t?", " ", text).splitlines()
    variables = {given[1]: given[3] for line in lines if (given := ASSIGNED.fullmatch(line.rstrip()))}
    recipes = [_expanded(recipe, variables) for recipe in _recipes(lines)]
    asked = [_expanded(inner, variables) for line in lines for inner in SHELL.findall(line)]
    run_at_once = [line.partition("!=")[2].strip() for line in lines if re.match(r"[\w.-]+\s*!=", line)]
    return [command for command in (*recipes, *asked, *run_at_once) if command.strip()]


def _recipes(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("\t"):
            yield re.sub(r"^[\s@+-]+", "", line)
        elif (found := RULE.fullmatch(line)) and found[1]:
            yield found[2].strip().lstrip("@+-")


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    """Put the values of variables in; a name that the makefile doesn't set is the environment's."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return "target" if name is None else variables.get(name, f"$${name}")

    for _ in range(MOST_ROUNDS):
        text, changes = USED.subn(value, text)
        if not changes:
            break
    return SHELL.sub(lambda found: f"$({found[1]})", text).replace("$$", "$")
