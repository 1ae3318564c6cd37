"""llama.cpp's tokenizer over a model file, with text kept apart from control tokens."""

from __future__ import annotations

import ctypes
import weakref
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shellper.weights.errors import WeightsError
from shellper.weights.manifest import MEND

# SentencePiece writes a space as this character, so the character itself has to go by its bytes.
_SPACE_MARK = "\u2581"
_PIECE_BYTES = 256


def quiet_llama() -> Any:
    """Import llama.cpp's bindings with its log switched off, and return them.

    The high-level loader redirects file descriptors instead, which a terminal program must not do.
    """
    import llama_cpp

    global _log_callback
    if _log_callback is None:
        _log_callback = llama_cpp.llama_log_callback(lambda level, text, data: None)
        llama_cpp.llama_log_set(_log_callback, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
    return llama_cpp


_log_callback: Any = None


class LlamaTokenizer:
    """The vocabulary of a loaded model; `vocab` is llama.cpp's pointer, and the caller keeps its model alive."""

    def __init__(self, vocab: Any, source: str = "the model file", mend: str = MEND) -> None:
        """Read the pieces of the vocabulary; errors name the file as `source`, and the `mend`.

        Raises `WeightsError` where the file has no SentencePiece vocabulary with byte tokens.
        """
        self._llama = quiet_llama()
        self._vocab = vocab
        self._source, self._mend = source, mend
        # llama.cpp ends the process where a vocabulary of no type is used.
        if self._llama.llama_vocab_type(vocab) != self._llama.LLAMA_VOCAB_TYPE_SPM:
            raise WeightsError(f"{source} is not a Gemma model; {mend}")
        self.size: int = self._llama.llama_vocab_n_tokens(vocab)
        self._pieces = self._read_pieces()
        self._named = self._byte_tokens()
        if len(self._named) != 256:
            raise WeightsError(f"{source} has no byte tokens, so it can't carry every text; {mend}")
        self._mark = tuple(self.control(f"<0x{byte:02X}>") for byte in _SPACE_MARK.encode())
        self._cached = lru_cache(maxsize=4096)(self._tokenize)

    @classmethod
    def from_file(cls, path: Path, mend: str = MEND) -> LlamaTokenizer:
        """Load only the vocabulary of a file.

        Raises `WeightsError` where llama.cpp refuses it.
        """
        llama = quiet_llama()
        parameters = llama.llama_model_default_params()
        parameters.vocab_only = True
        model = llama.llama_model_load_from_file(str(path).encode(), parameters)
        if not model:
            raise WeightsError(f"{path} is not a model file that llama.cpp can read; {mend}")
        try:
            tokenizer = cls(llama.llama_model_get_vocab(model), str(path), mend)
        except WeightsError:
            llama.llama_model_free(model)
            raise
        weakref.finalize(tokenizer, llama.llama_model_free, model).atexit = False
        return tokenizer

    def text(self, text: str) -> list[int]:
        """Return the tokens of a text; nothing in it becomes a control token."""
        return list(self._cached(text))

    def _tokenize(self, text: str) -> tuple[int, ...]:
        tokens: list[int] = []
        for index, part in enumerate(text.split(_SPACE_MARK)):
            if index:
                tokens += self._mark
            tokens += self._raw(part.encode("utf-8", "replace"), special=False)
        return tuple(tokens)

    def _raw(self, data: bytes, special: bool) -> list[int]:
        """Tokenize bytes with llama.cpp."""
        if not data:
            return []
        room = len(data) + 8
        buffer = (ctypes.c_int32 * room)()
        count = self._llama.llama_tokenize(self._vocab, data, len(data), buffer, room, False, special)
        return list(buffer[:count])

    def control(self, name: str) -> int:
        """Return the id of a control token, or of a byte token, which is named like `<0xE2>`.

        Raises `WeightsError` where the file has no such single token, or one that plain text could become.
        """
        if name not in self._named:
            tokens = self._raw(name.encode(), special=True)
            if len(tokens) != 1:
                raise WeightsError(f"{self._source} has no token {name}; {self._mend}")
            if tokens[0] in self._raw(name.encode(), special=False):
                raise WeightsError(f"{self._source} takes the text {name} for a control token; {self._mend}")
            self._named[name] = tokens[0]
        return self._named[name]

    def piece(self, token: int) -> bytes:
        """Return the bytes a token stands for, none for a control token."""
        return self._pieces[token]

    def decode(self, tokens: list[int]) -> str:
        """Return the text of tokens."""
        return b"".join(self._pieces[token] for token in tokens).decode("utf-8", "replace")

    def _read_pieces(self) -> list[bytes]:
        """Return the bytes of every token."""
        buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        read = self._llama.llama_token_to_piece
        counts = (read(self._vocab, token, buffer, _PIECE_BYTES, 0, False) for token in range(self.size))
        return [ctypes.string_at(buffer, count) if count > 0 else b"" for count in counts]

    def _byte_tokens(self) -> dict[str, int]:
        """Return the tokens that stand for one byte each, by name."""
        attribute, byte = self._llama.llama_vocab_get_attr, self._llama.LLAMA_TOKEN_ATTR_BYTE
        return {
            f"<0x{piece[0]:02X}>": token
            for token, piece in enumerate(self._pieces)
            if len(piece) == 1 and attribute(self._vocab, token) & byte
        }

    def text_mask(self) -> npt.NDArray[np.bool_]:
        """Return which tokens stand for text that a command can hold: no control token, no NUL."""
        return np.array([bool(piece) and piece != b"\0" for piece in self._pieces])
