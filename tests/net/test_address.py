import pytest

from monitor.net.address import AddressPolicy

PUBLIC_ONLY = AddressPolicy()
EVERYTHING = AddressPolicy(allow_loopback=True, allow_private=True)

NEVER = [
    "0.0.0.0", "0.1.2.3", "::", "169.254.169.254", "169.254.1.1", "fe80::1", "fe80::1%eth0", "febf::1",
    "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1",
    "239.255.255.255", "ff02::1", "255.255.255.255", "240.0.0.1", "::ffff:169.254.169.254",
    "::169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::ffff:0.0.0.0",
]  # fmt: skip
LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.1.64", "100.64.0.1", "fc00::1", "fd12::1", "::ffff:10.0.0.1"]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", NEVER)
def test_refuses_link_local_metadata_and_multicast_whatever_is_allowed(address):
    assert EVERYTHING.objection(address)


@pytest.mark.parametrize("address", LOOPBACK)
def test_refuses_this_machine_unless_allowed(address):
    assert EVERYTHING.objection(address) is None
    assert AddressPolicy(allow_private=True).objection(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_refuses_private_networks_unless_allowed(address):
    assert EVERYTHING.objection(address) is None
    assert AddressPolicy(allow_loopback=True).objection(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_lets_public_addresses_through(address):
    assert PUBLIC_ONLY.objection(address) is None
