"""Members' origins and supports through runs, minimum support, suspects, explanations, and forgetting."""

import csv
import json
import logging

import cv2
import numpy as np
import pytest

from tests.training.configured import finetune_run, meld_run, train_run, update_run
from tests.training.runs.test_training_run import trained
from tests.training.small_plates import TINY, compose_config
from training.data.dataset import open_dataset, read_image
from training.explanation.run import explain_run
from training.explanation.settings import read_explanation_settings, with_bracketed_box
from training.model.anomaly_model import load_anomaly_model
from training.model.file import load_model
from training.model.minimum_support import smallest_good, supported
from training.model.settings import ModelOverrides
from training.runs.forget_run import forget_run
from training.runs.recorded_dataset import recorded_dataset
from training.runs.settings import read_forget_settings
from training.support.user_error import UserError


def patches_at(run, member):
    """The features of the train image's patch that a member says it came from."""
    features, record = load_model(run)
    model = load_anomaly_model(run, ModelOverrides("cpu"))
    strip = next(iter(model.extractor.strips(read_image(record.members.image_of(member).file))))
    x, y = record.members.place[member]
    row = int(np.abs(strip.rows.centres() - y).argmin())
    column = int(np.abs(strip.columns.centres() - x).argmin())
    return features[member], strip.features[row, column]


@pytest.fixture
def run(stainless_folder, tmp_path):
    """A trained run; one of its train images shows a bright square."""
    path = stainless_folder / "images" / "000002.png"
    image = cv2.imread(str(path))
    image[30:46, 40:60] = 255
    cv2.imwrite(str(path), image)
    cfg = compose_config("train", [f"dataset.root={stainless_folder}", *TINY, "device=cpu"])
    train_run(cfg, tmp_path / "run")
    return tmp_path / "run"


def test_a_member_is_the_patch_that_its_origin_names(run):
    members = load_model(run)[1].members
    assert len(members) == 40
    assert members.support.min() >= 0
    assert members.support.max() <= 6
    for member in range(0, 40, 5):
        np.testing.assert_array_equal(*patches_at(run, member))


def test_a_minimum_support_drops_members_and_a_minimum_of_one_none(run, stainless_folder, tmp_path):
    features, record = load_model(run)
    _, result = trained(stainless_folder, tmp_path / "two", "coreset.minimum_support=2")
    kept = supported(record.members, 2)
    assert 2 <= kept.sum() < 40
    np.testing.assert_array_equal(load_model(tmp_path / "two")[0], features[kept])
    np.testing.assert_array_equal(load_model(tmp_path / "two")[1].members.support, record.members.support[kept])
    assert result["coreset"]["places"] == 40
    assert (result["coreset"]["minimum_support"], result["coreset"]["dropped"]) == (2, 40 - kept.sum())
    assert supported(record.members, 1).all()
    with pytest.raises(UserError, match=r"minimum_support=99 leaves \d members"):
        supported(record.members, 99)
    with pytest.raises(UserError, match="measure_radius=true"):
        trained(stainless_folder, tmp_path / "no", "coreset.minimum_support=2", "coreset.measure_radius=false")


