import pytest

from monitor.onvif.addresses import device_address, picture_address, same_address, service_address
from monitor.onvif.errors import UnusableAddress

REACHED = "http://10.0.4.17:8080/onvif/device_service"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.4.17", "http://10.0.4.17/onvif/device_service"),
        ("10.0.4.17:8080", "http://10.0.4.17:8080/onvif/device_service"),
        ("gate.example", "http://gate.example/onvif/device_service"),
        ("fd00::17", "http://[fd00::17]/onvif/device_service"),
        ("[fd00::17]:81", "http://[fd00::17]:81/onvif/device_service"),
        ("https://10.0.4.17/", "https://10.0.4.17/onvif/device_service"),
        ("http://10.0.4.17/other", "http://10.0.4.17/other"),
    ],
)
def test_the_address_of_a_device_is_completed(text: str, address: str) -> None:
    assert device_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "http://", "ftp://10.0.4.17", "10.0.4.17:99999", "10.0.4.17:x", "a b", "http://u:p@10.0.4.17/", "http://[",
     "x" * 5000],
)  # fmt: skip
def test_what_is_no_address_of_a_device_is_refused(text: str) -> None:
    with pytest.raises(UnusableAddress, match="no address"):
        device_address(text)


@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "[fe80::1]", "100.100.100.200"])
def test_forbidden_hosts_are_refused(host: str) -> None:
    with pytest.raises(UnusableAddress, match="never contacted"):
        device_address(f"http://{host}/onvif/device_service")


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("http://10.0.4.17:8080/onvif/media", "http://10.0.4.17:8080/onvif/media"),
        ("http://10.0.4.17:9000/onvif/media", "http://10.0.4.17:9000/onvif/media"),
        ("http://192.168.1.108/onvif/media?x=1", "http://10.0.4.17:8080/onvif/media?x=1"),
        ("http://169.254.169.254/latest/meta-data", "http://10.0.4.17:8080/latest/meta-data"),
        ("gopher://10.0.4.17/", None),
        ("", None),
    ],
)
def test_services_are_asked_at_the_host_that_was_reached(given: str, asked: str | None) -> None:
    assert service_address(given, REACHED) == asked


@pytest.mark.parametrize(
    ("given", "url", "replaced"),
    [
        ("http://10.0.4.17:8080/snap.jpg", "http://10.0.4.17:8080/snap.jpg", None),
        ("http://10.0.4.17/snap.jpg", "http://10.0.4.17/snap.jpg", None),
        ("http://192.168.1.108/snap.jpg", "http://10.0.4.17:8080/snap.jpg", "192.168.1.108"),
        ("http://0.0.0.0/snap.jpg", "http://10.0.4.17:8080/snap.jpg", "0.0.0.0"),
        ("http://169.254.169.254/latest", "http://10.0.4.17:8080/latest", "169.254.169.254"),
        ("rtsp://192.168.1.108:554/sub", "rtsp://10.0.4.17/sub", "192.168.1.108"),
        ("rtsp://192.168.1.108:8554/sub", "rtsp://10.0.4.17:8554/sub", "192.168.1.108"),
        ("rtsp://admin:pw@10.0.4.17/sub", "rtsp://10.0.4.17/sub", None),
    ],
)
def test_pictures_are_fetched_at_the_host_that_was_reached(
    given: str, url: str, replaced: str | None
) -> None:
    found = picture_address(given, REACHED)
    assert (found.url, found.replaced_host) == (url, replaced)


def test_another_host_is_kept_on_request() -> None:
    found = picture_address("rtsp://192.168.1.108/sub", REACHED, keep_host=True)
    assert (found.url, found.replaced_host) == ("rtsp://192.168.1.108/sub", None)


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "0.0.0.0", "127.0.0.1", "localhost",
    "[::1]", "[::ffff:169.254.0.1]"]
)  # fmt: skip
def test_hosts_that_are_never_contacted_are_not_kept_either(host: str) -> None:
    with pytest.raises(UnusableAddress, match="not contacted"):
        picture_address(f"http://{host}/snap.jpg", REACHED, keep_host=True)


@pytest.mark.parametrize(
    "given", ["file:///etc/passwd", "javascript:1", "http://", "http://a b/",
    "rtsp://10.0.4.17:0/", "http://x/\x1b"]
)  # fmt: skip
def test_what_is_no_address_of_pictures_is_refused(given: str) -> None:
    with pytest.raises(UnusableAddress, match="something else"):
        picture_address(given, REACHED)


def test_the_same_address_is_recognised_whatever_its_spelling() -> None:
    assert same_address("http://GATE:80/a?b=1", "http://gate/a?b=1")
    assert not same_address("http://gate/a?b=1", "http://gate/a?b=2")
