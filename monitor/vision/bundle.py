"""A bundle: one file that holds a trained network (ONNX graphs) and its card.

The file is an uncompressed zip archive with `card.json`, `encoder.onnx` and, for networks that judge pairs,
`head.onnx`. Equal contents give an equal file, byte for byte. Nothing in it is executed or unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from monitor.domain.errors import MonitorError
from monitor.vision.card import Card, card_from_json, card_to_json

CARD_FILE, ENCODER_FILE, HEAD_FILE = "card.json", "encoder.onnx", "head.onnx"
# The shipped bundle has at most 10 MB. Koch's network, the largest that is known to be used, has 38 million weights in
# one dense layer, 155 MB. The bounds leave room for it, and keep a malicious archive from filling memory.
LARGEST_MEMBER_BYTES = {CARD_FILE: 1_000_000, ENCODER_FILE: 200_000_000, HEAD_FILE: 64_000_000}
ID_DIGITS = 12
_EPOCH = (1980, 1, 1, 0, 0, 0)


class BundleError(MonitorError):
    """A bundle is missing, damaged, of an unknown version, or not a bundle at all."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A network as the service loads it.

    Attributes:
        id: `<name>-<first 12 hex digits of the SHA-256 over the members>`; kept beside every embedding.
        card: What it is.
        encoder_onnx: The encoder's graph.
        head_onnx: The graph that judges pairs, or None.
    """

    id: str
    card: Card
    encoder_onnx: bytes
    head_onnx: bytes | None


def shipped_bundle_path() -> Path:
    """The bundle that comes with the service."""
    return Path(__file__).parent / "bundles" / "view.bundle"


def write_bundle(path: Path, card: Card, members: Mapping[str, bytes]) -> Bundle:
    """Write a bundle in one piece and return it as `load_bundle` would.

    Args:
        path: The file to write; replaced if it exists.
        card: The card; its `members` are filled in here.
        members: `encoder.onnx` and, if there is one, `head.onnx`.

    Raises:
        BundleError: A member is missing, unknown or too large.
    """
    if not {ENCODER_FILE} <= set(members) <= {ENCODER_FILE, HEAD_FILE}:
        raise BundleError(
            f"A bundle holds {ENCODER_FILE} and {HEAD_FILE}, not {sorted(members)}.", "Name its members so."
        )
    for name, content in members.items():
        if len(content) > LARGEST_MEMBER_BYTES[name]:
            raise BundleError(
                f"{name} has {len(content)} bytes.", f"At most {LARGEST_MEMBER_BYTES[name]} are allowed."
            )
    card = replace(
        card, members={name: hashlib.sha256(members[name]).hexdigest() for name in sorted(members)}
    )
    text = json.dumps(card_to_json(card), indent=1, sort_keys=True, ensure_ascii=False).encode()
    unfinished = path.with_name(path.name + ".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {CARD_FILE: text, **dict(sorted(members.items()))}.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    unfinished.replace(path)
    return load_bundle(path)


def rewrite_card(path: Path, **changes: Any) -> Bundle:
    """Change fields of a bundle's card in place; the weights, and so the id, stay.

    Raises:
        BundleError: As `load_bundle`.
    """
    bundle = load_bundle(path)
    members = {ENCODER_FILE: bundle.encoder_onnx}
    if bundle.head_onnx is not None:
        members[HEAD_FILE] = bundle.head_onnx
    return write_bundle(path, replace(bundle.card, **changes), members)


def load_bundle(path: Path) -> Bundle:
    """Read and check a bundle.

    Raises:
        BundleError: The file is missing or unreadable, no bundle, damaged (a hash differs), or of an unknown version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            contents = _read_members(archive, path)
    except FileNotFoundError as error:
        raise BundleError(
            f"There is no bundle at {path}.", "Give the path of a .bundle file, or `default`."
        ) from error
    except OSError as error:
        raise BundleError(f"Cannot read the bundle {path}: {os.strerror(error.errno or 0)}.") from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BundleError(
            f"{path} is not a bundle, or damaged: {error}.", "Copy or export it again."
        ) from error
    try:
        card = card_from_json(json.loads(contents[CARD_FILE].decode("utf-8")))
    except (ValueError, RecursionError) as error:
        raise BundleError(
            f"The card of {path} cannot be used: {error}.",
            "Export the bundle with this version of the program.",
        ) from error
    members = {name: content for name, content in contents.items() if name != CARD_FILE}
    _check_hashes(path, card, members)
    return Bundle(_bundle_id(card.name, members), card, members[ENCODER_FILE], members.get(HEAD_FILE))


def _read_members(archive: zipfile.ZipFile, path: Path) -> dict[str, bytes]:
    names = [entry.filename for entry in archive.infolist()]
    if len(names) != len(set(names)) or not {CARD_FILE, ENCODER_FILE} <= set(names) <= set(
        LARGEST_MEMBER_BYTES
    ):
        raise BundleError(f"{path} holds {names[:8]}, which is not what a bundle holds.", "Is this a bundle?")
    contents = {}
    for entry in archive.infolist():
        bound = LARGEST_MEMBER_BYTES[entry.filename]
        with archive.open(entry) as member:
            # Read by the bound, not by the size that the archive claims: a bomb lies about it.
            content = member.read(bound + 1)
        if len(content) > bound:
            raise BundleError(
                f"{entry.filename} in {path} is larger than {bound} bytes.", "This is no usable bundle."
            )
        contents[entry.filename] = content
    return contents


def _check_hashes(path: Path, card: Card, members: Mapping[str, bytes]) -> None:
    if set(card.members) != set(members):
        raise BundleError(
            f"The card of {path} names other files than the bundle holds.", "Copy or export it again."
        )
    for name, content in members.items():
        if hashlib.sha256(content).hexdigest() != card.members[name]:
            raise BundleError(
                f"{name} in {path} is not what its card says: damaged or changed.", "Copy it again."
            )


def _bundle_id(name: str, members: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for member in sorted(members):
        digest.update(member.encode() + b"\0" + hashlib.sha256(members[member]).digest())
    return f"{name}-{digest.hexdigest()[:ID_DIGITS]}"
