"""Building the weights: the base with the adapter merged and the vocabulary pruned, as one Q8_0 file."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shellper.dialect.control import FUNCTION_TOKENS
from shellper.weights.adapter import Adapter
from shellper.weights.base import Base
from shellper.weights.errors import WeightsError
from shellper.weights.manifest import BASE_SHA256
from shellper.weights.sources import chat_template_path

# `<unused40>` to `<unused46>` of the base become the seven function tokens, as in FunctionGemma's tokenizer.
FUNCTION_TOKEN_IDS = tuple(range(46, 53))
EMBEDDING = "token_embd.weight"
CATALOGUE_KEY = "shellper.catalogue.version"
_COPIED = (
    "context_length",
    "embedding_length",
    "block_count",
    "feed_forward_length",
    "attention.head_count",
    "attention.layer_norm_rms_epsilon",
    "attention.key_length",
    "attention.value_length",
    "rope.freq_base",
    "attention.sliding_window",
    "attention.head_count_kv",
)
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Recipe:
    """What a build is made of besides the base; the same recipe gives the same bytes.

    `quantized` is off only to measure what the quantization costs: the matrices then stay float32.
    """

    adapter: Adapter
    kept: npt.NDArray[np.int64]
    catalogue_version: int
    quantized: bool = True


def build(base: Base, recipe: Recipe, path: Path, progress: Progress = lambda share: None) -> None:
    """Write the weights to a file, a tensor at a time; `progress` is told the share done, 0 to 1.

    The caller gives a temporary name and renames it when the result has been checked.
    Raises `WeightsError` where the disk is full or not writable.
    """
    from gguf import GGUFWriter

    writer = GGUFWriter(str(path), "gemma3")
    try:
        try:
            _write(writer, base, recipe, progress)
        finally:
            writer.close()
        with path.open("rb") as written:
            os.fsync(written.fileno())
    except OSError as error:
        raise WeightsError(
            f"the weights can't be written to {path.parent}: {error.strerror or error}; mend: free 200 MB there"
        ) from error


def _write(writer: Any, base: Base, recipe: Recipe, progress: Progress) -> None:
    """Write the header, then each tensor, the embedding last."""
    _metadata(writer, base, recipe)
    _vocabulary(writer, base, recipe.kept)
    names = sorted(base.tensors, key=lambda name: (name == EMBEDDING, name))
    for name in names:
        _announce(writer, base, recipe, name)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for done, name in enumerate(names):
        progress(done / len(names))
        writer.write_tensor_data(_tensor(base, recipe, name))
    progress(1.0)


def _metadata(writer: Any, base: Base, recipe: Recipe) -> None:
    """Write name, license, sources and architecture."""
    from gguf import LlamaFileType

    writer.add_name("FunctionGemma-SHELLper 270M")
    writer.add_license("gemma")
    writer.add_description(
        "Gemma 3 270M tuned for multi-turn shell tool calling; Gemma is provided under the Gemma Terms of Use"
    )
    writer.add_string("shellper.base.sha256", BASE_SHA256)
    writer.add_string("shellper.adapter.sha256", recipe.adapter.sha256)
    writer.add_uint32(CATALOGUE_KEY, recipe.catalogue_version)
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0 if recipe.quantized else LlamaFileType.ALL_F32)
    writer.add_quantization_version(2)
    for key in _COPIED:
        value = base.field(f"gemma3.{key}")
        add = writer.add_float32 if isinstance(value, float) else writer.add_uint32
        add(f"gemma3.{key}", value)


def _vocabulary(writer: Any, base: Base, kept: npt.NDArray[np.int64]) -> None:
    """Write the kept rows of the vocabulary, the function tokens under their names."""
    pieces = base.field("tokenizer.ggml.tokens")
    scores = base.field("tokenizer.ggml.scores")
    types = base.field("tokenizer.ggml.token_type")
    names = dict(zip(FUNCTION_TOKEN_IDS, FUNCTION_TOKENS, strict=True))
    new_id = {int(old): new for new, old in enumerate(kept)}
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([names.get(int(old), pieces[old]) for old in kept])
    writer.add_token_scores([scores[old] for old in kept])
    writer.add_token_types([types[old] for old in kept])
    writer.add_bos_token_id(new_id[2])
    writer.add_eos_token_id(new_id[1])
    writer.add_unk_token_id(new_id[3])
    writer.add_pad_token_id(new_id[0])
    writer.add_eot_token_id(new_id[106])
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(chat_template_path().read_text(encoding="utf-8"))


def _announce(writer: Any, base: Base, recipe: Recipe, name: str) -> None:
    """Write a tensor's name, shape and type: vectors stay float32, matrices become Q8_0 where that is wanted."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    shape = [int(size) for size in reversed(base.tensors[name].shape)]
    if name == EMBEDDING:
        shape[0] = len(recipe.kept)
    is_exact = len(shape) == 1 or not recipe.quantized
    kind = GGMLQuantizationType.F32 if is_exact else GGMLQuantizationType.Q8_0
    items, size = GGML_QUANT_SIZES[kind]
    writer.add_tensor_info(name, shape, np.dtype(np.float32), math.prod(shape) // items * size, raw_dtype=kind)


def _tensor(base: Base, recipe: Recipe, name: str) -> npt.NDArray[Any]:
    """Return what is stored of a tensor: a vector as it is, a matrix merged, as Q8_0 bytes where that is wanted."""
    from gguf import GGMLQuantizationType
    from gguf.quants import quantize

    stored = base.tensors[name]
    if len(stored.shape) == 1:
        return base.float32(name)
    if name == EMBEDDING:
        return _embedding(base, recipe) if recipe.quantized else _exact_embedding(base, recipe)
    if not recipe.quantized:
        return recipe.adapter.merged(name, base.float32(name))
    if stored.tensor_type == GGMLQuantizationType.Q8_0 and not recipe.adapter.changes(name):
        return np.array(stored.data)
    merged: npt.NDArray[np.uint8] = quantize(recipe.adapter.merged(name, base.float32(name)), GGMLQuantizationType.Q8_0)
    return merged


def _embedding(base: Base, recipe: Recipe) -> npt.NDArray[np.uint8]:
    """Return the kept rows of the embedding as Q8_0 bytes, copied from the base, the trained ones quantized."""
    from gguf import GGMLQuantizationType
    from gguf.quants import quantize

    rows: npt.NDArray[np.uint8] = np.asarray(base.tensors[EMBEDDING].data)[recipe.kept]
    trained = recipe.adapter.control_rows()
    if trained is not None:
        places = np.searchsorted(recipe.kept, FUNCTION_TOKEN_IDS)
        rows[places] = quantize(trained, GGMLQuantizationType.Q8_0)
    return rows


def _exact_embedding(base: Base, recipe: Recipe) -> npt.NDArray[np.float32]:
    """Return the kept rows of the embedding as float32, the trained ones as they were trained."""
    rows = base.float32(EMBEDDING)[recipe.kept]
    trained = recipe.adapter.control_rows()
    if trained is not None:
        rows[np.searchsorted(recipe.kept, FUNCTION_TOKEN_IDS)] = trained
    return rows
