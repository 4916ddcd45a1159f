import csv
import hashlib
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training.configured import build_extractor, pretrain_run
from tests.training.small_plates import compose_config
from training.formula_images.damage import KINDS
from training.formula_images.draw import Episodes
from training.formula_images.formulas import draw_formulas
from training.formula_images.pictures import Chances, draw_pictures
from training.pretraining.neighbour_task import Ranking, patch_maps
from training.pretraining.read_out_task import Head, losses, structure_of, touched
from training.pretraining.run import CHECKPOINT, WEIGHTS, Learner, objective
from training.pretraining.settings import TaskWeights
from training.support.user_error import UserError

SMALL = [
    *("pretrain.formulas=11", "pretrain.episodes.count=2", "pretrain.size=64", "pretrain.warmup_steps=2"),
    "pretrain.cycles=[{steps: 3, learning_rate: 1e-3, hardest: 1}, {steps: 3, learning_rate: 2e-3, hardest: 0.5}]",
    *("pretrain.curve_steps=2", "pretrain.checkpoint_steps=2", "device=cpu"),
]


def settings(*overrides):
    return compose_config("pretrain", [*SMALL, *overrides])


def seeded_learner():
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(0)
        return Learner(11).eval()


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("drawn_before", [4, 6])  # after the checkpoints of steps 2 and 4, in either cycle
def test_a_stopped_run_continues_to_the_same_bits(drawn_before, tmp_path, monkeypatch):
    whole = pretrain_run(settings(), tmp_path / "whole")
    with monkeypatch.context() as patch:
        drawn = []

        def stopping(*arguments):
            drawn.append(1)
            if len(drawn) == drawn_before:
                raise StoppedError
            return draw_pictures(*arguments)

        patch.setattr("training.pretraining.run.draw_pictures", stopping)
        with pytest.raises(StoppedError):
            pretrain_run(settings(), tmp_path / "stopped")
    assert (tmp_path / "stopped" / CHECKPOINT).is_file()
    continued = pretrain_run(settings(), tmp_path / "stopped")
    assert continued["sha256"] == whole["sha256"]
    assert (tmp_path / "stopped" / "curve.csv").read_text() == (tmp_path / "whole" / "curve.csv").read_text()
    assert not (tmp_path / "stopped" / CHECKPOINT).exists()


def test_each_seed_and_step_has_pictures_of_its_own(tmp_path, monkeypatch):
    seen, first_numbers = [], set()

    def recorded(*arguments):
        generator = arguments[-1]
        start = generator.get_state()
        first_numbers.add(torch.rand(1, generator=generator, dtype=torch.float64).item())
        generator.set_state(start)
        pictures = draw_pictures(*arguments)
        seen.append(pictures.pixels.sum().item())
        return pictures

    monkeypatch.setattr("training.pretraining.run.draw_pictures", recorded)
    for seed in (0, 1):
        pretrain_run(settings("pretrain.formulas=11", f"pretrain.seed={seed}"), tmp_path / str(seed))
    assert len(seen) == len(first_numbers) == 12
    generator = torch.Generator().manual_seed(4)  # seed 0 gives the streams of the committed weights: the step's number
    shown = settings().pretrain
    expected = draw_pictures(
        *(draw_formulas(11, 0, torch.device("cpu")), Episodes(**shown.episodes), 64, Chances(**shown.chances)),
        generator,
    )
    assert seen[4] == expected.pixels.sum().item()


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path, monkeypatch):
    steps = iter(range(4))

    def stopping(*arguments):
        if next(steps) == 3:
            raise StoppedError
        return draw_pictures(*arguments)

    monkeypatch.setattr("training.pretraining.run.draw_pictures", stopping)
    with pytest.raises(StoppedError):
        pretrain_run(settings(), tmp_path)
    with pytest.raises(UserError, match="belongs to another recipe; choose another name, or delete it"):
        pretrain_run(settings("pretrain.seed=1"), tmp_path)
    (tmp_path / CHECKPOINT).write_bytes(b"nothing")
    with pytest.raises(UserError, match="cannot be read as a checkpoint"):
        pretrain_run(settings(), tmp_path)


