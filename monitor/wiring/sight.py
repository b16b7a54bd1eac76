"""The encoder from settings: the bundle in use, or the one that comes with the service."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import cv2

from monitor.domain.frame import Frame
from monitor.domain.thresholds import Thresholds
from monitor.sources.pictures import decode_picture
from monitor.store import Store
from monitor.usecases.evidence import EvidenceTools
from monitor.vision.bundle import load_bundle, shipped_bundle_path
from monitor.vision.captions import LONG_SIDE_PX
from monitor.vision.encoder import NetworkEncoder
from monitor.vision.evidence import draw
from monitor.vision.network import Network

EVIDENCE_QUALITY = 90


def open_encoder(bundle: Path | None = None, threads: int | None = None, batch: int = 8) -> NetworkEncoder:
    """The encoder for a bundle file, the shipped one when none is named.

    Args:
        bundle: The file.
        threads: Of one forward pass; half of the cores when None, as decoding and alignment need the others.
        batch: Pictures in one forward pass at most.

    Raises:
        BundleError: The bundle is missing, damaged or of an unknown version.
    """
    return NetworkEncoder(open_network(bundle, threads, batch))


def open_network(bundle: Path | None = None, threads: int | None = None, batch: int = 8) -> Network:
    """The network alone; arguments and errors as of `open_encoder`."""
    loaded = load_bundle(bundle or shipped_bundle_path())
    # OpenCV's own threads would fight with the checks' threads for the same cores.
    cv2.setNumThreads(1)
    return Network(loaded, threads or max(1, len(os.sched_getaffinity(0)) // 2), batch)


def read_limits(bundle: Path | None = None) -> Thresholds:
    """The built-in limits, with those that a bundle was calibrated to have in their places; the network is not started.

    What the configuration says goes before either, see `monitor.settings.resolve`.

    Args:
        bundle: The file; the shipped one when None.

    Raises:
        BundleError: The bundle is missing, damaged or of an unknown version.
    """
    return load_bundle(bundle or shipped_bundle_path()).card.thresholds


def describe_limits(bundle: Path | None = None) -> str:
    """A sentence on where the limits of the decision come from; argument and errors as of `read_limits`."""
    limits, built_in = asdict(read_limits(bundle)), asdict(Thresholds())
    own = ", ".join(f"{name} {value:g}" for name, value in limits.items() if value != built_in[name])
    if not own:
        return "The built-in limits count where the configuration sets none."
    return f"Its card sets {own}, where the configuration does not."


def picture_bytes(frame: Frame) -> bytes:
    """The frame's picture as it arrived, or as JPEG when it came out of a stream."""
    if frame.encoded is not None:
        return frame.encoded
    fine, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, EVIDENCE_QUALITY]
    )
    if not fine:
        raise RuntimeError("OpenCV could not encode a picture as JPEG.")
    return encoded.tobytes()


def read_picture(content: bytes, captured_at: datetime) -> Frame:
    """A stored picture.

    Raises:
        FrameFault: It is damaged.
    """
    return decode_picture(content, captured_at=captured_at)


def evidence_tools(store: Store) -> EvidenceTools:
    """What the evidence of incidents is put together with."""

    def read_large(content: bytes, captured_at: datetime) -> Frame:
        return decode_picture(content, captured_at=captured_at, target_long_side=LONG_SIDE_PX)

    return EvidenceTools(store, read_large, draw)
