"""The judging service: the model, the address and the server."""

import logging
import socket

import uvicorn

from training.drift.window import DriftWindow
from training.model.load_detector import load_detector
from training.model.model_region import region_for
from training.service.application import build_application
from training.service.line_judge import LineJudge
from training.service.serve_settings import ServeSettings
from training.service.stop_request import StopRequest
from training.support.user_error import UserError

log = logging.getLogger(__name__)

_WAITING_CONNECTIONS = 2048


def serve_run(settings: ServeSettings, stop: StopRequest) -> None:
    """Serve until SIGTERM or SIGINT; requests in hand are finished.

    Raises UserError for an unusable address or region of interest.
    """
    with _bound_socket(settings.host, settings.port) as bound:
        model = load_detector(settings.model, settings.overrides)
        region, warnings = region_for(model.provenance, settings.region)
        for warning in warnings:
            log.warning("Warning: %s", warning)
        drift = DriftWindow(model.reference, settings.drift)
        drift.announce()
        judge = LineJudge(model, settings.minimum_prediction_size, settings.maximum_pixels, drift, region)
        if stop:
            return
        config = uvicorn.Config(
            build_application(judge, settings),
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
        )
        bound.listen(_WAITING_CONNECTIONS)  # before it is announced
        host, port = bound.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        log.info("Serving %s on http://%s:%d (interface: /docs)", settings.model, shown, port)
        uvicorn.Server(config).run(sockets=[bound])  # it passes the signal on to the earlier handler at its end
    log.info("Stopped")


def _bound_socket(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UserError(f"host={host} is no address of this machine: {error.strerror}") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise UserError(
            f"cannot serve on host={host} port={port}: {error.strerror}; choose another port, or stop what uses it"
        ) from error
    return bound
