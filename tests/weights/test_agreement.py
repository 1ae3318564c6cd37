"""A build without an adapter is the base with a smaller vocabulary: llama.cpp computes the same logits from both.

llama.cpp rounds activations to 8 bits where weights are quantized, so that two files of nearly equal weights differ by
a few hundredths of the logits' spread. A third file, the base's own weights as float16, is computed without that
rounding: the built file has to be as near to it as the base itself is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from gguf import GGUFWriter

from shellper.weights import build as building
from shellper.weights import shipped_sources
from shellper.weights.adapter import Adapter, kept_rows
from shellper.weights.base import base_parts, open_base

from .llama import Logits, loaded

PROMPTS = 20
POOL = (
    "The quick brown fox jumps over the lazy dog.",
    "Show me the last ten lines of the log file.",
    "ls -la /usr/local/bin",
    "def main(argv):\n    return 0\n",
    "Copy every picture into the folder called backup",
    "cat notes.txt | sort | head",
    'for name in *.py; do wc -l "$name"; done',
    "Please delete the old report and make a new one.",
    "import os\nimport sys\n",
    "How much space does this folder use?",
    "find . -name '*.txt' -type f",
    "The weather was cold and the water had turned to ice.",
    "grep: notes.txt: No such file or directory",
    "She opened the door and saw that the room was empty.",
    "SELECT name FROM users WHERE id = 7;",
    "One, two, three, four, five, six, seven,",
    "Open the second file and count its words.",
    "The sun rises in the east and sets in the",
    "He wrote a long letter to his mother and",
    "This function returns true if the list is empty.",
    "mkdir -p src/lib && cd src/lib",
    "Which of these two files is newer?",
    "#include <stdio.h>\nint main(void) {",
    "A long time ago, in a house near the sea, there was a",
    "Rename the image to cover.png and move it to images.",
    "The result of the test is shown in the table below.",
    "If the number is less than zero, the program prints an error.",
    "git commit -m 'fix the parser'",
    "There are many ways to solve this problem, and the best one is",
    "Thank you for your help with this project.",
)


@dataclass(frozen=True)
class Run:
    """One file's tokens and last logits for each prompt."""

    prompts: list[str]
    tokens: list[list[int]]
    logits: list[Logits]


def run(path: Path, prompts: Sequence[str], rows: npt.NDArray[np.int64] | None = None) -> Run:
    """Compute the logits; with `rows`, only of the first prompts whose pieces are all among them, and only these."""
    with loaded(path) as model:
        bos = model.tokenizer.control("<bos>")
        tokens = {prompt: [bos, *model.tokenizer.text(prompt)] for prompt in prompts}
        if rows is not None:
            known = set(rows.tolist())
            tokens = {prompt: ids for prompt, ids in tokens.items() if known.issuperset(ids)}
            tokens = dict(list(tokens.items())[:PROMPTS])
        logits = [model.logits(ids) for ids in tokens.values()]
    return Run(list(tokens), list(tokens.values()), [values if rows is None else values[rows] for values in logits])


@pytest.fixture(scope="module")
def kept() -> npt.NDArray[np.int64]:
    return kept_rows(shipped_sources().vocabulary)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, kept: npt.NDArray[np.int64]) -> Run:
    path = tmp_path_factory.mktemp("base") / "base.gguf"
    with path.open("wb") as file:
        for part in base_parts():
            file.write(part.read_bytes())
    # The function tokens are unused tokens of the base under a new name, so every kept row has one to compare with.
    result = run(path, POOL, kept)
    path.unlink()
    assert len(result.prompts) == PROMPTS
    return result


@pytest.fixture(scope="module")
def built(base_weights_path: Path, base: Run) -> Run:
    return run(base_weights_path, base.prompts)


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory, base: Run, kept: npt.NDArray[np.int64]) -> Run:
    """The base's weights on the kept rows as float16, whose products llama.cpp does not round to 8 bits."""
    path = tmp_path_factory.mktemp("exact") / "exact.gguf"
    writer = GGUFWriter(str(path), "gemma3")
    with open_base() as source:
        building._metadata(writer, source, building.Recipe(Adapter(), kept, 1))
        building._vocabulary(writer, source, kept)
        for name in source.tensors:
            values = source.float32(name)
            values = values[kept] if name == building.EMBEDDING else values
            writer.add_tensor(name, values if values.ndim == 1 else values.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    result = run(path, base.prompts)
    path.unlink()
    return result


def errors(run: Run, reference: Run) -> npt.NDArray[np.float64]:
    """Return the error of each prompt's logits as a share of the reference's spread."""
    pairs = zip(run.logits, reference.logits, strict=True)
    return np.array([np.std(values - right) / np.std(right) for values, right in pairs])


def test_a_text_of_kept_pieces_is_cut_at_the_same_places(base: Run, built: Run, kept: npt.NDArray[np.int64]) -> None:
    for new, old in zip(built.tokens, base.tokens, strict=True):
        assert kept[new].tolist() == old


def test_the_logits_are_the_bases_on_the_kept_rows(base: Run, built: Run) -> None:
    for values, right in zip(built.logits, base.logits, strict=True):
        assert np.corrcoef(values, right)[0, 1] > 0.99
        # What all rows have in common changes no probability.
        error = (values - right) - np.mean(values - right)
        assert np.abs(error).mean() < 0.1 * np.std(right)
    assert np.median([np.corrcoef(*pair)[0, 1] for pair in zip(built.logits, base.logits, strict=True)]) > 0.998
    best = [np.argmax(values) == np.argmax(right) for values, right in zip(built.logits, base.logits, strict=True)]
    assert sum(best) >= PROMPTS - 2


def test_the_built_file_is_as_near_to_the_exact_weights_as_the_base(base: Run, built: Run, exact: Run) -> None:
    own, bases = errors(built, exact), errors(base, exact)
    assert np.median(own) < np.median(bases) < 0.06
    assert np.all(own < 1.5 * bases)
