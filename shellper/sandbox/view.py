"""What a command gets to see and to change, worked out from its policy: the same facts for every kind of wall."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shellper.sandbox.policy import Policy, SandboxError
from shellper.sandbox.roots import Root, find_root
from shellper.sandbox.secrets import public_files, secret_paths

_RUN = Path("/run")
_KEPT_IN_RUN = ("media", "current-system", "booted-system", "opengl-driver")
"""What stays to be seen of /run: sticks and disks of desktops, and the programs of NixOS."""
_RESOLVER = Path("/etc/resolv.conf")


@dataclass(frozen=True)
class Overlay:
    """Where the changes of a command go instead of its root; both folders exist and are empty."""

    upper: Path
    work: Path


@dataclass(frozen=True)
class View:
    """What a command sees and may change; all paths are real and exist."""

    folder: Path
    named: Path
    """The working directory under the name that the user knows it by, which may be a link's."""
    root: Path | None
    writable: tuple[Path, ...]
    """The root and what is writable beside it."""
    pinned: tuple[Path, ...]
    read_only: tuple[Path, ...]
    git: tuple[Path, ...]
    """Git's hooks and settings, read-only as well where mounts can do that."""
    git_folder: Path | None
    masked: tuple[Path, ...]
    temporary: Path
    """The folder of temporary files, under its real name."""
    network: bool
    host_processes: bool
    temporary_bytes: int
    overlay: Overlay | None = None

    @property
    def has_private_temporary(self) -> bool:
        """Whether the temporary folder is the command's own, so that it doesn't see the real one."""
        return not any(self.temporary.is_relative_to(path) for path in self.writable)

    def mounts(self) -> dict[str, Any]:
        """Return what `namespaces.build` mounts, as data for the launcher."""
        private = []
        if self.has_private_temporary:
            private.append((self.temporary, f"mode=1777,size={self.temporary_bytes}"))
        if _RUN.is_dir():
            private.append((_RUN, "mode=0755,size=4m"))
        kept = self._kept()
        shown = {path: public_files(path) for path in self.masked}
        return {
            "proc": not self.host_processes,
            "private": [(os.fsencode(path), options.encode()) for path, options in private],
            "sealed": [os.fsencode(_RUN)] if _RUN.is_dir() else [],
            "kept": [os.fsencode(path) for path in kept if not path.is_symlink()],
            "links": [(os.fsencode(path), os.fsencode(path.readlink())) for path in kept if path.is_symlink()],
            "copies": [(os.fsencode(path), data) for path, data in self._copies()],
            "writable": [os.fsencode(path) for path in self.writable if self.overlay is None],
            "overlay": self._overlay(),
            "masked": [os.fsencode(path) for path in self.masked],
            "shown": {
                os.fsencode(path): [(os.fsencode(name), data) for name, data in files]
                for path, files in shown.items()
                if files
            },
            "pinned": [os.fsencode(path) for path in self.pinned],
            "read_only": [os.fsencode(path) for path in (*self.read_only, *self.git)],
            "tmp": os.fsencode(self.temporary) if self.has_private_temporary else b"",
        }

    def _kept(self) -> list[Path]:
        """Return what stays to be seen of private folders, read-only: what holds the folder, writable paths or Python.

        Of the temporary folder that is all beside them, too: else a command would write to `..` and it would be lost.
        """
        names = (sys.prefix, sys.base_prefix, os.environ.get("VIRTUAL_ENV"))
        needed = {self.folder, self.named, *self.writable, *(Path(name).resolve() for name in names if name)}
        found = set(kept_in_run())
        for path in needed:
            if self.has_private_temporary and self.temporary in path.parents:
                found.add(self.temporary / path.relative_to(self.temporary).parts[0])
            elif _RUN in path.parents:
                found.add(path)
        return sorted(path for path in found if path.exists() and not self._is_writable(path))

    def _is_writable(self, path: Path) -> bool:
        return any(path.is_relative_to(one) for one in self.writable)

    def is_hidden(self, path: Path) -> bool:
        """Say whether a path lies in a private folder and in nothing that is shown there."""
        private = [one for one in (self.temporary, _RUN) if one != self.temporary or self.has_private_temporary]
        return any(one in path.parents for one in private) and not any(
            path.is_relative_to(one) for one in (*self.writable, *self._kept())
        )

    def _overlay(self) -> tuple[bytes, bytes, bytes] | None:
        if self.overlay is None or self.root is None:
            return None
        return os.fsencode(self.root), os.fsencode(self.overlay.upper), os.fsencode(self.overlay.work)

    def _copies(self) -> Iterator[tuple[Path, bytes]]:
        """Yield the name server's address where the network is allowed and the file lies in /run."""
        real = _RESOLVER.resolve()
        if self.network and real.is_relative_to(_RUN):
            try:
                yield real, real.read_bytes()
            except OSError:
                return


def see(policy: Policy, overlay: Overlay | None = None) -> View:
    """Return the view of a policy.

    Raises SandboxError where the working directory is one that is masked.
    """
    folder = policy.folder.resolve()
    root = find_root(policy.folder, policy.home, policy.root)
    masked = _without_nested([*secret_paths(policy.home, os.geteuid()), *_real(policy.masked)])
    for path in masked:
        if folder.is_relative_to(path):
            raise SandboxError(
                f"{path} holds secrets, or SHELLper's own files, which no command in the sandbox sees; go to another "
                "folder, or run it outside the sandbox"
            )
    writable = _real([path for path in (root.path, *root.writable, *policy.writable) if path is not None])
    lifted = _lifted(policy, root, [*masked, *_real(policy.read_only)])
    return View(
        folder=folder,
        named=policy.folder.absolute(),
        root=root.path,
        writable=tuple(_without_nested(writable)),
        pinned=root.pinned,
        read_only=(*(path for path in root.read_only if path not in lifted), *_real(policy.read_only)),
        git=tuple(path for path in root.git if path not in lifted),
        git_folder=root.git_folder,
        masked=tuple(masked),
        temporary=Path("/tmp").resolve(),
        network=policy.network,
        host_processes=policy.host_processes,
        temporary_bytes=policy.limits.temporary_bytes,
        overlay=overlay,
    )


def _lifted(policy: Policy, root: Root, closed: list[Path]) -> set[Path]:
    """Return what doesn't stay read-only by what the user granted: the dotfile, or the whole of git's hooks.

    What holds something `closed`, secrets and our own files, is not given away as a whole.
    """
    lifted: set[Path] = set()
    for granted in policy.granted:
        path = granted.parent.resolve() / granted.name
        for found in {path, path.resolve()}:
            if not any(one.is_relative_to(found) for one in closed):
                lifted |= {guard for guard in (*root.read_only, *root.git) if found.is_relative_to(guard)}
    return lifted


def _real(paths: tuple[Path, ...] | list[Path]) -> list[Path]:
    return [path.resolve() for path in paths if path.exists()]


def _without_nested(paths: list[Path]) -> list[Path]:
    """Return the paths without those that lie in others of them."""
    kept: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return kept


def kept_in_run() -> list[Path]:
    """Return what stays to be seen of /run."""
    return [path for name in _KEPT_IN_RUN if (path := _RUN / name).exists()]
