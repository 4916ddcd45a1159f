import json
import sys

from scripts import benchmark_check
from scripts.benchmarks import check_pass


def test_the_check_and_the_training_are_timed_on_the_same_images(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(check_pass, "SIDE", (850, 1320))
    small = ["extractor=resnet18", "extractor.weights=random", "coreset.size=40", "device=cpu"]
    command = ["benchmark_check.py", "--quick", "--json", str(tmp_path / "check.json"), "--training", *small]
    monkeypatch.setattr(sys, "argv", command)
    assert benchmark_check.main() in (0, 1)
    found = json.loads((tmp_path / "check.json").read_text())
    assert 0 < found["check_seconds"] < found["training_seconds"]
    assert 0 < found["share"] < 1
    assert "500 images of" in capsys.readouterr().out
