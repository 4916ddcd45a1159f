"""Progress bars with the time remaining, on stderr; nothing is drawn where that is no terminal."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

T = TypeVar("T")


def with_progress(
    items: Iterable[T], total: int, description: str, counts: Callable[[T], bool] = lambda _item: True
) -> Iterator[T]:
    """Yield the items while a bar shows how many, of those that ``counts`` says, are done, and how long the rest will
    take.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(description, total=total)
        for item in items:
            yield item
            progress.advance(task, int(counts(item)))
