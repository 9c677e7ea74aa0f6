"""What an edit's answer says it used."""

from __future__ import annotations

from retouch.contract.parameters import EditRequest
from retouch.contract.usage import Usage, measure
from retouch.service.edit import Planned


class Bill:
    """Counts as the answer is made. ``partials``: partial images sent."""

    def __init__(self, request: EditRequest) -> None:
        self._request = request
        self.planned: Planned | None = None
        self.partials = 0

    def total(self, pictures: int) -> Usage | None:
        """The usage of the whole answer; None for models that report none."""
        if self.planned is None:
            return None
        return measure(
            self._request.profile,
            prompt_tokens=self.planned.prompt_tokens,
            sources=self.planned.source_sizes,
            fidelity=self._request.input_fidelity,
            quality=self._request.quality,
            outputs=[self.planned.size] * pictures,
            partials=self.partials,
        )

    def one(self, *, first: bool) -> Usage | None:
        """The usage of one streamed picture. The first carries the input and the partial images, so that the
        events of a stream add up to the whole."""
        total = self.total(1)
        if total is None or first:
            return total
        partial = self.total(0)
        assert partial is not None
        return Usage(input_image=0, input_text=0, output_image=total.output_image - partial.output_image)
