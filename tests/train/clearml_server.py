"""A ClearML server small enough for a test: takes tasks, events and files by ClearML's own client, and keeps them."""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def _token() -> str:
    """What a login gives: not signed, which the client does not check."""
    claims = {"exp": int(time.time()) + 3600, "api_version": "2.9", "feature_set": "basic"}
    parts = (base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in ({}, claims))
    return ".".join([*parts, "c2ln"])


class ClearMLServer(ThreadingHTTPServer):
    """Serves on a free port of this machine.

    Attributes:
        tasks: By id, as they stand.
        events: Of all tasks.
        files: Contents that were uploaded, each with the form around it.
        calls: Names of the calls, in order.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tasks: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.files: list[bytes] = []
        self.calls: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """What tells ClearML's client to talk to this server."""
        here = f"http://127.0.0.1:{self.server_port}"
        hosts = {f"CLEARML_{kind}_HOST": here for kind in ("API", "WEB")}
        keys = {"CLEARML_API_ACCESS_KEY": "key", "CLEARML_API_SECRET_KEY": "secret"}
        return {**hosts, **keys, "CLEARML_FILES_HOST": f"{here}/files"}

    def answer(self, name: str, asked: list[dict[str, Any]]) -> dict[str, Any]:
        """The data of the answer to a call."""
        self.calls.append(name)
        first = asked[0]
        match name:
            case "auth.login":
                return {"token": _token()}
            case "projects.get_all":
                return {"projects": []}
            case "projects.create":
                return {"id": "project"}
            case "projects.get_by_id":
                return {"project": {"id": "project", "name": "views"}}
            case "tasks.create":
                made = uuid.uuid4().hex
                self.tasks[made] = {"id": made, "status": "created", **first}
                return {"id": made}
            case "tasks.edit" | "tasks.update":
                self.tasks[first["task"]] |= {key: value for key, value in first.items() if key != "task"}
                return {"updated": 1, "fields": {}}
            case "tasks.get_by_id":
                return {"task": self.tasks[first["task"]]}
            case "tasks.get_all":
                return {"tasks": [self.tasks[one] for one in first.get("id", []) if one in self.tasks]}
            case "tasks.started" | "tasks.completed" | "tasks.stopped":
                self.tasks[first["task"]]["status"] = {"tasks.started": "in_progress"}.get(name, name[6:])
                return {"updated": 1, "fields": {}, "started": 1}
            case "events.add_batch":
                self.events += asked
                return {"added": len(asked), "errors": 0}
            case _:
                return {}


class _Handler(BaseHTTPRequestHandler):
    server: ClearMLServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name = self.path.split("?")[0].strip("/").split("/")[-1]
        if self.headers.get("Content-Type", "").startswith("multipart"):
            self.server.files.append(body)
            return self._send({})
        asked = [json.loads(line) for line in body.splitlines() if line.strip()] or [{}]
        answer = {"meta": {"result_code": 200, "result_subcode": 0, "result_msg": "OK"}}
        return self._send({**answer, "data": self.server.answer(name, asked)})

    def _send(self, answer: object) -> None:
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
