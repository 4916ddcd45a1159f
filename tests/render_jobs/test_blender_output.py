import os

import pytest

from render_jobs.blender_output import output_to, trouble_in

HARMLESS = """Fra:1 Mem:19.21M (Peak 19.31M) | Time:00:00.03 | Mem:0.00M, Peak:0.00M | Scene, ViewLayer | Sample 1/1
00:01.771  cycles           | WARNING CUEW initialization failed: Error opening the library
Saved: 'images/.part-error-1-000001.png'
ALSA lib confmisc.c: cannot find card
"""


@pytest.mark.parametrize(
    "line",
    [
        "Error: Cannot read file",
        "00:02.113  cycles           | ERROR CUDA queue: illegal address",
        "E0122 10:11:12.123456  4711 device.cpp:52] Out of memory in cuMemAlloc",
        "System is out of GPU and shared host memory: CUDA error: Out of memory in generic_alloc",
        "OSL error: stain.osl:12: unknown function",
    ],
)
def test_what_cycles_says_about_errors_is_found(tmp_path, line):
    log = tmp_path / "blender.log"
    log.write_text(HARMLESS)
    start = log.stat().st_size
    assert trouble_in(log, 0) is None
    log.write_text(f"{HARMLESS}Fra:1 | Sample 2/2\n{line}\nSaved: x\n")
    assert trouble_in(log, start) == line
    assert trouble_in(log, log.stat().st_size) is None


def test_both_of_a_process_outputs_go_to_the_log_and_come_back(tmp_path, capfd):
    log = tmp_path / "blender.log"
    with output_to(log):
        os.write(1, b"one\n")
        os.write(2, b"two\n")
    os.write(1, b"three\n")
    assert log.read_text() == "one\ntwo\n"
    assert capfd.readouterr().out == "three\n"
