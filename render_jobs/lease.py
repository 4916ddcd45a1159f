"""Leases: they distribute the samples of a shared folder among any number of workers, each sample to one worker.

A lease is a file `<sample>.<generation>`, created with O_EXCL, so that only one worker can create it. Its owner touches
it during work. A lease that was not touched for too long has expired, and the next worker creates the next generation.
The highest generation counts. No worker deletes or overwrites another's lease to take its place, so two workers can
never both replace a dead one.
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

BEATS = 6  # touches within a lease's time; several may be late before it expires


@dataclass(frozen=True)
class Owner:
    """A process that holds leases; `machine` is None if the death of other processes cannot be detected."""

    machine: str | None
    process: int
    started: str | None
    token: str


def this_process() -> Owner:
    """Return this process as an owner, with a unique token."""
    process = os.getpid()
    return Owner(_machine(), process, _start_time(process), f"{socket.gethostname()}-{process}-{secrets.token_hex(4)}")


class Lease:
    """The lease of a sample, held within the `with` block, in which a thread touches the file."""

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
        self._thread.join()  # Blender crashes at exit if a thread is running
        if self.is_ours():
            for path in _generations(self.path.parent, self.path.stem):
                path.unlink(missing_ok=True)
        else:
            self.path.unlink(missing_ok=True)

    def is_ours(self) -> bool:
        """Return whether the lease still counts; it does not if it expired and another worker took over."""
        return _generations(self.path.parent, self.path.stem)[-1:] == [self.path]

    def _beat(self) -> None:
        while not self._over.wait(self._interval):
            try:
                os.utime(self.path)
            except OSError:
                continue  # a network folder may be unavailable for a moment


def take(dataset: Path, sample_id: str, owner: Owner, seconds: float) -> Lease | None:
    """Take the lease of a sample; return None if another lease is alive. A lease expires after `seconds` without touch.

    The caller must then check again whether the sample is finished, because its record may be as old as the lease.
    """
    folder = dataset / LEASES
    before = _generations(folder, sample_id)
    last_owner = None
    if before:
        last_owner = _read_owner(before[-1])
        if _is_alive(before[-1], owner, seconds) or not before[-1].exists():
            return None  # alive, or just released: others may have taken the sample again
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
        path.unlink()  # on a full disk; a lease without an owner would block the sample
        raise
    # The expired lease may have been removed since it was read, and another worker may have reused its name.
    if _generations(folder, sample_id) != [*before, path] or (before and _read_owner(before[-1]) != last_owner):
        path.unlink()
        return None
    return Lease(path, seconds)


def release_leases(dataset: Path, token: str) -> None:
    """Remove the leases of a dead process, so that no worker waits for their expiry."""
    for path in (dataset / LEASES).glob("*.*"):
        owner = _read_owner(path)
        if owner is not None and owner.token == token:
            path.unlink(missing_ok=True)


def leased_samples(dataset: Path, seconds: float) -> list[str]:
    """Return the ids of the samples whose leases are alive."""
    folder, watcher = dataset / LEASES, this_process()
    counting = {path.stem: _generations(folder, path.stem)[-1:] for path in folder.glob("*.*")}
    return sorted(name for name, paths in counting.items() if paths and _is_alive(paths[0], watcher, seconds))


def _generations(folder: Path, sample_id: str) -> list[Path]:
    """Return the sample's lease files; the last one counts."""
    return sorted(folder.glob(f"{sample_id}.*"), key=lambda path: int(path.suffix[1:]))


def _is_alive(lease: Path, watcher: Owner, seconds: float) -> bool:
    try:
        with lease.open(encoding="utf-8") as file:  # opening makes network file systems refresh the time
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
    """Return the owner of a lease; None if the owner died before it was written."""
    try:
        return Owner(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _file_system_time(folder: Path) -> float:
    """Return the time of the clock that stamps the leases; on a network folder it is the server's."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b".")
        file.flush()
        return os.fstat(file.fileno()).st_mtime


def _machine() -> str | None:
    """Return an identifier that two processes share if and only if they see each other in /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def _start_time(process: int) -> str | None:
    """Return the start time of a process (field 22 of its stat); None if it has ended or is a zombie."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else fields[19]
