"""DESIGN's table of rooms: what each may import, checked against every import statement in it."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TRAINING_SIDE = {
    "torch",
    "torchvision",
    "timm",
    "huggingface_hub",
    "hydra",
    "omegaconf",
    "numpy",
    "pandas",
    "cv2",
    "numba",
    "rich",
    "safetensors",
    "jsonschema",
    "yaml",
    "dask",
    "filelock",
    "PIL",
    "pycocotools",
    "distributed",
    "mlflow",
    "optuna",
}
BLENDER_SIDE = {"bpy", "numpy", "_cycles"}  # _cycles: bpy's render engine; it tells what a Blender is built with
SERVICE = {"fastapi", "pydantic", "starlette", "uvicorn", "watchdog"}
EXPORT = {"onnx", "onnx_ir", "onnxruntime", "onnxscript", "openvino"}
MAY_IMPORT = {
    "blender_addon": {*BLENDER_SIDE, "mathutils", "bpy_extras", "bl_ui"},
    "render_jobs": {*BLENDER_SIDE, "blender_addon", "render_jobs"},
    "training": {*TRAINING_SIDE, *SERVICE, *EXPORT, "jinja2", "training"},
    "eval": {*TRAINING_SIDE, *SERVICE, "jinja2", "markupsafe", "scipy", "sklearn", "training", "eval"},
}


def imported_packages(source: str) -> set[str]:
    """Top-level names of all absolute imports of a module, also of those inside functions."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_the_table_allows(room):
    files = sorted((ROOT / room).rglob("*.py"))
    assert len(files) > 3
    allowed = MAY_IMPORT[room] | set(sys.stdlib_module_names)
    broken = {
        str(file.relative_to(ROOT)): names
        for file in files
        if (names := imported_packages(file.read_text(encoding="utf-8")) - allowed)
    }
    assert not broken


def test_the_check_sees_every_kind_of_import():
    source = "import a.b, c\nfrom d.e import f\nfrom . import g\ndef h():\n    from i import j\n"
    assert imported_packages(source) == {"a", "c", "d", "i"}
