"""The weights in their folder: built when missing or outdated, refused when they are not what was built."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shellper.weights import WEIGHTS_FILE, Manifest, WeightsError, ensure, shipped_sources, verify
from shellper.weights.manifest import manifest_path, read_manifest

from .tiny import BYTES, write_tiny

UNTUNED = replace(shipped_sources(), adapter=None)


class BuildStartedError(Exception):
    """A build has begun; it is not needed."""


def stop_build(share: float) -> None:
    raise BuildStartedError


@pytest.fixture
def folder(base_weights_path: Path, tmp_path: Path) -> Path:
    """A folder whose weights are a link to the built ones, for tests that only read them."""
    (tmp_path / WEIGHTS_FILE).symlink_to(base_weights_path)
    shutil.copy2(manifest_path(base_weights_path), tmp_path)
    return tmp_path


@pytest.fixture
def own_folder(base_weights_path: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder with a copy of built weights, time stamps kept, for tests that change them."""
    for path in (base_weights_path, manifest_path(base_weights_path)):
        shutil.copy2(path, tmp_path)
    yield tmp_path
    (tmp_path / WEIGHTS_FILE).unlink()


def current(folder: Path) -> Path:
    """Return the weights, which must not be built anew."""
    return ensure(folder, stop_build, UNTUNED)


def one_line(caught: pytest.ExceptionInfo[WeightsError], path: Path) -> None:
    message = str(caught.value)
    assert str(path) in message
    assert "; mend: " in message
    assert "\n" not in message


def change_input(folder: Path, name: str, value: object) -> None:
    path = manifest_path(folder / WEIGHTS_FILE)
    data = json.loads(path.read_text())
    assert name in data["inputs"]
    data["inputs"][name] = value
    path.write_text(json.dumps(data))


def truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def lengthen(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def flip_a_bit(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))


def overwrite(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


def test_current_weights_are_used_as_they_are(folder: Path) -> None:
    assert current(folder) == folder / WEIGHTS_FILE


def test_a_changed_time_stamp_alone_is_no_damage(own_folder: Path) -> None:
    (own_folder / WEIGHTS_FILE).touch()
    assert current(own_folder) == own_folder / WEIGHTS_FILE


def test_verifying_returns_the_manifest(folder: Path) -> None:
    manifest = verify(folder / WEIGHTS_FILE)
    assert manifest.inputs == UNTUNED.inputs()
    assert manifest.size == (folder / WEIGHTS_FILE).stat().st_size


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncate, "is truncated"),
        (lengthen, "is not the file that was built"),
        (flip_a_bit, "is damaged"),
        (overwrite, "is not a GGUF file"),
    ],
)
def test_a_damaged_file_is_refused(damage: Callable[[Path], None], reason: str, own_folder: Path) -> None:
    path = own_folder / WEIGHTS_FILE
    damage(path)
    for check in (verify, lambda path: current(path.parent)):
        with pytest.raises(WeightsError, match=reason) as caught:
            check(path)
        one_line(caught, path)


def test_a_missing_file_is_built_and_not_verified(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there are no weights") as caught:
        verify(tmp_path / WEIGHTS_FILE)
    one_line(caught, tmp_path / WEIGHTS_FILE)
    with pytest.raises(BuildStartedError):
        current(tmp_path / "new" / "folder")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_sha256", "0"),
        ("adapter_sha256", "0"),
        ("vocabulary_sha256", "0"),
        ("template_sha256", "0"),
        ("catalogue_version", 0),
        ("builder_version", 0),
    ],
)
def test_outdated_weights_are_built_anew_and_kept_until_then(name: str, value: object, folder: Path) -> None:
    change_input(folder, name, value)
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(BuildStartedError):
        current(folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*before, ".build.lock"])
    assert verify(folder / WEIGHTS_FILE).size


def test_rebuilding_can_be_asked_for(own_folder: Path) -> None:
    flip_a_bit(own_folder / WEIGHTS_FILE)
    with pytest.raises(BuildStartedError):
        ensure(own_folder, stop_build, UNTUNED, rebuild=True)


def test_a_build_that_ended_between_its_renames_is_done_again(folder: Path) -> None:
    manifest_path(folder / WEIGHTS_FILE).unlink()
    with pytest.raises(BuildStartedError):
        current(folder)


def test_a_foreign_file_in_the_place_is_not_replaced(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / WEIGHTS_FILE, BYTES)
    content = path.read_bytes()
    for check in (verify, lambda path: current(path.parent)):
        with pytest.raises(WeightsError, match="has no manifest beside it") as caught:
            check(path)
        one_line(caught, path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"sha256": "0"}', '{"sha256": "0", "size": 1, "modified_ns": 1, "inputs": {}}']
)
def test_a_damaged_manifest_is_one_line(content: str, folder: Path) -> None:
    path = manifest_path(folder / WEIGHTS_FILE)
    path.write_text(content)
    for check in (verify, lambda path: current(path.parent)):
        with pytest.raises(WeightsError, match=r"the manifest .* is damaged") as caught:
            check(folder / WEIGHTS_FILE)
        one_line(caught, path)


def test_a_manifest_survives_its_file(tmp_path: Path) -> None:
    manifest = Manifest("a" * 64, 17, 18, UNTUNED.inputs())
    manifest.write(manifest_path(tmp_path / WEIGHTS_FILE))
    assert read_manifest(tmp_path / WEIGHTS_FILE) == manifest
    assert [path.name for path in tmp_path.iterdir()] == [manifest_path(Path(WEIGHTS_FILE)).name]


def test_an_unusable_folder_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(WeightsError, match="can't be built in") as caught:
        current(file / "weights")
    one_line(caught, file)


def test_a_missing_adapter_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="can't be read") as caught:
        ensure(tmp_path, stop_build, replace(UNTUNED, adapter=tmp_path / "adapter.gguf"))
    one_line(caught, tmp_path / "adapter.gguf")
