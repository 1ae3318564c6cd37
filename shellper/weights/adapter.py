"""The adapter: what training changed, as one small GGUF file, and the vocabulary rows that are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shellper.resources import adapter_folder
from shellper.weights.errors import WeightsError
from shellper.weights.sources import ADAPTER_FILE as ADAPTER_FILE
from shellper.weights.sources import VOCABULARY_FILE as VOCABULARY_FILE

ALPHA_KEY = "adapter.lora.alpha"
CONTROL_ROWS = "control_rows"


@dataclass(frozen=True)
class Adapter:
    """Low-rank changes of the linear layers, and new rows for the control tokens.

    `reader` is None for the empty adapter, whose build is the base with a smaller vocabulary.
    """

    sha256: str = ""
    reader: Any = None

    @cached_property
    def _tensors(self) -> dict[str, Any]:
        return {tensor.name: tensor for tensor in self.reader.tensors} if self.reader else {}

    @property
    def _alpha(self) -> float:
        return float(self.reader.fields[ALPHA_KEY].contents())

    def _array(self, name: str) -> npt.NDArray[np.float32]:
        tensor = self._tensors[name]
        shape = tuple(int(size) for size in reversed(tensor.shape))
        values: npt.NDArray[np.float32] = np.asarray(tensor.data, dtype=np.float32).reshape(shape)
        return values

    def merged(self, name: str, weight: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return a layer's weight (out, in) with its low-rank change, alpha / rank * B A, added."""
        if f"{name}.lora_a" not in self._tensors:
            return weight
        low, high = self._array(f"{name}.lora_a"), self._array(f"{name}.lora_b")
        # Summed in float64, so that the order of a machine's matrix product stays below the rounding.
        change = high.astype(np.float64) @ low.astype(np.float64) * (self._alpha / low.shape[0])
        merged: npt.NDArray[np.float32] = (weight + change).astype(np.float32)
        return merged

    def changes(self, name: str) -> bool:
        """Say whether a layer has a low-rank change."""
        return f"{name}.lora_a" in self._tensors

    def control_rows(self) -> npt.NDArray[np.float32] | None:
        """Return the embedding rows of the function tokens (7, width), if they were trained."""
        return self._array(CONTROL_ROWS) if CONTROL_ROWS in self._tensors else None


def shipped_adapter_path() -> Path:
    """Return where the shipped adapter lies."""
    return adapter_folder() / ADAPTER_FILE


def load_adapter(path: Path | None) -> Adapter:
    """Load an adapter, or the empty one for None.

    Raises `WeightsError` where the file is missing or is no adapter.
    """
    if path is None:
        return Adapter()
    from shellper.weights.reader import FastReader

    try:
        data = path.read_bytes()
        reader = FastReader(path)
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise WeightsError(f"the adapter {path} can't be read ({error}); mend: reinstall shellper") from error
    if ALPHA_KEY not in reader.fields:
        raise WeightsError(f"{path} is not an adapter of SHELLper; mend: reinstall shellper")
    return Adapter(hashlib.sha256(data).hexdigest(), reader)


def kept_rows(path: Path | None = None) -> npt.NDArray[np.int64]:
    """Return the ids of the base's tokens that are kept, ascending.

    Raises `WeightsError` where the list can't be read.
    """
    path = path or adapter_folder() / VOCABULARY_FILE
    try:
        bits = np.unpackbits(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise WeightsError(f"the vocabulary {path} can't be read ({error}); mend: reinstall shellper") from error
    return np.flatnonzero(bits).astype(np.int64)
