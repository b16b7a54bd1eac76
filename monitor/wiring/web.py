"""The web server, from settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from monitor.web.app import Contents, build_app
from monitor.web.server import WebOptions, WebServer
from monitor.wiring.pictures import evidence_links
from monitor.wiring.site import Site


@contextmanager
def serving(site: Site, is_alive: Callable[[], bool], is_ready: Callable[[], bool]) -> Iterator[None]:
    """Run the web server meanwhile, if it is wanted.

    Args:
        site: Opened.
        is_alive: Whether the daemon turns.
        is_ready: Whether it does its work.

    Raises:
        LinkKeyUnusable: There is no key for links.
    """
    settings = site.settings
    if not settings.web.enabled:
        yield
        return
    contents = Contents(evidence_links(settings), site.pictures, site.clock, is_alive, is_ready)
    host, port = settings.web.address
    server = WebServer(build_app(contents), WebOptions(host, port))
    server.start()
    try:
        yield
    finally:
        server.stop()
