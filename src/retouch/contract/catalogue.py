"""The models that a server offers: the profiles of the data and names of our own, less those refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from retouch.contract import messages
from retouch.contract.form import Form, TextPart
from retouch.contract.profile import NATIVE, Profile, profiles

BY_PARAMETERS = "by-parameters"
"""As a default model: `OLDER`, unless a parameter specific to the GPT image models is used."""

OLDER = "dall-e-2"
NEWER = "gpt-image-1.5"


class Catalogue:
    """``native``: names of our own, each with the native profile. ``default_model``: for requests that name
    none, or `BY_PARAMETERS`. ``refused``: names that are answered as if they did not exist. ``max_edge`` and
    ``max_pixels``: the output limits of native models, instead of those of the data.

    Raises ValueError for settings that contradict each other.
    """

    def __init__(
        self,
        native: Iterable[str] = ("darkroom",),
        default_model: str = NEWER,
        refused: Iterable[str] = (),
        *,
        max_edge: int | None = None,
        max_pixels: int | None = None,
    ) -> None:
        known = dict(profiles())
        pattern = known.pop(NATIVE)
        limits = {"max_edge": max_edge, "max_pixels": max_pixels}
        given = {key: value for key, value in limits.items() if value is not None}
        size = pattern.size.model_copy(update=given)
        for name in native:
            if name in known:
                raise ValueError(f"the model name {name!r} is taken")
            known[name] = pattern.model_copy(update={"name": name, "size": size})
        self._profiles = {name: profile for name, profile in known.items() if name not in set(refused)}
        self._default_model = default_model
        for name in (OLDER, NEWER) if default_model == BY_PARAMETERS else (default_model,):
            if name not in self._profiles:
                raise ValueError(f"the default model {name!r} is refused or unknown")
        self.parameters: frozenset[str] = frozenset().union(
            *({*p.parameters, *p.extras, *p.tolerated} for p in self._profiles.values())
        )
        """Every parameter that some model has."""

    @property
    def default_model(self) -> str:
        """The model of requests that name none, or `BY_PARAMETERS`."""
        return self._default_model

    def names(self) -> tuple[str, ...]:
        return tuple(self._profiles)

    def get(self, model: str) -> Profile:
        """Raises `ModelNotFound` for a name that is unknown or refused."""
        try:
            return self._profiles[model]
        except KeyError:
            raise messages.unknown_model(model) from None

    def default(self, form: Form = ()) -> Profile:
        """The profile of a form that names no model."""
        texts = {part.name: part.value for part in form if isinstance(part, TextPart)}
        images = sum(part.name in ("image", "image[]") for part in form)
        return self.default_for(texts, images)

    def default_for(self, literals: Mapping[str, str | None], images: int = 1) -> Profile:
        """The profile of a request that names no model, from its parameters (as text, files as None) and its
        number of images."""
        if self._default_model != BY_PARAMETERS:
            return self._profiles[self._default_model]
        older, newer = self._profiles[OLDER], self._profiles[NEWER]
        for name, value in literals.items():
            if name == "size" and value not in older.size.values:
                return newer
            foreign = name in newer.parameters and name not in older.parameters
            if foreign and value not in older.tolerated.get(name, ()):
                return newer
        return newer if images > older.images.max_count else older
