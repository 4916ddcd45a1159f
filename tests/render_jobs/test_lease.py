"""Leases under real processes: one owner at a time, dead owners replaced by exactly one, whatever the clocks say."""

import json
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from render_jobs import lease as lease_module
from render_jobs.lease import Lease, leased_samples, release_leases, take, this_process
from render_jobs.sample_files import LEASES

SECONDS = 60.0
SAMPLES = [f"{number:06d}" for number in range(40)]


@pytest.fixture
def dataset(tmp_path) -> Path:
    (tmp_path / LEASES).mkdir(parents=True)
    return tmp_path


def elsewhere(dataset: Path, sample: str, age: float) -> Path:
    """A lease of a worker on another machine, untouched for `age` seconds."""
    path = dataset / LEASES / f"{sample}.1"
    path.write_text(json.dumps({"machine": "another", "process": 1, "started": "1", "token": "another-1"}))
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def grab(dataset: Path, start: float) -> list[str]:
    """Take whatever can be had, all processes beginning at one moment; nothing is given back."""
    owner = this_process()
    time.sleep(max(0.0, start - time.time()))
    return [sample for sample in SAMPLES if take(dataset, sample, owner, SECONDS) is not None]


def grab_at_once(dataset: Path, workers: int) -> list[list[str]]:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        start = time.time() + 1.5
        return [grabbed.result(timeout=60) for grabbed in [pool.submit(grab, dataset, start) for _ in range(workers)]]


def test_a_sample_is_taken_by_one_process_only(dataset):
    grabbed = grab_at_once(dataset, 4)
    assert sorted(sample for samples in grabbed for sample in samples) == SAMPLES


def test_expired_leases_are_taken_over_by_one_process_only(dataset):
    for sample in SAMPLES:
        elsewhere(dataset, sample, age=SECONDS + 5)
    grabbed = grab_at_once(dataset, 4)
    assert sorted(sample for samples in grabbed for sample in samples) == SAMPLES


def test_a_lease_lives_as_long_as_it_is_touched(dataset):
    elsewhere(dataset, "000000", age=SECONDS - 5)
    assert take(dataset, "000000", this_process(), SECONDS) is None
    elsewhere(dataset, "000000", age=SECONDS + 5)
    assert take(dataset, "000000", this_process(), SECONDS) is not None

    lease = take(dataset, "000001", this_process(), 0.6)
    assert lease is not None
    with lease:
        touched = lease.path.stat().st_mtime
        time.sleep(0.35)
        assert lease.path.stat().st_mtime > touched
        assert leased_samples(dataset, SECONDS) == ["000000", "000001"]
    assert not list((dataset / LEASES).glob("000001.*"))


def test_our_own_clock_does_not_matter(dataset, monkeypatch):
    elsewhere(dataset, "000000", age=1)
    wrong = time.time() + 1e6
    monkeypatch.setattr(time, "time", lambda: wrong)
    assert take(dataset, "000000", this_process(), SECONDS) is None


def test_a_dead_process_of_this_machine_is_not_waited_for(dataset):
    if this_process().machine is None:
        pytest.skip("no /proc on this system")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(grab, dataset, 0.0).result(timeout=60) == SAMPLES
        assert take(dataset, SAMPLES[0], this_process(), SECONDS) is None  # alive
    assert take(dataset, SAMPLES[0], this_process(), SECONDS) is not None


def test_a_worker_that_stood_still_loses_its_sample_and_harms_nobody(dataset):
    still = take(dataset, "000000", this_process(), SECONDS)
    assert still is not None
    os.utime(still.path, (time.time() - 100, time.time() - 100))
    other = take(dataset, "000000", this_process(), SECONDS)
    assert other is not None
    assert not still.is_ours()
    assert other.is_ours()
    with still:
        pass
    assert other.is_ours()
    assert [path.name for path in (dataset / LEASES).iterdir()] == ["000000.2"]


def test_a_lease_whose_owner_died_while_writing_it_expires(dataset):
    path = dataset / LEASES / "000000.1"
    path.write_text('{"mach')
    assert take(dataset, "000000", this_process(), SECONDS) is None
    os.utime(path, (time.time() - 100, time.time() - 100))
    assert isinstance(take(dataset, "000000", this_process(), SECONDS), Lease)


def test_the_leases_of_one_process_can_be_released(dataset):
    ours = this_process()
    take(dataset, "000000", ours, SECONDS)
    elsewhere(dataset, "000001", age=0)
    release_leases(dataset, ours.token)
    assert [path.name for path in (dataset / LEASES).iterdir()] == ["000001.1"]


@pytest.mark.parametrize("taken_anew", [False, True])
def test_a_lease_given_back_while_we_look_is_not_a_dead_ones(dataset, monkeypatch, taken_anew):
    """Its owner may have failed, and a third worker have the sample by now: that one must keep it undisturbed."""
    gone = elsewhere(dataset, "000000", age=SECONDS + 5)
    ours, judge = this_process(), lease_module._is_alive
    others: list[Lease | None] = []

    def give_back_first(path, *more):
        if not others:
            gone.unlink()
            others.append(take(dataset, "000000", this_process(), SECONDS) if taken_anew else None)
        return judge(path, *more) if not taken_anew else False  # judged by what was there before

    monkeypatch.setattr(lease_module, "_is_alive", give_back_first)
    assert take(dataset, "000000", ours, SECONDS) is None
    assert all(other is None or other.is_ours() for other in others)
    assert len(list((dataset / LEASES).iterdir())) == int(taken_anew)
