"""The proof that a `git` command only reads, also under the settings that a repository brings with it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from shellper.safety.reads import not_written_out
from shellper.safety.rules import GitRules
from shellper.safety.words import Argument

# Settings that make a reading command run a program, or fetch what is missing.
RUNS = re.compile(
    r"(?:^|\])\s*(?:fsmonitor|external|textconv|pager|program|command|sshcommand|editor|askpass|clean|smudge|process"
    r"|path|showsignature|tool|cmd|hookspath|promisor|partialclone|uploadpack|vcs|worktreeconfig)\b"
    r"|^\s*\[\s*(?:include|includeif|alias|filter|pager|submodule)\b",
    re.IGNORECASE | re.MULTILINE,
)
HARMLESS = re.compile(r"(?i)(color\.[\w.]+|core\.quotepath|core\.abbrev|log\.[\w.]+|advice\.\w+)=[\w%-]*")
LONGEST_SETTINGS = 64 * 1024
LONGEST_INDEX = 16 * 1024 * 1024
# The mode of an entry that is a repository of its own, whose settings count too.
NESTED_REPOSITORY = b"\x00\x00\xe0\x00"


def git_folders(
    arguments: Sequence[Argument], folders: tuple[str, ...] | None
) -> tuple[tuple[str, ...] | None, Sequence[Argument]]:
    """Follow `-C FOLDER` and take it, and harmless settings, from the words."""
    rest = list(arguments)
    while len(rest) > 1:
        first, second = rest[0].literal, rest[1].literal
        if first == "-C" and second is not None:
            folders = (second,) if second.startswith("/") else folders and tuple(f"{one}/{second}" for one in folders)
        elif not (first == "-c" and second is not None and HARMLESS.fullmatch(second)):
            break
        rest = rest[2:]
    return folders, rest


def why_not_git(git: GitRules, arguments: Sequence[Argument], folders: tuple[str, ...] | None) -> str | None:
    """Say what keeps a `git` command from being proven read-only, or None if it is proven."""
    if doubt := not_written_out(arguments):
        return doubt
    literals = [argument.literal for argument in arguments]
    while literals and literals[0] in ("--no-pager", "-P"):
        literals = literals[1:]
    subcommand = literals[0] if literals else None
    rest = literals[1:]
    if any(text is None or _acts(git, text) for text in rest):
        return "an option of `git` may run a program or write a file"
    if subcommand == "help" and any((text or "-").startswith("-") for text in rest):
        return "`git help` with an option may open another program"
    if subcommand in git.listing:
        if not _lists(git, subcommand, [text or "" for text in rest]):
            return f"`git {subcommand}` with these words may change the repository"
    elif subcommand not in git.subcommands:
        return f"`git {subcommand or ''}`".replace(" `", "`") + " may change the repository"
    if folders is None or not all(_plain_repository(folder) for folder in folders):
        return "the settings of this repository can make `git` run other programs"
    return None


def _lists(git: GitRules, subcommand: str, rest: list[str]) -> bool:
    """Tell whether a subcommand that can also change things only lists them."""
    first = rest[0] if rest else ""
    if subcommand == "config" and len(rest) == 1 and re.fullmatch(r"\w+(\.[\w-]+)+", first):
        return True
    if subcommand in git.deeper:
        counted = subcommand == "reflog" and re.fullmatch(r"-n?\d+", first)
        return bool(counted) or first in git.deeper[subcommand] or (not rest and "" in git.deeper[subcommand])
    given = [text.partition("=")[0] for text in rest if text.startswith("-")]
    # A name makes a new branch or tag unless an option says that it is a pattern.
    listed = len(given) == len(rest) or {"-l", "--list", "--contains", "--merged", "--no-merged", "--points-at"} & set(
        given
    )
    return bool(listed) and all(text in git.listing_options for text in given)


def _acts(git: GitRules, text: str) -> bool:
    """Tell whether a word is an option that acts, also shortened or in a cluster."""
    name = text.partition("=")[0]
    if name.startswith("--") and len(name) > 2:
        return any(option.startswith(name) or name.startswith(option) for option in git.forbidden)
    return text.startswith("-") and "O" in text


def _plain_repository(folder: str) -> bool:
    """Tell whether git finds no repository here, or one whose own settings name no programs."""
    try:
        here = Path(os.path.realpath(folder))
        for place in (here, *here.parents):
            if (place / "HEAD").exists() and (place / "objects").exists():
                return False
            marker = place / ".git"
            if marker.is_dir():
                return _plain_settings(marker) and _plain_index(marker)
            if marker.exists():
                return False
    except (OSError, ValueError):
        return False
    return True


def _plain_settings(marker: Path) -> bool:
    unusual = ("config.worktree", "commondir", "modules", "hooks/post-index-change")
    if any((marker / name).exists() for name in unusual):
        return False
    settings = marker / "config"
    if not settings.is_file():
        return True
    if settings.stat().st_size > LONGEST_SETTINGS:
        return False
    return not RUNS.search(settings.read_text("utf-8", errors="replace"))


def _plain_index(marker: Path) -> bool:
    index = marker / "index"
    if not index.is_file():
        return True
    if index.stat().st_size > LONGEST_INDEX or any(marker.glob("sharedindex.*")):
        return False
    return NESTED_REPOSITORY not in index.read_bytes()
