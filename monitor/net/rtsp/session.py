"""One session: describe, set up, play; then RTP packets."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.net.address import AddressPolicy
from monitor.net.deadline import Deadline
from monitor.net.dialling import dial
from monitor.net.errors import ConnectFailed, NetError, NoVideo, StatusRefused
from monitor.net.exchange import USER_AGENT
from monitor.net.rtsp.address import RtspAddress
from monitor.net.rtsp.datagrams import Datagrams
from monitor.net.rtsp.login import Login, offered
from monitor.net.rtsp.sdp import Track, control_url, video_tracks
from monitor.net.rtsp.wire import Interleaved, Message, Wire
from monitor.net.tls import Trust

_UNSUPPORTED_TRANSPORT = 461
_OTHER_ENCODINGS = frozenset(
    ("JPEG", "JPEG2000", "H261", "H263", "H266", "MPV", "MP4V-ES", "VP8", "VP9", "AV1")
)
_USUAL_SESSION_S = 60.0
_MOST_LOGINS = 3
_MOST_QUEUED = 4096
_FAREWELL_S = 0.2


class Transport(StrEnum):
    """How packets travel; `auto` takes TCP, and UDP where the server refuses it."""

    AUTO = "auto"
    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True, slots=True)
class Call:
    """Whom to ask, and how.

    Attributes:
        address: The stream.
        policy: Which addresses may be connected to.
        encodings: That the caller understands, as `Track.encoding`; the first track of these is played.
        username: Given here it goes before the one in the address.
        password: Goes with it.
        transport: How packets travel.
        trust: For rtsps.
    """

    address: RtspAddress
    policy: AddressPolicy
    encodings: Sequence[str]
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    transport: Transport = Transport.AUTO
    trust: Trust = field(default_factory=Trust)


class RtspSession:
    """One stream being played. Not shared between threads, but `close` may come from another.

    Args:
        call: Whom to ask.
        deadline: For everything until packets flow.

    Attributes:
        track: What is played.

    Raises:
        NetError: It does not come about; the subclass says why.
    """

    def __init__(self, call: Call, deadline: Deadline) -> None:
        address = call.address
        self._call = call
        self._origin = address.origin
        if call.username is None:
            self._login = Login(address.username, address.password)
        else:
            self._login = Login(call.username, call.password)
        self._sequence = 0
        self._session = ""
        self._keep_alive_s = _USUAL_SESSION_S / 2
        self._asked_s = time.monotonic()
        self._channel = 0
        self._datagrams: Datagrams | None = None
        self._early: deque[Interleaved] = deque(maxlen=_MOST_QUEUED)
        self._wire = Wire(
            dial(
                address.host,
                address.port,
                call.policy,
                deadline,
                self._origin,
                call.trust if address.secure else None,
            ),
            self._origin,
        )
        try:
            self.track, self._presentation = self._describe(deadline)
            self._set_up(deadline)
            self._ask("PLAY", self._presentation, deadline, {"Range": "npt=0.000-"})
        except BaseException:
            self._let_go()
            raise

    def packets(self, deadline: Deadline) -> Iterator[bytes]:
        """RTP packets as they come, until the deadline.

        Raises:
            TimedOut: Nothing more came until then.
            NetError: The stream broke.
        """
        count = 0
        while True:
            self._stay_alive(deadline)
            progress = f"{count:,} packets had come" if count else "it plays, but no packet came"
            if self._datagrams is not None:
                for packet in self._datagrams.receive(self._wire, deadline, progress):
                    count += 1
                    yield packet
                continue
            found = self._early.popleft() if self._early else self._wire.receive(deadline, progress)
            if isinstance(found, Interleaved) and found.channel == self._channel:
                count += 1
                yield found.data

    def close(self) -> None:
        """Say goodbye, without waiting for an answer, and close the connection."""
        if self._session:
            with suppress(NetError):  # It may be gone already.
                self._send("TEARDOWN", self._presentation, Deadline(_FAREWELL_S, self._origin), {})
        self._let_go()

    def abort(self) -> None:
        """Close the connection under a thread that waits for packets."""
        self._wire.close()

    def _let_go(self) -> None:
        self._wire.close()
        if self._datagrams is not None:
            self._datagrams.close()

    def _describe(self, deadline: Deadline) -> tuple[Track, str]:
        answer = self._ask("DESCRIBE", self._call.address.url, deadline, {"Accept": "application/sdp"})
        base = answer.header("content-base") or answer.header("content-location") or self._call.address.url
        base = base if re.fullmatch(r"rtsps?://[\x21-\x7e]+", base) else self._call.address.url
        tracks, control = video_tracks(answer.body)
        for track in tracks:
            if track.encoding in self._call.encodings:
                presentation = control_url(base, control)
                return Track(
                    track.encoding, track.payload_type, control_url(base, track.control), track.parameter_sets
                ), presentation
        if not tracks:
            raise NoVideo(
                f"{self._origin} describes a stream without video.",
                "Check the path of the URL, and the channel.",
            )
        # What a peer calls it is shown only where it is a name and nothing else.
        names = sorted({track.encoding for track in tracks} & _OTHER_ENCODINGS)
        raise NoVideo(
            f"{self._origin} sends video that is not understood: {', '.join(names) or 'of an unknown encoding'}.",
            f"Set the camera to one of {', '.join(self._call.encodings)}.",
        )

    def _set_up(self, deadline: Deadline) -> None:
        wanted = self._call.transport
        if wanted != Transport.UDP:
            try:
                answer = self._ask(
                    "SETUP",
                    self.track.control,
                    deadline,
                    {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"},
                )
            except StatusRefused as error:
                # Over TLS, packets stay within it: by UDP they would travel in the clear.
                if (
                    wanted != Transport.AUTO
                    or error.status != _UNSUPPORTED_TRANSPORT
                    or self._call.address.secure
                ):
                    raise
            else:
                self._begin(answer)
                channel = re.search(r"interleaved=(\d{1,3})", answer.header("transport"))
                self._channel = int(channel[1]) if channel else 0
                return
        try:
            self._datagrams = Datagrams(self._wire.peer)
        except OSError:
            raise ConnectFailed(
                "No pair of ports is free here for packets by UDP.", "Set `transport: tcp`."
            ) from None
        port = self._datagrams.port
        transport = f"RTP/AVP;unicast;client_port={port}-{port + 1}"
        answer = self._ask("SETUP", self.track.control, deadline, {"Transport": transport})
        self._begin(answer)
        server_ports = re.search(r"server_port=(\d{1,5}(?:-\d{1,5})?)", answer.header("transport"))
        self._datagrams.punch(server_ports[1] if server_ports else "")

    def _begin(self, answer: Message) -> None:
        session, _, parameters = answer.header("session").partition(";")
        self._session = session.strip() if re.fullmatch(r"[\x21-\x7e]{1,256}", session.strip()) else ""
        timeout = re.search(r"timeout\s*=\s*(\d{1,6})", parameters)
        self._keep_alive_s = max(1.0, (float(timeout[1]) if timeout else _USUAL_SESSION_S) / 2)

    def _stay_alive(self, deadline: Deadline) -> None:
        if time.monotonic() - self._asked_s > self._keep_alive_s:
            self._send("OPTIONS", self._presentation, deadline, {})

    def _ask(self, method: str, uri: str, deadline: Deadline, headers: dict[str, str]) -> Message:
        """One request and its answer, logged in where that is asked for.

        Raises:
            StatusRefused: It answers with another status than 200.
        """
        for attempt in range(_MOST_LOGINS):
            self._send(method, uri, deadline, headers)
            answer = self._answer(method, deadline)
            if answer.status != 401 or not self._login.take(answer.headers.get("www-authenticate", [])):
                break
            if attempt and not self._login.stale:
                break  # These credentials were just refused; once more, and the account may be locked.
        if answer.status != 200:
            raise self._refusal(answer)
        return answer

    def _send(self, method: str, uri: str, deadline: Deadline, headers: dict[str, str]) -> None:
        self._sequence += 1
        self._asked_s = time.monotonic()
        lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {self._sequence}", f"User-Agent: {USER_AGENT}"]
        if (authorization := self._login.header(method, uri)) is not None:
            lines.append(f"Authorization: {authorization}")
        if self._session:
            lines.append(f"Session: {self._session}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._wire.send("\r\n".join([*lines, "", ""]).encode(), deadline)

    def _answer(self, method: str, deadline: Deadline) -> Message:
        while True:
            found = self._wire.receive(deadline, f"connected, but no answer to {method} came")
            if isinstance(found, Interleaved):
                # The first picture may well be on its way before the answer to PLAY.
                self._early.append(found)
            elif found.status >= 200 and found.header("cseq") in ("", str(self._sequence)):
                return found

    def _refusal(self, answer: Message) -> StatusRefused:
        origin, status = self._origin, answer.status
        if status in (401, 403):
            what = (
                "it does not accept the credentials"
                if self._login.known
                else "it asks for credentials, and none are configured"
            )
            return StatusRefused(
                f"{origin} answers {status}: {what}{offered(answer.headers.get('www-authenticate', []))}.",
                "Check user name and password. Many cameras lock the account after a few failures.",
                status,
            )
        if 300 <= status < 400:
            return StatusRefused(
                f"{origin} answers {status}: it redirects, which is not followed.",
                "Give the final address.",
                status,
            )
        if status == 404:
            return StatusRefused(
                f"{origin} answers 404: it has nothing under that path.",
                "Check the URL, and that this stream is switched on at the camera.",
                status,
            )
        if status == _UNSUPPORTED_TRANSPORT:
            return StatusRefused(
                f"{origin} answers 461: it does not send that way.", "Set another `transport`.", status
            )
        return StatusRefused(
            f"{origin} answers {status} instead of a stream.",
            "Look how many clients it serves at a time; restart it.",
            status,
        )
