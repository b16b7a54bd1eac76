"""Which machines may be contacted, judged on the address about to be connected to, never on a name."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Nothing that an operator can own answers here, or what answers hands out a machine's cloud credentials.
_NEVER: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", "an unspecified address"),
        ("::/128", "an unspecified address"),
        ("169.254.0.0/16", "a link-local address, where cloud metadata is served"),
        ("fe80::/10", "a link-local address"),
        ("100.100.100.200/32", "a cloud metadata address"),
        ("168.63.129.16/32", "a cloud metadata address"),
        ("192.0.0.192/32", "a cloud metadata address"),
        ("fd00:ec2::/32", "a cloud metadata address"),
        ("fd20:ce::254/128", "a cloud metadata address"),
        ("224.0.0.0/4", "a multicast address"),
        ("ff00::/8", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What kinds of addresses may be contacted; link-local, metadata and multicast addresses never may.

    Attributes:
        allow_loopback: This machine itself.
        allow_private: Networks that are not part of the public internet, carrier-grade NAT included.
    """

    allow_loopback: bool = False
    allow_private: bool = False

    def objection(self, address: str) -> str | None:
        """Why the textual IP address may not be contacted, as a noun phrase, or None if it may.

        Raises:
            ValueError: That is no IP address.
        """
        target = _innermost(ip_address(address.partition("%")[0]))
        for network, what in _NEVER:
            if target.version == network.version and target in network:
                return what
        if target.is_loopback:
            return None if self.allow_loopback else "an address of this machine itself"
        if not target.is_global:
            return None if self.allow_private else "an address in a private network"
        return None


def _innermost(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, if it does; otherwise the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
