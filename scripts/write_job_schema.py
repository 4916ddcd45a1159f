"""Write conf/schemas/job.schema.json from the parameter definitions, which hold every default, unit and range.

Run it after changing a parameter; a test compares the committed file with what this would write.
"""

import dataclasses
import json
from pathlib import Path

from blender_addon.blemishes.bump import BumpParams
from blender_addon.blemishes.dent import DentParams
from blender_addon.blemishes.fingerprint import FingerprintParams
from blender_addon.blemishes.scratch import ScratchParams
from blender_addon.blemishes.sticker import StickerParams
from blender_addon.inspection.camera import CameraParams
from blender_addon.inspection.lens import LensParams
from blender_addon.inspection.placement import PlacementParams
from blender_addon.inspection.ring_light import RingLightParams
from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.metals.milled import MilledMetalParams
from blender_addon.metals.sandblasted import SandblastedMetalParams
from blender_addon.plate.groups import STAIN_RENDERERS
from blender_addon.plate.mesh import PlateParams
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.shading import StainShadingParams
from render_jobs.surface_plan import FINISHES

TARGET = Path(__file__).resolve().parent.parent / "conf" / "schemas" / "job.schema.json"


def job_schema() -> dict:
    """Return the JSON Schema (draft 2020-12) of a job description."""
    count = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}
    split = _closed_object(
        {
            "name": {"enum": ["train", "validation", "test"]},
            "plates": {"type": "integer", "minimum": 0, "description": "plates in this split"},
            "sides": {"enum": [1, 2], "description": "1, the front, if omitted; the back never has impurities"},
            "water_stains": {"type": "boolean"},
            "scratches": {**count, "description": "least and most on a plate"},
            "dents": {**count, "description": "least and most on a plate"},
            "bumps": {**count, "description": "least and most on a plate; none if omitted"},
            "fingerprints": {**count, "description": "least and most on a plate; none if omitted"},
            "stickers": {**count, "description": "least and most on a plate; none if omitted"},
        },
        optional=("sides", "bumps", "fingerprints", "stickers"),
    )
    image = _closed_object(
        {
            "width": {"type": "integer", "minimum": 8, "maximum": 65536, "description": "pixels"},
            "height": {"type": "integer", "minimum": 8, "maximum": 65536, "description": "pixels"},
            "samples": {"type": "integer", "minimum": 1, "description": "light paths through a pixel"},
            "denoise": {"type": "boolean", "description": "OpenImageDenoise; blurs fine brush texture"},
        }
    )
    views = {"type": "integer", "minimum": 1, "maximum": 100}
    grid = _closed_object(
        {
            "columns": {**views, "description": "views from left to right"},
            "rows": {**views, "description": "views from above to below"},
            "overlap": {
                "type": "number",
                "minimum": 0.0,
                "maximum": 0.99,
                "description": "least part of a field that its neighbour shows, too",
            },
        }
    )
    seed = {"type": "integer", "minimum": 0}
    light = _ranges(RingLightParams)
    light["properties"] = {"name": {"type": "string", "minLength": 1}, **light["properties"]}
    light["required"] = ["name"]
    schema = _closed_object(
        {
            "format": {"const": "stainless-job"},
            "version": {"const": 1},
            "name": {"type": "string", "minLength": 1},
            "seeds": _closed_object(
                dict.fromkeys(("texture", "impurity", "defect", "light", "camera"), seed), optional=("camera",)
            ),
            "first_plate": {"type": "integer", "minimum": 0, "description": "number of the first sample's plate"},
            "image": image,
            "plate": _numbers(PlateParams),
            "camera": _numbers(CameraParams),
            "views": {"enum": ["middle", "grid"], "description": "of each side of a plate; middle if omitted"},
            "grid": grid,
            "placement": _ranges(PlacementParams),
            "lens": _ranges(LensParams),
            "light": light,
            "finish": {"enum": list(FINISHES), "description": "of the metal; brushed if omitted"},
            "brushed_metal": _ranges(BrushedMetalParams),
            "milled_metal": _ranges(MilledMetalParams),
            "sandblasted_metal": _ranges(SandblastedMetalParams),
            "water_stain": _ranges(WaterStainParams),
            "stain_renderer": {
                "enum": list(STAIN_RENDERERS),
                "description": "of the picture; osl needs the CPU or OptiX; nodes if omitted",
            },
            "stain_shading": _ranges(StainShadingParams),
            "scratch": _ranges(ScratchParams),
            "dent": _ranges(DentParams),
            "bump": _ranges(BumpParams),
            "fingerprint": _ranges(FingerprintParams),
            "sticker": _ranges(StickerParams),
            "splits": {
                "type": "array",
                "minItems": 1,
                "items": split,
                "description": "groups of plates in the order of their numbers; several may belong to one split",
            },
        },
        optional=(
            "views",
            "grid",
            "placement",
            "lens",
            "finish",
            "milled_metal",
            "sandblasted_metal",
            "stain_renderer",
            "stain_shading",
            "bump",
            "fingerprint",
            "sticker",
        ),
    )
    title = "A Stainless render job: what is omitted from a group of parameters takes the parameter's default"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}


def _closed_object(properties: dict, optional: tuple[str, ...] = ()) -> dict:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key for key in properties if key not in optional],
        "properties": properties,
    }


def _numbers(params_class: type) -> dict:
    """Parameters that are the same for all samples: plain numbers."""
    return _parameters(params_class, lambda number, whole: {"type": whole, **number})


def _ranges(params_class: type) -> dict:
    """Parameters that are drawn: a number, or a pair [a, b] to draw from."""

    def number_or_pair(number: dict, whole: str) -> dict:
        pair = {"items": {"type": whole, **number}, "minItems": 2, "maxItems": 2}
        return {"type": [whole, "array"], **number, **pair}

    return _parameters(params_class, number_or_pair)


def _parameters(params_class: type, rule) -> dict:
    properties = {}
    for field in dataclasses.fields(params_class):
        meta = field.metadata
        number = {"minimum": meta["low"], "maximum": meta["high"]}
        whole = "integer" if meta["unit"] == "count" else "number"
        properties[field.name] = {
            "description": f"{meta['description']} [{meta['unit']}]",
            "default": field.default,
            **rule(number, whole),
        }
    return {"type": "object", "additionalProperties": False, "properties": properties}


if __name__ == "__main__":
    TARGET.write_text(json.dumps(job_schema(), indent=1) + "\n", encoding="utf-8")
    print(f"wrote {TARGET}")
