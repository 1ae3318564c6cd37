"""Small GGUF files of foreign kinds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gguf import GGUFWriter

NORMAL, CONTROL, USER_DEFINED, BYTE = 1, 3, 4, 6
BYTES = tuple((f"<0x{byte:02X}>", BYTE) for byte in range(256))


def write_tiny(path: Path, tokens: Sequence[tuple[str, int]], tokenizer: str = "llama") -> Path:
    """Write a file with a vocabulary of (piece, type) and almost nothing else."""
    writer = GGUFWriter(str(path), "gemma3")
    for key in ("context_length", "embedding_length", "block_count", "feed_forward_length", "attention.head_count"):
        writer.add_uint32(f"gemma3.{key}", 32)
    writer.add_uint32("gemma3.attention.sliding_window", 16)
    writer.add_float32("gemma3.attention.layer_norm_rms_epsilon", 1e-6)
    writer.add_tokenizer_model(tokenizer)
    writer.add_tokenizer_pre("default")
    if tokens:
        writer.add_token_list([piece for piece, _ in tokens])
        writer.add_token_scores([0.0] * len(tokens))
        writer.add_token_types([kind for _, kind in tokens])
        writer.add_bos_token_id(0)
        writer.add_eos_token_id(0)
        writer.add_unk_token_id(0)
    writer.add_tensor("output_norm.weight", np.ones(32, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
