"""Build the Blender extension, stainless-<version>.zip, and let Blender validate it.

The zip holds the add-on, the job runner that it starts, and the asset library if build_asset_library.py has built it.

uv run scripts/build_extension.py                        # with the Blender on PATH, else this environment's bpy
uv run scripts/build_extension.py --blender /path/to/blender --out dist
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ADD_ON = PROJECT / "blender_addon"
LIBRARY = ADD_ON / "assets" / "library"
RUNNER = "runner"  # folder of the zip; see blender_addon/dataset_process/runner.py
RUNNER_PARTS = ("render_jobs", "conf/schemas/job.schema.json", "conf/schemas/dataset.schema.json")
CACHES = shutil.ignore_patterns("__pycache__", "*.pyc")


def main() -> int:
    """Parse, build, print the zip's path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blender", help="Blender program (default: the one on PATH, else this environment's bpy)")
    parser.add_argument("--out", type=Path, default=Path("dist"), help="folder of the zip (default: %(default)s)")
    options = parser.parse_args()
    try:
        archive = build(extension_tool(options.blender), options.out)
    except (RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not LIBRARY.exists():
        print("note: the zip has no asset library; scripts/build_asset_library.py builds it", file=sys.stderr)
    print(archive)
    return 0


def extension_tool(blender: str | None) -> list[str]:
    """Return the command that Blender's `extension` subcommands follow.

    Raises RuntimeError if there is neither a Blender program nor bpy.
    """
    program = shutil.which(blender or "blender")
    if program:
        return [program, "--factory-startup", "--command", "extension"]
    if blender:
        raise RuntimeError(f"there is no Blender program {blender!r}")
    folder = _bpy_folder()
    tools = sorted(folder.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py")) if folder else []
    if not tools:
        raise RuntimeError("there is no Blender on PATH and no bpy here; name one with --blender /path/to/blender")
    return [sys.executable, str(tools[-1])]  # the script behind `blender --command extension`


def build(tool: list[str], out: Path) -> Path:
    """Build and validate the zip in ``out``, whole or not at all. Raises RuntimeError with Blender's message."""
    manifest = tomllib.loads((ADD_ON / "blender_manifest.toml").read_text(encoding="utf-8"))
    name = f"{manifest['id']}-{manifest['version']}.zip"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".part-") as part:
        built, source = Path(part) / name, Path(part) / "source"
        stage(source)
        _run([*tool, "build", "--source-dir", str(source), "--output-filepath", str(built)])
        _run([*tool, "validate", str(built)])
        built.replace(out / name)
    return out / name


def stage(source: Path) -> None:
    """Copy the add-on, and the job runner that its Render Dataset starts, into the folder of the zip's contents."""
    shutil.copytree(ADD_ON, source, ignore=CACHES)
    for part in RUNNER_PARTS:
        origin, target = PROJECT / part, source / RUNNER / part
        if origin.is_dir():
            shutil.copytree(origin, target, ignore=CACHES)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(origin, target)


def _bpy_folder() -> Path | None:
    import importlib.util

    found = importlib.util.find_spec("bpy")
    return Path(found.origin).parent if found and found.origin else None


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise RuntimeError(f"{' '.join(command[-3:])}: {' '.join(words[-3:])}")


if __name__ == "__main__":
    sys.exit(main())
