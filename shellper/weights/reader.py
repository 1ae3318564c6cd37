"""Reading a GGUF file with a large vocabulary quickly."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from gguf import GGUFEndian, GGUFReader, GGUFValueType


class FastReader(GGUFReader):  # type: ignore[misc]
    """gguf's reader, which walks through an array item by item, taking arrays whole: half a second instead of ten."""

    def _get_field_parts(self, orig_offs: int, raw_type: int) -> tuple[int, list[Any], list[int], list[Any]]:
        """Read a value: its length in bytes, its parts, which of them are data, and its types."""
        if raw_type != GGUFValueType.ARRAY:
            result: tuple[int, list[Any], list[int], list[Any]] = super()._get_field_parts(orig_offs, raw_type)
            return result
        head = [self._get(orig_offs, np.uint32), self._get(orig_offs + 4, np.uint64)]
        item_type, count = GGUFValueType(head[0][0]), int(head[1][0])
        start = orig_offs + 12
        types = [GGUFValueType.ARRAY, item_type]
        if item_type in self.gguf_scalar_to_np:
            values = self._get(start, self.gguf_scalar_to_np[item_type], count)
            return 12 + int(values.nbytes), [*head, values], [2], types
        if item_type != GGUFValueType.STRING:
            raise ValueError(f"an array of {item_type.name} is not understood")
        strings, end = self._strings(start, count)
        return end - orig_offs, [*head, *strings], list(range(2, 2 + count)), types

    def _strings(self, offset: int, count: int) -> tuple[list[Any], int]:
        """Return the bytes of an array's strings, and where the array ends."""
        data: npt.NDArray[np.uint8] = np.asarray(self.data)
        order: Literal["little", "big"] = "little" if self.endianess == GGUFEndian.LITTLE else "big"
        strings = []
        for _ in range(count):
            length = int.from_bytes(data[offset : offset + 8].tobytes(), order)
            offset += 8
            strings.append(data[offset : offset + length])
            offset += length
        return strings, offset
