"""The models that a server offers: the profiles of the data and names of our own, less those refused."""

from __future__ import annotations

import copy
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
        self._allowed: frozenset[str] | None = None
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

    def only(self, names: frozenset[str] | None) -> Catalogue:
        """This catalogue as somebody sees it who may have these models alone; None for every one."""
        if names is None:
            return self
        view = copy.copy(self)
        view._allowed = names
        return view

    def names(self) -> tuple[str, ...]:
        """The models that may be had."""
        return tuple(name for name in self._profiles if self._allowed is None or name in self._allowed)

    def get(self, model: str) -> Profile:
        """Raises `ModelNotFound` for a name that is unknown or refused, and `Forbidden` for one that may not be
        had."""
        if model not in self._profiles:
            raise messages.unknown_model(model)
        if self._allowed is not None and model not in self._allowed:
            raise messages.foreign_model(model)
        return self._profiles[model]

    def default(self, form: Form = ()) -> Profile:
        """The profile of a form that names no model."""
        texts = {part.name: part.value for part in form if isinstance(part, TextPart)}
        images = sum(part.name in ("image", "image[]") for part in form)
        return self.default_for(texts, images)

    def default_for(self, literals: Mapping[str, str | None], images: int = 1) -> Profile:
        """The profile of a request that names no model, from its parameters (as text, files as None) and its
        number of images. Raises `Forbidden` for one that may not be had."""
        return self.get(self._default_name(literals, images))

    def _default_name(self, literals: Mapping[str, str | None], images: int) -> str:
        if self._default_model != BY_PARAMETERS:
            return self._default_model
        older, newer = self._profiles[OLDER], self._profiles[NEWER]
        for name, value in literals.items():
            if name == "size" and value not in older.size.values:
                return NEWER
            foreign = name in newer.parameters and name not in older.parameters
            if foreign and value not in older.tolerated.get(name, ()):
                return NEWER
        return NEWER if images > older.images.max_count else OLDER
