"""Leases: any number of workers on one shared folder take samples, and no two take the same one.

A lease is a file `<sample>.<generation>`, made with O_EXCL, so that one worker only can make it. Its owner touches it
while it works; untouched for too long, it has expired, and the next worker makes the next generation. The highest
generation counts. Nobody deletes or overwrites another's lease to take its place, so there is no moment in which two
workers can both believe that they replaced a dead one.
"""

import json
import os
import secrets
import socket
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from .sample_files import LEASES

BEATS = 6  # touches in a lease's time: several may come late before it expires


@dataclass(frozen=True)
class Owner:
    """A process that holds leases; `machine` is None where another process's death cannot be seen."""

    machine: str | None
    process: int
    started: str | None
    token: str


def this_process() -> Owner:
    """Return this process as an owner, under a token that no other process has."""
    process = os.getpid()
    return Owner(_machine(), process, _start_time(process), f"{socket.gethostname()}-{process}-{secrets.token_hex(4)}")


class Lease:
    """A sample that is ours while this is entered; a thread touches the file meanwhile."""

    def __init__(self, path: Path, seconds: float) -> None:
        self.path = path
        self._interval = seconds / BEATS
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease")

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()  # Blender does not survive its own exit beside a running thread
        if self.is_ours():
            for path in _generations(self.path.parent, self.path.stem):
                path.unlink(missing_ok=True)
        else:
            self.path.unlink(missing_ok=True)

    def is_ours(self) -> bool:
        """Say whether the lease still counts: it does not if we stood still so long that another took over."""
        return _generations(self.path.parent, self.path.stem)[-1:] == [self.path]

    def _beat(self) -> None:
        while not self._over.wait(self._interval):
            try:
                os.utime(self.path)
            except OSError:
                continue  # a network folder that is away for a moment


def take(dataset: Path, sample_id: str, owner: Owner, seconds: float) -> Lease | None:
    """Take the lease of a sample; None if another's is alive. `seconds` untouched make a lease expire.

    Whoever takes a lease must look once more whether the sample is finished: its record may be as old as the lease.
    """
    folder = dataset / LEASES
    before = _generations(folder, sample_id)
    last_owner = None
    if before:
        last_owner = _read_owner(before[-1])
        if _is_alive(before[-1], owner, seconds) or not before[-1].exists():
            return None  # not one that was given back just now either: others may have taken the sample anew
    number = int(before[-1].suffix[1:]) + 1 if before else 1
    path = folder / f"{sample_id}.{number}"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        return None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(owner), file)
    except OSError:
        path.unlink()  # a full disk: nobody shall wait for a lease without an owner
        raise
    # The expired lease may have been settled and cleared away since we read it, and its name be another's by now.
    if _generations(folder, sample_id) != [*before, path] or (before and _read_owner(before[-1]) != last_owner):
        path.unlink()
        return None
    return Lease(path, seconds)


def release_leases(dataset: Path, token: str) -> None:
    """Remove the leases of a process that is known to be dead, so that nobody waits for them to expire."""
    for path in (dataset / LEASES).glob("*.*"):
        owner = _read_owner(path)
        if owner is not None and owner.token == token:
            path.unlink(missing_ok=True)


def leased_samples(dataset: Path, seconds: float) -> list[str]:
    """Return the ids of the samples whose leases are alive now."""
    folder, watcher = dataset / LEASES, this_process()
    counting = {path.stem: _generations(folder, path.stem)[-1:] for path in folder.glob("*.*")}
    return sorted(name for name, paths in counting.items() if paths and _is_alive(paths[0], watcher, seconds))


def _generations(folder: Path, sample_id: str) -> list[Path]:
    """The sample's lease files, the one that counts last."""
    return sorted(folder.glob(f"{sample_id}.*"), key=lambda path: int(path.suffix[1:]))


def _is_alive(lease: Path, watcher: Owner, seconds: float) -> bool:
    try:
        with lease.open(encoding="utf-8") as file:  # opening makes network file systems ask for the time of now
            touched = os.fstat(file.fileno()).st_mtime
    except FileNotFoundError:
        return False
    owner = _read_owner(lease)
    if owner is not None and owner.machine is not None and owner.machine == watcher.machine:
        started = _start_time(owner.process)
        if started is None or started != owner.started:
            return False
    return _file_system_time(lease.parent) - touched < seconds


def _read_owner(path: Path) -> Owner | None:
    """The owner written in a lease; None for one whose owner died before it could write that."""
    try:
        return Owner(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _file_system_time(folder: Path) -> float:
    """The time by the clock that also stamps the leases, which on a network folder is the server's."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b".")
        file.flush()
        return os.fstat(file.fileno()).st_mtime


def _machine() -> str | None:
    """What two processes share exactly if they can see each other in /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def _start_time(process: int) -> str | None:
    """When a process started (field 22 of its stat); None if it has ended or is only waited for."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else fields[19]