def test_chances_of_more_than_everything_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"mixed and outlined are 1\.3 together; they may be at most 1"):
        pretrain_run(settings("pretrain.chances.mixed=0.7", "pretrain.chances.outlined=0.6"), tmp_path)


def test_the_run_folder_holds_weights_curve_and_recipe(tmp_path):
    record = pretrain_run(settings(), tmp_path)
    content = (tmp_path / WEIGHTS).read_bytes()
    assert record["sha256"] == hashlib.sha256(content).hexdigest()
    assert len(content) < 4 * 2**20
    assert json.loads((tmp_path / "pretraining.json").read_text()) == record
    state = load_file(tmp_path / WEIGHTS)
    assert sum(tensor.numel() for name, tensor in state.items() if "running" not in name) < 1_000_000
    with (tmp_path / "curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["2", "4", "6"]
    assert all(float(row["neighbour_both"]) > 0 and 0 < float(row["accuracy_both"]) < 1 for row in rows)
    assert {row["formula_16"] for row in rows} == {"nan"}


def test_a_task_has_the_weight_that_it_is_given():
    learner = seeded_learner()
    episodes = Episodes(2, 2, 2, 0.15)
    pictures = draw_pictures(
        *(draw_formulas(11, 0, torch.device("cpu")), episodes, 64, Chances(0.3, 0.3, 0.5, 0.5)),
        torch.Generator().manual_seed(0),
    )
    with torch.no_grad():
        names = ("neighbour", "formula", "flaw", "structure")
        totals = {}
        for chosen in names:
            task = {name: 2.0 * (name == chosen) for name in names}
            totals[chosen], parts = objective(learner, pictures, episodes, Ranking(0.5), TaskWeights(**task))
    assert totals["neighbour"] == pytest.approx(2 * parts[:3].sum().item(), rel=1e-5)
    for place, name in enumerate(names[1:]):
        assert totals[name] == pytest.approx(2 * (parts[6 + place] + parts[9 + place]).item(), rel=1e-5)


def test_each_cycle_has_its_own_optimiser_and_ranking(tmp_path, monkeypatch):
    rankings, rates, taken = [], [], []

    def recorded(learner, pictures, episodes, ranking, task):
        rankings.append(ranking)
        return objective(learner, pictures, episodes, ranking, task)

    step = torch.optim.AdamW.step

    def stepped(self, *arguments):
        step(self, *arguments)
        rates.append(self.param_groups[0]["lr"])
        taken.append(int(next(iter(self.state.values()))["step"]))

    monkeypatch.setattr("training.pretraining.run.objective", recorded)
    monkeypatch.setattr(torch.optim.AdamW, "step", stepped)
    pretrain_run(settings("pretrain.kept=0.5"), tmp_path)
    assert rankings == [Ranking(0.5, 0.5, 1.0)] * 3 + [Ranking(0.5, 0.5, 0.5)] * 3
    assert taken == [1, 2, 3, 1, 2, 3]
    falling = np.array([0.5, 1, 1]) * (1 + np.cos(np.pi * np.arange(3) / 3)) / 2
    np.testing.assert_allclose(rates, [*(1e-3 * falling), *(2e-3 * falling)])


def test_the_extractor_sees_what_was_trained(tmp_path):
    """The extractor's patches with a run's weights are those of the ranking task, whose centres are the cells'."""
    pretrain_run(settings(), tmp_path)
    chosen = ["extractor=mobilenet_v3_large", "extractor.centres=[[4,4],[8,8]]"]
    cfg = compose_config("train", [*chosen, f"extractor.weights={tmp_path / WEIGHTS}"])
    extractor = build_extractor(cfg.extractor, "cpu")
    assert extractor.fingerprint["input"]["standardise"] is True
    image = np.random.default_rng(0).integers(0, 90, (64, 96, 3), dtype=np.uint8)
    learner = seeded_learner()
    state = {name.removeprefix("features."): tensor for name, tensor in load_file(tmp_path / WEIGHTS).items()}
    learner.features.load_state_dict(state)
    with torch.no_grad():
        expected = patch_maps(*learner(torch.from_numpy(image).permute(2, 0, 1)[None] / 255))[2]
    np.testing.assert_allclose(extractor.patches(image), expected[0].permute(1, 2, 0), rtol=1e-3, atol=1e-4)


def test_losses_fall_on_a_handful_of_formulas():
    """A head on fixed features that contain the truth learns it, so targets lie at the cells' places."""
    formulas = draw_formulas(5, 0, torch.device("cpu"))
    episodes = Episodes(8, 0, 1, 0.15)
    pictures = draw_pictures(formulas, episodes, 64, Chances(0.5, 0.3, 0.3, 0.5), torch.Generator().manual_seed(0))
    truth = torch.nn.functional.one_hot(pictures.formula[:, 8::16, 8::16], 5).permute(0, 3, 1, 2).float()
    features = torch.cat([truth, touched(pictures.flaw, 16), structure_of(pictures.fields, 16)], 1)
    with torch.random.fork_rng():
        head = Head(features.shape[1], 5).train()
    optimiser = torch.optim.Adam(head.parameters(), lr=0.05)
    first = losses(head(features), pictures)
    for _ in range(300):
        optimiser.zero_grad()
        sum(losses(head(features), pictures)).backward()
        optimiser.step()
    last = losses(head(features), pictures)
    for before, after, share in zip(first, last, (0.05, 0.3, 0.05), strict=True):
        assert after < share * before


def test_cells_are_described_as_a_literal_loop_describes_them():
    generator = torch.Generator().manual_seed(1)
    flaw = torch.randint(0, KINDS, (2, 16, 16), generator=generator)
    flaw[:, :8] = 0
    fields = torch.randn(2, 3, 16, 16, generator=generator)
    found, structure = touched(flaw, 8).numpy(), structure_of(fields, 8).numpy()
    for image in range(2):
        for row in range(2):
            for column in range(2):
                cell = np.s_[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8]
                for kind in range(1, KINDS):
                    share = min(1.0, 4 * np.mean(flaw[image].numpy()[cell] == kind))
                    assert found[image, kind - 1, row, column] == pytest.approx(share, abs=1e-6)
                x, y = fields[image, 0].numpy()[cell], fields[image, 1].numpy()[cell]
                energy = np.mean(x**2) + np.mean(y**2) + 1e-4
                expected = [np.log(energy) / 2, (np.mean(x**2) - np.mean(y**2)) / energy, 2 * np.mean(x * y) / energy]
                np.testing.assert_allclose(structure[image, :, row, column], expected, atol=1e-5)


def test_training_may_start_from_an_earlier_backbone_which_the_recipe_names_by_its_hash(tmp_path):
    first = pretrain_run(settings(), tmp_path / "first")
    still = "pretrain.cycles=[{steps: 2, learning_rate: 1e-12, hardest: 1}]"
    start = f"pretrain.start={tmp_path / 'first' / WEIGHTS}"
    record = pretrain_run(settings(still, start, "pretrain.seed=5"), tmp_path / "second")
    assert record["recipe"]["start"] == first["sha256"]
    before, after = (load_file(tmp_path / name / WEIGHTS) for name in ("first", "second"))
    for name, tensor in after.items():
        if name.endswith("weight"):
            torch.testing.assert_close(tensor, before[name], atol=1e-6, rtol=1e-4)
    (tmp_path / "other.safetensors").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"other\.safetensors is not a backbone of training\.pretrain"):
        pretrain_run(settings(f"pretrain.start={tmp_path / 'other.safetensors'}"), tmp_path / "third")
