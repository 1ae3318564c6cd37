"""One test a promise: refused behind the walls, for root and for an ordinary user, and possible without them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from shellper.sandbox import SandboxLevel

from .attempts import BOTH, BUBBLEWRAP, FULL, INSIDE, INSIDE_LAST, READS

NOBODY = 65534
BEYOND = {
    "survive as a daemon": BOTH,
    "fork without end": BOTH,
    "fill the memory": BOTH,
    "fill the disk": BOTH,
    "fill /tmp": (FULL,),
    "inject keystrokes": BOTH,
}
PROMISES: dict[str, tuple[SandboxLevel, ...]] = {
    **{name: levels for name, (levels, _) in (INSIDE | INSIDE_LAST).items()},
    **{f"read ~/{name}": BOTH for name in READS},
    **BEYOND,
}
"""What is refused, and at which levels."""

CLOSED_BY_SOME_SYSTEMS = {
    *("inject keystrokes", "make a user namespace", "setxattr", "see another process", "fork without end"),
    *("open a netlink socket", "gain rights by a set-uid file"),
}
"""What a kernel setting, a file system or a container may refuse without any sandbox."""

ROOM = Path(__file__).parents[2]
Results = Callable[[str, str], dict[str, str]]


class CannotTry(Exception):  # noqa: N818 (a reason to skip)
    """The attempts can't be made here; the message says why."""


def interpreter_for_others() -> str:
    """Return a Python that every user can start."""
    for name in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        check = [name, "-I", "-S", "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        if as_nobody(check, "/").returncode == 0:
            return name
    raise CannotTry("no Python from 3.11 on can be started by another user")


def as_nobody(command: list[str], folder: str | Path) -> subprocess.CompletedProcess[str]:
    # setpriv's own exec still has root's rights; the shell's has not.
    shell = ["/bin/sh", "-c", 'exec "$@"', "sh"]
    words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *shell, *command]
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": str(folder)}
    return subprocess.run(words, cwd="/", env=environment, capture_output=True, text=True)


@pytest.fixture(scope="session")
def shared() -> Iterator[Path]:
    """A folder that is not below /tmp, which is private in the sandbox."""
    top = Path(tempfile.mkdtemp(prefix="shellper-test-", dir="/var/tmp")).resolve()
    top.chmod(0o755)
    yield top
    shutil.rmtree(top)


@pytest.fixture(scope="session")
def results(shared: Path) -> Results:
    """Give what came of all attempts of a user at a level; they are made once."""

    @cache
    def made(user: str, level: str) -> dict[str, str] | str:
        world = Path(tempfile.mkdtemp(dir=shared))
        attempts = Path(__file__).with_name("attempts.py")
        try:
            if user == "nobody" and os.geteuid() != 0:
                raise CannotTry("only root can become another user")
            if user == "nobody" and shutil.which("setpriv") is None:
                raise CannotTry("there is no setpriv to become another user by")
            if user == "nobody":
                code = Path(tempfile.mkdtemp(dir=shared))
                code.chmod(0o755)
                (code / "shellper").mkdir()
                shutil.copy(ROOM / "shellper" / "__init__.py", code / "shellper")
                shutil.copytree(ROOM / "shellper" / "sandbox", code / "shellper" / "sandbox")
                shutil.copy(attempts, code)
                os.chown(world, NOBODY, NOBODY)
                done = as_nobody([interpreter_for_others(), str(code / "attempts.py"), level, str(world)], code)
            else:
                environment = {**os.environ, "PYTHONPATH": str(ROOM)}
                words = [sys.executable, str(attempts), level, str(world)]
                done = subprocess.run(words, env=environment, capture_output=True, text=True)
        except CannotTry as reason:
            return str(reason)
        if "is not offered here" in done.stderr:
            return done.stderr.strip().splitlines()[-1]
        assert done.returncode == 0, done.stderr
        found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        return found

    def given(user: str, level: str) -> dict[str, str]:
        found = made(user, level)
        if isinstance(found, str):
            pytest.skip(found)
        return found

    return given


@pytest.mark.parametrize("user", ["caller", "nobody"])
@pytest.mark.parametrize("promise", PROMISES)
def test_without_the_sandbox_it_works(results: Results, user: str, promise: str) -> None:
    result = results(user, "plain")[promise]
    if result != "worked" and promise in CLOSED_BY_SOME_SYSTEMS:
        pytest.skip(f"this system refuses it anyway: {result}")
    assert result == "worked"


@pytest.mark.parametrize("user", ["caller", "nobody"])
@pytest.mark.parametrize("promise", PROMISES)
def test_full_refuses(results: Results, user: str, promise: str) -> None:
    assert results(user, "full")[promise] != "worked"


@pytest.mark.parametrize("user", ["caller", "nobody"])
@pytest.mark.parametrize("promise", PROMISES)
def test_full_by_bubblewrap_refuses(results: Results, user: str, promise: str) -> None:
    assert results(user, BUBBLEWRAP)[promise] != "worked"


@pytest.mark.parametrize("user", ["caller", "nobody"])
@pytest.mark.parametrize("promise", [name for name, levels in PROMISES.items() if SandboxLevel.LIMITED in levels])
def test_limited_refuses(results: Results, user: str, promise: str) -> None:
    assert results(user, "limited")[promise] != "worked"
