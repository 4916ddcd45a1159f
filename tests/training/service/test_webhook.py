"""The webhook against real receivers: in order, retried, dropped and counted, never in the way."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from training.service.watch_settings import WebhookSettings
from training.service.webhook import Webhook


@pytest.fixture
def receiver():
    """Return a server that answers with the statuses of ``plan``, then 200, and keeps what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append((self.path, body["number"], time.monotonic()))
            status = server.plan.pop(0) if server.plan else 200
            if status == 200:
                server.taken.append(body)
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.plan, server.asked, server.taken = [], [], []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def settings(port, **changes):
    own = {"only_anomalous": False, "queue": 100, "attempts": 3, "pause_seconds": 0.1, "timeout_seconds": 2.0}
    return WebhookSettings(**{"url": f"http://127.0.0.1:{port}/results", "stop_seconds": 5.0, **own, **changes})


def result(number, decision="anomalous"):
    return {"number": number, "image": f"{number}.png", "decision": decision}


def test_results_come_in_order_and_failures_are_tried_again_with_growing_pauses(receiver):
    receiver.plan = [500, 503]
    webhook = Webhook(settings(receiver.server_port))
    for number in range(5):
        webhook.offer(result(number))
    until = time.monotonic() + 20
    while webhook.delivered < 5 and time.monotonic() < until:
        time.sleep(0.01)
    webhook.close()
    assert receiver.taken == [result(number) for number in range(5)]
    assert (webhook.delivered, webhook.dropped) == (5, 0)
    assert [number for _, number, _ in receiver.asked] == [0, 0, 0, 1, 2, 3, 4]
    times = [when for *_, when in receiver.asked]
    assert times[1] - times[0] >= 0.1
    assert times[2] - times[1] >= 0.2


@pytest.mark.parametrize(("plan", "asked"), [([404], [0, 1]), ([302], [0, 1]), ([500] * 3, [0, 0, 0, 1])])
def test_what_is_not_taken_is_dropped_counted_and_named(plan, asked, receiver, caplog):
    receiver.plan = list(plan)
    webhook = Webhook(settings(receiver.server_port, pause_seconds=0.01))
    webhook.offer(result(0))
    webhook.offer(result(1))
    webhook.close()
    assert [number for _, number, _ in receiver.asked] == asked
    assert {path for path, *_ in receiver.asked} == {"/results"}  # no redirect is followed
    assert (webhook.delivered, webhook.dropped) == (1, 1)
    assert f"0.png was dropped: the answer was {plan[0]}" in caplog.text


def test_a_dead_receiver_never_holds_up_the_judging_and_the_queue_stays_bounded(caplog):
    webhook = Webhook(settings(1, queue=10, pause_seconds=5.0, stop_seconds=0.1))
    started = time.monotonic()
    for number in range(500):
        webhook.offer(result(number))
    assert time.monotonic() - started < 2
    webhook.close()
    assert time.monotonic() - started < 4
    assert (webhook.delivered, webhook.dropped) == (0, 500)
    assert "the queue is full; 1 dropped so far" in caplog.text
    assert len(caplog.records) < 10  # not a line for each


def test_only_the_anomalous_ones_are_posted_where_asked(receiver):
    webhook = Webhook(settings(receiver.server_port, only_anomalous=True))
    for number, decision in enumerate(["nominal", "anomalous", ""]):
        webhook.offer(result(number, decision))
    webhook.close()
    assert [body["number"] for body in receiver.taken] == [1, 2]  # the broken one, too
