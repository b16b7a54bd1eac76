"""`monitor simulate` as a process."""

import signal
import subprocess
import sys
import threading
import urllib.request

import pytest

COMMAND = [sys.executable, "-m", "monitor.cli.simulate"]


class Running:
    """A started command whose lines are collected while it runs."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines, self.news = [], threading.Condition()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line.rstrip())
                self.news.notify_all()
        with self.news:
            self.news.notify_all()

    def line_with(self, text, timeout_s=20):
        def found():
            return next((line for line in self.lines if text in line), None)

        with self.news:
            self.news.wait_for(lambda: found() or self.process.poll() is not None, timeout_s)
            assert found(), self.lines
            return found()

    def end(self, number=None):
        if number is not None:
            self.process.send_signal(number)
        try:
            return self.process.wait(15)
        finally:
            self.process.kill()
            self.reader.join()
            self.process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_tells_the_addresses_and_ends_with_zero_when_asked(number):
    running = Running("--cameras", "2", "--speed", "1")
    url = running.line_with("crossing: http").split()[-1]
    with urllib.request.urlopen(url, timeout=20) as response:
        assert response.read(2) == b"\xff\xd8"
    assert running.end(number) == 0
    assert running.lines[-1] == "The simulated site has ended."


def test_it_tells_events_as_they_happen_and_writes_folders(tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text(
        "cameras: [{name: gate, kind: plaza, seed: 3, size: [320, 240]}]\n"
        "events: [{at: '2026-06-01T10:01', camera: gate, do: cover, fraction: 0.5}]\n"
    )
    pictures = tmp_path / "pictures"
    running = Running(
        "--script", str(script), "--folder", str(pictures), "--interval", "0.2", "--speed", "120"
    )
    running.line_with("2026-06-01 10:01:00 gate: cover fraction=0.5")
    assert running.end(signal.SIGTERM) == 0
    assert list((pictures / "gate").glob("20260601T*Z.jpg"))


def test_it_ends_by_itself_after_its_duration():
    running = Running("--cameras", "1", "--duration", "0.2")
    assert running.end() == 0


def test_a_bad_script_ends_it_with_every_problem_and_no_traceback(tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text("events: [{at: never, camera: door, do: explode}]\n")
    running = Running("--script", str(script))
    assert running.end() == 2
    text = "\n".join(running.lines)
    assert all(place in text for place in ("events[0].camera", "events[0].at", "events[0].do"))
    assert "Traceback" not in text
