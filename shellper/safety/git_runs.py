"""What `git` runs or changes beyond its own work: settings, hooks in its options, programs for each step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from shellper.safety import reads
from shellper.safety.git import git_folders, why_not_git
from shellper.safety.many import judge_text
from shellper.safety.options import names_helper
from shellper.safety.programs import Call, judge_call, proven
from shellper.safety.verdict import Level, Verdict, confirm, shown, warn
from shellper.safety.words import unescaped

if TYPE_CHECKING:
    from shellper.safety.state import State
    from shellper.safety.walk import Walk

# Options whose value git runs, by subcommand; `*` for all.
RUNNING = {
    "rebase": ("-x", "--exec"),
    "difftool": ("-x", "--extcmd"),
    "grep": ("-O", "--open-files-in-pager"),
    "clone": ("-u", "--upload-pack"),
    "filter-branch": ("--*-filter",),
    "archive": ("--exec",),
    "send-email": ("--to-cmd", "--cc-cmd", "--sendmail-cmd", "--smtp-server"),
    "*": ("--upload-pack", "--receive-pack"),
    "fetch-pack": ("--exec",),
}
# Settings whose value git runs.
RUN_SETTINGS = re.compile(
    r"(?i)(?:core\.(?:pager|editor|sshcommand|fsmonitor|askpass|gitproxy)|alias\..*|credential\..*helper|diff\..*"
    r"|(?:filter|merge|difftool|mergetool|pager|sequence|gpg)\..*)"
)
HARMLESS = re.compile(
    r"(?i)(color\..*|user\..*|core\.(quotepath|autocrlf|abbrev)|log\..*|advice\..*|init\..*|diff\.renames)"
)


def git(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge `git`."""
    folders, rest = git_folders(call.rest, state.folders)
    yield proven("git", why_not_git(walk.places.rules.git, rest, folders))
    for before, argument in zip([None, *call.rest], call.rest, strict=False):
        text = unescaped(argument.pattern)
        option = unescaped(before.pattern) if before else ""
        setting = text[2:] if re.match(r"-c.+=", text) else text if option in ("-c", "config") else ""
        if setting or text.startswith(("--config-env", "--exec-path=")):
            yield from _setting(setting or text, walk, state)
        if text.startswith("ext::"):
            yield warn(f"{shown(argument.raw)} makes `git` run another program")
            yield from _blocked(re.sub(r"%(.)", r"\\\1", text.removeprefix("ext::")), walk, state)
        if text.startswith("!"):
            yield from _risky(text.lstrip("!"), walk, state)
    for key, value in pairwise(rest):
        if unescaped(rest[0].pattern) == "config" and RUN_SETTINGS.fullmatch(unescaped(key.pattern)):
            yield from _blocked(unescaped(value.pattern).lstrip("!"), walk, state)
    words = [unescaped(argument.pattern) for argument in rest[:2]]
    steps = {"bisect": "run", "submodule": "foreach"}
    if len(words) == 2 and steps.get(words[0]) == words[1]:
        yield confirm(f"`git {words[0]} {words[1]}` runs a program at each step")
        inner = [argument for argument in rest[2:] if argument.literal not in ("--recursive", "--quiet")]
        if inner:
            yield from judge_call(call.of(inner), walk, state) if len(inner) > 1 else judge_text(inner, walk, state)
    first = words[0] if words else ""
    for _, value in reads.option_values((*RUNNING.get(first, ()), *RUNNING["*"]), rest[1:]):
        text = unescaped(value.pattern)
        made = first in ("rebase", "filter-branch") or names_helper(text, walk.places.rules)
        yield (confirm if made else warn)(f"{shown(value.raw)} makes `git` run another program")
        yield from _risky(text, walk, state)


def _setting(setting: str, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge a setting given with `-c`."""
    key, _, value = setting.partition("=")
    if "=" in setting and not HARMLESS.fullmatch(key):
        usual = key.lower().endswith(("pager", "editor", "sshcommand")) and names_helper(value, walk.places.rules)
        yield (confirm if usual else warn)(f"{shown(setting)} can make `git` run another program")
        yield from _blocked(value.lstrip("!"), walk, state)


def _blocked(text: str, walk: Walk, state: State) -> Iterator[Verdict]:
    if text.strip():
        yield from (found for found in walk.inner(text, state) if found.level is Level.BLOCK)


def _risky(text: str, walk: Walk, state: State) -> Iterator[Verdict]:
    if text.strip():
        yield from (found for found in walk.inner(text, state) if found.level > Level.CONFIRM)
