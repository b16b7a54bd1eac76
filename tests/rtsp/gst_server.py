"""GStreamer's RTSP server, run by the system's interpreter as a process of its own: `gst_server.py MOUNTS.json`.

It prints the port once it listens, and ends when its standard input does; with 3 if packages are missing.
MOUNTS.json is an object: `mounts` maps a path to `{"launch": …, "transport": "tcp" | "udp" | null}`; `auth` is
`basic` or `digest`; `tls` is `{"certificate": PATH, "key": PATH}`. The last two may be missing.
"""

import json
import sys
import threading

try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    gi.require_version("GstRtsp", "1.0")
    from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer
except (ImportError, ValueError) as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(3)

USER, PASSWORD = "viewer", "c4nary p@ss:w/ö"
TRANSPORTS = {"tcp": GstRtsp.RTSPLowerTrans.TCP, "udp": GstRtsp.RTSPLowerTrans.UDP}


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
        wanted = json.load(file)
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    if "auth" in wanted or "tls" in wanted:
        server.set_auth(authentication(wanted))
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
    server.attach(None)
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    loop.run()


def authentication(wanted) -> GstRtspServer.RTSPAuth:
    auth = GstRtspServer.RTSPAuth()
    if "auth" in wanted:
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        if wanted["auth"] == "basic":
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(USER, PASSWORD), token)
        else:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(USER, PASSWORD, token)
    else:
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "anonymous")
        auth.set_default_token(token)
    if "tls" in wanted:
        auth.set_tls_certificate(
            Gio.TlsCertificate.new_from_files(wanted["tls"]["certificate"], wanted["tls"]["key"])
        )
    return auth


if __name__ == "__main__":
    main()
