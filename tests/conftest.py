"""Threads of each test process, and the end of a test run in which Blender was loaded."""

import os
import sys

import pytest

STATUS = pytest.StashKey[int]()

if "PYTEST_XDIST_WORKER" in os.environ:  # the processes fill the cores; threads of their own would only wait
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_sessionfinish(session, exitstatus):
    session.config.stash[STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Leave without Blender's own teardown: after pictures with OSL it can wait for ever for threads that are gone."""
    if "bpy" in sys.modules and STATUS in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[STATUS])
