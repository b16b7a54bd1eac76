"""Video files."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from monitor.domain.errors import SourceError
from monitor.sources.video import VideoOptions, VideoSource
from tests.fuzz.target import Broken, Target
from tests.sources.conftest import ManualClock
from tests.sources.drawing import draw

PLACE = Path(tempfile.mkdtemp(prefix="fuzz-videos-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
atexit.register(shutil.rmtree, PLACE, ignore_errors=True)
LIMIT_S = 2.0


def check(data: bytes) -> object:
    path = PLACE / "video"
    path.write_bytes(data)
    source = VideoSource(VideoOptions(path, position_s=0.2, step_s=0.3, max_pixels=1_000_000), ManualClock())
    seen: list[str] = []
    try:
        for _ in range(3):
            frame = source.grab(LIMIT_S)
            if frame.pixels.ndim != 3 or frame.native_width * frame.native_height > 1_000_000:
                raise Broken(f"a frame of {frame.pixels.shape}")
            seen.append(frame.digest)
    except SourceError as error:
        seen.append(type(error).__name__)
    finally:
        source.close()
    return seen


def seeds() -> list[bytes]:
    return [
        _video(codec, kind)
        for codec, kind in (("mpeg4", "mp4"), ("mjpeg", "avi"), ("h264", "mp4"), ("h264", "mpegts"))
    ]


def _video(codec: str, kind: str) -> bytes:
    import av

    path = PLACE / f"seed.{kind}"
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for shade in range(8):
            frame = av.VideoFrame.from_ndarray(draw() // (shade + 1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()


TARGET = Target(
    promise="Frames or a SourceError.",
    check=check,
    seeds=seeds,
    words=(b"ftyp", b"moov", b"mdat", b"trak", b"stts", b"stsd", b"avcC", b"dref", b"#EXTM3U\n"),
    longest=16_384,
    slowest_s=3.0,
)  # fmt: skip
