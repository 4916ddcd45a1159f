"""The commands: checks that agree and differ, refusals that change nothing, and missing packages."""

import json

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.training.exporting.small_runs import command, exported
from tests.training.small_plates import compose_config
from training.exporting.run import check_run
from training.exporting.settings import read_check_settings, read_export_settings
from training.support.user_error import UserError


def checked(file, run, images, *overrides):
    cfg = compose_config("export", [f"check={file}", f"model={run}", f"images={images}", *overrides])
    return check_run(read_check_settings(cfg))


def tampered(file, copy, name):
    """Copy a file with one of its tensors a hundredth larger."""
    model = onnx.load(file)
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name.startswith(name))
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(1.01), tensor.name))
    onnx.save(model, copy)
    return copy


def test_the_check_agrees_and_a_tampered_file_differs(coreset_run, coreset_file, plates, tmp_path):
    assert checked(coreset_file, coreset_run, plates / "test", "threads=1").agrees
    report = json.loads(coreset_file.with_name("coreset.onnx.check.json").read_text())
    assert report["agrees"]
    assert report["images"] == 8
    assert report["largest_relative_difference"] < 1e-4
    assert report["decided_differently"] == []
    assert report["own_seconds"]["processor"] > 0

    other = tampered(coreset_file, tmp_path / "other.onnx", "members_")
    done = command(f"check={other}", f"model={coreset_run}", f"images={plates / 'test'}", "threads=1", folder=tmp_path)
    assert done.returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.onnx", "other.onnx.check.json"]
    assert "DIFFERS" in done.stdout
    assert done.stderr.strip().splitlines()[-1].startswith(f"error: {other} differs from")
    report = json.loads((tmp_path / "other.onnx.check.json").read_text())
    assert not report["agrees"]
    assert report["largest_relative_difference"] > 1e-3


def test_a_changed_record_differs(coreset_run, coreset_file, plates, tmp_path):
    model = onnx.load(coreset_file)
    record = json.loads(model.metadata_props[0].value)
    onnx.helper.set_model_props(model, {"stainless": json.dumps({**record, "threshold": record["threshold"] * 2})})
    onnx.save(model, tmp_path / "other.onnx")
    found = checked(tmp_path / "other.onnx", coreset_run, plates / "test" / "good")
    assert found.differing_record == ("threshold",)
    assert not found.agrees


def test_an_existing_file_stays(coreset_run, coreset_file):
    before = coreset_file.read_bytes()
    done = command(f"model={coreset_run}")
    assert done.returncode == 2
    assert (
        done.stderr.strip() == f"error: {coreset_file} exists; overwrite=true replaces it, output=FILE writes another"
    )
    assert coreset_file.read_bytes() == before


@pytest.mark.parametrize(
    ("package", "arguments", "remedy"),
    [
        ("onnxscript", (), "uv sync --extra export"),
        ("openvino", ("format=openvino",), "uv sync --extra openvino"),
    ],
)
def test_a_missing_package_is_one_line(coreset_run, tmp_path, package, arguments, remedy):
    target = tmp_path / ("a.xml" if arguments else "a.onnx")
    done = command(f"model={coreset_run}", f"output={target}", *arguments, without=package)
    assert done.returncode == 2
    assert done.stderr.strip() == f"error: the package {package} is not installed; install it with: {remedy}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["precision=int8"], "give their folder with images=FOLDER"),
        (["precision=int8", "images=x", "format=openvino"], "precision=int8 is for format=onnx"),
        (["images=x"], "this export uses no images"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(overrides, message):
    with pytest.raises(UserError, match=message):
        read_export_settings(compose_config("export", ["model=x", *overrides]))


def test_what_cannot_be_exported_or_checked_is_refused(coreset_run, coreset_file, plates, tmp_path):
    with pytest.raises(UserError, match=r"must end in \.onnx"):
        exported(coreset_run, f"output={tmp_path / 'a.txt'}")
    with pytest.raises(UserError, match="no image there"):
        exported(coreset_run, "precision=int8", f"images={tmp_path}", f"output={tmp_path / 'a.onnx'}")
    with pytest.raises(UserError, match="no model at"):
        exported(tmp_path, f"output={tmp_path / 'a.onnx'}")
    with pytest.raises(UserError, match="no exported model at"):
        checked(tmp_path / "a.onnx", coreset_run, plates / "test")
    with pytest.raises(UserError, match="no such folder"):
        checked(coreset_file, coreset_run, tmp_path / "none")
    (tmp_path / "broken.onnx").write_bytes(coreset_file.read_bytes()[:1000])
    with pytest.raises(UserError, match="cannot be read as an ONNX model"):
        checked(tmp_path / "broken.onnx", coreset_run, plates / "test")
    plain = onnx.load(coreset_file)
    del plain.metadata_props[:]
    onnx.save(plain, tmp_path / "plain.onnx")
    with pytest.raises(UserError, match="holds no record"):
        checked(tmp_path / "plain.onnx", coreset_run, plates / "test")
