"""Stainless: water stains, brushed metal and labelled inspection pictures, for artists and for headless jobs.

Importing does nothing; Blender calls `register` when the extension is switched on, jobs never do.
"""


def register() -> None:
    """Switch the user interface on."""
    from .registration import register as switch_on

    switch_on()


def unregister() -> None:
    """Switch the user interface off."""
    from .registration import unregister as switch_off

    switch_off()
