"""Put a load on training.serve: 2,000 requests from 8 clients at once, beside the bare model in the same run.

A small coreset is trained on seeded brushed textures and served by a process of its own. Every answer's score is
compared with the bare model's. A request is lost if its answer is missing, refused or wrong. The memory of the server
is taken after the first 100 requests and at the end. With 8 clients and one worker a request waits for up to 7 others,
so its latency is about 8 times the bare model's. On a busy machine only the CPU seconds mean something.
  uv run scripts/benchmark_serve.py --json serve.json
  uv run scripts/benchmark_serve.py --quick
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from scripts.benchmarks.serve import CLIENTS, FULL, QUICK, Load, bare_model, put_load, started_service, train_model
from training.support.user_error import UserError

SEED = 0
BARE_ROUNDS = 5


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    parser.add_argument("--quick", action="store_true", help="small pictures and a small coreset: two minutes")
    parser.add_argument("--requests", type=int, metavar="N", help="number of requests (default: 2000)")
    return parser.parse_args()


def measured(load: Load, requests: int, folder: Path, console: Console) -> dict[str, Any]:
    """Train, measure the bare model, then the service under load. Raises UserError."""
    with console.status("training a small coreset"):
        run, pictures = train_model(load, folder, SEED)
    with console.status("the bare model"):
        scores, bare, bare_cpu = bare_model(run, pictures, BARE_ROUNDS)
    with console.status(f"{requests} requests from {CLIENTS} clients"), started_service(run, folder) as (server, port):
        found = put_load(server, port, pictures, scores, requests)
    latencies = np.array(found.latencies)
    return {
        "side": load.side,
        "members": load.members,
        "clients": CLIENTS,
        "requests": requests,
        "lost": len(found.wrong) + requests - len(latencies),
        "first_loss": next(iter(found.wrong), None),
        "requests_per_second": round(requests / found.wall, 1),
        "latency_ms": _percentiles(latencies),
        "bare_ms": _percentiles(bare),
        "bare_cpu_ms": round(1e3 * bare_cpu, 2),
        "server_cpu_ms": round(1e3 * found.server_cpu / requests, 2),
        "memory_mb": [(done, round(size, 1)) for done, size in sorted(found.memory)],
    }


def _percentiles(seconds: np.ndarray) -> dict[str, float]:
    return {name: round(1e3 * float(np.percentile(seconds, share)), 2) for name, share in (("p50", 50), ("p99", 99))}


def main() -> int:
    """Measure, print and write; return 1 if a request was lost."""
    options, console = arguments(), Console()
    load = QUICK if options.quick else FULL
    try:
        with tempfile.TemporaryDirectory(prefix="stainless_serve_") as folder:
            found = measured(load, options.requests or load.requests, Path(folder), console)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    table = Table("", "p50 [ms]", "p99 [ms]", "CPU [ms]")
    bare, served = found["bare_ms"], found["latency_ms"]
    table.add_row("bare model", str(bare["p50"]), str(bare["p99"]), str(found["bare_cpu_ms"]))
    table.add_row(f"served, {CLIENTS} clients", str(served["p50"]), str(served["p99"]), str(found["server_cpu_ms"]))
    console.print(table)
    (first, first_size), (_, last_size) = found["memory_mb"][0], found["memory_mb"][-1]
    console.print(f"{found['requests']} requests, {found['lost']} lost, {found['requests_per_second']} a second")
    console.print(f"memory after {first} requests {first_size} MiB, at the end {last_size} MiB")
    if found["first_loss"]:
        console.print(f"first loss: {found['first_loss']}", markup=False)
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if found["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
