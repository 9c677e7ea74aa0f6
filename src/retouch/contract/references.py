"""Files that a request names without bringing them: by an address elsewhere, or by the id of an upload."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Source = Literal["image_url", "file_id"]
SOURCES: tuple[Source, ...] = ("image_url", "file_id")


@dataclass(frozen=True)
class Reference:
    """What stands for a file's bytes until they are here.

    ``value``: an http or https address, or a file's id; it is left out of the text of this object, for an address
    can be a secret. ``file``: the file's name in errors: "images[0]", "mask", "markup".
    """

    source: Source
    value: str = field(repr=False)
    file: str

    @property
    def param(self) -> str:
        """The name of the value itself in errors: "images[0].image_url"."""
        return f"{self.file}.{self.source}"
