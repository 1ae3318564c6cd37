"""Choosing the rows of the vocabulary that are kept: `python -m model.vocabulary FILE...`.

A base of 262,144 tokens is cut to those that English, shell text and file names use: the words of a dictionary in the
base's own order, which is by frequency, and what is counted on text files that the caller names, in turns. Byte tokens
stay, so every string can still be written.
"""

from __future__ import annotations

import argparse
import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shellper.dialect.control import BOS, END_OF_TURN, START_OF_TURN
from shellper.resources import adapter_folder
from shellper.weights.adapter import VOCABULARY_FILE
from shellper.weights.base import Base, base_parts, open_base
from shellper.weights.build import FUNCTION_TOKEN_IDS
from shellper.weights.tokenizer import LlamaTokenizer

ROWS = 68_000
_SPACE_MARK = "\u2581"
_CHUNK = 200_000
_NORMAL, _CONTROL, _USER_DEFINED, _BYTE = 1, 3, 4, 6
_CONTROLS = ("<pad>", "<eos>", BOS, "<unk>", "<mask>", START_OF_TURN, END_OF_TURN)
_DROPPED = ("[multimodal]", "<start_of_image>", "<end_of_image>")


def chunks(files: Iterable[Path]) -> Iterator[str]:
    """Yield the text of files in pieces."""
    for file in files:
        text = file.read_text(encoding="utf-8", errors="ignore")
        for start in range(0, len(text), _CHUNK):
            yield text[start : start + _CHUNK]


def count_tokens(texts: Iterable[str], tokenizer: LlamaTokenizer) -> Counter[int]:
    """Count how often each token is used in texts."""
    counts: Counter[int] = Counter()
    for text in texts:
        counts.update(tokenizer.text(text))
    return counts


def always_kept(pieces: Sequence[str], types: Sequence[int]) -> set[int]:
    """Return the tokens that stay whatever is counted: control, bytes, white space and markup, single characters."""
    kept = set(FUNCTION_TOKEN_IDS)
    for token, (piece, kind) in enumerate(zip(pieces, types, strict=True)):
        if kind == _CONTROL:
            if piece in _CONTROLS:
                kept.add(token)
        elif kind in (_BYTE, _USER_DEFINED):
            if piece not in _DROPPED:
                kept.add(token)
        elif len(piece) == 1:
            kept.add(token)
    return kept


def merge_path(piece: str, ids: Mapping[str, int], scores: Sequence[float]) -> Iterator[int]:
    """Yield the tokens that SentencePiece's merges pass through on the way to a piece, best score first."""
    parts = list(piece)
    while len(parts) > 1:
        candidates = [
            (-scores[ids[pair]], index)
            for index in range(len(parts) - 1)
            if (pair := parts[index] + parts[index + 1]) in ids
        ]
        if not candidates:
            return
        index = heapq.nsmallest(1, candidates)[0][1]
        parts[index : index + 2] = [parts[index] + parts[index + 1]]
        yield ids[parts[index]]


def rank(ids: Mapping[str, int], counts: Mapping[int, int], dictionary: Collection[str]) -> list[int]:
    """Return tokens in the order in which they are kept: what is counted most and what people say most, in turns.

    The base's ids rise as frequency falls, so the words of a dictionary (lower case) are taken in their order.
    """
    # What the texts never use is ranked by the same order.
    by_count = sorted(ids.values(), key=lambda token: (-counts.get(token, 0), token))
    words = [token for piece, token in ids.items() if piece.removeprefix(_SPACE_MARK).lower() in dictionary]
    in_turns = chain.from_iterable(zip_longest(sorted(words), by_count))
    return list(dict.fromkeys(token for token in in_turns if token is not None))


def choose(base: Base, counts: Mapping[int, int], dictionary: Collection[str], rows: int) -> npt.NDArray[np.int64]:
    """Return the ids of the tokens to keep, ascending: `rows` of them, whole merge paths only."""
    pieces = base.field("tokenizer.ggml.tokens")
    types = base.field("tokenizer.ggml.token_type")
    scores = base.field("tokenizer.ggml.scores")
    ids = {piece: token for token, piece in enumerate(pieces) if types[token] == _NORMAL}
    kept = always_kept(pieces, types)
    for token in rank(ids, counts, dictionary):
        path = set(merge_path(pieces[token], ids, scores)) | {token}
        if len(kept | path) <= rows:
            kept |= path
        if len(kept) == rows:
            break
    return np.array(sorted(kept), dtype=np.int64)


def main() -> None:
    """Count the tokens of text files and write the kept rows as a bit map."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="text files to count on")
    parser.add_argument("--dictionary", type=Path, required=True, help="English words, one a line")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--base", type=Path, help="the base as one file, for its tokenizer")
    parser.add_argument("--out", type=Path, default=adapter_folder() / VOCABULARY_FILE)
    arguments = parser.parse_args()
    tokenizer = LlamaTokenizer.from_file(arguments.base)
    counts = count_tokens(chunks(arguments.files), tokenizer)
    dictionary = {word.lower() for word in arguments.dictionary.read_text(encoding="utf-8").split()}
    with open_base(base_parts()) as base:
        kept = choose(base, counts, dictionary, arguments.rows)
    bits = np.zeros(tokenizer.size, dtype=np.bool_)
    bits[kept] = True
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    np.save(arguments.out, np.packbits(bits))
    covered = sum(count for token, count in counts.items() if bits[token]) / max(1, sum(counts.values()))
    print(f"{len(kept)} rows kept, {covered:.2%} of {sum(counts.values())} tokens covered")


if __name__ == "__main__":
    main()
