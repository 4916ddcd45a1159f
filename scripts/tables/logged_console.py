"""The terminal of the tables' programs: their own lines and the log of their training in one place."""

import logging

from rich.console import Console
from rich.logging import RichHandler


def logged_console() -> Console:
    """Return a console on stdout that the log is written to as well."""
    console = Console()
    handlers = [RichHandler(console=console, show_path=False)]
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=handlers)
    return console
