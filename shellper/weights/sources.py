"""What the weights are built from besides the base: the adapter, the vocabulary, the catalogue, the chat template."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from shellper.calls import load_catalogue
from shellper.resources import adapter_folder, prompts_folder
from shellper.weights.errors import WeightsError
from shellper.weights.manifest import BASE_SHA256, BUILDER_VERSION, Inputs

ADAPTER_FILE = "adapter.gguf"
VOCABULARY_FILE = "vocabulary.npy"


@dataclass(frozen=True)
class Sources:
    """The files of a build; no adapter gives the base with a smaller vocabulary."""

    adapter: Path | None
    vocabulary: Path

    def inputs(self) -> Inputs:
        """Return the digests of the files.

        Raises `WeightsError` where one can't be read.
        """
        return Inputs(
            base_sha256=BASE_SHA256,
            adapter_sha256=_sha256(self.adapter) if self.adapter else "",
            vocabulary_sha256=_sha256(self.vocabulary),
            template_sha256=_sha256(chat_template_path()),
            catalogue_version=load_catalogue().version,
            builder_version=BUILDER_VERSION,
        )


def shipped_sources() -> Sources:
    """Return the files that ship with the package."""
    return Sources(adapter_folder() / ADAPTER_FILE, adapter_folder() / VOCABULARY_FILE)


def chat_template_path() -> Path:
    """Return where the chat template lies that the weights carry."""
    return prompts_folder() / "chat_template.jinja"


def _sha256(path: Path) -> str:
    """Return the digest of a shipped file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{path} can't be read ({error.strerror}); mend: reinstall shellper") from error
