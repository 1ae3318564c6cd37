"""Asking for the weights' names loads neither numpy nor llama.cpp nor gguf."""

import subprocess
import sys

PROGRAM = """
import sys
import shellper.weights
from shellper.weights import BASE_SHA256, Manifest, Sources, WeightsError, ensure, open_base, shipped_sources, verify
print([name for name in ("numpy", "gguf", "llama_cpp") if name in sys.modules])
"""


def test_names_are_loaded_lightly() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_every_exported_name_is_there() -> None:
    import shellper.weights

    for name in shellper.weights.__all__:
        assert getattr(shellper.weights, name) is not None
    assert not hasattr(shellper.weights, "nothing_of_that_name")
