"""Writes the tables of docs/diffusers.md from presets and options: ``python scripts/document_diffusers.py``."""

from __future__ import annotations

import re
from pathlib import Path

from retouch.engines.diffusers.options import Options
from retouch.engines.diffusers.presets import Preset, presets

TARGET = Path(__file__).parent.parent / "docs" / "diffusers.md"


def render(page: str) -> str:
    """``page`` with the tables between its marks written anew."""
    for mark, table in {"models": _models(), "options": _options()}.items():
        page, found = re.subn(
            rf"(<!-- {mark}[^>]*-->\n).*?(<!-- end -->)",
            lambda match, table=table: f"{match[1]}\n{table}\n{match[2]}",  # type: ignore[misc]
            page,
            flags=re.S,
        )
        if found != 1:
            raise ValueError(f"{TARGET.name} has no place for the {mark}")
    return page


def _models() -> str:
    lines = [
        "| preset | what | licence | commercial use | GB: bf16 / 8 bit / 4 bit |",
        "|---|---|---|---|---|",
    ]
    for one in presets().values():
        cells = (f"`{one.name}`", one.about, one.licence or "not known to us", _allowed(one), _memory(one))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _allowed(one: Preset) -> str:
    word = {True: "yes", False: "**no**", None: "not known to us"}[one.commercial]
    return f"{word}: {one.terms}" if one.terms else word


def _memory(one: Preset) -> str:
    return " / ".join("–" if value is None else f"{value:g}" for value in one.memory.model_dump().values())


def _options() -> str:
    lines = ["| option | default | what |", "|---|---|---|"]
    for name, field in Options.model_fields.items():
        value = field.get_default(call_default_factory=True)
        default = "none" if value is None or value == {} else f"`{str(value).lower()}`"
        lines.append(f"| `{name}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(TARGET.read_text()))
