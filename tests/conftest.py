"""The built weights, once for all tests: kept in pytest's cache folder until what they are made of changes."""

import signal
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings

from shellper.weights import Sources, ensure, shipped_sources

# A shell starts what runs in the background with SIGINT ignored, and its children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no failure.
settings.register_profile("shellper", deadline=None)
settings.load_profile("shellper")


def _built(config: pytest.Config, name: str, sources: Sources) -> Path:
    """Build into a folder of the cache; `ensure` holds a lock, so that parallel workers build once."""
    assert config.cache is not None
    return ensure(config.cache.mkdir(f"weights-{name}"), sources=sources)


@pytest.fixture(scope="session")
def base_weights_path(pytestconfig: pytest.Config) -> Path:
    """The weights without an adapter: the base with a smaller vocabulary."""
    return _built(pytestconfig, "base", replace(shipped_sources(), adapter=None))


@pytest.fixture(scope="session")
def weights_path(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Path:
    """The weights with the shipped adapter, or without one where none ships yet."""
    sources = shipped_sources()
    if sources.adapter is None or not sources.adapter.is_file():
        path: Path = request.getfixturevalue("base_weights_path")
        return path
    return _built(pytestconfig, "tuned", sources)
