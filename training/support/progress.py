"""Progress bars with the time remaining, on stderr; nothing is drawn if stderr is not a terminal."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

T = TypeVar("T")


def with_progress(
    items: Iterable[T], total: int, description: str, counts: Callable[[T], bool] = lambda _item: True
) -> Iterator[T]:
    """Yield the items while a bar shows the number done and the time remaining.

    ``counts`` returns whether an item counts towards ``total``.
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
