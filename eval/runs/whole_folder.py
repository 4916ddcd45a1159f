"""A folder that appears whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary folder beside target; on success it takes target's place, on any error it is removed again.

    Raises OSError when the parent cannot be written.
    """
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        temporary.chmod(0o755)  # mkdtemp's 0700 would hide the folder from colleagues
        fresh = temporary / target.name
        fresh.mkdir()
        yield fresh
        if target.exists():
            target.replace(temporary / "before")
        fresh.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
