from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from blender_addon.pictures.whole_file import part_path, write_shared, write_whole


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    write_whole(path, b"old")
    part_path(path).mkdir()  # nothing can be written under the part's name
    with pytest.raises(IsADirectoryError):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"


def test_processes_that_write_one_file_at_once_never_break_it(tmp_path):
    path = tmp_path / "samples.csv"
    with ProcessPoolExecutor(2) as pool:
        writers = [pool.submit(_write_many, path) for _ in range(2)]
        assert sum(writer.result() for writer in writers) == 0
    assert [name.name for name in tmp_path.iterdir()] == ["samples.csv"]


def _write_many(path: Path) -> int:
    """Write 100 times; return how often a half-written file was read."""
    content, broken = b"x" * 50_000, 0
    for _ in range(100):
        write_shared(path, content, path.parent)
        broken += path.read_bytes() != content
    return broken
