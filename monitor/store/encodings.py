"""A reference's encoding as bytes: npz without pickle, with a format version.

Grids and embeddings keep 16 bits a number (cosines change by less than 0.001), luma its 8. About 150 kB a
reference with the default network.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.domain.arrays import read_arrays
from monitor.domain.frame import FrameQuality
from monitor.domain.orientation import Orientation
from monitor.domain.reference import Encoding, Reference, Vector
from monitor.store.errors import EncodingUnreadable
from monitor.store.serial import from_json, to_json

FORMAT = 1
_GRID = "grid."


@dataclass(frozen=True, slots=True, eq=False)
class StoredEncoding:
    """What is kept of a reference beside its row.

    Attributes:
        upright: The picture's encoding.
        turned: Embeddings in the other orientations.
    """

    upright: Encoding
    turned: Mapping[Orientation, Vector]

    @property
    def nbytes(self) -> int:
        """Bytes of memory that its arrays take."""
        arrays: list[NDArray[Any]] = [
            self.upright.embedding,
            self.upright.luma,
            *self.upright.grids.values(),
            *self.turned.values(),
        ]
        return sum(int(array.nbytes) for array in arrays)


def pack(reference: Reference) -> bytes:
    """The encoding of a reference as bytes; deterministic for the same values."""
    encoding = reference.upright
    turned = list(reference.turned)
    card = {
        "format": FORMAT,
        "bundle_id": encoding.bundle_id,
        "aspect": encoding.aspect,
        "quality": to_json(encoding.quality),
        "turned": [str(orientation) for orientation in turned],
    }
    arrays: dict[str, NDArray[Any]] = {
        "card": np.frombuffer(json.dumps(card).encode(), dtype=np.uint8),
        "embeddings": np.stack([encoding.embedding, *(reference.turned[o] for o in turned)]).astype(
            np.float16
        ),
        "luma": encoding.luma,
        **{_GRID + name: grid.astype(np.float16) for name, grid in encoding.grids.items()},
    }
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack(content: bytes) -> StoredEncoding:
    """The encoding that `pack` made into bytes. Its arrays are read-only, as they are shared between threads.

    Raises:
        EncodingUnreadable: The bytes are damaged, or in a format that this version does not know.
    """
    try:
        arrays = read_arrays(content)
        card = json.loads(arrays["card"].tobytes())
        if card["format"] != FORMAT:
            raise EncodingUnreadable(
                f"A stored encoding has format {card['format']}; this version reads {FORMAT}.", _REENCODE
            )
        upright, *turned = (_unit(row) for row in arrays["embeddings"])
        return StoredEncoding(
            Encoding(
                bundle_id=card["bundle_id"],
                embedding=upright,
                grids={
                    name.removeprefix(_GRID): _frozen(array.astype(np.float32))
                    for name, array in arrays.items()
                    if name.startswith(_GRID)
                },
                luma=_frozen(arrays["luma"]),
                quality=from_json(FrameQuality, card["quality"]),
                aspect=float(card["aspect"]),
            ),
            dict(zip((Orientation(name) for name in card["turned"]), turned, strict=True)),
        )
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise EncodingUnreadable("A stored encoding is damaged.", _REENCODE) from error


def quality_of(content: bytes) -> FrameQuality:
    """How good the picture was, without unpacking the rest.

    Raises:
        EncodingUnreadable: The bytes are damaged.
    """
    try:
        card = read_arrays(content, "card")["card"]
        return from_json(FrameQuality, json.loads(card.tobytes())["quality"])
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise EncodingUnreadable("A stored encoding is damaged.", _REENCODE) from error


_REENCODE = "Enroll the view again, or encode its references anew from their pictures."


def pack_embedding(embedding: Vector) -> bytes:
    """An embedding (D,) as bytes, for searching over all views without opening their encodings."""
    return embedding.astype("<f2").tobytes()


def unpack_embeddings(contents: list[bytes]) -> NDArray[np.float32]:
    """Packed embeddings as one (N, D) float32 matrix with rows of unit length; (0, 0) for none.

    Raises:
        EncodingUnreadable: They differ in length.
    """
    if not contents:
        return np.zeros((0, 0), dtype=np.float32)
    if len({len(content) for content in contents}) != 1:
        raise EncodingUnreadable("Stored embeddings of one bundle differ in length.", _REENCODE)
    matrix = np.frombuffer(b"".join(contents), dtype="<f2").reshape(len(contents), -1).astype(np.float32)
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
    return _frozen(matrix)


def _unit(row: NDArray[np.float16]) -> Vector:
    vector = row.astype(np.float32)
    vector /= max(float(np.linalg.norm(vector)), 1e-12)
    return _frozen(vector)


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
