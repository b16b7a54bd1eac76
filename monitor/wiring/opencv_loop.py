"""What one does without a service: open, read, close with OpenCV, again and again. A rival to be measured beside.

`python -m monitor.wiring.opencv_loop ADDRESS LANES SECONDS` prints a JSON object: frames, failures, seconds, core_s.
"""

from __future__ import annotations

import json
import sys
import threading
import time

import cv2


def main() -> None:
    """Loop on several threads, and say what it took."""
    address, lanes, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    counts = {"frames": 0, "failures": 0}
    lock = threading.Lock()
    _read_one(address)  # What happens only once is not what a frame costs.
    began_s, core_s = time.perf_counter(), time.process_time()

    def loop() -> None:
        while time.perf_counter() - began_s < seconds:
            fine = _read_one(address)
            with lock:
                counts["frames" if fine else "failures"] += 1

    threads = [threading.Thread(target=loop) for _ in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = {"seconds": time.perf_counter() - began_s, "core_s": time.process_time() - core_s}
    sys.stdout.write(json.dumps({**counts, **spent}) + "\n")


def _read_one(address: str) -> bool:
    capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG)
    fine, _ = capture.read()
    capture.release()
    return fine


if __name__ == "__main__":
    main()
