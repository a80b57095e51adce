"""Templates: one environment for pages, fragments and letters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context

from widget.sheets import Sheet
from widget.web.assets import Assets


@dataclass(frozen=True, slots=True)
class Rendering:
    """What turns values into pages."""

    environment: Environment
    assets: Assets
    #: Names the exact templates and texts; evidence refers to it.
    version: str

    def render(self, name: str, **values: object) -> str:
        """Return a template filled with `values`; a value that is missing is an error."""
        return self.environment.get_template(name).render(**values)


@dataclass(frozen=True, slots=True)
class DocumentPages:
    """Sets product documents as pages that stand by themselves; see `publishing.Pages`."""

    environment: Environment
    stylesheet: bytes
    #: Names the exact templates.
    version: str

    def page(self, sheet: Sheet, *, stylesheet: str, pdf: str) -> bytes:
        """Return a sheet as a page. Its links are relative: it outlives the host's name."""
        template = self.environment.get_template(f"documents/{sheet.layout}.html")
        html = template.render(
            sheet=sheet,
            facts=sheet.facts,
            stylesheet=stylesheet,
            pdf_url=pdf,
            locale=sheet.locale,
            dir=sheet.direction,
        )
        return html.encode()


def make_environment(folder: Path, assets: Assets, public_url: str) -> Environment:
    """Return the Jinja environment of `folder`.

    Templates speak the language in the value `texts`, so that one environment serves them all.
    """
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(default=True, disabled_extensions=("txt",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.globals["asset"] = lambda name: f"{public_url}{assets.path_of(name)}"
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    return environment


def version_of(folders: Iterable[Path]) -> str:
    """Return a name for the exact content of all files in `folders`, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@pass_context
def _gettext(context: Context, message: str) -> str:
    text: str = context["texts"].gettext(message)
    return text


@pass_context
def _ngettext(context: Context, singular: str, plural: str, number: int) -> str:
    text: str = context["texts"].ngettext(singular, plural, number)
    return text
