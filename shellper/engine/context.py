"""llama.cpp's context: a loaded model, and one sequence of tokens whose keys and values stay cached."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shellper.engine.protocol import EngineError
from shellper.weights.tokenizer import quiet_llama

CONTEXT_TOKENS = 4096
BATCH_TOKENS = 512
# Decoding is bound by memory bandwidth, which four cores of a laptop exhaust.
MAX_THREADS = 4
_META_BYTES = 256
# llama.cpp's threads meet some hundred times a token. Where another program holds a core, a thread that spins for the
# one that lost it wastes whole time slices (measured: 5 tokens a second instead of 45), so they soon sleep instead;
# on a quiet machine they meet long before that. libgomp reads this when it is loaded.
_SPIN_VARIABLE, _SPINS = "GOMP_SPINCOUNT", "10000"

Logits = npt.NDArray[np.float32]


def default_threads() -> int:
    """Return the number of physical cores this process may use, from 1 to `MAX_THREADS`."""
    import psutil

    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    return max(1, min(cores, usable, MAX_THREADS))


class LlamaContext:
    """A model and the tokens it has read; reading more of them gives the logits of what comes next.

    `size` is the longest sequence in tokens. Raises `EngineError` where llama.cpp refuses the file.
    """

    def __init__(self, weights: Path, size: int = CONTEXT_TOKENS, threads: int | None = None) -> None:
        self.size = size
        self.threads = threads or default_threads()
        os.environ.setdefault(_SPIN_VARIABLE, _SPINS)
        self._llama = quiet_llama()
        self._model = self._load(weights)
        self._context = self._open(weights)
        self._memory = self._llama.llama_get_memory(self._context)
        self.vocab = self._llama.llama_model_get_vocab(self._model)
        self._vocab_size: int = self._llama.llama_vocab_n_tokens(self.vocab)
        self._batch = self._llama.llama_batch_init(BATCH_TOKENS, 0, 1)
        for index in range(BATCH_TOKENS):
            self._batch.n_seq_id[index] = 1
            self._batch.seq_id[index][0] = 0
        self._tokens = np.ctypeslib.as_array(self._batch.token, (BATCH_TOKENS,))
        self._positions = np.ctypeslib.as_array(self._batch.pos, (BATCH_TOKENS,))
        self._wanted = np.ctypeslib.as_array(self._batch.logits, (BATCH_TOKENS,))
        self._held: list[int] = []

    def _load(self, weights: Path) -> Any:
        parameters = self._llama.llama_model_default_params()
        parameters.n_gpu_layers = 0
        parameters.use_mmap = True
        model = self._llama.llama_model_load_from_file(os.fsencode(weights), parameters)
        if not model:
            raise EngineError(f"{weights} is not a model file that llama.cpp can load; mend: shellper model build")
        return model

    def _open(self, weights: Path) -> Any:
        parameters = self._llama.llama_context_default_params()
        parameters.n_ctx = self.size
        parameters.n_batch = parameters.n_ubatch = BATCH_TOKENS
        parameters.n_seq_max = 1
        parameters.n_threads = parameters.n_threads_batch = self.threads
        # Gemma's layers see a window of 512 tokens; the whole of it is kept, so that the sequence can be rewound.
        parameters.swa_full = True
        # Flash attention rounds differently for each way a prompt falls into batches (measured: logits off by 0.6, so
        # that an answer could hang on what was cached); without it they are the same to the last bit, and as fast up to
        # some hundred tokens (at 1,000 tokens a tenth slower, at 2,000 a quarter).
        parameters.flash_attn_type = self._llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        parameters.no_perf = True
        context = self._llama.llama_init_from_model(self._model, parameters)
        if not context:
            self._llama.llama_model_free(self._model)
            raise EngineError(f"there is no memory for {weights}; mend: close some programs")
        return context

    def metadata(self, key: str) -> str | None:
        """Return a metadata value of the model file as text, if it has one."""
        buffer = ctypes.create_string_buffer(_META_BYTES)
        length = self._llama.llama_model_meta_val_str(self._model, key.encode(), buffer, _META_BYTES)
        return buffer.value.decode("utf-8", "replace") if length >= 0 else None

    @property
    def held(self) -> tuple[int, ...]:
        """The tokens whose keys and values are cached."""
        return tuple(self._held)

    def keep(self, tokens: Sequence[int]) -> int:
        """Forget what is held beyond the longest common prefix with a sequence, and return that prefix's length."""
        common = 0
        for held, token in zip(self._held, tokens, strict=False):
            if held != token:
                break
            common += 1
        if common < len(self._held):
            if not self._llama.llama_memory_seq_rm(self._memory, 0, common, -1):
                self._llama.llama_memory_clear(self._memory, True)
                common = 0
            del self._held[common:]
        return common

    def read(self, tokens: Sequence[int], between: Callable[[], None]) -> Logits:
        """Append tokens, at least one, and return the logits of the next; the array holds until the next call.

        `between` is called before each batch and may raise. Raises `EngineError` where the context is full.
        """
        if len(self._held) + len(tokens) > self.size:
            raise EngineError(
                f"the conversation and the answer take more than the context of {self.size} tokens;"
                " mend: start a new conversation"
            )
        for start in range(0, len(tokens), BATCH_TOKENS):
            between()
            self._decode(tokens[start : start + BATCH_TOKENS], last=start + BATCH_TOKENS >= len(tokens))
        pointer = self._llama.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(pointer, (self._vocab_size,))

    def _decode(self, tokens: Sequence[int], last: bool) -> None:
        """Decode one batch; only the last token of the last one gives logits."""
        count = len(tokens)
        self._tokens[:count] = tokens
        self._positions[:count] = np.arange(len(self._held), len(self._held) + count)
        self._wanted[:count] = 0
        self._wanted[count - 1] = last
        self._batch.n_tokens = count
        failure = self._llama.llama_decode(self._context, self._batch)
        if failure:
            # What a failed batch left in the cache is unknown.
            self._llama.llama_memory_clear(self._memory, True)
            self._held.clear()
            raise EngineError(f"llama.cpp could not decode (code {failure}); mend: shellper engine stop, and try again")
        self._held += tokens

    def close(self) -> None:
        """Free the context and the model."""
        if self._context:
            self._llama.llama_batch_free(self._batch)
            self._llama.llama_free(self._context)
            self._llama.llama_model_free(self._model)
            self._context = None
