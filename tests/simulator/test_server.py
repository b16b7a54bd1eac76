"""Real HTTP on loopback, asked by a client that is not ours."""

import io
import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import cv2
import numpy as np
import pycurl
import pytest

from monitor.clock import SystemClock
from monitor.domain.errors import SourceDenied, SourceUnreachable
from monitor.simulator import Credentials, Event, SimulatorError, SiteServer
from monitor.sources.mjpeg import MjpegOptions, MjpegSource
from tests.simulator.conftest import CAMERAS, NOON


@pytest.fixture
def server(make_site):
    digest = replace(CAMERAS[1], credentials=Credentials("viewer", "s3cret pass"))
    basic = replace(CAMERAS[2], credentials=Credentials("viewer", "s3cret", "basic"))
    with SiteServer(make_site(cameras=(CAMERAS[0], digest, basic), speed=60)) as running:
        yield running


def get(url, timeout=5.0):
    with urllib.request.urlopen(url, timeout=timeout) as response:
        return response.status, response.headers, response.read()


def post(url, data):
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, method="POST"), timeout=5) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def curl(url, scheme, password):
    body, client = io.BytesIO(), pycurl.Curl()
    client.setopt(pycurl.URL, url)
    client.setopt(pycurl.HTTPAUTH, scheme)
    client.setopt(pycurl.USERNAME, "viewer")
    client.setopt(pycurl.PASSWORD, password)
    client.setopt(pycurl.WRITEDATA, body)
    client.setopt(pycurl.TIMEOUT, 5)
    client.perform()
    status = client.getinfo(pycurl.RESPONSE_CODE)
    client.close()
    return status, body.getvalue()


