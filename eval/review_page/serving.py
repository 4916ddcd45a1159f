"""The life of the review page's server: a loopback address, and a clean end on SIGTERM and Ctrl+C."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from eval.review_page.review import Review
from eval.review_page.server import review_app
from eval.review_page.teaching import Teaching
from training.model.file_header import model_file, read_content
from training.model.provenance import read_provenance
from training.support.user_error import UserError

ADDRESS = "127.0.0.1"
_GRACE_SECONDS = 5


class _Server(uvicorn.Server):
    """A server that ends with status 0 on a signal; uvicorn's own raises the signal again."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        ours = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in ours}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(review: Review, port: int, ready: Callable[[str], None]) -> None:
    """Serve a review on the loopback address until SIGTERM or Ctrl+C; port 0 takes a free one.

    ``ready`` gets the page's address once the port is taken. Raises UserError for a port in use.
    """
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((ADDRESS, port))
        except OSError as error:
            raise UserError(f"port {port} cannot be used ({error.strerror}); choose another with --port") from error
        listening.listen(64)
        number = listening.getsockname()[1]
        hosts = frozenset({f"{ADDRESS}:{number}", f"localhost:{number}"})
        white_level = read_provenance(read_content(model_file(review.run)).document["provenance"]).white_level
        teaching = Teaching(review)
        config = uvicorn.Config(
            review_app(review, white_level, hosts, teaching),
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        ready(f"http://{ADDRESS}:{number}/")
        try:
            _Server(config).run(sockets=[listening])
        finally:
            teaching.stop()
            review.answers.close()