def test_auto_takes_the_smallest_that_is_as_good(stainless_folder, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    _, result = trained(stainless_folder, tmp_path / "auto", "coreset.minimum_support=auto")
    assert "validation AUPRO" in caplog.text
    assert 1 <= result["coreset"]["minimum_support"] <= 5
    assert smallest_good([1, 2, 3], [0.90, 0.92, 0.921]) == 2
    assert smallest_good([1, 2, 3], [0.90, 0.90, 0.90]) == 1


def test_suspects_are_all_train_images_and_the_dirty_one_comes_first(run):
    with (run / "suspects.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["rank"] for row in rows] == [str(n) for n in range(1, 7)]
    assert rows[0]["sample_id"] == "000002"
    assert sum(int(row["members"]) for row in rows) == 40
    assert float(rows[0]["leave_one_out"]) > 1.5 * float(rows[1]["leave_one_out"])


def test_origins_go_on_through_finetune_update_and_meld(run, stainless_folder, tmp_path):
    features, record = load_model(run)
    for kind, function in (("finetune", finetune_run), ("update", update_run)):
        more = [f"dataset.root={stainless_folder}", f"source={run}", "coreset.epochs=1", "device=cpu"]
        function(compose_config(kind, more), tmp_path / kind)
        again, after = load_model(tmp_path / kind)
        np.testing.assert_array_equal(again, features)  # the images are known: nothing is replaced
        np.testing.assert_array_equal(after.members.place, record.members.place)
        np.testing.assert_array_equal(after.members.support, 2 * record.members.support)
        origins = [(m.image_of(5).sample_id, m.image_of(5).path) for m in (record.members, after.members)]
        assert origins[0] == origins[1]
    twice = [f"sources=[{run},{tmp_path / 'update'}]", "size=20", "device=cpu"]
    meld_run(compose_config("meld", twice), tmp_path / "meld")
    melded, record_of_meld = load_model(tmp_path / "meld")
    assert record_of_meld.members.support.sum() == 3 * record.members.support.sum()
    meld_run(compose_config("meld", [*twice, "coreset.minimum_support=9"]), tmp_path / "strict")
    kept = supported(record_of_meld.members, 9)
    assert not kept.all()
    np.testing.assert_array_equal(load_model(tmp_path / "strict")[0], melded[kept])
    with pytest.raises(UserError, match=r"auto needs validation images: give dataset\.root"):
        meld_run(compose_config("meld", [*twice, "coreset.minimum_support=auto"]), tmp_path / "strict")
    for member in (0, 7, 19):
        row = int(np.flatnonzero((features == melded[member]).all(axis=1))[0])
        np.testing.assert_array_equal(record_of_meld.members.place[member], record.members.place[row])
        assert record_of_meld.members.image_of(member).path == record.members.image_of(row).path


def test_dropped_places_are_free_for_the_next_update(run, stainless_folder, tmp_path):
    trained(stainless_folder, tmp_path / "two", "coreset.minimum_support=2")
    assert len(load_model(tmp_path / "two")[0]) < 40
    more = [f"dataset.root={stainless_folder}", f"source={tmp_path / 'two'}", "device=cpu"]
    update_run(compose_config("update", more), tmp_path / "next")
    assert len(load_model(tmp_path / "next")[0]) == 40


def explained(run, image, tmp_path, *more):
    cfg = compose_config(
        "explain", [f"model={run}", f"image={image}", f"output={tmp_path / 'why'}", "device=cpu", *more]
    )
    return explain_run(read_explanation_settings(cfg), open_dataset(recorded_dataset(run, cfg.dataset)))


def test_an_explanation_names_nearest_members_and_their_costs(run, stainless_folder, tmp_path):
    image = stainless_folder / "images" / "000009.png"
    found = explained(run, image, tmp_path, "box=[20,30,40,10]", "patches=2", "members=3")
    document = json.loads((tmp_path / "why" / "explanation.json").read_text())
    assert len(document["patches"]) == 2
    features = load_model(run)[0]
    model = load_anomaly_model(run, ModelOverrides("cpu"))
    strip = next(iter(model.extractor.strips(read_image(image))))
    for patch in document["patches"]:
        x, y = patch["place"]
        assert 20 <= x < 60
        assert 30 <= y < 40
        row, column = (int(np.abs(a.centres() - v).argmin()) for a, v in ((strip.rows, y), (strip.columns, x)))
        distances = np.linalg.norm(features.astype(float) - strip.features[row, column], axis=1)
        assert [near["member"] for near in patch["nearest"]] == np.argsort(distances)[:3].tolist()
        assert patch["distance"] == pytest.approx(distances.min(), rel=1e-4)
    # the cost of a member, against models without it
    dataset = open_dataset(recorded_dataset(run, None))
    member = next(iter(found.costs))
    raised = []
    for rows in (np.ones(40, bool), np.arange(40) != member):
        from training.data.dataset import read_mask
        from training.model.anomaly_model import AnomalyModel

        fresh, total = AnomalyModel(model.extractor, features[rows], model.settings), 0
        for sample in dataset.split("validation"):
            picture = read_image(sample.image)
            mask = read_mask(sample, picture.shape)
            nominal = ~np.isin(mask, dataset.defect_ids) & (mask != 255)
            total += int(((fresh.anomaly_map(picture) >= model.threshold) & nominal).sum())
        raised.append(total)
    assert found.costs[member].pixels == raised[1] - raised[0]
    page = (tmp_path / "why" / "explanation.html").read_text()
    assert page.count("data:image/jpeg") == 2 + 2 + 6
    assert f"member {member}," in page
    with pytest.raises(UserError, match="lies outside the image of 88 x 72"):
        explained(run, image, tmp_path, "box=[200,30,40,10]")


def forgotten(run, folder, *more):
    return forget_run(read_forget_settings(compose_config("forget", [f"model={run}", "device=cpu", *more])), folder)


def test_members_and_images_are_forgotten_and_recorded(run, tmp_path):
    features, record = load_model(run)
    number = [image.sample_id for image in record.members.images].index("000002")
    of_image = set(np.flatnonzero(record.members.image == number).tolist())
    assert of_image
    found = forgotten(run, tmp_path / "less", "members=[0,3]", "images=['000002']")
    assert set(found["dropped"]) == of_image | {0, 3}
    rest, after = load_model(tmp_path / "less")
    np.testing.assert_array_equal(rest, np.delete(features, found["dropped"], axis=0))
    assert after.provenance.kind == "forget"
    assert after.provenance.forgotten["members"] == found["dropped"]
    assert after.provenance.parents[0].features_sha256 == record.features_sha256
    assert after.threshold.value == found["threshold"]["after"]
    assert set(found["test"]["after"]["recall"]) == {"scratch"}
    assert recorded_dataset(tmp_path / "less", None) == recorded_dataset(run, None)
    assert load_model(run)[1].features_sha256 == record.features_sha256


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ([], "name what to forget"),
        (["members=[40]"], "40 is not one of the 40 members, 0 to 39"),
        (["images=[nobody]"], "no member comes from nobody"),
        (["missed=x.png"], "belong together"),
    ],
)
def test_a_refused_forgetting_writes_nothing(run, tmp_path, asked, message):
    with pytest.raises(UserError, match=message):
        forgotten(run, tmp_path / "less", *asked)
    assert not (tmp_path / "less").exists()


