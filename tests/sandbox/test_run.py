"""One command, one process: exit codes, what the command sees, and what keeps it from starting."""

import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from shellper.sandbox import Limits, Policy, SandboxError, SandboxLevel, current_level, process, run

from .conftest import each_level, python


@pytest.fixture(params=list(SandboxLevel))
def level(request: pytest.FixtureRequest) -> SandboxLevel:
    return each_level(request)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("true", 0),
        ("false", 1),
        ("exit 42", 42),
        ("no-such-program-here", 127),
        ("/", 126),
        ("kill -9 $$", 137),
        ("kill -TERM $$", 143),
        ("sh -c 'kill -SEGV $$'; exit $?", 139),
        ("if", 2),
        ("", 0),
        ("-c", 127),
    ],
)
def test_exit_code_is_the_commands_own(policy: Policy, command: str, code: int) -> None:
    assert run(command, policy).exit_code == code


def test_result_names_the_level_honestly(policy: Policy, level: SandboxLevel) -> None:
    assert run("true", policy).level is level
    assert run("true", replace(policy, level=None)).level is current_level()


def test_duration_is_the_commands(policy: Policy) -> None:
    assert run("sleep 0.2", policy).duration >= 0.2


def test_stdout_and_stderr_are_apart_and_together(policy: Policy) -> None:
    result = run("echo one; echo two >&2", policy)
    assert (result.stdout.text, result.stderr.text) == ("one\n", "two\n")
    assert sorted(result.combined.text.splitlines()) == ["one", "two"]
    assert result.combined.total_bytes == 8


def test_error_messages_name_no_path_of_the_shell(policy: Policy) -> None:
    assert run("no-such-program-here", policy).stderr.text == "bash: line 1: no-such-program-here: command not found\n"


def test_stdin_is_closed(policy: Policy) -> None:
    result = run("cat; read line; echo $?", policy)
    assert result.stdout.text == "1\n"


def test_there_is_no_controlling_terminal(policy: Policy) -> None:
    result = run("exec 3</dev/tty || exit 9", policy)
    assert result.exit_code != 0
    assert "/dev/tty" in result.stderr.text


def test_command_cannot_get_a_controlling_terminal(policy: Policy) -> None:
    program = """
    import os
    leader, follower = os.openpty()
    os.open(os.ttyname(follower), os.O_RDWR)  # the leader of a session would get it by this
    try:
        os.open("/dev/tty", os.O_RDWR)
    except OSError:
        print("refused")
    """
    assert run("exec " + python(program), policy).stdout.text == "refused\n"


def test_command_runs_in_another_session(policy: Policy) -> None:
    sessions: set[int] = set()
    stop = threading.Event()

    def look(_stream: str, _text: str) -> None:
        # Seen from here: in a pid namespace of its own, a process sees 0 for any session outside.
        sessions.update(os.getsid(child.pid) for child in psutil.Process().children(recursive=True))
        stop.set()

    run("echo here; sleep 60", policy, look, stop)
    assert sessions
    assert os.getsid(0) not in sessions


def test_signals_that_we_ignore_are_not_ignored_in_the_command(policy: Policy) -> None:
    assert run("yes | head -n 1", policy).stdout.text == "y\n"
    assert run("kill -PIPE $$", policy).exit_code == 141
    assert run("kill -INT $$", policy).exit_code == 130
    assert run("kill -XFSZ $$", policy).exit_code == 153


def test_no_descriptors_leak_into_the_command(policy: Policy) -> None:
    with Path("/dev/null").open() as ours:
        os.set_inheritable(ours.fileno(), True)
        listed = run(python("import os; print(*sorted(os.listdir('/dev/fd')))"), policy).stdout.text.split()
    assert listed[:3] == ["0", "1", "2"]
    assert len(listed) == 4  # the fourth is the listing's own


def test_shell_state_does_not_leak_to_the_next_command(policy: Policy, folder: Path) -> None:
    run("cd /; export LEFT=1; set -e; umask 077; f() { echo f; }; alias g=echo", policy)
    result = run("pwd; echo [$LEFT]; type f g; umask", policy)
    assert result.stdout.text.startswith(f"{folder}\n[]\n")
    assert "not found" in result.stderr.text
    assert result.stdout.text.endswith(run("umask", policy).stdout.text)


