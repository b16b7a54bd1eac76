"""`monitor discover`: which cameras are on the network?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.cli.screen import Screen
    from monitor.onvif.discovery import Discovery
    from monitor.onvif.probe import FoundDevice
    from monitor.settings import Settings


@click.command()
@click.option("--interface", "interfaces", multiple=True, metavar="NAME",
              help="Ask on this network interface; may be repeated.  [default: all]")  # fmt: skip
@click.option("--address", "addresses", multiple=True, metavar="IP[:PORT]",
              help="Ask this address, also beyond routers; may be repeated.")  # fmt: skip
@click.option("--network", "networks", multiple=True, metavar="IP/BITS",
              help="Ask every address of a network, at most 4,096; may be repeated.")  # fmt: skip
@click.option("--wait", "wait_s", type=click.FloatRange(0.1, 60), default=3.0, show_default=True,
              help="How many seconds answers are waited for.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def discover(
    run: Invocation,
    interfaces: tuple[str, ...],
    addresses: tuple[str, ...],
    networks: tuple[str, ...],
    wait_s: float,
    as_json: bool,
) -> None:
    """Find ONVIF cameras and recorders on the network.

    Without options everybody on the network segments of this machine is asked (WS-Discovery). Multicast does not pass
    routers: name addresses or networks beyond them. Nothing is logged in to, and nothing is changed.

    Example: monitor discover --network 10.0.4.0/24
    """
    from monitor.cli.screen import Screen
    from monitor.onvif.discovery import ask_addresses, ask_interfaces, target_of, targets_in

    if interfaces and (addresses or networks):
        raise click.UsageError("--interface is for asking everybody: leave out --address and --network.")
    screen = Screen(run, as_json)
    settings = _settings(run, screen)
    targets = [target_of(text) for text in addresses]
    targets += [target for text in networks for target in targets_in(text)]
    found = ask_addresses(targets, wait_s) if targets else ask_interfaces(interfaces, wait_s)
    for note in found.notes:
        screen.note(note, "doubt")
    if as_json:
        screen.json([_as_json(device, settings) for device in found.devices], indent=2)
    else:
        _show(found, settings, screen)


def _settings(run: Invocation, screen: Screen) -> Settings | None:
    """The configuration, to tell which cameras it has already; looking around needs none."""
    from monitor.settings import ConfigNotFound, SettingsError

    try:
        return run.settings
    except ConfigNotFound:
        return None
    except SettingsError as error:
        screen.note(f"{error.file} cannot be used, so nothing is known of its cameras.", "doubt")
        return None


def _show(found: Discovery, settings: Settings | None, screen: Screen) -> None:
    if not found.devices:
        screen.say("No ONVIF device answered.", "doubt")
        screen.say(
            "Is ONVIF switched on in the camera, and is it in this network? Beyond a router ask it directly, with "
            "--address. A camera without ONVIF is added with `monitor add --url`."
        )
        return
    rows = []
    for device in found.devices:
        known = _known(device, settings)
        rows.append(
            (
                _address(device) or "–",
                device.name or "–",
                device.hardware or "–",
                device.location or "–",
                (", ".join(known), "good") if known else "–",
                ("; ".join(_remarks(device)), "doubt"),
            )
        )
    screen.table(("address", "name", "hardware", "location", "cameras here", "remarks"), rows)
    fresh = [device for device in found.devices if device.addresses and not _known(device, settings)]
    if fresh:
        screen.say(f"Next: monitor add {_address(fresh[0])}")


def _address(device: FoundDevice) -> str:
    """What to give to `monitor add`: the host where that is enough."""
    if not device.addresses:
        return ""
    parts = urlsplit(device.addresses[0])
    usual = parts.scheme == "http" and parts.path == "/onvif/device_service" and not parts.query
    return parts.netloc if usual else device.addresses[0]


def _known(device: FoundDevice, settings: Settings | None) -> tuple[str, ...]:
    from monitor.wiring.newcomer import cameras_on

    hosts = {*device.senders, *(urlsplit(address).hostname or "" for address in device.addresses)}
    names = (name for host in sorted(hosts) for name in cameras_on(host, settings)) if settings else ()
    return tuple(dict.fromkeys(names))


def _remarks(device: FoundDevice) -> list[str]:
    remarks = [f"{refused}: not contacted" for refused in device.refused]
    hosts = {urlsplit(address).hostname for address in device.addresses}
    if device.addresses and not hosts & set(device.senders):
        remarks.append(f"the answer came from {', '.join(device.senders)}")
    if len(device.senders) > 1:
        remarks.append(f"several hosts answer as this device: {', '.join(device.senders)}")
    return remarks


def _as_json(device: FoundDevice, settings: Settings | None) -> dict[str, object]:
    return {
        "endpoint": device.endpoint,
        "name": device.name,
        "hardware": device.hardware,
        "location": device.location,
        "add": _address(device) or None,
        "addresses": list(device.addresses),
        "refused": list(device.refused),
        "answered_from": list(device.senders),
        "cameras": list(_known(device, settings)),
    }
