"""Choosing a device where there is a CPU only; GPUs cannot be tested here."""

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

import bpy

from blender_addon.job.job_error import JobError
from render_jobs.device import BACKENDS, find_device

pytestmark = pytest.mark.blender


@pytest.fixture
def processor():
    """The CPU, on a machine without a GPU."""
    if find_device("auto").backend != "CPU":
        pytest.skip("this machine has a GPU")
    return find_device("cpu")


@pytest.mark.parametrize("wish", ["auto", "AUTO", "CPU", "optix,cuda,cpu", "metal, cpu"])
def test_a_list_takes_the_first_that_is_there(processor, wish):
    assert find_device(wish) == processor


def test_a_device_is_found_by_a_part_of_its_name(processor):
    assert len(processor.names) == 1
    assert find_device(processor.names[0][1:].lower()) == processor
    assert str(processor) == f"CPU: {processor.names[0]}"


@pytest.mark.parametrize("wish", [*(name.lower() for name in BACKENDS[:-1]), "cuda,optix", "GeForce 9999"])
def test_what_is_absent_is_refused_with_what_is_there(processor, wish):
    with pytest.raises(JobError, match=f"--device {wish}: not on this machine .*; there is CPU: {processor.names[0]}"):
        find_device(wish)


def test_a_scene_is_told_to_use_the_device(processor):
    scene = bpy.data.scenes.new("Device")
    scene.cycles.device = "GPU"
    processor.use(scene)
    assert scene.cycles.device == "CPU"
    bpy.data.scenes.remove(scene)
