"""What a built file holds: every tensor, the metadata, and what an adapter changes."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from gguf import GGUFWriter
from gguf.quants import dequantize

from shellper.calls import load_catalogue
from shellper.dialect import FUNCTION_TOKENS
from shellper.weights import BASE_SHA256, Base, LlamaTokenizer, WeightsError, open_base, shipped_sources
from shellper.weights.adapter import Adapter, kept_rows, load_adapter
from shellper.weights.build import EMBEDDING, FUNCTION_TOKEN_IDS, Recipe, build
from shellper.weights.reader import FastReader
from shellper.weights.sources import chat_template_path

Values = npt.NDArray[np.float32]
TUNED = {"blk.0.attn_q.weight": (1024, 640), "blk.3.attn_v.weight": (256, 640), "blk.17.ffn_down.weight": (640, 2048)}
RANK, ALPHA = 4, 8.0


@pytest.fixture(scope="module")
def kept() -> npt.NDArray[np.int64]:
    return kept_rows(shipped_sources().vocabulary)


@pytest.fixture(scope="module")
def adapter_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of random changes on three layers, and random control rows."""
    path = tmp_path_factory.mktemp("adapter") / "adapter.gguf"
    random = np.random.default_rng(7)
    writer = GGUFWriter(str(path), "gemma3")
    writer.add_float32("adapter.lora.alpha", ALPHA)
    for name, (rows, columns) in TUNED.items():
        writer.add_tensor(f"{name}.lora_a", random.normal(0, 0.05, (RANK, columns)).astype(np.float16))
        writer.add_tensor(f"{name}.lora_b", random.normal(0, 0.05, (rows, RANK)).astype(np.float16))
    writer.add_tensor("control_rows", random.normal(0, 0.05, (len(FUNCTION_TOKENS), 640)).astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def built(adapter_path: Path, kept: npt.NDArray[np.int64], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The base, the adapter and the tensors of a file built from both, and the shares its progress was told."""
    path = tmp_path_factory.mktemp("tuned") / "tuned.gguf"
    shares: list[float] = []
    with open_base() as base:
        build(base, Recipe(load_adapter(adapter_path), kept, 5), path, shares.append)
        reader = FastReader(path)
        path.unlink()
        yield base, reader, shares


def float32(tensor: Any) -> Values:
    values: Values = dequantize(tensor.data, tensor.tensor_type)
    return values


def half_steps(stored: Any) -> Values:
    """Return how far each value of a Q8_0 tensor may be from what was meant: half a step of its block of 32.

    The step is stored as float16, whose own rounding moves the outermost of the 127 steps by 127 / 2048 of one.
    """
    blocks = np.asarray(stored.data).reshape(-1, 34)
    steps = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    return np.repeat((0.5 + 127 / 2048) * steps, 32, axis=1).reshape([int(size) for size in reversed(stored.shape)])


def test_every_tensor_is_the_bases_up_to_half_a_step(
    base_weights_path: Path, kept: npt.NDArray[np.int64], built: tuple[Base, FastReader, list[float]]
) -> None:
    base, _, _ = built
    tensors = {tensor.name: tensor for tensor in FastReader(base_weights_path).tensors}
    assert set(tensors) == set(base.tensors)
    for name, tensor in tensors.items():
        if name == EMBEDDING:
            assert np.array_equal(tensor.data, base.tensors[name].data[kept])
        elif len(tensor.shape) == 1:
            assert tensor.tensor_type.name == "F32"
            assert np.array_equal(tensor.data, base.tensors[name].data)
        else:
            assert tensor.tensor_type.name == "Q8_0"
            assert np.all(np.abs(float32(tensor) - base.float32(name)) <= half_steps(tensor)), name


def test_an_adapter_changes_its_layers_and_rows_and_no_other(
    base_weights_path: Path,
    adapter_path: Path,
    kept: npt.NDArray[np.int64],
    built: tuple[Base, FastReader, list[float]],
) -> None:
    base, reader, _ = built
    plain = {tensor.name: tensor for tensor in FastReader(base_weights_path).tensors}
    changes = {tensor.name: np.asarray(tensor.data, np.float32) for tensor in FastReader(adapter_path).tensors}
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    for name, tensor in tensors.items():
        if name in TUNED:
            meant = base.float32(name) + ALPHA / RANK * changes[f"{name}.lora_b"] @ changes[f"{name}.lora_a"]
            assert np.all(np.abs(float32(tensor) - meant) <= half_steps(tensor) + 1e-6), name
            assert np.abs(float32(tensor) - base.float32(name)).max() > 10 * half_steps(tensor).max()
        elif name != EMBEDDING:
            assert np.array_equal(tensor.data, plain[name].data), name
    rows = np.flatnonzero((tensors[EMBEDDING].data != plain[EMBEDDING].data).any(axis=1))
    assert kept[rows].tolist() == list(FUNCTION_TOKEN_IDS)
    trained = float32(tensors[EMBEDDING])[rows]
    assert np.all(np.abs(trained - changes["control_rows"]) <= half_steps(tensors[EMBEDDING])[rows])


def test_the_metadata_says_what_the_file_is(
    adapter_path: Path, built: tuple[Base, FastReader, list[float]], kept: npt.NDArray[np.int64]
) -> None:
    base, reader, _ = built
    fields = {key: field.contents() for key, field in reader.fields.items()}
    assert fields["general.license"] == "gemma"
    assert "SHELLper" in fields["general.name"]
    assert fields["shellper.base.sha256"] == BASE_SHA256
    assert fields["shellper.adapter.sha256"] == load_adapter(adapter_path).sha256
    assert fields["shellper.catalogue.version"] == 5
    assert fields["tokenizer.chat_template"] == chat_template_path().read_text(encoding="utf-8")
    pieces = fields["tokenizer.ggml.tokens"]
    assert len(pieces) == len(kept)
    assert [pieces[row] for row in np.searchsorted(kept, FUNCTION_TOKEN_IDS)] == list(FUNCTION_TOKENS)
    for key in base.reader.fields:
        if key.startswith("gemma3."):
            assert fields[key] == base.field(key), key


def test_the_catalogue_version_is_the_shipped_one(base_weights_path: Path) -> None:
    fields = FastReader(base_weights_path).fields
    assert fields["shellper.catalogue.version"].contents() == load_catalogue().version
    assert "shellper.adapter.sha256" not in fields


def test_progress_goes_from_nothing_to_everything(built: tuple[Base, FastReader, list[float]]) -> None:
    _, _, shares = built
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert len(shares) > 100


def test_the_vocabulary_has_the_bytes_and_the_rows_of_the_list(
    base_weights_path: Path, kept: npt.NDArray[np.int64]
) -> None:
    tokenizer = LlamaTokenizer.from_file(base_weights_path)
    assert tokenizer.size == len(kept)
    assert np.array_equal(kept, np.unique(kept))


@pytest.mark.parametrize("content", [b"", b"not a model", b"GGUF\x03\0\0\0"])
def test_a_damaged_adapter_is_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "adapter.gguf"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="mend: ") as caught:
        load_adapter(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_gguf_file_is_no_adapter(base_weights_path: Path) -> None:
    with pytest.raises(WeightsError, match="is not an adapter of SHELLper"):
        load_adapter(base_weights_path)


@pytest.mark.parametrize("content", [b"", b"not an array"])
def test_a_damaged_vocabulary_is_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.npy"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"the vocabulary .* can't be read .*mend: "):
        kept_rows(path)


def test_a_base_that_is_damaged_or_missing_is_one_line(tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(b"not the base")
    with pytest.raises(WeightsError, match=r"is damaged .*mend: "), open_base([part]):
        pass
    with pytest.raises(WeightsError, match=r"can't be read .*mend: "), open_base([tmp_path / "missing"]):
        pass


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path, kept: npt.NDArray[np.int64]) -> None:
    with open_base() as base, pytest.raises(WeightsError, match=r"can't be written .*mend: "):
        build(base, Recipe(Adapter(), kept, 1), tmp_path / "missing" / "weights.gguf")


def test_without_quantization_the_values_are_exact(
    adapter_path: Path, kept: npt.NDArray[np.int64], tmp_path: Path
) -> None:
    adapter, path = load_adapter(adapter_path), tmp_path / "exact.gguf"
    with open_base() as base:
        build(base, Recipe(adapter, kept, 5, quantized=False), path)
        tensors = {tensor.name: tensor for tensor in FastReader(path).tensors}
        for name in (*TUNED, "blk.1.ffn_up.weight", "output_norm.weight"):
            expected = adapter.merged(name, base.float32(name))
            assert np.array_equal(float32(tensors[name]).reshape(-1), expected.reshape(-1)), name
        trained = np.isin(kept, FUNCTION_TOKEN_IDS)
        rows = float32(tensors[EMBEDDING]).reshape(len(kept), -1)
        assert np.array_equal(rows[~trained], base.float32(EMBEDDING)[kept[~trained]])
        trained_rows = adapter.control_rows()
        assert trained_rows is not None and np.array_equal(rows[trained], trained_rows)