def decode(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def test_a_snapshot_is_a_jpeg_with_the_headers_of_a_camera(server):
    status, headers, body = get(server.snapshot_url("gate"))
    assert status == 200
    assert headers["Content-Type"] == "image/jpeg"
    assert int(headers["Content-Length"]) == len(body)
    assert decode(body).shape == (240, 320, 3)
    simulated = datetime.fromisoformat(headers["X-Simulated-Time"])
    assert NOON <= simulated <= server.site.clock.now()
    assert abs(parsedate_to_datetime(headers["Last-Modified"]).timestamp() - time.time()) < 3


def test_the_index_lists_every_camera_and_unknown_addresses_are_not_found(server):
    page = get(server.url + "/")[2].decode()
    assert all(f"/{name}/snapshot.jpg" in page for name in server.site.names)
    for path in ("/door/snapshot.jpg", "/gate", "/gate/events", "/../../etc/passwd"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(server.url + path)
        assert caught.value.code == 404
        caught.value.close()


@pytest.mark.parametrize(
    ("camera", "scheme", "right"),
    [("yard", pycurl.HTTPAUTH_DIGEST, "s3cret pass"), ("hall", pycurl.HTTPAUTH_BASIC, "s3cret")],
)
def test_only_the_right_password_gets_the_picture(server, camera, scheme, right):
    url = server.snapshot_url(camera)
    status, body = curl(url, scheme, right)
    assert status == 200
    assert decode(body) is not None
    assert curl(url, scheme, "wrong")[0] == 401
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(url)
    assert caught.value.code == 401
    assert "WWW-Authenticate" in caught.value.headers
    caught.value.close()


def test_a_frozen_camera_serves_the_same_bytes_and_an_old_date(server):
    assert post(server.url + "/gate/events", {"do": "freeze"})[0] == 201
    _, first_headers, first = get(server.snapshot_url("gate"))
    _, second_headers, second = get(server.snapshot_url("gate"))
    assert first == second
    assert first_headers["X-Simulated-Time"] == second_headers["X-Simulated-Time"]


def grab_from_stream(server, camera, timeout_s=5.0, **options):
    source = MjpegSource(MjpegOptions(server.stream_url(camera), **options), SystemClock())
    try:
        return source.grab(timeout_s)
    finally:
        source.close()


def test_the_stream_gives_pictures_one_after_another_behind_the_same_password(server):
    frames = [grab_from_stream(server, "gate", skip=skip) for skip in (0, 3)]
    assert [frame.pixels.shape for frame in frames] == [(240, 320, 3)] * 2
    assert frames[0].digest != frames[1].digest
    with pytest.raises(SourceDenied):
        grab_from_stream(server, "yard")
    assert grab_from_stream(server, "yard", username="viewer", password="s3cret pass").native_width == 320
    with pytest.raises(SimulatorError):
        server.stream_url("door")


def test_the_stream_of_a_frozen_camera_repeats_itself_and_that_of_a_dead_one_ends(server):
    server.site.apply(Event("gate", "freeze", server.site.clock.now()))
    assert len({grab_from_stream(server, "gate", skip=skip).digest for skip in (0, 2)}) == 1
    server.site.apply(Event("gate", "die", server.site.clock.now() + timedelta(seconds=30), {"how": "error"}))
    with urllib.request.urlopen(server.stream_url("gate"), timeout=5) as response:
        assert response.read().count(b"--frame") >= 1
    with pytest.raises(SourceUnreachable, match="500"):
        grab_from_stream(server, "gate")


@pytest.mark.parametrize("how", ["refuse", "error", "empty", "html"])
def test_a_dead_camera_fails_in_the_way_asked_for(server, how):
    assert post(server.url + "/gate/events", {"do": "die", "how": how})[0] == 201
    url = server.snapshot_url("gate")
    if how == "refuse":
        with pytest.raises((ConnectionError, urllib.error.URLError)):
            get(url)
    elif how == "error":
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(url)
        assert caught.value.code == 500
        caught.value.close()
    else:
        _, headers, body = get(url)
        assert (headers["Content-Type"], decode_or_none(body)) == (
            "image/jpeg" if how == "empty" else "text/html",
            None,
        )
    assert post(server.url + "/gate/events", {"do": "restore"})[0] == 201
    assert get(url)[0] == 200


def decode_or_none(body):
    return decode(body) if body.startswith(b"\xff\xd8") else None


def test_a_silent_camera_keeps_the_client_waiting_and_lets_go_when_the_site_closes(make_site):
    site = make_site(("gate", "die", 0, {"how": "timeout"}))
    with SiteServer(site) as running:
        with pytest.raises(TimeoutError):
            get(running.snapshot_url("gate"), timeout=0.4)
        outcome = []

        def wait_for_answer():
            try:
                outcome.append(get(running.snapshot_url("gate"), timeout=20))
            except OSError as error:
                outcome.append(error)

        client = threading.Thread(target=wait_for_answer)
        client.start()
        client.join(0.3)
        assert client.is_alive()
    client.join(5)
    assert isinstance(outcome[0], OSError)
    assert not isinstance(outcome[0], TimeoutError)


def test_events_by_hand_appear_in_the_truth_and_bad_ones_name_every_problem(server):
    status, answer = post(server.url + "/gate/events", {"do": "move", "dx": 0.06, "dy": -0.03})
    assert (status, "dx=0.06" in answer["event"]) == (201, True)
    truth = json.loads(get(server.url + "/truth.json")[2])
    assert truth["cameras"]["gate"]["move"] == {"dx": 0.06, "dy": -0.03, "roll": 0.0, "zoom": 1.0}
    status, answer = post(server.url + "/gate/events", {"do": "move", "dx": 9, "zoom": "big"})
    assert status == 400
    assert len(answer["problems"]) == 2
    assert post(server.url + "/gate/events", b"{")[0] == 400
    assert post(server.url + "/gate/events", {"camera": "hall", "do": "flip"})[0] == 400


def test_the_clock_can_be_slowed_by_hand(server):
    status, answer = post(server.url + "/clock", {"speed": 0})
    assert (status, answer["speed"]) == (200, 0)
    assert server.site.clock.now() == server.site.clock.now()
    assert post(server.url + "/clock", {"speed": -1})[0] == 400


def test_a_taken_port_is_refused_with_what_to_do(server, make_site):
    port = int(server.url.rsplit(":", 1)[1])
    with pytest.raises(SimulatorError, match="--port"):
        SiteServer(make_site(), port=port)


def test_several_clients_at_once_each_get_their_picture(server):
    server.site.apply(Event("gate", "move", NOON - timedelta(minutes=1), {"dx": 0.1}))
    bodies = []
    clients = [
        threading.Thread(target=lambda: bodies.append(get(server.snapshot_url("gate"), 20)[2]))
        for _ in range(6)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert [decode(body).shape for body in bodies] == [(240, 320, 3)] * 6
