"""Why a picture did not come, for the server's own log."""

from __future__ import annotations


class Unreachable(Exception):
    """A picture cannot be fetched.

    A client is told only that, so that nobody learns from the answer what is where in the server's network.
    ``reason`` is a word for operators, and names no address either. ``status``: of the answer, if there was one.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
