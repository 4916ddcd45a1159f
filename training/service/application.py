"""The HTTP interface of the judging service."""

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.middleware.trustedhost import TrustedHostMiddleware

from training.service.answers import Failure, Health, JudgedPicture, MapFormat, State, encoded_map
from training.service.line_judge import LineJudge
from training.service.picture_header import NoPictureError, TooManyPixelsError
from training.service.serve_settings import ServeSettings, is_loopback
from training.service.upload import RefusalError, check_announced_size, pass_over, read_picture
from training.support.page_rendering import render_page
from training.support.user_error import UserError

log = logging.getLogger(__name__)

_PAGE = Path(__file__).parent / "templates" / "interface.html.j2"
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Failure, "description": "Not a picture"},
    401: {"model": Failure, "description": "The token is missing or wrong"},
    408: {"model": Failure, "description": "The picture came too slowly"},
    413: {"model": Failure, "description": "Too many bytes or pixels"},
    415: {"model": Failure, "description": "A form instead of the picture's file"},
    422: {"model": Failure, "description": "A picture that the model cannot judge, or a wrong parameter"},
    503: {"model": Failure, "description": "Too many requests at once; the header Retry-After says when to come again"},
}
_PICTURE = {
    "requestBody": {"required": True, "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
}
_RETRY_AFTER = {"Retry-After": "1"}


class _Service:
    """The judge, its one worker thread, and the counts of requests (changed on the event loop alone)."""

    def __init__(self, judge: LineJudge, settings: ServeSettings) -> None:
        self.judge, self.settings = judge, settings
        self.worker = ThreadPoolExecutor(1, "judge")
        self.judged = self.refused = self.in_hand = 0

    async def judged_picture(self, request: Request, name: str, wanted: MapFormat) -> bytes:
        """Return the JSON of a judged upload. Raises RefusalError."""
        settings = self.settings
        if self.in_hand >= settings.maximum_requests:
            check_announced_size(request, settings.maximum_bytes)
            await pass_over(request, settings.upload_seconds)
            text = f"{settings.maximum_requests} requests are in hand already; come again"
            raise RefusalError(503, text, _RETRY_AFTER)
        self.in_hand += 1
        try:
            content = await read_picture(request, settings.maximum_bytes, settings.upload_seconds)
            answer = await asyncio.get_running_loop().run_in_executor(self.worker, self._work, content, name, wanted)
            self.judged += 1
            return answer
        finally:
            self.in_hand -= 1

    def _work(self, content: bytes, name: str, wanted: MapFormat) -> bytes:
        """Judge a picture (in the worker thread)."""
        try:
            result = self.judge.judge(content, Path(name))
        except TooManyPixelsError as error:
            raise RefusalError(413, str(error)) from error
        except NoPictureError as error:
            raise RefusalError(400, str(error)) from error
        except UserError as error:
            raise RefusalError(422, str(error)) from error
        answer = {"name": name, **result.fields(), "map": encoded_map(result.judged.anomaly_map, wanted)}
        return json.dumps(answer, allow_nan=False).encode()


def build_application(judge: LineJudge, settings: ServeSettings) -> FastAPI:
    """Return the application; its pages load nothing from other places."""
    service = _Service(judge, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.worker.shutdown()

    application = FastAPI(
        title="Stainless",
        summary="Judge pictures with a trained model.",
        lifespan=lifespan,
        docs_url=None,  # FastAPI's page loads its scripts from a public server
        redoc_url=None,
    )
    if is_loopback(settings.host):  # a page of another name that leads here is refused (DNS rebinding)
        application.add_middleware(
            TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]", "::1", settings.host]
        )

    @application.exception_handler(RefusalError)
    async def refuse(_: Request, error: RefusalError) -> JSONResponse:
        service.refused += 1
        return JSONResponse({"error": error.text}, error.status, error.headers)

    @application.exception_handler(RequestValidationError)
    async def refuse_parameters(_: Request, error: RequestValidationError) -> JSONResponse:
        service.refused += 1
        first = error.errors()[0]
        return JSONResponse({"error": f"{first['loc'][-1]}: {first['msg']}"}, 422, {"Connection": "close"})

    bearer = HTTPBearer(auto_error=False, description="The token of token_file")

    def allowed(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> None:
        given = "" if credentials is None else credentials.credentials
        if settings.token is not None and not hmac.compare_digest(given.encode(), settings.token.encode()):
            headers = {"WWW-Authenticate": "Bearer", "Connection": "close"}
            raise RefusalError(401, "the token is missing or wrong: send Authorization: Bearer TOKEN", headers)

    @application.post(
        "/judge",
        response_model=JudgedPicture,
        responses=_REFUSALS,
        openapi_extra=_PICTURE,
        dependencies=[Depends(allowed)],
        summary="Judge a picture",
    )
    async def judge_picture(
        request: Request,
        map_format: Annotated[
            MapFormat, Query(alias="map", description="form of the map in the answer")
        ] = MapFormat.NONE,
        name: Annotated[str, Query(max_length=200, description="repeated in the answer and in messages")] = "picture",
    ) -> Response:
        """Send the file of a picture as the body (PNG, JPEG, TIFF, BMP, WebP, JPEG 2000)."""
        return Response(await service.judged_picture(request, name, map_format), media_type="application/json")

    @application.get("/health", summary="Answer if the service is ready")
    async def health() -> Health:
        return Health(status="ready")

    @application.get("/state", summary="Model, counts and drift", dependencies=[Depends(allowed)])
    async def state() -> State:
        return State(
            model=str(settings.model),
            threshold=judge.model.threshold,
            warnings=judge.model.warnings,
            judged=service.judged,
            refused=service.refused,
            in_hand=service.in_hand,
            drift=judge.drift.state.document(),
        )

    @application.get("/docs", include_in_schema=False)
    async def interface() -> HTMLResponse:
        return HTMLResponse(render_page(_PAGE, interface=application.openapi(), needs_token=settings.token is not None))

    return application
