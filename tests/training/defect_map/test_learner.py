"""Training steps: the copied extractor, its gradients, ignored pixels, and the exact continuation."""

import copy

import pytest
import torch

from tests.training.defect_map.configured import defect_map
from training.defect_map.deep_features import DeepConsistency
from training.defect_map.examples import Batch
from training.defect_map.learner import Learner

CPU = torch.device("cpu")
KERNELS = "defect_map.architecture.kernels=[13,13]"


def batch(seed):
    generator = torch.Generator().manual_seed(seed)
    target = torch.rand(3, 3, 32, 32, generator=generator)
    label = (torch.rand(3, 1, 32, 32, generator=generator) < 0.2).to(torch.uint8)
    label[:, :, :4] = 255
    return Batch(torch.where(label == 1, 1 - target, target), target, label)


def learner(*overrides, extractor=None):
    """Return a learner of the preset with both networks, unless `overrides` name another preset."""
    return Learner(defect_map("defect_map=lean", *overrides), extractor, CPU)


def test_a_copied_extractor_equals_the_encoder_after_each_step():
    trained = learner("defect_map.deep_features=copied")
    for number in range(3):
        trained.step(number, batch(number))
        encoder = trained.network.autoencoder.encoder.state_dict()
        copied = trained.deep.observer.state_dict()
        assert all(torch.equal(encoder[name], copied[name]) for name in encoder)


def test_a_copied_extractor_sends_no_gradient_through_its_own_weights():
    trained = learner("defect_map.deep_features=copied")
    restored = torch.rand(1, 3, 32, 32, requires_grad=True)
    trained.deep.loss(restored, torch.rand(1, 3, 32, 32)).backward()
    assert restored.grad.abs().max() > 0
    assert all(parameter.grad is None for parameter in trained.deep.observer.parameters())
    assert all(parameter.grad is None for parameter in trained.network.parameters())


def test_gradient_updates_reach_the_encoders_weights():
    trained = learner("defect_map.deep_features=gradient")
    trained.deep.loss(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)).backward()
    assert any(parameter.grad is not None for parameter in trained.network.autoencoder.encoder.parameters())


def test_the_frozen_extractor_of_the_coreset_gives_deep_features(tiny_extractor):
    encoder = learner().network.autoencoder.encoder
    deep = DeepConsistency("own", encoder, tiny_extractor)
    restored, target = torch.rand(1, 3, 64, 64, requires_grad=True), torch.rand(1, 3, 64, 64)
    loss = deep.loss(restored, target)
    loss.backward()
    assert loss > 0
    assert restored.grad.abs().max() > 0
    assert float(deep.loss(target, target)) == 0.0


@pytest.mark.parametrize("overrides", [("defect_map=tiny",), ("defect_map.deep_features=copied", KERNELS)])
def test_ignored_pixels_do_not_change_the_losses(overrides):
    trained = learner(*overrides)
    trained.network.eval()
    given = batch(5)
    before = trained.losses(given)
    target = given.target.clone()
    target[:, :, :4] = 0.5
    after = trained.losses(given._replace(target=target))
    assert {name: float(term) for name, term in before.items() if name != "deep"} == {
        name: float(term) for name, term in after.items() if name != "deep"
    }


@pytest.mark.parametrize("mode", ["copied", "gradient", "none"])
def test_training_continues_to_the_bit(mode):
    whole = learner(f"defect_map.deep_features={mode}", KERNELS)
    for number in range(4):
        whole.step(number, batch(number))
    first = learner(f"defect_map.deep_features={mode}", KERNELS)
    for number in range(2):
        first.step(number, batch(number))
    state = copy.deepcopy(first.state())
    second = learner(f"defect_map.deep_features={mode}", KERNELS)
    second.restore(state)
    for number in range(2, 4):
        second.step(number, batch(number))
    for name, tensor in whole.state().items():
        assert torch.equal(tensor, second.state()[name]), name


def test_every_weight_of_a_loss_counts_and_a_step_lowers_the_loss():
    trained = learner("defect_map.deep_features=copied")
    terms = [trained.step(0, batch(0))]
    assert set(terms[0]) == {"focal", "l2", "ssim", "deep"}
    for number in range(1, 30):
        terms.append(trained.step(number, batch(0)))
    assert terms[-1]["focal"] < terms[0]["focal"]
    assert terms[-1]["l2"] < terms[0]["l2"]