def test_a_missed_defect_is_found_after_forgetting_what_hides_it(run, stainless_folder, tmp_path):
    """The train image with a bright square hides such a square elsewhere."""
    picture = cv2.imread(str(stainless_folder / "images" / "000003.png"))
    picture[30:46, 40:60] = 255
    cv2.imwrite(str(tmp_path / "missed.png"), picture)
    model = load_anomaly_model(run, ModelOverrides("cpu"))
    image = read_image(tmp_path / "missed.png")
    box = (slice(30, 46), slice(40, 60))
    before = float(model.anomaly_map(image)[box].max()) / model.threshold
    assert before < 1
    asked = [f"missed={tmp_path / 'missed.png'}", "box=[40,30,20,16]"]
    found = forgotten(run, tmp_path / "taught", *asked, "maximum_raised=1")
    taught = load_anomaly_model(tmp_path / "taught", ModelOverrides("cpu"))
    assert float(taught.anomaly_map(image)[box].max()) >= taught.threshold
    assert 0 < len(found["dropped"]) <= 38
    with pytest.raises(UserError, match="nothing was written"):
        forgotten(run, tmp_path / "none", *asked, "most=1", "maximum_raised=0")


def test_a_box_without_brackets_is_no_sweep():
    given = ["model=a", "box=1,2,3,4", "box=[1,2,3,4]", "box=null"]
    assert with_bracketed_box(given) == ["model=a", "box=[1,2,3,4]", "box=[1,2,3,4]", "box=null"]


def test_files_of_version_two_are_read_and_know_nothing_of_members(run, tmp_path):
    import safetensors.numpy
    from safetensors import safe_open

    with safe_open(run / "coreset.safetensors", framework="numpy") as file:
        document = json.loads(file.metadata()["stainless"])
        features = file.get_tensor("features")
    del document["members"]
    document["version"] = 2
    header = {"stainless": json.dumps(document)}
    (tmp_path / "old.safetensors").write_bytes(safetensors.numpy.save({"features": features}, metadata=header))
    read, record = load_model(tmp_path / "old.safetensors")
    np.testing.assert_array_equal(read, features)
    assert record.members is None
