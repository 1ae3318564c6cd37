"""What deserves a second look in a change set: files that git can't give back, that run later, that lie elsewhere."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from shellper.effects.changes import Change, ChangeKind, ChangeSet, Flag
from shellper.effects.node import Node

MANY_FILES = 20
"""Above this number of entries a change set is flagged."""

_GIT_SECONDS = 1.0
_MOST_ASKED = 500  # paths that git is asked about at most; more cost more than the answer is worth

# Files that a shell, git, make or a tool runs by itself later on.
_RUN_BY_NAME = frozenset(
    {
        *(".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".inputrc"),
        *(".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout", "config.fish", ".kshrc", ".xinitrc", ".xsession"),
        *(".envrc", "Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", "Rakefile", "Jenkinsfile"),
        *(".gitconfig", ".gitmodules", ".pre-commit-config.yaml", "package.json", "setup.py", "conftest.py"),
        *("sitecustomize.py", "usercustomize.py", ".vimrc", "init.vim", "init.lua", ".emacs", ".tmux.conf"),
        *("authorized_keys", "crontab", ".gitlab-ci.yml", ".npmrc", ".pythonrc", ".pypirc"),
    }
)
_RUN_BY_FOLDER = (
    (".git", "hooks"),
    (".git", "config"),
    (".husky",),
    (".github", "workflows"),
    (".ssh", "config"),
    (".ssh", "rc"),
    ("autostart",),
    (".config", "systemd"),
    (".vscode", "tasks.json"),
    ("cron.d",),
    ("init.d",),
)
_RUN_BY_FOLDER_FIRST = frozenset(run[0] for run in _RUN_BY_FOLDER)


def flagged(found: ChangeSet, root: Path) -> ChangeSet:
    """Return a change set with its flags; `root` is the project, outside of which a change is flagged."""
    untracked = _not_in_git(_lost(found.changes), root)
    changes = tuple(replace(change, flags=_flags(change, root, untracked)) for change in found.changes)
    flags = dict.fromkeys(flag for change in changes for flag in change.flags)
    if found.files > MANY_FILES:
        flags[Flag.MANY] = None
    return ChangeSet(changes, tuple(flags))


def _flags(change: Change, root: Path, untracked: frozenset[Path]) -> tuple[Flag, ...]:
    flags = []
    paths = [path for path in (change.path, change.source) if path is not None]
    if any(path != root and not path.is_relative_to(root) for path in paths):
        flags.append(Flag.OUTSIDE)
    if change.kind is not ChangeKind.DELETED and runs_later(change.path, change.after):
        flags.append(Flag.RUNS_LATER)
    if change.path in untracked:
        flags.append(Flag.NOT_IN_GIT)
    before = change.before
    if before is not None and not before.is_folder and before.links > 1 and change.kind in _IN_PLACE:
        flags.append(Flag.LINKED)
    return tuple(flags)


_IN_PLACE = (ChangeKind.CHANGED, ChangeKind.OVERWRITTEN, ChangeKind.MODE)


def runs_later(path: Path, node: Node | None) -> bool:
    """Say whether what is at a path, or in the folder there, is run by another program by itself."""
    if path.name in _RUN_BY_NAME:
        return True
    parts = path.parts
    if not _RUN_BY_FOLDER_FIRST.isdisjoint(parts) and any(
        parts[at : at + len(run)] == run for run in _RUN_BY_FOLDER for at in range(len(parts))
    ):
        return True
    children = {} if node is None else node.children
    return any(runs_later(path / name, child) for name, child in children.items())


def _lost(changes: Iterable[Change]) -> list[Change]:
    """Return the changes by which a content goes."""
    kinds = (ChangeKind.OVERWRITTEN, ChangeKind.CHANGED, ChangeKind.DELETED)
    return [change for change in changes if change.kind in kinds and change.before is not None]


def _not_in_git(changes: list[Change], root: Path) -> frozenset[Path]:
    """Return the paths of those changes with a file that git does not track.

    Nothing is said where there is no repository: then it would be true of all. Only names are asked for: a comparison
    of contents may run programs that the repository's own settings name.
    """
    kept = [change for change in changes if change.path.is_relative_to(root)][:_MOST_ASKED]
    top = _repository(root)
    if not kept or top is None:
        return frozenset()
    command = ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", "-C", os.fspath(top)]
    command += ["ls-files", "-z", "--cached", "--full-name", "--", *(os.fspath(change.path) for change in kept)]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "GIT_LITERAL_PATHSPECS": "1", "HOME": os.devnull}
    try:
        # The arguments are a list, and what git takes from the repository is its index.
        done = subprocess.run(command, capture_output=True, timeout=_GIT_SECONDS, check=True, env=environment)
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    tracked = {top / os.fsdecode(name) for name in done.stdout.split(b"\0") if name}
    return frozenset(
        change.path
        for change in kept
        if change.before is not None and not all(path in tracked for path in _files(change.path, change.before))
    )


def _files(path: Path, node: Node) -> Iterator[Path]:
    """Yield the paths of what is at a path, folders left out: git doesn't know them."""
    if not node.is_folder:
        yield path
    for name, child in node.children.items():
        yield from _files(path / name, child)


def _repository(folder: Path) -> Path | None:
    """Return the top folder of the repository that a folder is in; None for no repository."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)
