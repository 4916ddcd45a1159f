"""Rendering of HTML pages from Jinja templates."""

from pathlib import Path

import jinja2


def render_page(template: Path, **values: object) -> bytes:
    """Render a template file as UTF-8; it may include files of its folder. Values are escaped: names come from files.

    Raises jinja2.UndefinedError if the template uses a value that is not given.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template.name).render(values).encode("utf-8")
