"""One target under the fuzzer, in a process of its own: `python -m tests.fuzz.engine TARGET LIBFUZZER-OPTIONS CORPUS…`.

Only here is atheris imported, and only after it are the modules under test, so that it sees their branches.
"""

from __future__ import annotations

import sys

import atheris

from tests.fuzz.target import load

# Packages whose branches lead the way. Native code is seen only by what it returns.
GUIDING = ["monitor", "PIL", "_strptime", "zoneinfo", "urllib", "encodings", "ipaddress", "email", "yaml"]


def main() -> None:
    """Fuzz until libFuzzer's limits are reached or a promise is broken."""
    name, *options = sys.argv[1:]
    with atheris.instrument_imports(include=GUIDING, enable_loader_override=False):
        target = load(name)

    def hold(data: bytes) -> None:
        target.hold(data)

    atheris.Setup([sys.argv[0], *options], hold)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
