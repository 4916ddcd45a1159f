import json
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
import safetensors.numpy

from training.model.file import check_fingerprint, load_model, save_model
from training.support.user_error import UserError

METADATA = {
    "extractor": {"architecture": "resnet18", "layers": ["layer2"], "weights_sha256": "ab"},
    "extractor_config": {
        "provider": "torchvision",
        "architecture": "resnet18",
        "layers": ["layer2"],
        "weights": "random",
        "seed": 0,
        "activation": "original",
        "padding": "torch",
        "pooling": 2,
        "centres": [[4.0, 3.5]],
        "mean": [0.5, 0.5, 0.5],
        "std": [0.2, 0.2, 0.2],
        "standardise": False,
        "resize": None,
    },
    "anomaly_map": {
        "chunk_size": 8,
        "upsampling": "nearest",
        "blur_sigma": 2.0,
        "blur_kernel": 5,
        "score_share": 0.0,
    },
    "threshold": {"value": 1.5},
    "provenance": {"kind": "train"},
    "warnings": ["fährt"],
}
FEATURES = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)


def test_a_model_comes_back_from_its_file_or_its_folder(tmp_path):
    save_model(tmp_path / "run" / "coreset.safetensors", FEATURES, METADATA)
    for place in (tmp_path / "run", tmp_path / "run" / "coreset.safetensors"):
        features, metadata = load_model(place)
        np.testing.assert_array_equal(features, FEATURES)
        assert features.dtype == np.float32
        assert {key: metadata[key] for key in METADATA} == METADATA
        assert (metadata["format"], metadata["version"]) == ("stainless-coreset", 2)
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["coreset.safetensors"]


def write(path, features, **changes):
    save_model(path, FEATURES, METADATA)
    _, metadata = load_model(path)
    text = json.dumps({**metadata, **changes})
    path.write_bytes(safetensors.numpy.save({"features": features}, metadata={"stainless": text}))


@pytest.mark.parametrize(
    ("features", "changes", "message"),
    [
        (FEATURES, {"version": 1}, "version 1; .* reads stainless-coreset version 2: .*displaced; train again"),
        (FEATURES, {"version": 3}, "version 3; this program reads stainless-coreset version 2$"),
        (FEATURES, {"format": "other"}, "other version 2"),
        (FEATURES, {"extractor": None}, r"\$\.extractor: None is not of type"),
        (FEATURES, {"extractor_config": {}}, "'provider' is a required property"),
        (FEATURES, {"extractor_config": METADATA["extractor_config"] | {"weights": "${oc.env:HOME}"}}, "plain values"),
        (FEATURES, {"anomaly_map": METADATA["anomaly_map"] | {"extra": 1}}, "'extra' was unexpected"),
        (FEATURES, {"threshold": {"value": "high"}}, r"\$\.threshold\.value: 'high' is not of type 'number'"),
        (FEATURES, {"threshold": {"value": None}}, "None is not of type 'number'"),
        (FEATURES, {"threshold": {}}, "'value' is a required property"),
        (FEATURES, {"warnings": 3}, r"\$\.warnings"),
        (FEATURES + 1, {}, "damaged"),
        (FEATURES.astype(np.float64), {}, "float32"),
        (FEATURES.ravel(), {}, r"\(35,\)"),
        (FEATURES * np.float32(np.nan), {}, "finite"),
    ],
)
def test_another_content_is_refused(tmp_path, features, changes, message):
    write(tmp_path / "a.safetensors", features, **changes)
    with pytest.raises(UserError, match=message):
        load_model(tmp_path / "a.safetensors")


def test_files_that_are_no_model_are_refused(tmp_path):
    path = tmp_path / "coreset.safetensors"
    with pytest.raises(UserError, match="no model at"):
        load_model(tmp_path)
    path.write_bytes(b"\x80\x04pickled")
    with pytest.raises(UserError, match="cannot be read"):
        load_model(path)
    path.write_bytes(safetensors.numpy.save({"features": FEATURES}))
    with pytest.raises(UserError, match="not a stainless-coreset"):
        load_model(path)
    path.write_bytes(safetensors.numpy.save({"features": FEATURES}, metadata={"stainless": "[]"}))
    with pytest.raises(UserError, match="not that of a stainless-coreset"):
        load_model(path)
    with pytest.raises(jsonschema.ValidationError, match="threshold"):
        save_model(path, FEATURES, {key: value for key, value in METADATA.items() if key != "threshold"})
    save_model(path, FEATURES, METADATA)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(UserError, match="cannot be read"):
        load_model(path)


def test_a_folder_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write .*choose another output folder"):
        save_model(tmp_path / "file" / "coreset.safetensors", FEATURES, METADATA)
    (tmp_path / "coreset.safetensors").mkdir()
    with pytest.raises(UserError, match="cannot write"):
        save_model(tmp_path / "coreset.safetensors", FEATURES, METADATA)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["coreset.safetensors", "file"]


@pytest.mark.parametrize("field", ["architecture", "layers", "weights_sha256"])
def test_another_extractor_is_refused_by_the_differing_field(field):
    extractor = SimpleNamespace(fingerprint=dict(METADATA["extractor"]))
    check_fingerprint(METADATA, extractor)
    extractor.fingerprint[field] = "other"
    with pytest.raises(UserError, match=rf"{field} is .* in the model file, but other here"):
        check_fingerprint(METADATA, extractor)
    del extractor.fingerprint[field]
    with pytest.raises(UserError, match=f"{field} is"):
        check_fingerprint(METADATA, extractor)
