"""`monitor`, with shorter rests and, if asked to, a point at which it stands still to be killed.

`python -m tests.e2e.hasty [--stand-at STEP] ARGUMENTS OF MONITOR`. Everything is the program's own; only the ports
of `observe` and the notifiers are wrapped, and the times that an operator cannot set are cut: a delivery's lease of a
minute, and the minute for which a view rests after its check broke down.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, NoReturn

from monitor.cli.main import main
from monitor.domain.ports import FrameSource
from monitor.domain.view import ViewKey
from monitor.service.options import ServiceOptions
from monitor.usecases.deliver import DeliveryOptions
from monitor.usecases.observe import Check, Equipment, observe
from monitor.wiring import daemon

STEPS = ("load", "grab", "encode", "compare", "record", "within record", "recorded", "leased", "sent")
"""Before each of the five steps of a check; within the last one's transaction and after it; and about a delivery."""
LEASE_S = 4.0
HOLD_S = 2.0


def stand_still() -> NoReturn:
    """Say so, and wait to be killed."""
    sys.stdout.write("here\n")
    sys.stdout.flush()
    time.sleep(120)
    raise SystemExit("nobody killed me")


class Wrapped:
    """Another object, of whose methods some are replaced."""

    def __init__(self, inner: Any, **methods: Callable[..., Any]) -> None:
        self._inner = inner
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._inner, name)


def before(*_arguments: Any, **_named: Any) -> NoReturn:
    """In place of a method: stand still before it does anything."""
    stand_still()


def observe_standing_at(step: str) -> Callable[..., Check]:
    """The use case, whose ports stand still at a step."""

    def standing(
        key: ViewKey, slot: datetime, source: FrameSource, timeout_s: float, equipment: Equipment
    ) -> Check:
        store, encoder = equipment.store, equipment.encoder

        def within(observation: Any, routes: Any, _announce: Any, **more: Any) -> Any:
            return store.record(observation, routes, before, **more)

        def after(*arguments: Any, **more: Any) -> None:
            store.record(*arguments, **more)
            stand_still()

        methods: Mapping[str, tuple[Any, str, Callable[..., Any]]] = {
            "load": (store, "load_watch", before),
            "grab": (source, "grab", before),
            "encode": (encoder, "encode", before),
            "compare": (encoder, "compare", before),
            "record": (store, "record", before),
            "within record": (store, "record", within),
            "recorded": (store, "record", after),
        }
        if step in methods:
            port, name, method = methods[step]
            wrapped: Any = Wrapped(port, **{name: method})
            if port is source:
                source = wrapped
            elif port is store:
                equipment = replace(equipment, store=wrapped)
            else:
                equipment = replace(equipment, encoder=wrapped)
        return observe(key, slot, source, timeout_s, equipment)

    return standing


def notifiers_standing_at(step: str) -> Callable[..., Mapping[str, Any]]:
    """Opens the notifiers; they stand still before or after they send."""

    def opened(*arguments: Any) -> Mapping[str, Any]:
        def after(notifier: Any) -> Callable[..., Any]:
            def send(*sending: Any) -> None:
                notifier.send(*sending)
                stand_still()

            return send

        notifiers = open_notifiers(*arguments)
        if step in ("recorded", "leased"):  # what is just recorded must not be sent before the kill comes
            return {name: Wrapped(notifier, send=before) for name, notifier in notifiers.items()}
        if step == "sent":
            return {name: Wrapped(notifier, send=after(notifier)) for name, notifier in notifiers.items()}
        return notifiers

    open_notifiers = daemon.open_notifiers
    return opened


if __name__ == "__main__":
    if sys.argv[1] == "--stand-at":
        stand_at = sys.argv[2]
        assert stand_at in STEPS, stand_at
        del sys.argv[1:3]
        daemon.observe = observe_standing_at(stand_at)  # type: ignore[assignment]
        daemon.open_notifiers = notifiers_standing_at(stand_at)  # type: ignore[assignment]
    daemon.ServiceOptions = partial(ServiceOptions, hold_s=HOLD_S)  # type: ignore[assignment,misc]
    daemon.delivery_options = lambda _settings: DeliveryOptions(lease_s=LEASE_S)
    main()
