"""Errors and small objects as HTTP responses, in the recorded form."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from retouch.errors import RetouchError


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Two-space indent and no trailing newline, as recorded from the service this one stands in for."""
    content = json.dumps(body, indent=2).encode()
    return Response(content, status, headers, "application/json")


def error_response(error: RetouchError) -> Response:
    headers = dict(error.headers)
    if error.retry is not None:
        headers["x-should-retry"] = "true" if error.retry else "false"
    return json_response(error.body(), error.status, headers)