def test_no_start_up_file_is_read(policy: Policy, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    startup = folder / "startup"
    startup.write_text("echo read me\n")
    for name in (".bashrc", ".bash_profile", ".profile", ".bash_logout"):
        shutil.copy(startup, folder / name)
    monkeypatch.setenv("BASH_ENV", str(startup))
    monkeypatch.setenv("ENV", str(startup))
    assert run("true", policy).combined.text == ""


@pytest.mark.parametrize("name", ["two words", "日本 é", "-dash", "quote'\"$(x)", "new\nline"])
def test_folder_may_have_any_name(policy: Policy, folder: Path, name: str) -> None:
    inside = folder / name
    inside.mkdir()
    assert run("pwd; touch here", replace(policy, folder=inside)).stdout.text == f"{inside}\n"
    assert (inside / "here").exists()


def test_folder_may_have_a_name_that_is_not_unicode(policy: Policy, folder: Path) -> None:
    inside = Path(os.fsdecode(os.fsencode(folder) + b"/\xff"))
    inside.mkdir()
    assert run("touch here", replace(policy, folder=inside)).exit_code == 0
    assert (inside / "here").exists()


def test_folder_keeps_the_name_by_which_it_was_reached(policy: Policy, folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "link").symlink_to("real")
    assert run("pwd", replace(policy, folder=folder / "link")).stdout.text == f"{folder}/link\n"


def test_unicode_in_a_command_arrives(policy: Policy) -> None:
    assert run("printf '%s' 'é日🙂'", policy).stdout.text == "é日🙂"


def test_missing_folder_is_named(policy: Policy, folder: Path) -> None:
    gone = folder / "gone"
    with pytest.raises(SandboxError, match=f"{gone} is gone; go to another folder"):
        run("true", replace(policy, folder=gone))


def test_file_in_place_of_the_folder_is_named(policy: Policy, folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(SandboxError, match="is gone"):
        run("true", replace(policy, folder=folder / "file"))


def test_folder_removed_under_the_running_command_is_no_error_of_ours(policy: Policy, folder: Path) -> None:
    inside = folder / "inside"
    inside.mkdir()
    result = run('rmdir "$PWD"; ls', replace(policy, folder=inside, root=folder))
    assert not inside.exists()
    assert result.stdout.text == ""


def test_missing_shell_is_named(policy: Policy, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SHELLS", ((folder / "bash", ("bash", "-c")),))
    with pytest.raises(SandboxError, match=r"no shell was found .*; install bash"):
        run("true", policy)


def test_sh_is_taken_where_there_is_no_bash(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SHELLS", process.SHELLS[1:])
    assert run("echo $0", policy).stdout.text == "sh\n"


@pytest.mark.parametrize("interpreter", ["", "/no/such/python", "/bin/false"])
def test_broken_interpreter_is_named(policy: Policy, interpreter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", interpreter)
    with pytest.raises(SandboxError) as caught:
        run("true", policy)
    assert len(str(caught.value).splitlines()) == 1


def test_command_that_is_too_long_is_named(policy: Policy) -> None:
    with pytest.raises(SandboxError, match="too long"):
        run("true " + "x" * 3_000_000, policy)


def test_command_with_a_nul_is_named(policy: Policy) -> None:
    with pytest.raises(SandboxError, match="NUL"):
        run("echo a\0b", policy)


def test_runs_from_many_threads_do_not_meet(policy: Policy) -> None:
    seen: dict[int, str] = {}

    def one(number: int) -> None:
        seen[number] = run(f"echo {number}", policy).stdout.text

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {number: f"{number}\n" for number in range(8)}


def test_file_size_limit_ends_an_endless_file(policy: Policy, folder: Path) -> None:
    result = run("yes > endless", replace(policy, limits=Limits(file_bytes=100_000)))
    assert result.exit_code == 153  # SIGXFSZ
    assert (folder / "endless").stat().st_size == 100_000


def test_processor_time_limit_ends_a_busy_loop(policy: Policy) -> None:
    # On a busy machine a second of the processor takes long.
    result = run("while :; do :; done", replace(policy, limits=Limits(cpu_seconds=1), time_limit=240))
    assert result.exit_code == 152  # SIGXCPU
    assert not result.timed_out


def test_memory_limit_holds(policy: Policy) -> None:
    program = "x = bytearray(300_000_000)"
    limited = replace(policy, limits=Limits(data_bytes=100_000_000))
    assert "MemoryError" in run(python(program), limited).stderr.text
    assert run(python(program), policy).exit_code == 0


def test_no_core_is_left(policy: Policy, folder: Path) -> None:
    assert run("ulimit -c", policy).stdout.text == "0\n"
    run("sh -c 'kill -SEGV $$'", policy)
    assert list(folder.iterdir()) == []


def test_limits_are_those_of_the_policy(policy: Policy) -> None:
    limits = Limits(open_files=50, address_space_bytes=2**30, extra_processes=None)
    assert run("ulimit -n; ulimit -v", replace(policy, limits=limits)).stdout.text == "50\n1048576\n"


def test_process_limit_leaves_room_for_what_runs_already(policy: Policy) -> None:
    limit = run("ulimit -u", policy).stdout.text.strip()
    assert limit == "unlimited" or int(limit) >= 1024


@pytest.mark.parametrize("bounds", [{"time_limit": 0.0}, {"time_limit": -1.0}, {"head_bytes": -1}, {"tail_bytes": -1}])
def test_senseless_bounds_are_refused(policy: Policy, bounds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        replace(policy, **bounds)  # type: ignore[arg-type]
