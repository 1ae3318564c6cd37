"""Builds as processes: two at the same time, one interrupted, one killed, one on a full disk."""

import signal
import subprocess
import sys
from pathlib import Path

from shellper.weights import WEIGHTS_FILE, verify
from shellper.weights.manifest import manifest_path

# Prints every share of the build's progress, then "done" and what the process needed; an error is printed as it is.
# The limit on a file's size, in bytes, stands for a full disk: it starts when the base has been read.
PROGRAM = """
import os, re, resource, sys
from dataclasses import replace
from pathlib import Path
from shellper.weights import WeightsError, ensure, shipped_sources

limit = int(sys.argv[2])

def progress(share):
    print(share, flush=True)
    if limit and share > 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

try:
    ensure(Path(sys.argv[1]), progress, replace(shipped_sources(), adapter=None))
except WeightsError as error:
    sys.exit(str(error))
status = Path("/proc/self/status")
peak = re.search(r"VmHWM:\\s+([0-9]+) kB", status.read_text()) if status.exists() else None
print("done", peak[1] if peak else 0)
"""
HALF = 0.5
PEAK_KILOBYTES = 1_000_000


def start(folder: Path, limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(folder), str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_half(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert any(float(line) >= HALF for line in process.stdout)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_two_processes_build_once_and_the_same_bytes_as_ever(base_weights_path: Path, tmp_path: Path) -> None:
    processes = [start(tmp_path), start(tmp_path)]
    outputs = [process.communicate()[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    waited, built = sorted(outputs, key=len)
    assert len(waited) == 1
    shares = [float(line) for line in built[:-1]]
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert shares == sorted(shares)
    assert int(built[-1].removeprefix("done ")) < PEAK_KILOBYTES
    assert files(tmp_path) == sorted([".build.lock", WEIGHTS_FILE, manifest_path(Path(WEIGHTS_FILE)).name])
    # The same inputs give the same sha256: where this fails after a change of the builder, raise BUILDER_VERSION.
    assert verify(tmp_path / WEIGHTS_FILE).sha256 == verify(base_weights_path).sha256
    (tmp_path / WEIGHTS_FILE).unlink()


def test_an_interrupted_build_leaves_nothing(tmp_path: Path) -> None:
    process = start(tmp_path)
    wait_for_half(process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors
    assert files(tmp_path) == [".build.lock"]


def test_what_a_killed_build_leaves_is_removed_by_the_next(tmp_path: Path) -> None:
    process = start(tmp_path)
    wait_for_half(process)
    process.kill()
    process.communicate()
    remains = set(files(tmp_path)) - {".build.lock"}
    assert len(remains) == 1
    assert WEIGHTS_FILE not in remains
    process = start(tmp_path)
    wait_for_half(process)
    assert remains.isdisjoint(files(tmp_path))
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert files(tmp_path) == [".build.lock"]


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    process = start(tmp_path, limit=20_000_000)
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.startswith(f"the weights can't be written to {tmp_path}: ")
    assert errors.endswith("; mend: free 200 MB there\n")
    assert errors.count("\n") == 1
    assert files(tmp_path) == [".build.lock"]
