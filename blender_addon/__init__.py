"""Stainless: water stains, brushed metal and labelled inspection pictures, for artists and for headless jobs.

The import has no side effects. Blender calls `register` when the extension is enabled; jobs never call it.
"""


def register() -> None:
    """Register the user interface."""
    from .registration import register as register_all

    register_all()


def unregister() -> None:
    """Unregister the user interface."""
    from .registration import unregister as unregister_all

    unregister_all()
