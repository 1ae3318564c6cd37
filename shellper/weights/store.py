"""The built weights in their folder: built when missing or outdated, verified, described by a manifest."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shellper.weights.errors import WeightsError
from shellper.weights.manifest import MEND, Inputs, Manifest, manifest_path, read_manifest
from shellper.weights.sources import Sources, shipped_sources

WEIGHTS_FILE = "shellper-270m-q8_0.gguf"
_LOCK_FILE = ".build.lock"
_TEMPORARY = f".{WEIGHTS_FILE}."
_MAGIC = b"GGUF"
# Every build writes this key into the first bytes of its file.
_OURS = b"shellper.base.sha256"
_HEAD_BYTES = 4096
_BLOCK = 1 << 20
_OTHER_FILE = "mend: name another file, or none to use the built one"
# What share of a build's time goes into reading the base, writing, and checking; measured.
_OPENED, _WRITTEN, _CHECKED = 0.3, 0.85, 0.9
Progress = Callable[[float], None]


def ensure(
    folder: Path,
    progress: Progress = lambda share: None,
    sources: Sources | None = None,
    rebuild: bool = False,
) -> Path:
    """Return the weights in a folder, built first where they are missing, outdated, or `rebuild` asks for it.

    `progress` is told the share done, 0 to 1; it is not called where nothing is built. Processes that ask at the same
    time build once. Current weights are trusted by their time stamp, and hashed where it has changed.
    Raises `WeightsError` where the weights are damaged or foreign, or can't be built.
    """
    sources = sources or shipped_sources()
    inputs = sources.inputs()
    path = folder / WEIGHTS_FILE
    if not rebuild and _is_current(path, inputs):
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _lock(folder):
            if rebuild or not _is_current(path, inputs):
                _remove_remains(folder)
                _build(path, sources, inputs, progress)
    except OSError as error:
        raise WeightsError(
            f"the weights can't be built in {folder}: {error.strerror or error}; mend: make the folder writable"
        ) from error
    return path


def verify(path: Path) -> Manifest:
    """Return the manifest of built weights, every byte of which has been checked.

    Raises `WeightsError` where the file is missing, truncated, damaged or foreign.
    """
    size = _size(path)
    if size is None:
        raise WeightsError(f"there are no weights at {path}; {MEND}")
    manifest = _known(path)
    _check_size(path, size, manifest)
    _check_bytes(path, manifest)
    return manifest


def use_file(path: Path) -> Path:
    """Return the absolute path of a model file that the user names, checked for the dialect's control tokens.

    Raises `WeightsError` where the file is missing, is no GGUF file, or is not made for the dialect.
    """
    path = path.expanduser().absolute()
    if _size(path) is None:
        raise WeightsError(f"there is no model file {path}; {_OTHER_FILE}")
    if not _head(path).startswith(_MAGIC):
        raise WeightsError(f"{path} is not a GGUF file; {_OTHER_FILE}")
    _check_tokens(path, _OTHER_FILE)
    return path


def _size(path: Path) -> int | None:
    """Return a file's size in bytes, None where there is no such file."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError as error:
        raise WeightsError(f"{path} can't be read ({error.strerror}); mend: check its permissions") from error


def _head(path: Path) -> bytes:
    """Return the first bytes of a file."""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise WeightsError(f"{path} can't be read ({error.strerror}); mend: check its permissions") from error


def _known(path: Path) -> Manifest:
    """Return the manifest of a file that is there."""
    manifest = read_manifest(path)
    if manifest is None:
        raise WeightsError(f"{path} has no manifest beside it, so nothing is known of it; {MEND}")
    return manifest


def _is_current(path: Path, inputs: Inputs) -> bool:
    """Say whether a file is there, whole, and made of these inputs.

    Raises `WeightsError` where it is damaged, or is not ours to replace.
    """
    size = _size(path)
    if size is None:
        return False
    manifest = read_manifest(path)
    if manifest is None and _OURS in _head(path):
        # A build that ended between its two renames.
        return False
    manifest = manifest or _known(path)
    if manifest.inputs != inputs:
        return False
    _check_size(path, size, manifest)
    if path.stat().st_mtime_ns != manifest.modified_ns:
        _check_bytes(path, manifest)
    return True


def _check_size(path: Path, size: int, manifest: Manifest) -> None:
    """Raise `WeightsError` where a file is not as long as its manifest says."""
    if size < manifest.size:
        raise WeightsError(f"{path} is truncated ({size} of {manifest.size} bytes); {MEND}")
    if size > manifest.size:
        raise WeightsError(f"{path} is not the file that was built ({size} bytes, not {manifest.size}); {MEND}")


def _check_bytes(path: Path, manifest: Manifest) -> None:
    """Raise `WeightsError` where a file's sha256 is not its manifest's."""
    sha256 = _sha256(path)
    if sha256 != manifest.sha256:
        reason = "is damaged" if _head(path).startswith(_MAGIC) else "is not a GGUF file"
        raise WeightsError(f"{path} {reason} (sha256 {sha256[:12]}..., not {manifest.sha256[:12]}...); {MEND}")


def _sha256(path: Path, progress: Progress = lambda share: None) -> str:
    """Return the sha256 of a file; `progress` is told the share read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            size = max(1, os.fstat(file.fileno()).st_size)
            while block := file.read(_BLOCK):
                digest.update(block)
                progress(min(1.0, file.tell() / size))
    except OSError as error:
        raise WeightsError(f"{path} can't be read ({error.strerror}); mend: check its permissions") from error
    return digest.hexdigest()


def _check_tokens(path: Path, mend: str) -> int:
    """Return a file's number of tokens.

    Raises `WeightsError` where llama.cpp refuses it, or its vocabulary is not the dialect's.
    """
    from shellper.dialect import CONTROL_TOKENS
    from shellper.weights.tokenizer import LlamaTokenizer

    tokenizer = LlamaTokenizer.from_file(path, mend)
    for name in CONTROL_TOKENS:
        tokenizer.control(name)
    return tokenizer.size


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold the folder's build lock, which the kernel lets go of when its process ends."""
    with (folder / _LOCK_FILE).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_remains(folder: Path) -> None:
    """Remove the temporary files of builds that were killed; under the lock no living build has one."""
    for remains in folder.glob(f"{_TEMPORARY}*"):
        remains.unlink()


def _build(path: Path, sources: Sources, inputs: Inputs, progress: Progress) -> None:
    """Build the weights beside their place, check them, and rename them into it."""
    from shellper.weights.adapter import kept_rows, load_adapter
    from shellper.weights.base import open_base
    from shellper.weights.build import Recipe, build

    progress(0.0)
    recipe = Recipe(load_adapter(sources.adapter), kept_rows(sources.vocabulary), inputs.catalogue_version)
    temporary = path.with_name(f"{_TEMPORARY}{os.getpid()}.tmp")
    try:
        with open_base() as base:
            build(base, recipe, temporary, lambda share: progress(_OPENED + (_WRITTEN - _OPENED) * share))
        if _check_tokens(temporary, MEND) != len(recipe.kept):
            raise WeightsError(f"the built file does not have {len(recipe.kept)} tokens; {MEND}")
        sha256 = _sha256(temporary, lambda share: progress(_CHECKED + (1 - _CHECKED) * share))
        written = temporary.stat()
        temporary.replace(path)
        Manifest(sha256, written.st_size, written.st_mtime_ns, inputs).write(manifest_path(path))
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Write a folder's renames to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
