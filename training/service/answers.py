"""The answers of the judging service, as its OpenAPI document describes them."""

import base64
import io
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from training.prediction.image import encode_map, encoded_png


class MapFormat(StrEnum):
    """The form of the anomaly map in an answer."""

    NONE = "none"
    PNG = "png"
    NPY = "npy"


class EncodedMap(BaseModel):
    """An anomaly map: PNG of 16 bit (score = pixel value * scale), or a NumPy file of float32 (scale 1)."""

    format: Literal["png", "npy"]
    scale: float
    content: str = Field(description="base64")


class Region(BaseModel):
    """A finding."""

    area: int = Field(description="pixels")
    box: tuple[int, int, int, int] = Field(description="left, top, width, height")
    score: float = Field(description="highest score inside")


class Drift(BaseModel):
    """The drift with this picture."""

    state: Literal["unknown", "filling", "steady", "parted"]
    parted: list[str] = Field(description="statistics that part from the training's")
    gaps: dict[str, float] = Field(description="largest difference of the distribution functions, by statistic")


class JudgedPicture(BaseModel):
    """The model's answer about a picture; the fields are those of predictions.csv."""

    name: str
    score: float
    decision: Literal["anomalous", "nominal"]
    findings: int
    finding_pixels: int
    largest_finding: int
    threshold: float
    seconds: float
    width: int
    height: int
    regions: list[Region]
    statistics: dict[str, float]
    drift: Drift
    map: EncodedMap | None = None


class Failure(BaseModel):
    """The reason why a request was refused, in one line."""

    error: str


class Health(BaseModel):
    """The service answers."""

    status: Literal["ready"]


class State(BaseModel):
    """The state of the service since its start."""

    model: str
    threshold: float
    warnings: list[str]
    judged: int
    refused: int
    in_hand: int
    drift: dict[str, Any]


def encoded_map(anomaly_map: NDArray[np.float32], wanted: MapFormat) -> dict[str, Any] | None:
    """Return a map (H, W) as the field of an answer; None if no map is wanted."""
    if wanted is MapFormat.NONE:
        return None
    if wanted is MapFormat.PNG:
        pixels, scale = encode_map(anomaly_map)
        content = encoded_png(pixels)
    else:
        file = io.BytesIO()
        np.save(file, anomaly_map, allow_pickle=False)
        content, scale = file.getvalue(), 1.0
    return {"format": wanted.value, "scale": scale, "content": base64.b64encode(content).decode("ascii")}
