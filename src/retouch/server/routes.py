"""Every address of the server, and the small answers behind most of them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection
from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from retouch import __version__
from retouch.contract.catalogue import Catalogue
from retouch.contract.models import model_list, model_object
from retouch.contract.openapi import document
from retouch.contract.profile import Profile
from retouch.contract.references import Source
from retouch.errors import NotFound
from retouch.server.access import Access
from retouch.server.answers import json_response
from retouch.server.budgets import Budgets
from retouch.server.edits import Edits
from retouch.server.files import Files
from retouch.server.metrics import MEDIA_TYPE, Metrics
from retouch.server.record import record_of
from retouch.server.stored import StoredResponse
from retouch.service.caller import Caller
from retouch.service.editor import Editor
from retouch.storage.local import LocalResults

RESULTS = "/results/"
"""Where results by URL are read."""

_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-[0-9]{1,18})", re.ASCII)


class Routes:
    """The routes, with the parts they need."""

    def __init__(
        self,
        edits: Edits,
        editor: Editor,
        catalogue: Catalogue,
        access: Access,
        budgets: Budgets,
        results: LocalResults,
        metrics: Metrics | None,
        files: Files | None,
        *,
        sources: Collection[Source],
        metrics_open: bool = False,
        url: str | None = None,
        strict: bool = False,
    ) -> None:
        self._edits = edits
        self._editor = editor
        self._catalogue = catalogue
        self._access = access
        self._budgets = budgets
        self._results = results
        self._metrics = metrics
        self._files = files
        self._sources = sources
        self._metrics_open = metrics_open
        self._url = url
        self._strict = strict

    def all(self) -> list[BaseRoute]:
        routes: list[BaseRoute] = [
            Route("/", self.about),
            Route("/healthz", self.health),
            Route("/readyz", self.readiness),
            Route(RESULTS + "{name}", self.result),
        ]
        if self._metrics is not None:
            routes.append(Route("/metrics", self.metrics))
        # The prefix is the client's base URL; people forget it, so both are served.
        for prefix in ("/v1", ""):
            routes += [
                Route(f"{prefix}/openapi.json", self.openapi),
                Route(f"{prefix}/images/edits", self._edits, methods=["POST"]),
                Route(f"{prefix}/images/generations", self.elsewhere, methods=["POST"]),
                Route(f"{prefix}/images/variations", self.elsewhere, methods=["POST"]),
                Route(f"{prefix}/models", self.models),
                Route(f"{prefix}/models/{{model:path}}", self.model),
            ]
            if self._files is not None:
                routes += self._files.routes(prefix)
        return routes

    async def about(self, request: Request) -> Response:
        return json_response(
            {
                "name": "retouch",
                "version": __version__,
                "edits": "POST /v1/images/edits",
                "models": "GET /v1/models",
                **({"files": "POST /v1/files"} if self._files is not None else {}),
                "openapi": "GET /openapi.json",
            }
        )

    async def openapi(self, request: Request) -> Response:
        return Response(self._document, media_type="application/json")

    @cached_property
    def _document(self) -> bytes:
        whole = document(
            self._catalogue,
            url=self._url,
            strict=self._strict,
            metrics=self._metrics is not None,
            sources=self._sources,
        )
        return json.dumps(whole, indent=2).encode()

    async def health(self, request: Request) -> Response:
        """Whether the process answers."""
        return json_response({"status": "ok"})

    async def readiness(self, request: Request) -> Response:
        """Whether an edit sent now would run, and why not."""
        reason = self._editor.unready or ("limits_unavailable" if await self._budgets.failing() else None)
        told = {"status": "ready"} if reason is None else {"status": "not ready", "reason": reason}
        return json_response({**told, "in_flight": self._editor.in_flight}, 200 if reason is None else 503)

    async def metrics(self, request: Request) -> Response:
        """Figures for Prometheus."""
        assert self._metrics is not None
        if not self._metrics_open:
            self._caller(request)
        return Response(await self._metrics.render(), media_type=MEDIA_TYPE)

    async def models(self, request: Request) -> Response:
        """The models that the caller may have."""
        names = self._catalogue.only(self._caller(request).models).names()
        return json_response(model_list(self._describe(self._catalogue.get(name)) for name in names))

    async def model(self, request: Request) -> Response:
        """One of them. Raises `ModelNotFound` and `Forbidden`."""
        catalogue = self._catalogue.only(self._caller(request).models)
        return json_response(self._describe(catalogue.get(request.path_params["model"])))

    async def result(self, request: Request) -> Response:
        """A result by its signed link; 404 when the link is wrong or its time is over."""
        missing = NotFound("This result does not exist, or its link has expired.", code="result_not_found")
        found = await asyncio.to_thread(
            self._results.get, request.path_params["name"], request.query_params.get("sig", "")
        )
        if found is None:
            raise missing
        if not _is_range(request.headers.get("range", "")):
            # A header that says nothing usable may be ignored; Starlette would refuse it in plain text.
            request.scope["headers"] = [one for one in request.scope["headers"] if one[0] != b"range"]
        return StoredResponse(
            found.path,
            missing,
            media_type=found.media_type,
            headers={"cache-control": f"private, max-age={found.seconds}", "content-disposition": "inline"},
        )

    async def elsewhere(self, request: Request) -> Response:
        raise NotFound(
            f"{request.url.path} is not served here: this server edits images, at POST /v1/images/edits.",
            code="not_served",
        )

    def _caller(self, request: Request) -> Caller:
        caller = self._access.check(request)
        record_of(request.scope).caller = caller.id
        return caller

    def _describe(self, profile: Profile) -> dict[str, Any]:
        return model_object(profile, capabilities={"engines": self._editor.capabilities(profile.name)})


def _is_range(header: str) -> bool:
    """Whether a Range header asks for one range of bytes that does not end before it starts."""
    found = _RANGE.fullmatch(header)
    return found is not None and not (found[2] and int(found[2]) < int(found[1]))
