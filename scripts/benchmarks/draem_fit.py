"""Train anomalib's DRAEM on given batches and write its maps. Runs in anomalib's own environment.

``python draem_fit.py JOB.json`` trains DraemModel at the job's widths with anomalib's own loss, Adam and the job's
learning rates on ``batches`` (.npy files of image, target and label), and writes maps (.npy) of the test images.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from anomalib.models.image.draem.loss import DraemLoss
from anomalib.models.image.draem.torch_model import DiscriminativeSubNetwork, DraemModel, ReconstructiveSubNetwork


def tensor(pixels):
    """Return uint8 pixels (B, H, W, 3) as float32 (B, 3, H, W) in 0..1."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() / 255


def trained(job):
    """Return the trained model and the CPU seconds of a step."""
    model = DraemModel()
    model.reconstructive_subnetwork = ReconstructiveSubNetwork(base_width=job["width"])
    model.discriminative_subnetwork = DiscriminativeSubNetwork(in_channels=6, out_channels=2, base_width=job["width"])
    model.train()
    criterion = DraemLoss()
    optimiser = torch.optim.Adam(model.parameters(), lr=job["rates"][0])
    image, target, label = (np.load(job["batches"][part], mmap_mode="r") for part in ("image", "target", "label"))
    started = time.process_time()
    for step, rate in enumerate(job["rates"]):
        for group in optimiser.param_groups:
            group["lr"] = rate
        reconstruction, prediction = model(tensor(image[step]))
        mask = torch.from_numpy(np.ascontiguousarray(label[step] == 1))[:, None].float()
        loss = criterion(tensor(target[step]), reconstruction, mask, prediction)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.eval(), (time.process_time() - started) / len(job["rates"])


def main():
    """Read the job and write its result."""
    job = json.loads(Path(sys.argv[1]).read_text())
    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])  # noqa: TID251 (anomalib draws from the global generator)
    try:
        model, seconds = trained(job)
        with torch.inference_mode():
            for number, path in enumerate(job["test"]):
                found = model(tensor(np.load(path)[None]))
                np.save(Path(job["maps"]) / f"{number}.npy", found.anomaly_map.squeeze().numpy())
        result = {"step_seconds": seconds}
    except (RuntimeError, MemoryError) as error:
        result = {"failed": str(error).splitlines()[0] if str(error) else "out of memory"}
    Path(job["result"]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
