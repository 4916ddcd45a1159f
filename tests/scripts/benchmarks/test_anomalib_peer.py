import shutil

import pytest
from rich.console import Console

from scripts.benchmarks.anomalib_peer import peer_python
from training.support.user_error import UserError


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_an_index_out_of_reach_is_told_in_one_line_and_nothing_counts_as_made(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.benchmarks.anomalib_peer.cache_folder", lambda: tmp_path)
    for name, value in {
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "UV_HTTP_RETRIES": "0",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=r"Failed to fetch.*127\.0\.0\.1:9") as refusal:
        peer_python(Console(quiet=True))
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.rglob("ready")) == []
