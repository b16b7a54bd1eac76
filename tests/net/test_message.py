import pytest

from monitor.domain.errors import MonitorError
from monitor.net.errors import RequestRefused
from monitor.net.message import Auth, Request, media_type


@pytest.mark.parametrize(
    ("url", "sent", "username", "password"),
    [
        ("http://cam/", "http://cam/", None, None),
        ("http://cam", "http://cam/", None, None),
        ("HTTP://CAM:80/a", "http://cam/a", None, None),
        ("http://admin:secret@cam:8080/snap?ch=1", "http://cam:8080/snap?ch=1", "admin", "secret"),
        ("http://us%20er:p%40ss%3Aw%2F@cam/", "http://cam/", "us er", "p@ss:w/"),
        ("http://admin@cam/", "http://cam/", "admin", None),
        ("http://a:b@c:d@cam/", "http://cam/", "a", "b@c:d"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x", None, None),
        ("http://cam/über straße".replace(" ", "%20"), "http://cam/%C3%BCber%20stra%C3%9Fe", None, None),
        ("http://bücher.example/", "http://xn--bcher-kva.example/", None, None),
    ],
)
def test_credentials_leave_the_url_at_once(url, sent, username, password):
    request = Request(url)
    assert (request.url, request.username, request.password) == (sent, username, password)


def test_given_credentials_go_before_those_in_the_url():
    request = Request("http://old:older@cam/", username="new", password="newer")
    assert (request.username, request.password) == ("new", "newer")


@pytest.mark.parametrize(
    "url",
    [
        "", "cam", "/snap.jpg", "ftp://cam/", "file:///etc/passwd", "http://", "http:///x", "http://cam:99999/",
        "http://cam:x/", "http://ca m/", "http://cam/\r\nX: y", "http://admin:hunter2#3@cam/", "http://cam/#top",
        "http://admin:12/hunter2@cam/", "http://admin:12?hunter2@cam/", "http://[::1", "http://cam\\@evil/",
        "rtsp://cam/", "gopher://cam/", "http://cam/\udcff", "http://[::1%2@5h0]/", "http://admin:hunter2\udcff@cam/",
    ],
)  # fmt: skip
def test_refuses_unusable_urls_without_repeating_them(url):
    with pytest.raises(RequestRefused) as caught:
        Request(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "DELETE"}, {"headers": {"X": "a\r\nb"}}, {"headers": {"X Y": "a"}}, {"bearer": "a\nb"},
        {"bearer": "tökén"}, {"bearer": "t", "username": "u"}, {"timeout_s": 0}, {"timeout_s": float("nan")},
        {"timeout_s": float("inf")}, {"max_bytes": 0}, {"redirects": -1}, {"pinned_key": "md5//x"},
        {"auth": "ntlm"},
    ],
)  # fmt: skip
def test_refuses_what_cannot_be_sent(wrong):
    with pytest.raises(ValueError):
        Request("http://cam/", **wrong)


def test_a_refused_request_is_an_error_an_operator_can_read():
    assert issubclass(RequestRefused, MonitorError)


def test_shows_nothing_secret_in_its_repr():
    request = Request(
        "http://u1:hunter2@cam/hook/T0KEN?key=hunter3", headers={"X-Key": "hunter4"}, body=b"hunter5"
    )
    bearer = Request("http://cam/", bearer="hunter6", auth=Auth.AUTO)
    assert "hunter" not in repr(request) + repr(bearer)
    assert "T0KEN" not in repr(request)
    assert request.origin == "http://cam"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Image/JPEG; name=x", "image/jpeg"), ("", ""), ("text/html", "text/html"), ("nonsense", ""),
        ("a/b<script>", ""), ("multipart/x-mixed-replace;boundary=b", "multipart/x-mixed-replace"),
    ],
)  # fmt: skip
def test_media_type_repeats_only_what_looks_like_one(header, expected):
    assert media_type(header) == expected
