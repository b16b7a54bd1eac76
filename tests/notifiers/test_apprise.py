"""Apprise for real: a mail server and an HTTP receiver on loopback, and what happens when it cannot send."""

from __future__ import annotations

import email
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message as Mail
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr
from structlog.testing import capture_logs

from monitor.domain.alert import AlertKind, Outcome
from monitor.domain.links import PictureMode
from monitor.domain.message import Attachment, Message
from monitor.notifiers import apprise as module
from monitor.notifiers.apprise import AppriseNotifier, AppriseOptions, ChildFailed, run_child
from monitor.notifiers.errors import BadNotifierOptions
from monitor.notifiers.pictures import PictureSupply
from tests.notifiers.receiver import Answer, Receiver, running_receiver
from tests.notifiers.samples import ALERT, RunningClock, group_of
from tests.notifiers.test_pictures import event_only, picture


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


class Mailbox:
    """Takes every mail."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(email.message_from_bytes(envelope.content or b""))  # type: ignore[arg-type]
        return "250 taken"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


def notifier(
    *urls: str, timeout_s: float = 30.0, pictures: PictureMode = PictureMode.NONE
) -> AppriseNotifier:
    options = AppriseOptions(tuple(SecretStr(url) for url in urls), timeout_s, pictures)
    return AppriseNotifier.open(options, RunningClock(), PictureSupply(event_only))


def address(receiver: Receiver, path: str = "s3cret-path") -> str:
    return f"json://user:s3cret@{receiver.url.removeprefix('http://').partition('/')[0]}/{path}"


def test_a_mail_arrives_with_subject_text_and_pictures(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    url = f"mailto://127.0.0.1:{port}?from=monitor@cameras.example&to=ops@example.com&mode=insecure"
    receipt = notifier(url, pictures=PictureMode.ATTACH).send(Message.of(ALERT), 1)
    assert receipt.outcome is Outcome.ACCEPTED, receipt
    (mail,) = box.mails
    subject = str(email.header.make_header(email.header.decode_header(mail["Subject"])))
    assert ALERT.headline in subject
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in mail.walk()}
    text = parts["text/plain"]
    assert isinstance(text, bytes)
    assert "Incident 17, opened at 2026-03-04T05:06:07+00:00" in text.decode()
    assert parts["image/jpeg"] == picture()


def test_a_report_is_mailed_with_its_file(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    url = f"mailto://127.0.0.1:{port}?from=monitor@cameras.example&to=ops@example.com&mode=insecure"
    report = Message.of(
        replace(ALERT, kind=AlertKind.REPORT), Attachment("weekly.pdf", "application/pdf", b"%PDF-1.7 report")
    )
    assert notifier(url).send(report, 1).outcome is Outcome.ACCEPTED
    (file,) = [part for part in box.mails[0].walk() if part.get_content_type() == "application/pdf"]
    assert (file.get_filename(), file.get_payload(decode=True)) == ("weekly.pdf", b"%PDF-1.7 report")


def test_another_service_is_told_what_and_how_urgent(receiver: Receiver) -> None:
    assert notifier(address(receiver)).send(Message.of(ALERT), 1).outcome is Outcome.ACCEPTED
    resolved = Message.of(replace(ALERT, kind=AlertKind.RESOLVED))
    assert notifier(address(receiver)).send(resolved, 1).outcome is Outcome.ACCEPTED
    opened, ended = (json.loads(request.body) for request in receiver.requests)
    assert (opened["title"], opened["type"]) == (ALERT.headline, "warning")
    assert ended["type"] == "success"
    assert "north" in opened["message"]


def test_a_group_of_ten_thousand_is_one_message_of_a_bounded_size(receiver: Receiver) -> None:
    assert notifier(address(receiver)).send(group_of(10_000), 1).outcome is Outcome.ACCEPTED
    (request,) = receiver.requests
    assert len(request.body) < 200_000
    assert "… and 9980 more" in json.loads(request.body)["message"]


def test_addresses_that_took_a_message_do_not_get_it_again(receiver: Receiver) -> None:
    receiver.respond = lambda request: Answer(503 if request.path == "/bad" else 200)
    sender = notifier(address(receiver, "good"), address(receiver, "bad"))
    receipt = sender.send(Message.of(ALERT), 1)
    assert receipt.outcome is Outcome.RETRY
    assert "address 2 of 2" in receipt.detail
    receiver.respond = lambda _request: Answer(200)
    assert sender.send(Message.of(ALERT), 2).outcome is Outcome.ACCEPTED
    assert [request.path for request in receiver.requests] == ["/good", "/bad", "/bad"]


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    with running_receiver() as elsewhere:
        receiver.respond = lambda _request: Answer(307, {"location": elsewhere.url})
        assert notifier(address(receiver)).send(Message.of(ALERT), 1).outcome is Outcome.RETRY
        assert elsewhere.requests == []


def test_a_service_that_hangs_costs_no_more_than_the_time_limit(receiver: Receiver) -> None:
    sender = notifier(address(receiver), timeout_s=2.0)
    receiver.respond = lambda _request: Answer(after_s=60.0)
    began_s = time.monotonic()
    receipt = sender.send(Message.of(ALERT), 1)
    assert receipt.outcome is Outcome.RETRY
    assert time.monotonic() - began_s < 6.0


def test_a_child_that_hears_nothing_is_killed_with_all_that_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    script = (
        "import subprocess; p = subprocess.Popen(['sleep', '60']); "
        f"open({str(note)!r}, 'w').write(str(p.pid)); p.wait()"
    )
    monkeypatch.setattr(module, "child_command", lambda: [sys.executable, "-c", script])
    with pytest.raises(ChildFailed, match="not done within"):
        run_child({"urls": []}, 2.0)
    state = Path(f"/proc/{note.read_text()}/stat")
    deadline_s = time.monotonic() + 5.0
    while state.exists() and ") Z " not in state.read_text():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


@pytest.mark.parametrize(
    "script", ["raise SystemExit(3)", "print('no JSON')", "print('{\"results\": [true, true]}')"]
)
def test_a_child_without_a_sensible_answer_has_failed(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(module, "child_command", lambda: [sys.executable, "-c", script])
    with pytest.raises(ChildFailed):
        run_child({"urls": ["one"]}, 10.0)


def test_an_address_that_apprise_does_not_understand_is_refused_by_its_number(receiver: Receiver) -> None:
    with pytest.raises(BadNotifierOptions, match="address 2") as caught:
        notifier(address(receiver), "nonsense-s3cret://x")
    assert "s3cret" not in str(caught.value)


def test_without_apprise_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    with pytest.raises(BadNotifierOptions, match=r"camera-view-monitor\[apprise\]"):
        notifier("json://localhost/")


def test_the_daemon_itself_never_imports_it(receiver: Receiver) -> None:
    notifier(address(receiver)).send(Message.of(ALERT), 1)
    assert "apprise" not in sys.modules


def test_no_address_is_in_receipts_logs_output_or_command_lines(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_S3CRET", "s3cret")
    seen: list[str] = []

    def look(_request: object) -> Answer:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and entry.name != str(os.getpid()):
                try:
                    seen.append((entry / "cmdline").read_text().replace("\0", " "))
                    if "apprise_child" in seen[-1]:
                        seen.append((entry / "environ").read_text())
                except OSError:
                    continue
        return Answer(500)

    receiver.respond = look
    with capture_logs() as lines:
        receipt = notifier(address(receiver)).send(Message.of(ALERT), 1)
        broken = notifier("json://user:s3cret@127.0.0.1:1/").send(Message.of(ALERT), 1)
    assert (receipt.outcome, broken.outcome) == (Outcome.RETRY, Outcome.RETRY)
    assert any("apprise_child" in text for text in seen)
    captured = capfd.readouterr()
    assert "s3cret" not in repr((receipt, broken, lines, seen, captured.out, captured.err))
