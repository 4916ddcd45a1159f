import pytest

from render_jobs.whole_file import part_path, write_json, write_whole


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    part_path(path).mkdir()  # nothing can be written under the part's name
    with pytest.raises(IsADirectoryError):
        write_whole(path, b"new")
    assert path.read_text() == '{\n "a": 1\n}\n'
