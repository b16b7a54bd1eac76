"""`python -m tests.fuzz`: fuzz every target for its share of the time, and say what was found."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.fuzz.campaign import Campaign, Result
from tests.fuzz.target import load, names

PLACE = Path("var/fuzz")


def main() -> int:
    """Ends with 1 when a promise was broken, 2 when fuzzing cannot begin."""
    arguments = _parser().parse_args()
    if arguments.reproduce is not None:
        return _reproduce(arguments.reproduce, arguments.target[0] if arguments.target else None)
    chosen = arguments.target or names()
    if unknown := sorted(set(chosen) - set(names())):
        _say(f"There is no target {unknown[0]}. Use one of {', '.join(names())}.")
        return 2
    try:
        import atheris  # noqa: F401 - said here once rather than by every child
    except ImportError:
        _say("atheris is missing. `make fuzz` installs it: pip install -e '.[fuzz]'.")
        return 2
    share_s = arguments.seconds / len(chosen)
    results = []
    for name in chosen:
        _say(f"{name}: {load(name).promise} {share_s:.0f} s …")
        results.append(Campaign(name, arguments.place).run(share_s))
        _say(f"    {results[-1]}")
    return _tell(results)


def _tell(results: list[Result]) -> int:
    _say(f"\n{'target':<12}{'inputs tried':>14}{'branches':>10}{'kept':>7}{'findings':>10}")
    for result in results:
        _say(
            f"{result.name:<12}{result.tried:>14,}{result.branches:>10,}{result.kept:>7,}{len(result.found):>10}"
        )
    for result in results:
        for path in result.found:
            _say(
                f"\nFound: {result.reason}\n  python -m tests.fuzz --target {result.name} --reproduce {path}"
            )
    return 1 if any(result.found for result in results) else 0


def _reproduce(path: Path, name: str | None) -> int:
    name = name or path.parent.name
    if name not in names():
        _say(f"Say which target {path} is for, with --target.")
        return 2
    load(name).hold(path.read_bytes())
    _say(f"The promise of {name} holds for {path}.")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="for all targets together")
    parser.add_argument("--target", action="append", metavar="NAME", help="only this one; may be repeated")
    parser.add_argument(
        "--reproduce", type=Path, metavar="FILE", help="try one input again, and fuzz nothing"
    )
    parser.add_argument("--place", type=Path, default=PLACE, help="where inputs and findings are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
