"""A run in an overlay: the real root is not touched, the changes stand in the upper folder, and what forbids it."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shellper.sandbox import Offer, OverlayImpossible, Policy, SandboxLevel, run_in_overlay

from .conftest import each_level


@pytest.fixture(params=[SandboxLevel.FULL])
def level(request: pytest.FixtureRequest) -> SandboxLevel:
    return each_level(request)


@pytest.fixture
def top() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="shellper-test-", dir="/var/tmp")).resolve()
    (top / "root" / "sub").mkdir(parents=True)
    (top / "root").chmod(0o750)
    (top / "root" / "file").write_text("one\n")
    (top / "root" / "sub" / "inner").write_text("inner\n")
    yield top
    shutil.rmtree(top)


@pytest.fixture
def policy(top: Path, level: SandboxLevel) -> Policy:
    return Policy(folder=top / "root", home=top / "home", level=level)


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def test_changes_stand_in_the_upper_folder_alone(policy: Policy, top: Path) -> None:
    before = tree(top / "root")
    command = "echo two >> file; rm sub/inner; mkdir new; chmod 600 file; cat file; exit 3"
    found = run_in_overlay(command, policy, top / "store")
    assert tree(top / "root") == before
    assert (found.result.exit_code, found.result.stdout.text) == (3, "one\ntwo\n")
    assert (found.root, found.upper, found.same_filesystem) == (top / "root", top / "store" / "upper", True)
    assert (found.upper / "file").read_text() == "one\ntwo\n"
    assert stat.S_IMODE((found.upper / "file").stat().st_mode) == 0o600
    gone = (found.upper / "sub" / "inner").lstat()
    assert (stat.S_ISCHR(gone.st_mode), gone.st_rdev) == (True, 0)
    assert (found.upper / "new").is_dir()
    assert sorted(path.name for path in (top / "store").iterdir()) == ["upper"]


def test_root_looks_as_it_is(policy: Policy, top: Path) -> None:
    os.utime(top / "root", (7, 7))
    found = run_in_overlay("stat -c '%a %Y %u' .; pwd", policy, top / "store")
    assert found.result.stdout.text == f"750 7 {os.geteuid()}\n{top}/root\n"


def test_replaced_folder_is_opaque(policy: Policy, top: Path) -> None:
    found = run_in_overlay("rm -r sub; mkdir sub", policy, top / "store")
    assert os.getxattr(found.upper / "sub", "user.overlay.opaque") == b"y"


def test_the_other_walls_stand(policy: Policy, top: Path) -> None:
    (top / "home" / ".ssh").mkdir(parents=True)
    (top / "home" / ".ssh" / "id").write_text("secret")
    (top / "beside").mkdir()
    command = "touch ../beside/x || cat ../home/.ssh/id || exec 3<>/dev/tcp/127.0.0.1/9"
    wider = replace(policy, writable=(top / "beside",))
    assert run_in_overlay(command, wider, top / "store").result.exit_code != 0
    assert list((top / "beside").iterdir()) == []


def test_git_commits_into_the_overlay(policy: Policy, top: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=top / "root", check=True)
    before = tree(top / "root")
    commit = "git add . && git -c user.name=T -c user.email=t@example.org commit -qm x"
    found = run_in_overlay(commit, policy, top / "store")
    assert found.result.exit_code == 0
    assert tree(top / "root") == before
    assert (found.upper / ".git" / "index").exists()


@pytest.mark.parametrize("name", ["a:b,c\\d", "new\nline", "日本"])
def test_root_may_have_any_name(policy: Policy, top: Path, name: str) -> None:
    root = top / name
    root.mkdir()
    found = run_in_overlay("touch here", replace(policy, folder=root), top / f"store {name}")
    assert (found.upper / "here").exists()
    assert list(root.iterdir()) == []


def test_store_in_a_masked_folder_below_the_root(policy: Policy, top: Path) -> None:
    state = top / "root" / "state"
    state.mkdir()
    found = run_in_overlay("touch here", replace(policy, masked=(state,)), state / "run")
    assert (found.upper / "here").exists()


def test_store_below_the_root_is_impossible(policy: Policy, top: Path) -> None:
    with pytest.raises(OverlayImpossible, match=r"lies in .* itself"):
        run_in_overlay("true", policy, top / "root" / "store")


def test_nothing_writable_is_impossible(policy: Policy, top: Path) -> None:
    with pytest.raises(OverlayImpossible, match="nothing can be written in /"):
        run_in_overlay("true", replace(policy, folder=Path("/")), top / "store")


def test_mount_below_the_root_is_impossible(policy: Policy, top: Path) -> None:
    mounted = top / "root" / "with blank"
    mounted.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", mounted], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        with pytest.raises(OverlayImpossible, match=r"mounted at .*/with blank"):
            run_in_overlay("true", policy, top / "store")
    finally:
        subprocess.run(["umount", "-l", mounted], check=True)


def test_store_that_can_hold_no_upper_layer_is_impossible(policy: Policy, top: Path) -> None:
    with pytest.raises(OverlayImpossible) as caught:
        run_in_overlay("true", policy, Path("/proc/none"))
    assert len(str(caught.value).splitlines()) == 1


def test_lower_level_is_impossible(policy: Policy, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["shellper.sandbox.run"], "offer", lambda: Offer(SandboxLevel.LIMITED, None))
    with pytest.raises(OverlayImpossible, match="user namespaces"):
        run_in_overlay("true", replace(policy, level=None), top / "store")
