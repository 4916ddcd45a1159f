"""Creation and replacement of a folder as a whole."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary folder beside target; it replaces target on success and is removed on any error.

    Raises OSError if the parent folder cannot be written.
    """
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        temporary.chmod(0o755)  # mkdtemp sets 0700, which other users could not read
        fresh = temporary / target.name
        fresh.mkdir()
        yield fresh
        if target.exists():
            target.replace(temporary / "before")
        fresh.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
