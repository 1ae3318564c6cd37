"""The logits that llama.cpp computes from a file."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shellper.weights.tokenizer import LlamaTokenizer, quiet_llama

ROOM = 64
Logits = npt.NDArray[np.float32]


class Model:
    """A loaded file and its tokenizer."""

    def __init__(self, llama: Any, context: Any, vocab: Any) -> None:
        self._llama, self._context = llama, context
        self.tokenizer = LlamaTokenizer(vocab)

    def logits(self, tokens: Sequence[int]) -> Logits:
        """Return the logits behind the last token of a prompt (vocabulary)."""
        llama = self._llama
        llama.llama_memory_clear(llama.llama_get_memory(self._context), True)
        prompt = (ctypes.c_int32 * len(tokens))(*tokens)
        assert llama.llama_decode(self._context, llama.llama_batch_get_one(prompt, len(tokens))) == 0
        logits = llama.llama_get_logits_ith(self._context, -1)
        return np.array(np.ctypeslib.as_array(logits, (self.tokenizer.size,)))


@contextmanager
def loaded(path: Path) -> Iterator[Model]:
    """Load a file."""
    llama = quiet_llama()
    model = llama.llama_model_load_from_file(str(path).encode(), llama.llama_model_default_params())
    assert model
    parameters = llama.llama_context_default_params()
    parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = ROOM
    parameters.n_threads = parameters.n_threads_batch = 1
    context = llama.llama_init_from_model(model, parameters)
    try:
        yield Model(llama, context, llama.llama_model_get_vocab(model))
    finally:
        llama.llama_free(context)
        llama.llama_model_free(model)
