"""What can go wrong with an ONVIF device; `net.errors` has what can go wrong on the way to it."""

from __future__ import annotations

from monitor.domain.errors import MonitorError


class OnvifError(MonitorError):
    """A device did not give what it was asked for."""


class NoOnvifDevice(OnvifError):
    """Something answers there, but not as an ONVIF device does."""


class DeviceDenied(OnvifError):
    """The device answers, and does not let us in."""


class DeviceFault(OnvifError):
    """The device understood the question, and answered with a fault."""


class UnusableAddress(OnvifError):
    """An address that was given, or that a device handed out, may not or cannot be contacted."""


class DiscoveryFailed(OnvifError):
    """The network could not be asked for devices at all."""
