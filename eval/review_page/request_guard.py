"""Guard of the review page: it answers requests of its own page only."""

import secrets
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

TOKEN_HEADER = "x-review-token"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_MOST_BYTES = 2**20


def guard(app: FastAPI, hosts: frozenset[str], token: str) -> None:
    """Refuse requests with another Host header than ``hosts`` and of other origins, and changes without the token.

    They get 403, a body of more than 1 MiB or of unknown length 413.
    """

    @app.middleware("http")
    async def checked(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        refused = _refusal(request, hosts, token)
        length = request.headers.get("content-length", "0")
        if refused is not None:
            return JSONResponse({"message": refused}, status_code=403)
        if "transfer-encoding" in request.headers or not length.isdigit() or int(length) > _MOST_BYTES:
            return JSONResponse({"message": "the request is too large"}, status_code=413)
        response = await call_next(request)
        response.headers.setdefault("cache-control", "no-store")
        response.headers.update(_HEADERS)
        return response


def _refusal(request: Request, hosts: frozenset[str], token: str) -> str | None:
    """Return why a request is refused, or None."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    if host not in hosts:
        return "this page answers its own address only"
    foreign = request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
    if foreign or (origin is not None and origin != f"http://{host}"):
        return "another page asked"
    given = request.headers.get(TOKEN_HEADER, "").encode()
    if request.method not in ("GET", "HEAD") and not secrets.compare_digest(given, token.encode()):
        return "the page's token is missing; load the page again"
    return None
