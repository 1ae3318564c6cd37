"""What the engine's tests share: weights, a home of their own, an engine in this process."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shellper.engine import Engine, open_engine, stop
from shellper.engine.direct import DirectEngine


@pytest.fixture(scope="session")
def weights(request: pytest.FixtureRequest) -> Path:
    """The built weights, or the file that SHELLPER_TEST_WEIGHTS names."""
    named = os.environ.get("SHELLPER_TEST_WEIGHTS")
    path: Path = Path(named) if named else request.getfixturevalue("weights_path")
    return path


@pytest.fixture(scope="session")
def direct(weights: Path) -> Iterator[DirectEngine]:
    """One engine in this process for all tests; one thread, so that a busy machine does not stall it."""
    engine = DirectEngine(weights, threads=1)
    yield engine
    engine.close()


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name, which pytest's own may not."""
    folder = Path(tempfile.mkdtemp(prefix="shl-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def home(tmp_path: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a runtime folder of this test's own."""
    monkeypatch.setenv("SHELLPER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_folder))
    return tmp_path / "home"


@pytest.fixture
def open_one(home: Path, weights: Path) -> Iterator[Callable[..., Engine]]:
    """Open engines on the weights; they and their host are ended behind the test."""
    opened: list[Engine] = []

    def open_one(path: Path = weights, *, daemon: bool = True, idle_seconds: float = 60) -> Engine:
        engine = open_engine(path, daemon=daemon, idle_seconds=idle_seconds, threads=1)
        opened.append(engine)
        return engine

    yield open_one
    for engine in opened:
        engine.close()
    stop(weights)
