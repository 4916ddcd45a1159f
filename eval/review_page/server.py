"""The review page's server: the page, its data, and answers; for this machine's own browser only."""

import secrets
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from eval.review_page.answers import VERDICTS, read_answer
from eval.review_page.exports import KINDS, export
from eval.review_page.picture_files import PictureFiles
from eval.review_page.predictions import Item
from eval.review_page.request_guard import guard
from eval.review_page.review import Review
from eval.review_page.teaching import Teaching
from training.support.page_rendering import render_page
from training.support.user_error import UserError

TEMPLATES = Path(__file__).parent / "templates"
PAGE_ITEMS = 40
"""Number of items on a page of the list."""
_FILES = {
    "review.css": "text/css",
    "review.js": "text/javascript",
    "outline.js": "text/javascript",
    "picture.js": "text/javascript",
}
_LETTERS = {"defect": "d", "impurity": "i", "nothing": "n"}
_KEPT = {"cache-control": "private, max-age=3600"}


def review_app(review: Review, white_level: int | None, hosts: frozenset[str], teaching: Teaching) -> FastAPI:
    """Return the application of a review.

    ``hosts`` are the values of the Host header that it answers, such as 127.0.0.1:8000. ``white_level`` is that of the
    model's images.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    token = secrets.token_urlsafe(32)
    guard(app, hosts, token)

    @app.exception_handler(UserError)
    async def mistake(_: Request, error: UserError) -> Response:
        return JSONResponse({"message": str(error)}, status_code=409)

    @app.get("/")
    def page() -> Response:
        values = {"token": token, "name": review.predictions.folder.resolve().name, "page_items": PAGE_ITEMS}
        return Response(render_page(TEMPLATES / "review.html.j2", **values), media_type="text/html")

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status_code=204)

    @app.get("/files/{name}")
    def file(name: str) -> Response:
        if name not in _FILES:
            raise HTTPException(404)
        return Response((TEMPLATES / name).read_bytes(), media_type=_FILES[name])

    _add_items(app, review, PictureFiles(review.predictions, white_level))
    _add_changes(app, review, teaching)
    return app


def _add_items(app: FastAPI, review: Review, pictures: PictureFiles) -> None:
    items = review.predictions.items

    @app.get("/api/state")
    def state() -> dict[str, Any]:
        return _state(review)

    @app.get("/api/items")
    def listed(first: int = 0) -> list[dict[str, Any]]:
        start = max(first, 0)
        return [
            {"item": i.number, "name": i.picture.name, "score": i.score, "finding": i.segmentation is not None}
            for i in items[start : start + PAGE_ITEMS]
        ]

    @app.get("/api/items/{number}")
    def one(number: int) -> dict[str, Any]:
        return _shown(review, _item(items, number))

    @app.get("/pictures/{number}")
    def picture(number: int) -> Response:
        try:
            return Response(pictures.whole(number), media_type="image/jpeg", headers=_KEPT)
        except KeyError:
            raise HTTPException(404) from None

    @app.get("/thumbnails/{number}")
    def thumbnail(number: int) -> Response:
        return Response(pictures.thumbnail(_item(items, number).number), media_type="image/jpeg", headers=_KEPT)


def _add_changes(app: FastAPI, review: Review, teaching: Teaching) -> None:
    answering, working = threading.Lock(), threading.Lock()  # an answer does not wait for an export

    @app.post("/api/answers")
    def answer(content: Annotated[Any, Body()]) -> dict[str, Any]:
        try:
            given = read_answer(content)
            review.check(given)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise HTTPException(422, str(error)) from error
        with answering:
            review.answers.add(given)
            return _state(review)

    @app.post("/api/undo")
    def undo() -> dict[str, Any]:
        with answering:
            taken = review.answers.undo()
            return {**_state(review), "undone": None if taken is None else taken.item}

    @app.post("/api/exports/{kind}")
    def exported(kind: str) -> dict[str, Any]:
        if kind not in KINDS:
            raise HTTPException(404)
        with working:
            folder, written, left_out = export(review, kind)
        return {"folder": str(folder), "pictures": written, "left_out": left_out}

    @app.post("/api/teaching")
    def teach() -> dict[str, Any]:
        with working:
            teaching.start()
        return teaching.progress()

    @app.get("/api/teaching")
    def taught() -> dict[str, Any]:
        return teaching.progress()


def _item(items: tuple[Item, ...], number: int) -> Item:
    if not 0 <= number < len(items):
        raise HTTPException(404)
    return items[number]


def _state(review: Review) -> dict[str, Any]:
    """Return the answers as one letter an item, counts, and the classes."""
    answers, items = review.answers.by_item(), review.predictions.items
    return {
        "verdicts": "".join(_LETTERS[answers[n].verdict] if n in answers else "." for n in range(len(items))),
        "findings": sum(item.segmentation is not None for item in items),
        "missed": len(review.answers.missed()),
        "answers": len(review.answers),
        "failed": review.predictions.failed,
        "threshold": review.predictions.threshold,
        "classes": [asdict(entry) for entry in review.classes if entry.kind in VERDICTS],
    }


def _shown(review: Review, item: Item) -> dict[str, Any]:
    """Return what the page draws of an item."""
    answer, picture = review.answers.by_item().get(item.number), item.picture
    items = review.predictions.items
    missed = [a.outlines or () for a in review.answers.missed() if items[a.item].picture.number == picture.number]
    return {
        "item": item.number,
        "picture": picture.number,
        "name": picture.name,
        "width": picture.width,
        "height": picture.height,
        "score": item.score,
        "box": item.box,
        "finding": item.segmentation is not None,
        "outlines": answer.outlines if answer is not None and answer.outlines else item.outlines(),
        "answer": None if answer is None else asdict(answer),
        "missed": [outline for outlines in missed for outline in outlines],
    }
