"""How much memory a process takes that loads a bundle and compares pictures; measured in a process of its own.

`python -m train.benchmark.memory BUNDLE` is that process: it imports what the service imports to look at pictures
(neither torch nor the rest of `train`), makes comparisons on drawn noise, and prints what it took as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from monitor.domain.errors import MonitorError

COMPARISONS = 5
PICTURE_SIZE = (1080, 1920)
"""Height and width of a common camera's picture."""
CHILD_TIMEOUT_S = 300.0
ROOT = Path(__file__).parents[2]
STATUS = Path("/proc/self/status")


class MemoryNotMeasured(MonitorError):
    """The process that was to be measured came to grief."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Highest resident memory of the process so far, in MiB.

    Attributes:
        imported_mib: With the libraries imported.
        loaded_mib: With the bundle loaded.
        peak_mib: After comparisons of every kind.
    """

    imported_mib: float
    loaded_mib: float
    peak_mib: float


def measure_memory(bundle: Path, timeout_s: float = CHILD_TIMEOUT_S) -> Memory:
    """Let a fresh process load a bundle and compare.

    Raises:
        MemoryNotMeasured: The process failed or took too long.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "train.benchmark.memory", str(bundle.resolve())],
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=True,
        )
        return Memory(**json.loads(done.stdout))
    except subprocess.TimeoutExpired as error:
        raise MemoryNotMeasured(
            f"Loading {bundle.name} and comparing took more than {timeout_s:.0f} s.",
            "Measure on a quieter machine.",
        ) from error
    except (subprocess.CalledProcessError, ValueError, TypeError) as error:
        said = str(getattr(error, "stderr", "") or error).strip()
        raise MemoryNotMeasured(
            f"The process that was to load {bundle.name} failed: {said.splitlines()[-1] if said else error}",
            "Is this a bundle, and are the packages of the service installed?",
        ) from error


def highest_mib() -> float:
    """The highest resident memory of this process.

    On Linux `ru_maxrss` outlives exec, and thus tells of a large parent; the kernel's own account does not.
    """
    if STATUS.is_file():
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def look(bundle: Path) -> Memory:
    """Load a bundle and compare, in this process."""
    import numpy as np

    from monitor.domain.decision import decide
    from monitor.domain.frame import Frame
    from monitor.domain.thresholds import Thresholds
    from monitor.domain.view import ViewKey
    from monitor.vision.bundle import load_bundle
    from monitor.vision.encoder import NetworkEncoder
    from monitor.vision.network import Network

    imported_mib = highest_mib()
    encoder = NetworkEncoder(Network(load_bundle(bundle)))
    loaded_mib = highest_mib()
    rng = np.random.default_rng(0)
    height, width = PICTURE_SIZE

    def frame(seed: int) -> Frame:
        cells = rng.integers(0, 256, (height // 40, width // 40, 3), dtype=np.uint8)
        pixels = np.repeat(np.repeat(cells, 40, axis=0), 40, axis=1)
        return Frame(pixels, datetime(2026, 1, 1, tzinfo=UTC), str(seed), pixels.shape[1], pixels.shape[0])

    reference = encoder.enroll(frame(0), ViewKey("measured"))
    for seed in range(COMPARISONS):
        # Noise is recognised in no orientation: everything that there is gets tried.
        seen = frame(seed)
        encoding = encoder.encode(seen)
        decide(encoding.quality, [encoder.compare(encoding, seen, reference)], Thresholds())
    return Memory(imported_mib, loaded_mib, highest_mib())


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(look(Path(sys.argv[1])))))
