"""Grabs from a video device in a process of its own, and prints what came of each as a line of JSON.

Arguments: the device's options as JSON, the number of grabs, the time limit of each.
"""

import json
import sys
import time

from monitor.clock import SystemClock
from monitor.domain.errors import SourceError
from monitor.sources.usb import UsbOptions, UsbSource
from tests.sources.drawing import corners


def attempt(source: UsbSource, timeout_s: float) -> dict[str, object]:
    started_s = time.monotonic()
    try:
        frame = source.grab(timeout_s)
    except SourceError as error:
        came: dict[str, object] = {"error": type(error).__name__, "said": str(error)}
    else:
        size = (frame.native_width, frame.native_height)
        came = {"size": size, "shape": frame.pixels.shape, "corners": corners(frame.pixels)}
        came["encoded"] = len(frame.encoded or b"")
    return {**came, "took_s": time.monotonic() - started_s}


if __name__ == "__main__":
    usb = UsbSource(UsbOptions(**json.loads(sys.argv[1])), SystemClock())
    for _ in range(int(sys.argv[2])):
        sys.stdout.write(json.dumps(attempt(usb, float(sys.argv[3]))) + "\n")
    usb.close()
