"""The page on which a person reviews proposals: one file that needs no server and reaches for nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from pathlib import Path

import cv2

from train.preparation.pictures import Pixels, read_pixels, write_bytes
from train.preparation.problems import PreparationError, Problems
from train.preparation.reviewing import Row

_PARTS = Path(__file__).parent / "review_page"
_THUMBNAIL_PIXELS = 224
_THUMBNAIL_QUALITY = 80


def write_review(
    path: Path, rows: Sequence[Row], directory: Path, problems: Problems, most: int = 1000
) -> int:
    """Write the page.

    Pictures are grouped by proposed label, least sure first. Each stands beside the known picture it resembles most,
    where that can still be read.

    Args:
        path: The HTML file.
        rows: Proposals.
        directory: Of the pictures.
        problems: Gets pictures that cannot be read.
        most: Pictures on the page; the least sure of those nobody has decided on.

    Returns:
        Pictures on the page.

    Raises:
        PreparationError: Nobody needs to decide on anything, or no picture can be read.
    """
    undecided = sorted((row for row in rows if not row.decision), key=lambda row: (row.confidence, row.path))
    if not undecided:
        raise PreparationError("Every proposal is decided on.", "Take them over with --accept.")
    shown = []
    for row in undecided[:most]:
        picture = _thumbnail(directory / row.path, problems)
        if picture:
            nearest = _thumbnail(Path(row.nearest), Problems())
            shown.append(
                {
                    "path": row.path,
                    "proposed": row.proposed,
                    "confidence": row.confidence,
                    "distance": row.distance,
                    "nearest": row.nearest,
                    "picture": picture,
                    "known": nearest,
                }
            )
    if not shown:
        raise PreparationError(f"None of the pictures can be read in {directory}.", "Give their directory.")
    # Decisions made before go into the downloaded table unchanged, and so do the lines that found no room.
    kept = {str(one["path"]) for one in shown}
    rest = [
        [row.path, row.proposed, row.confidence, row.distance, row.nearest, row.label, row.decision]
        for row in rows
        if row.path not in kept
    ]
    labels = sorted({row.label or row.proposed for row in rows})
    write_bytes(path, _page({"rows": shown, "rest": rest, "labels": labels}).encode())
    return len(shown)


def _page(content: dict[str, object]) -> str:
    script, style = ((_PARTS / name).read_text(encoding="utf-8") for name in ("review.js", "review.css"))
    policy = (
        f"default-src 'none'; img-src data:; script-src '{_fingerprint(script)}'; "
        f"style-src '{_fingerprint(style)}'; base-uri 'none'; form-action 'none'"
    )
    # Within a script element only `<` can end it or start a comment.
    data = json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")
    page = (_PARTS / "review.html").read_text(encoding="utf-8")
    parts = {"POLICY": html.escape(policy), "STYLE": style, "DATA": data, "SCRIPT": script}
    before, *pieces = page.split("@@")
    # Split once: what is put in is never searched again.
    return before + "".join(parts[piece] if index % 2 == 0 else piece for index, piece in enumerate(pieces))


def _fingerprint(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _thumbnail(path: Path, problems: Problems) -> str:
    """A small JPEG as a data URI; empty where the picture cannot be read."""
    pixels = read_pixels(path, problems)
    if pixels is None:
        return ""
    done, encoded = cv2.imencode(
        ".jpg",
        cv2.cvtColor(_shrink(pixels), cv2.COLOR_RGB2BGR),
        [cv2.IMWRITE_JPEG_QUALITY, _THUMBNAIL_QUALITY],
    )
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode() if done else ""


def _shrink(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    factor = min(_THUMBNAIL_PIXELS / max(height, width), 1.0)
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
