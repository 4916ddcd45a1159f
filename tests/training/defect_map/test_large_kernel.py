"""Large kernels against scipy, by numerical gradients, and merged against unmerged."""

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d

from training.defect_map.large_kernel import LargeKernel, depthwise


def tensors(shape, kernel, dtype=torch.float64):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(shape, generator=generator, dtype=dtype)
    return x, torch.randn(shape[1], 1, kernel, kernel, generator=generator, dtype=dtype)


@pytest.mark.parametrize(("size", "kernel"), [((20, 24), 31), ((40, 33), 13), ((12, 12), 5)])
def test_a_large_kernel_equals_scipy(size, kernel):
    x, weight = tensors((2, 3, *size), kernel)
    wanted = [
        [correlate2d(plane, w[0], mode="same") for plane, w in zip(image, weight.numpy(), strict=True)]
        for image in x.numpy()
    ]
    assert np.allclose(depthwise(x, weight).numpy(), wanted, atol=1e-10)


@pytest.mark.parametrize("kernel", [13, 15])
def test_gradients_by_fft_equal_numerical_ones(kernel):
    x, weight = tensors((2, 2, 6, 7), kernel)
    assert torch.autograd.gradcheck(depthwise, (x.requires_grad_(), weight.requires_grad_()))


def test_gradients_by_fft_equal_torchs():
    x, weight = (tensor.requires_grad_() for tensor in tensors((2, 4, 32, 24), 31, torch.float32))
    ours = torch.autograd.grad(depthwise(x, weight).square().mean(), (x, weight))
    theirs = torch.autograd.grad(
        torch.nn.functional.conv2d(x, weight, padding=15, groups=4).square().mean(), (x, weight)
    )
    for own, other in zip(ours, theirs, strict=True):
        assert torch.allclose(own, other, atol=1e-4 * other.abs().max())


@pytest.mark.parametrize("kernel", [31, 13])
def test_merged_equals_unmerged(kernel):
    generator = torch.Generator().manual_seed(3)
    module = LargeKernel(4, kernel)
    for _ in range(3):  # statistics and scales that differ from the identity
        module(torch.randn(2, 4, 24, 24, generator=generator) * 2 + 1)
    with torch.no_grad():
        for norm in (module.large_norm, module.small_norm):
            norm.weight.uniform_(0.5, 2.0, generator=generator)
            norm.bias.uniform_(-1.0, 1.0, generator=generator)
    module.eval()
    x = torch.randn(2, 4, 24, 24, generator=generator)
    with torch.no_grad():
        assert torch.allclose(module.merged()(x), module(x), atol=1e-5)
