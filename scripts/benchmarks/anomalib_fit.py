"""Fit anomalib's PatchCore or MH-PatchCore as a job file says, and measure it. Runs in anomalib's own environment.

``python anomalib_fit.py JOB.json`` writes the job's ``result`` (JSON) and, if asked for, anomaly maps (.npy).
"""

import json
import resource
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import timm
import torch
import torch.nn.functional as F
import torchvision
from anomalib.models.components import KCenterGreedy
from anomalib.models.image.mh_patchcore.torch_model import MHPatchcoreModel
from anomalib.models.image.patchcore.torch_model import PatchcoreModel
from safetensors.torch import load_file
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from training.features.same_padding import pad_same  # imports torch only


def with_relu(module):
    """Replace every Hardswish by ReLU, like the project's extractor for activation: relu."""
    for name, child in module.named_children():
        if isinstance(child, nn.Hardswish):
            setattr(module, name, nn.ReLU())
        else:
            with_relu(child)
    return module


def backbone(job):
    """Return the backbone with the weights and padding of the project's extractor."""
    if job["provider"] == "timm":
        network = timm.create_model(job["architecture"], pretrained=False).eval()
    else:
        network = torchvision.models.get_model(job["architecture"], weights=None).eval()
    if job["activation"] == "relu":
        with_relu(network)
    if job["padding"] == "same":
        pad_same(network)
    unexpected = network.load_state_dict(load_file(job["weights"]), strict=False).unexpected_keys
    if unexpected:
        raise RuntimeError(f"weights of another backbone: {unexpected[0]}")
    return network


def batch(path, job):
    """Return one normalised image (1, 3, H, W)."""
    pixels = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
    values = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    if job["resize"] is not None:
        size = (job["resize"]["height"], job["resize"]["width"])
        values = F.interpolate(values, size, mode="bilinear", align_corners=False, antialias=True)
    if job["least_contrast"] is not None:
        return (values - values.mean()) / values.std(correction=0).clamp_min(job["least_contrast"])
    mean, std = (torch.tensor(job[name]).view(1, 3, 1, 1) for name in ("mean", "std"))
    return (values - mean) / std


def fitted_patchcore(job, images):
    """Collect all embeddings, then select the coreset; return the model and the seconds of both stages."""
    model = PatchcoreModel(layers=job["layers"], backbone=backbone(job), pre_trained=False).train()
    model.feature_extractor.eval()
    started = time.perf_counter()
    for path in images:
        model(batch(path, job))
    extracted = time.perf_counter()
    patches = sum(len(rows) for rows in model.embedding_store)
    model.subsample_embedding(wanted_points(job, model.embedding_store, patches) / patches)
    return model.eval(), {"extract": extracted - started, "coreset": time.perf_counter() - extracted}


def wanted_points(job, store, patches):
    """Return the job's number of points, or the share of the patches that it names, limited by its seconds."""
    if "share" not in job:
        return job["points"]
    features = torch.vstack(store)
    seconds = []
    for trial in (20, 60):
        started = time.perf_counter()
        KCenterGreedy(features, trial / patches).sample_coreset()
        seconds.append(time.perf_counter() - started)
    step = max(seconds[1] - seconds[0], 1e-4) / 40
    return max(2, min(round(job["share"] * patches), round(job["select_seconds"] / step)))


def fitted_mh_patchcore(job, images):
    """Run the three passes of anomalib's lightning module: PCA, covariance, memory bank."""
    model = MHPatchcoreModel(
        backbone=backbone(job), layers=job["layers"], pre_trained=False, memory_bank_size=job["points"]
    ).train()
    model.feature_extractor.eval()
    started = time.perf_counter()
    for part, before in (
        (model.pca, ()),
        (model.covariance, (model.pca,)),
        (model.memory_bank, (model.pca, model.covariance)),
    ):
        for path in images:
            rows = model(batch(path, job))
            for earlier in before:
                rows = earlier(rows)
            part.update(rows)
        part.finalize()
    return model.eval(), {"all_passes": time.perf_counter() - started}


def measured(job):
    """Return the measurements of one job."""
    torch.set_num_threads(job["threads"])
    torch.manual_seed(0)  # noqa: TID251 (anomalib draws from the global generator)
    if job["peer"] == "k_center":
        features = torch.from_numpy(np.load(job["features"]))
        started = time.perf_counter()
        members = KCenterGreedy(features, job["points"] / len(features)).sample_coreset()
        seconds = {"coreset": time.perf_counter() - started}
        np.save(job["members"], members.numpy())
        return {"seconds": seconds, "members": len(members)}
    before = peak_mb()
    fit = {"patchcore": fitted_patchcore, "mh_patchcore": fitted_mh_patchcore}[job["peer"]]
    with torch.inference_mode():
        model, seconds = fit(job, job["images"])
        measurements = {"seconds": seconds, "fit": sum(seconds.values()), "memory_mb": peak_mb() - before}
        measurements["members"] = len(model.memory_bank) if job["peer"] == "patchcore" else job["points"]
        measurements["scores"] = []
        started = time.perf_counter()
        for number, path in enumerate(job["test"]):
            found = model(batch(path, job))
            np.save(Path(job["maps"]) / f"{number}.npy", found.anomaly_map.squeeze().numpy())
            measurements["scores"].append(float(found.pred_score))
    if job["test"]:
        measurements["inference"] = (time.perf_counter() - started) / len(job["test"])
    return measurements


def peak_mb():
    """Return the largest resident memory so far, MiB; ru_maxrss would include the parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main():
    """Read the job and write its result."""
    job = json.loads(Path(sys.argv[1]).read_text())
    try:
        result = measured(job)
    except (RuntimeError, MemoryError) as error:  # torch raises RuntimeError for exhausted memory
        result = {"failed": str(error).splitlines()[0] if str(error) else "out of memory"}
    Path(job["result"]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
