"""GStreamer's RTSP server, run by the system's interpreter as a process of its own: `rtsp_server.py MOUNTS.json`.

The monitor cannot import this: GStreamer comes from the distribution, not from a wheel. It prints the port once it
listens on loopback, and ends when its standard input does. MOUNTS.json is an object with `mounts`, of path to
`{"launch": …, "transport": "tcp" | "udp" | null}`; it may hold `"port"`, `"auth"` (`basic` or `digest`, with `"user"`
and `"password"`), `"tls"` (`{"certificate": PATH, "key": PATH}`) and `"watched"`: true has a viewer of our own at every
path all the time. Without one, GStreamer ends a stream with its last viewer, and may crash if another one comes just
then.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

TRANSPORTS = {"tcp": GstRtsp.RTSPLowerTrans.TCP, "udp": GstRtsp.RTSPLowerTrans.UDP}


def main() -> None:
    """Serve until standard input ends."""
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
        wanted = json.load(file)
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(wanted.get("port", 0)))
    if "auth" in wanted or "tls" in wanted:
        server.set_auth(_authentication(wanted))
    for path, mount in wanted["mounts"].items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(mount["launch"])
        factory.set_shared(True)
        if mount.get("transport"):
            factory.set_protocols(TRANSPORTS[mount["transport"]])
        if "auth" in wanted or "tls" in wanted:
            role = "viewer" if "auth" in wanted else "anonymous"
            rights = "media.factory.access=true,media.factory.construct=true"
            factory.add_role_from_structure(Gst.Structure.new_from_string(f"{role},{rights}"))
        server.get_mount_points().add_factory(path, factory)
    if server.attach(None) == 0:
        sys.exit("the port is taken")
    viewers = [_watch(server.get_bound_port(), path) for path in wanted["mounts"] if wanted.get("watched")]
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    print(server.get_bound_port(), flush=True)  # noqa: T201 - that is how the port is told
    loop.run()
    for viewer in viewers:
        viewer.set_state(Gst.State.NULL)


def _watch(port: int, path: str) -> Gst.Pipeline:
    viewer = Gst.parse_launch(f"rtspsrc location=rtsp://127.0.0.1:{port}{path} protocols=tcp ! fakesink")
    viewer.set_state(Gst.State.PLAYING)
    return viewer


def _authentication(wanted: dict[str, Any]) -> GstRtspServer.RTSPAuth:
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    if "auth" not in wanted:
        token.set_string("media.factory.role", "anonymous")
        auth.set_default_token(token)
    else:
        token.set_string("media.factory.role", "viewer")
        if wanted["auth"] == "basic":
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(wanted["user"], wanted["password"]), token)
        else:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(wanted["user"], wanted["password"], token)
    if "tls" in wanted:
        auth.set_tls_certificate(
            Gio.TlsCertificate.new_from_files(wanted["tls"]["certificate"], wanted["tls"]["key"])
        )
    return auth


if __name__ == "__main__":
    main()
