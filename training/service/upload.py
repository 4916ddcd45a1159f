"""The reading of an uploaded picture into memory, within bounds; it never reaches the disk."""

import asyncio

from starlette.requests import ClientDisconnect, Request

_TOO_MANY_BYTES = "the picture has more bytes than the {} allowed"


class RefusalError(Exception):
    """A request that is not judged: its HTTP status, one line, and headers of the answer."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers or {}


async def read_picture(request: Request, maximum_bytes: int, seconds: float) -> bytes:
    """Return the body of a request. Raises RefusalError for one that is too large, too slow, empty or a form."""
    if request.headers.get("content-type", "").startswith(("multipart/", "application/x-www-form-urlencoded")):
        raise RefusalError(415, "send the picture's file as the body itself, not as a form", {"Connection": "close"})
    check_announced_size(request, maximum_bytes)
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                content += chunk
                if len(content) > maximum_bytes:
                    raise RefusalError(413, _TOO_MANY_BYTES.format(maximum_bytes), {"Connection": "close"})
    except TimeoutError as error:
        text = f"the picture did not arrive within {seconds:g} seconds"
        raise RefusalError(408, text, {"Connection": "close"}) from error
    except ClientDisconnect as error:
        raise RefusalError(400, "the connection ended before the picture was whole") from error
    if not content:
        raise RefusalError(400, "the body is empty; send the picture's file as the body")
    return bytes(content)


def check_announced_size(request: Request, maximum_bytes: int) -> None:
    """Raise RefusalError for a body that is announced as too large."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > maximum_bytes:
        raise RefusalError(413, _TOO_MANY_BYTES.format(maximum_bytes), {"Connection": "close"})


async def pass_over(request: Request, seconds: float) -> None:
    """Read a body without keeping it, so that its sender sees the answer."""
    try:
        async with asyncio.timeout(seconds):
            async for _ in request.stream():
                pass
    except (TimeoutError, ClientDisconnect):
        return
