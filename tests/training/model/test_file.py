import json
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
import safetensors.numpy
from safetensors import safe_open

from tests.training.model.recorded import load_document, save_document
from training.model.file import check_fingerprint, load_model
from training.model.record import read_record
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
    "threshold": {
        "value": 1.5,
        "method": "maximum_nominal",
        "f1": None,
        "precision": None,
        "recall": None,
        "images": 2,
        "positive_pixels": 0,
        "negative_pixels": 64,
    },
    "coreset": {"size": 7},
    "provenance": {"kind": "train", "datasets": [], "parents": []},
    "warnings": ["fährt"],
}
FEATURES = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)


def test_a_model_comes_back_from_its_file_or_its_folder(tmp_path):
    save_document(tmp_path / "run" / "coreset.safetensors", FEATURES, METADATA)
    for place in (tmp_path / "run", tmp_path / "run" / "coreset.safetensors"):
        features, metadata = load_document(place)
        np.testing.assert_array_equal(features, FEATURES)
        assert features.dtype == np.float32
        assert {key: metadata[key] for key in METADATA} == METADATA
        metadata = header(tmp_path / "run" / "coreset.safetensors")
        assert (metadata["format"], metadata["version"]) == ("stainless-coreset", 4)
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["coreset.safetensors"]


def header(path):
    with safe_open(path, framework="numpy") as file:
        return json.loads(file.metadata()["stainless"])


def write(path, features, **changes):
    save_document(path, FEATURES, METADATA)
    text = json.dumps({**header(path), **changes})
    tensors = safetensors.numpy.load_file(path)
    path.write_bytes(safetensors.numpy.save({**tensors, "features": features}, metadata={"stainless": text}))


@pytest.mark.parametrize(
    ("features", "changes", "message"),
    [
        (FEATURES, {"version": 1}, "version 1; .* reads stainless-coreset versions 2 to 4: .*displaced; train again"),
        (FEATURES, {"version": 5}, "version 5; this program reads stainless-coreset versions 2 to 4$"),
        (FEATURES, {"format": "other"}, "other version 4"),
        (FEATURES, {"extractor": None}, r"\$\.extractor: None is not of type"),
        (FEATURES, {"extractor_config": {}}, "'provider' is a required property"),
        (FEATURES, {"extractor_config": METADATA["extractor_config"] | {"weights": "${oc.env:HOME}"}}, "plain values"),
        (FEATURES, {"anomaly_map": METADATA["anomaly_map"] | {"extra": 1}}, "'extra' was unexpected"),
        (
            FEATURES,
            {"threshold": {"value": "high", "method": "m"}},
            r"\$\.threshold\.value: 'high' is not of type 'number'",
        ),
        (FEATURES, {"threshold": {"value": None, "method": "m"}}, "None is not of type 'number'"),
        (FEATURES, {"threshold": {}}, "'value' is a required property"),
        (FEATURES, {"provenance": {"kind": "train", "datasets": []}}, r"\$\.provenance: 'parents' is a required"),
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
    with pytest.raises(UserError, match="no model file of this project"):
        load_model(path)
    path.write_bytes(safetensors.numpy.save({"features": FEATURES}, metadata={"stainless": "[]"}))
    with pytest.raises(UserError, match="not that of a model file"):
        load_model(path)
    with pytest.raises(jsonschema.ValidationError, match="threshold"):
        save_document(path, FEATURES, {**METADATA, "threshold": {"value": "high", "method": "maximum_f1"}})
    save_document(path, FEATURES, METADATA)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(UserError, match="cannot be read"):
        load_model(path)


def test_a_folder_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write .*choose another output folder"):
        save_document(tmp_path / "file" / "coreset.safetensors", FEATURES, METADATA)
    (tmp_path / "coreset.safetensors").mkdir()
    with pytest.raises(UserError, match="cannot write"):
        save_document(tmp_path / "coreset.safetensors", FEATURES, METADATA)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["coreset.safetensors", "file"]


@pytest.mark.parametrize("field", ["architecture", "layers", "weights_sha256"])
def test_another_extractor_is_refused_by_the_differing_field(field):
    extractor, record = (
        SimpleNamespace(fingerprint=dict(METADATA["extractor"])),
        read_record({**METADATA, "features_sha256": ""}),
    )
    check_fingerprint(record, extractor)
    extractor.fingerprint[field] = "other"
    with pytest.raises(UserError, match=rf"{field} is .* in the model file, but other here"):
        check_fingerprint(record, extractor)
    del extractor.fingerprint[field]
    with pytest.raises(UserError, match=f"{field} is"):
        check_fingerprint(record, extractor)
