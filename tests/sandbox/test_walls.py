"""What works behind the walls, and what a policy opens or closes; nothing is left behind."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from shellper.sandbox import Limits, Offer, Policy, SandboxError, SandboxLevel, WallsError, run
from shellper.sandbox.confine import Backend, confine
from shellper.sandbox.run import run_behind

from .conftest import BUBBLEWRAP, each_level, python


@pytest.fixture(params=[SandboxLevel.FULL, SandboxLevel.LIMITED, BUBBLEWRAP])
def level(request: pytest.FixtureRequest) -> SandboxLevel:
    return each_level(request)


@pytest.fixture
def top() -> Iterator[Path]:
    """A folder that is not below /tmp, which is private in the sandbox."""
    top = Path(tempfile.mkdtemp(prefix="shellper-test-", dir="/var/tmp")).resolve()
    for name in ("root", "home/.ssh", "home/.config/app", "beside"):
        (top / name).mkdir(parents=True)
    (top / "home" / ".ssh" / "id").write_text("secret\n")
    (top / "home" / ".ssh" / "id.pub").write_text("public\n")
    (top / "home" / ".bashrc").write_text("alias x=y\n")
    yield top
    shutil.rmtree(top)


@pytest.fixture
def policy(top: Path, level: SandboxLevel) -> Policy:
    return Policy(folder=top / "root", home=top / "home", level=level)


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_files_below_the_root_can_be_changed(policy: Policy, top: Path) -> None:
    command = (
        "mkdir a b && echo x > a/x && mv a/x b/ && ln b/x hard && ln -s b/x soft && chmod 700 b/x && touch -d @5 b/x"
    )
    assert run(command, policy).exit_code == 0
    found = (top / "root" / "b" / "x").stat()
    assert (found.st_mode & 0o777, found.st_mtime, found.st_nlink) == (0o700, 5, 2)


def test_what_is_no_secret_can_be_read(policy: Policy, top: Path) -> None:
    (top / "beside" / "notes").write_text("notes\n")
    result = run("cat ../beside/notes ../home/.bashrc /etc/passwd > read && wc -l < read && ls / /usr/bin", policy)
    assert (result.exit_code, result.stderr.text) == (0, "")


def test_public_keys_can_be_read(policy: Policy, level: SandboxLevel) -> None:
    result = run("cat ../home/.ssh/id.pub", policy)
    assert result.stdout.text == ("public\n" if level is SandboxLevel.FULL else "")
    assert run("cat ../home/.ssh/id", policy).exit_code == 1


def test_temporary_files_work_and_are_gone(policy: Policy) -> None:
    command = 'name="$(mktemp)" && echo x > "$name" && sort -o "$name" "$name" && cat "$name" && echo "$name"'
    text, name = run(command, policy).stdout.text.split()
    assert text == "x"
    assert not Path(name).exists()


def test_devices_and_pseudo_terminals_work(policy: Policy) -> None:
    program = "import os; leader, follower = os.openpty(); os.write(follower, b'x'); print(os.read(leader, 1))"
    result = run(f"echo x > /dev/null; head -c 3 /dev/urandom | wc -c; {python(program)}", policy)
    assert result.stdout.text == "3\nb'x'\n"


def test_nothing_is_left_in_the_folders(policy: Policy, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Others make and remove temporary folders at the same time, so only those of this run are looked at.
    made: list[Path] = []
    make = tempfile.mkdtemp

    def noting(*arguments: Any, **options: Any) -> str:
        made.append(Path(make(*arguments, **options)))
        return str(made[-1])

    monkeypatch.setattr(tempfile, "mkdtemp", noting)
    before = sorted(top.rglob("*"))
    run("true", policy)
    assert sorted(top.rglob("*")) == before
    assert not [folder for folder in made if folder.exists()]


def test_network_can_be_allowed_and_nothing_else_is(policy: Policy, top: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(top / "socket"))
        local.listen()
        connect = f"exec 3<>/dev/tcp/127.0.0.1/{server.getsockname()[1]}"
        unix = python(f"import socket; socket.socket(socket.AF_UNIX).connect({str(top / 'socket')!r})")
        assert run(connect, policy).exit_code != 0
        allowed = replace(policy, network=True)
        assert run(connect, allowed).exit_code == 0
        assert run(unix, allowed).exit_code != 0
        assert run("touch ../beside/x || cat ../home/.ssh/id", allowed).exit_code != 0


def test_processes_of_the_machine_can_be_shown_and_signalled(policy: Policy) -> None:
    with subprocess.Popen(["sleep", "600"]) as other:
        command = f"ps -p {other.pid} -o comm= && kill {other.pid}"
        shown = run(command, replace(policy, host_processes=True))
        assert (shown.exit_code, shown.stdout.text) == (0, "sleep\n")
        assert other.wait(20) == -signal.SIGTERM
    refused = run("touch ../beside/x || cat ../home/.ssh/id", replace(policy, host_processes=True))
    assert refused.exit_code != 0


def test_command_that_sees_the_machine_leaves_no_process(policy: Policy) -> None:
    seconds = f"600.{os.getpid()}"
    run(f"setsid sleep {seconds} & sleep 0.1", replace(policy, host_processes=True))
    assert ["sleep", seconds] not in [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]


def test_further_paths_can_be_writable(policy: Policy, top: Path) -> None:
    wider = replace(policy, writable=(top / "beside", top / "missing"))
    assert run("touch ../beside/x", wider).exit_code == 0
    assert run("touch ../home/x", wider).exit_code != 0


def test_paths_below_the_root_can_be_read_only(policy: Policy, top: Path) -> None:
    (top / "root" / "kept").mkdir()
    assert run("touch kept/x", replace(policy, read_only=(top / "root" / "kept",))).exit_code != 0


def test_masked_folder_is_no_working_directory(policy: Policy, top: Path) -> None:
    with pytest.raises(SandboxError, match=r"\.ssh holds secrets"):
        run("ls", replace(policy, folder=top / "home" / ".ssh"))


def test_dotfiles_of_home_stay_as_they_are(policy: Policy, top: Path, level: SandboxLevel) -> None:
    (top / "home" / "notes").mkdir()
    at_home = replace(policy, folder=top / "home")
    assert run("touch notes/x", at_home).exit_code == 0
    refused = "echo x >> .bashrc || rm .bashrc || mv .config c || touch .config/app/x || touch .ssh/x"
    assert run(refused, at_home).exit_code != 0
    assert (top / "home" / ".bashrc").read_text() == "alias x=y\n"
    if level is SandboxLevel.FULL:  # Landlock can't allow a new name without allowing all that lies beside it
        assert run("mkdir new && touch new/x && mv notes old", at_home).exit_code == 0


def test_the_root_of_all_is_not_writable(policy: Policy, top: Path) -> None:
    name = f"shellper-test-{os.getpid()}"
    assert run(f"touch {name} || touch {top}/root/x", replace(policy, folder=Path("/"))).exit_code != 0
    assert not (Path("/") / name).exists()


def test_git_works_and_its_hooks_stay_as_they_are(policy: Policy, top: Path, level: SandboxLevel) -> None:
    git(top / "root", "init")
    commit = "git add . && git -c user.name=T -c user.email=t@example.org commit -qm x"
    assert run(f"echo x > x && {commit} && git checkout -qb other && git tag t && git gc -q", policy).exit_code == 0
    assert git(top / "root", "log", "--format=%s", "other") == "x\n"
    if level is SandboxLevel.FULL:
        (top / "root" / "sub").mkdir()
        below = replace(policy, folder=top / "root" / "sub")
        assert run("touch ../y", below).exit_code == 0
        assert run("touch ../.git/hooks/post-commit || mv ../.git ../old || git config a.b c", below).exit_code != 0


def test_git_works_in_a_worktree_and_a_false_one_opens_nothing(policy: Policy, top: Path) -> None:
    git(top / "beside", "init")
    git(top / "beside", "commit", "--allow-empty", "-m", "first")
    (top / "root").rmdir()
    git(top / "beside", "worktree", "add", "-b", "tree", str(top / "root"))
    commit = "git -c user.name=T -c user.email=t@example.org commit -qm second --allow-empty"
    assert run(commit, policy).exit_code == 0
    assert git(top / "beside", "log", "-1", "--format=%s", "tree") == "second\n"
    (top / "root" / ".git").write_text(f"gitdir: {top}/home\n")
    (top / "home" / "HEAD").write_text("ref: refs/heads/main\n")
    assert run("touch ../home/x", policy).exit_code != 0


def test_folder_that_is_reached_by_a_link(policy: Policy, top: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(top / "root")
    result = run("pwd && touch here", replace(policy, folder=tmp_path / "link"))
    assert result.stdout.text == f"{tmp_path}/link\n"
    assert (top / "root" / "here").exists()


def test_names_of_any_kind(policy: Policy, top: Path) -> None:
    for name in ("a:b,c\\d", "new\nline", "日本", os.fsdecode(b"\xff"), "-dash"):
        folder = top / "root" / name
        folder.mkdir()
        assert run("touch here && ! touch ../there", replace(policy, folder=folder, root=folder)).exit_code == 0
        assert (folder / "here").exists()


def test_many_at_once(policy: Policy, top: Path) -> None:
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(run("touch x", policy).exit_code)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0] * 6


def test_all_ends_when_the_launcher_is_killed(policy: Policy) -> None:
    seconds = f"600.{os.getpid()}"
    me = psutil.Process()

    def kill(stream: str, text: str) -> None:
        for child in me.children():
            with contextlib.suppress(psutil.ZombieProcess):  # what was killed, and isn't waited for yet
                if any("launcher.py" in word for word in child.cmdline()):
                    child.kill()

    result = run(f"setsid sleep {seconds} & echo ready; sleep 600", replace(policy, time_limit=60), kill)
    assert result.exit_code == 137
    assert ["sleep", seconds] not in [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]


def test_private_temporary_folder_has_a_size(policy: Policy, level: SandboxLevel) -> None:
    small = replace(policy, limits=Limits(temporary_bytes=1_000_000))
    result = run('head -c 3000000 /dev/zero > "${TMPDIR:-/tmp}/big"', small)
    assert (result.exit_code == 0) == (level is SandboxLevel.LIMITED)


def test_level_that_is_not_offered_is_refused(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    # The package's `run` is the function, so the module is found by its name.
    monkeypatch.setattr(sys.modules["shellper.sandbox.run"], "offer", lambda: Offer(SandboxLevel.NONE, None))
    with pytest.raises(SandboxError, match="is not offered here, only none; see shellper doctor"):
        run("true", policy)


def test_walls_that_fail_run_nothing(policy: Policy, top: Path, level: SandboxLevel) -> None:
    made = confine(policy, level, Backend.OWN)
    broken = made.walls | {"filter": b"\0" * 8}
    with pytest.raises(WallsError, match="the sandbox can't be set up"):
        run_behind("touch here", policy, replace(made, walls=broken))
    assert not (top / "root" / "here").exists()


def test_what_the_user_agreed_to_can_be_changed(policy: Policy, top: Path, level: SandboxLevel) -> None:
    at_home = replace(policy, folder=top / "home")
    agreed = replace(at_home, granted=(top / "home" / ".bashrc",))
    assert run("echo alias >> .bashrc", at_home).exit_code != 0
    assert run("echo alias >> .bashrc", agreed).exit_code == 0
    assert run("touch .config/app/x", agreed).exit_code != 0
    new = replace(at_home, granted=(top / "home" / ".config" / "app" / "new",))
    assert run("echo x >> .bashrc", new).exit_code != 0
    assert run("touch .config/app/new", new).exit_code == 0
    if level is SandboxLevel.FULL:  # Landlock would have to allow all that lies beside it
        assert run("rm .bashrc", agreed).exit_code == 0


def test_what_the_user_agreed_to_uncovers_no_secret(policy: Policy, top: Path) -> None:
    (top / "home" / ".config" / "gh").mkdir()
    (top / "home" / ".config" / "gh" / "hosts.yml").write_text("token\n")
    home = top / "home"
    granted = (
        home / ".ssh" / "id",
        home / ".config" / "gh" / "hosts.yml",
        home / ".config" / "x",
        top / "beside" / "x",
    )
    agreed = replace(policy, folder=home, granted=granted)
    for command in (
        "cat .ssh/id",
        "cat .config/gh/hosts.yml",
        "touch ../beside/x",
        "touch .ssh/x",
        "touch .config/gh/x",
    ):
        assert run(command, agreed).exit_code != 0
    assert run("rm -r .config", replace(agreed, granted=(home / ".config",))).exit_code != 0
    assert (home / ".config" / "app").is_dir()


def test_a_git_hook_that_the_user_agreed_to(policy: Policy, top: Path, level: SandboxLevel) -> None:
    git(top / "root", "init")
    hook = top / "root" / ".git" / "hooks" / "pre-commit"
    if level is SandboxLevel.FULL:
        assert run("touch .git/hooks/pre-commit", policy).exit_code != 0
    assert run("touch .git/hooks/pre-commit", replace(policy, granted=(hook,))).exit_code == 0
