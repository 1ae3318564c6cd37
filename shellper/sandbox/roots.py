"""Where a command may write: the project's root, its git folder, and what in them stays as it is."""

import contextlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

_GUARDED = ("hooks", "config", "config.worktree")
"""What runs code, or says which, at the user's next git command outside the sandbox."""
_WORKTREE = re.compile(r"^\s*worktree\s*=\s*(.+?)\s*$", re.MULTILINE)
_LONGEST = 64 * 1024  # bytes that are read of a file of git's


@dataclass(frozen=True)
class Root:
    """The part of the file system that a command may change; all paths are real and exist."""

    path: Path | None
    """None where nothing may be written but temporary files."""
    writable: tuple[Path, ...] = ()
    """What else has to be writable for it to work: the git folder of a worktree or a submodule, which lies outside."""
    pinned: tuple[Path, ...] = ()
    """What is mounted on itself, so that it can't be moved away and replaced."""
    read_only: tuple[Path, ...] = ()
    """What below the root can't be changed."""
    git: tuple[Path, ...] = ()
    """What of the git folder can't be changed, since it runs code later: hooks and settings."""
    git_folder: Path | None = None


def project_root(folder: Path, home: Path) -> Path | None:
    """Return the real path of the git working tree that a folder is in, or of the folder itself.

    None for `/` and for what holds home folders: nobody means all of that. Home itself is no project of the folders
    in it, even if it is under git.
    """
    real, home = folder.resolve(), home.resolve()
    if real == Path("/") or (real in home.parents and home != Path("/")):
        return None
    for candidate in (real, *real.parents):
        if candidate == home or candidate in home.parents or candidate == Path("/"):
            break
        if _is_ours(candidate / ".git"):
            return candidate
    return real


def _is_ours(path: Path) -> bool:
    """Say whether a path is there and belongs to us: another user's `.git` above must not widen what is writable."""
    try:
        return path.lstat().st_uid == os.geteuid()
    except OSError:
        return False


def find_root(folder: Path, home: Path, chosen: Path | None = None) -> Root:
    """Return what a command in a folder may change; `chosen` takes the place of the project's root."""
    path = project_root(folder, home) if chosen is None else chosen.resolve()
    if path is None or path.is_relative_to("/proc") or path.is_relative_to("/sys") or path.is_relative_to("/dev"):
        return Root(None)
    if path == home.resolve():
        return Root(path, read_only=tuple(_dot_entries(path)))
    git = _git_folder(path)
    if git is None:
        return Root(path)
    guarded = tuple(found for name in _GUARDED if (found := git / name).exists() and not found.is_symlink())
    if git.is_relative_to(path):
        return Root(path, pinned=(git,), git=guarded, git_folder=git)
    return Root(path, writable=(git,), git=guarded, git_folder=git)


def _dot_entries(home: Path) -> list[Path]:
    """Return the dotfiles of home; a link can't be mounted on, so what it leads to is kept as it is."""
    found = []
    with os.scandir(home) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                path = Path(entry.path)
                real = path.resolve() if entry.is_symlink() else path
                if real.is_relative_to(home) and real.exists():
                    found.append(real)
    return sorted(set(found))


def _git_folder(root: Path) -> Path | None:
    """Return the git folder of a working tree; None where there is none, or one that doesn't know of this tree.

    A `.git` that is a file names a folder elsewhere. It may have been put there to make that folder writable, so the
    folder has to name the tree in its turn (gitrepository-layout(5)).
    """
    dot_git = root / ".git"
    try:
        mode = dot_git.lstat().st_mode
    except OSError:
        return None
    if stat.S_ISDIR(mode):
        return dot_git
    if not stat.S_ISREG(mode):
        return None
    word, _, name = _text(dot_git).partition(":")
    if word != "gitdir" or not name.strip():
        return None
    folder = (root / name.strip()).resolve()
    if Path(_text(folder / "gitdir").strip() or "/").resolve() == dot_git:  # a worktree, made by git-worktree(1)
        common = (folder / (_text(folder / "commondir").strip() or ".")).resolve()
        return common if common in folder.parents and (common / "HEAD").is_file() else None
    named = _WORKTREE.search(_text(folder / "config"))  # a submodule
    if named and (folder / named[1]).resolve() == root and (folder / "HEAD").is_file():
        return folder
    return None


def code_of_git(folder: Path | None) -> dict[Path, tuple[int, ...]]:
    """Return what there is in a git folder that runs code later, with marks that change when it does.

    Mounts can keep only what exists from changes; what is new can be seen afterwards. `commondir` makes git take hooks
    and settings from another folder.
    """
    if folder is None:
        return {}
    paths = [folder / name for name in (*_GUARDED, "commondir")]
    with contextlib.suppress(OSError):
        paths += sorted((folder / "hooks").iterdir())
    found: dict[Path, tuple[int, ...]] = {}
    for path in paths:
        with contextlib.suppress(OSError):
            status = path.lstat()
            found[path] = (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns)
    return found


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST).decode(errors="replace")
    except OSError:
        return ""
