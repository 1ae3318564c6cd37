"""A view as the arguments of bwrap(1), for systems that let it, and not us, have user namespaces.

It only builds the namespaces; the launcher runs inside as its pid 1 and puts up the other walls.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from shellper.sandbox.view import View

_PLACES = ("/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap")


def find() -> str | None:
    """Return where bwrap is; an AppArmor profile is bound to the system's own path, so that one comes first."""
    for place in _PLACES:
        if Path(place).exists():
            return place
    return shutil.which("bwrap")


def arguments(view: View) -> Iterator[str]:
    """Yield the program and its arguments, up to the command that follows them."""
    yield find() or "bwrap"
    yield from ("--unshare-user", "--unshare-ipc", "--unshare-uts")
    if not view.network:
        yield "--unshare-net"
    # Root keeps every capability unless it is told otherwise.
    yield from ("--cap-drop", "ALL", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev")
    if not view.host_processes:
        yield from ("--unshare-pid", "--as-pid-1", "--proc", "/proc")
    mounts = view.mounts()
    for path, options in mounts["private"]:
        named = dict(option.split("=") for option in options.decode().split(",") if "=" in option)
        if "mode" in named:
            yield from ("--perms", named["mode"])
        if "size" in named:
            yield from ("--size", str(_bytes(named["size"])))
        yield from ("--tmpfs", path.decode(errors="surrogateescape"))
    for path in (*mounts["kept"], *(path for path, _ in mounts["copies"])):
        yield from _bind("--ro-bind", path)
    for path, target in mounts["links"]:
        yield from ("--symlink", target.decode(errors="surrogateescape"), path.decode(errors="surrogateescape"))
    for path in sorted(mounts["writable"]):
        yield from _bind("--bind", path)
    for path in mounts["masked"]:
        name = path.decode(errors="surrogateescape")
        if view.is_hidden(Path(name)):  # bwrap would make it anew
            continue
        shown = mounts["shown"].get(path, ())
        if Path(name).is_dir():
            yield from ("--perms", "0755" if shown else "0000", "--tmpfs", name)
            for file, _ in shown:
                yield from _bind("--ro-bind", path + b"/" + file)
            yield from ("--remount-ro", name)
        else:
            yield from ("--ro-bind", "/dev/null", name)
    for path in mounts["pinned"]:
        yield from _bind("--bind", path)
    for path in mounts["read_only"]:
        yield from _bind("--ro-bind", path)
    yield "--"


def _bytes(size: str) -> int:
    """Return a size of tmpfs(5) in bytes."""
    units = {"k": 10, "m": 20, "g": 30}
    return int(size[:-1]) << units[size[-1]] if size[-1] in units else int(size)


def _bind(option: str, path: bytes) -> tuple[str, str, str]:
    name = path.decode(errors="surrogateescape")
    return option, name, name
