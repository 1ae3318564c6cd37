"""Where hosts and clients meet: private folders, paths that fit, one host a home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shellper.engine import EngineError
from shellper.engine.runtime import identity, last_line, meeting, open_log, runtime_folder


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_folder_of_the_sockets_is_private(home: Path, short_folder: Path) -> None:
    folder = runtime_folder()
    assert folder == short_folder / "shellper"
    assert _mode(folder) == 0o700


@pytest.mark.parametrize("given", ["", "relative", "/does/not/exist"])
def test_without_a_usable_runtime_folder_it_lies_below_the_temporary_one(
    given: str, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", given)
    monkeypatch.setenv("TMPDIR", str(short_folder))
    assert runtime_folder() == short_folder / f"shellper-{os.geteuid()}"
    assert _mode(runtime_folder()) == 0o700


def test_a_runtime_folder_open_to_others_is_not_used(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (short_folder / "run").mkdir()
    (short_folder / "run").chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_folder / "run"))
    monkeypatch.setenv("TMPDIR", str(short_folder))
    assert runtime_folder() == short_folder / f"shellper-{os.geteuid()}"


def test_a_prepared_folder_in_the_temporary_one_is_refused(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(short_folder))
    trap = short_folder / f"shellper-{os.geteuid()}"
    trap.mkdir()
    trap.chmod(0o777)
    with pytest.raises(EngineError, match="not a folder of yours alone"):
        runtime_folder()
    trap.rmdir()
    (short_folder / "other").mkdir(mode=0o700)
    trap.symlink_to(short_folder / "other")
    with pytest.raises(EngineError, match="not a folder of yours alone"):
        runtime_folder()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of someone else")
def test_a_folder_of_someone_else_is_refused(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(short_folder))
    trap = short_folder / f"shellper-{os.geteuid()}"
    trap.mkdir(mode=0o700)
    os.chown(trap, 65534, 65534)
    with pytest.raises(EngineError, match="not a folder of yours alone"):
        runtime_folder()


def test_long_folders_never_make_a_path_that_a_socket_can_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 25) / ("name" * 25)
    long.mkdir(parents=True)
    long.chmod(0o700)
    for name in ("XDG_RUNTIME_DIR", "TMPDIR", "SHELLPER_HOME"):
        monkeypatch.setenv(name, str(long))
    path = meeting(long / "weights.gguf").socket
    assert len(os.fsencode(path)) <= 103
    assert _mode(path.parent) == 0o700


def test_each_home_and_each_weights_file_has_a_host_of_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = meeting(home / "a.gguf").socket
    assert meeting(home / "a.gguf").socket == first
    assert meeting(home / "b.gguf").socket != first
    monkeypatch.setenv("SHELLPER_HOME", str(home / "other"))
    assert meeting(home / "a.gguf").socket != first


def test_the_log_lies_in_the_state_folder_or_beside_the_socket(home: Path) -> None:
    assert meeting(home / "a.gguf").log == home / "state" / "engine.log"
    (home / "state").rmdir()
    (home / "state").touch()
    assert meeting(home / "a.gguf").log == meeting(home / "a.gguf").socket.parent / "engine.log"


def test_a_long_log_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    for _ in range(3):
        log.write_text("old line\n" * 10_000)
        os.close(open_log(log))
        assert log.stat().st_size == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["engine.log", "engine.log.1"]
    assert _mode(log) == 0o600
    assert last_line(log) == ""
    assert last_line(tmp_path / "engine.log.1") == "old line"


def test_the_identity_changes_with_the_weights(tmp_path: Path) -> None:
    weights = tmp_path / "w.gguf"
    with pytest.raises(EngineError, match=r"no weights at .*w\.gguf"):
        identity(weights)
    weights.write_bytes(b"1")
    first = identity(weights)
    assert identity(weights) == first
    weights.write_bytes(b"22")
    assert identity(weights) != first


def test_the_client_loads_neither_llama_cpp_nor_numpy() -> None:
    program = "import sys, shellper.engine; print([n for n in ('numpy', 'llama_cpp', 'gguf') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"[]\n"
