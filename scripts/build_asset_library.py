"""Build the asset library of the Blender extension: materials and node groups with pictures, tags and catalogs.

uv run scripts/build_asset_library.py                 # into blender_addon/assets/library
uv run scripts/build_asset_library.py --out FOLDER

scripts/build_extension.py puts the library into the zip. Blenders older than the one that builds it may not open it.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

LIBRARY = Path(__file__).resolve().parent.parent / "blender_addon" / "assets" / "library"
FILE = "stainless.blend"


def main() -> int:
    """Parse, build, print the library's path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=LIBRARY, help="folder of the library (default: %(default)s)")
    options = parser.parse_args()
    try:
        from scripts.asset_library.library import build_library
    except ImportError as error:
        print(f"error: {error}; install Blender as a module: uv sync", file=sys.stderr)
        return 2
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=options.out.parent, prefix=".part-") as part:
            number = build_library(Path(part) / "library", FILE)
            shutil.rmtree(options.out, ignore_errors=True)
            (Path(part) / "library").replace(options.out)
    except OSError as error:
        print(f"error: {error.filename or options.out}: {error.strerror or error}", file=sys.stderr)
        return 2
    print(f"{options.out / FILE}: {number} assets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
