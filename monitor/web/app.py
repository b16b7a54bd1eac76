"""The pages: a picture for whoever has its link, and two signs of life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.domain.errors import MonitorError
from monitor.domain.links import EvidenceLinks, EvidencePictures
from monitor.domain.ports import Clock

_log = structlog.get_logger(__name__)

# Pictures are for the holder of the link alone: kept by no cache, framed by no page, named to no other site.
_HEADERS = (
    (b"cache-control", b"private, no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-robots-tag", b"noindex"),
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What the pages show.

    Attributes:
        links: Reads the links.
        find: Finds pictures.
        clock: Time.
        is_alive: Whether the daemon turns; if not, it should be restarted.
        is_ready: Whether it does its work: turns, and has the database to itself.
    """

    links: EvidenceLinks
    find: EvidencePictures
    clock: Clock
    is_alive: Callable[[], bool]
    is_ready: Callable[[], bool]


def build_app(contents: Contents) -> ASGIApp:
    """The application; its pages run in threads, as they read files and the database."""

    def evidence(request: Request) -> Response:
        grant = contents.links.read(request.path_params["token"], contents.clock.now())
        picture = contents.find(grant.incident_id, grant.picture.value) if grant else None
        if grant is None or picture is None:
            # Forged, expired, pruned: nobody learns which.
            raise HTTPException(404)
        name = f"incident-{grant.incident_id}-{grant.picture.value}.jpg"
        headers = {"content-disposition": f'inline; filename="{name}"'}
        return Response(picture, media_type="image/jpeg", headers=headers)

    def livez(_request: Request) -> Response:
        return _sign(contents.is_alive())

    def readyz(_request: Request) -> Response:
        return _sign(contents.is_ready())

    app = Starlette(
        routes=[
            Route("/evidence/{token}", evidence),
            Route("/livez", livez),
            Route("/readyz", readyz),
        ],
        exception_handlers={MonitorError: _unavailable},
    )
    return _Guarded(app)


class _Guarded:
    """Adds the headers that every answer has, errors included, and logs what broke down."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except Exception:  # noqa: BLE001 - a page's fault must not reach the server's loop
            # The answer was 500; the path is not logged, as it may hold a link.
            _log.exception("web.page_broke_down")


def _sign(fine: bool) -> Response:
    return PlainTextResponse("ok\n" if fine else "not now\n", 200 if fine else 503)


def _unavailable(_request: Request, error: Exception) -> Response:
    _log.error("web.not_answered", reason=str(error))
    return PlainTextResponse("Not available now.\n", 503)
