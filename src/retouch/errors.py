"""The errors of Retouch, drawn as a tree; each leaf is one answer a client can get.

RetouchError                    status  type                          code
├── InvalidRequest              400     invalid_request_error         (its code names the rule broken)
├── UserError                   400     image_generation_user_error   (the model layer's own refusals)
│   ├── ModelNotFound           400                                   invalid_value
│   ├── InvalidImageFile        400                                   invalid_image_file
│   ├── ImageTooLarge           400                                   image_too_large
│   ├── InvalidMask             400                                   invalid_mask_image_format
│   ├── InvalidMarkup           400                                   invalid_markup_image_format
│   ├── UnsupportedInstruction  400                                   unsupported_instruction
│   └── TargetNotFound          400                                   target_not_found
├── Unauthorized                401     invalid_request_error         invalid_api_key or null
├── Forbidden                   403     invalid_request_error         null
├── NotFound                    404     invalid_request_error         (null or a code)
├── MethodNotAllowed            405     invalid_request_error         null
├── RequestTimeout              408     invalid_request_error         null
├── PayloadTooLarge             413     invalid_request_error         request_too_large
├── RateLimited                 429     requests                      rate_limit_exceeded
│   └── ImagesLimited           429     input-images                  rate_limit_exceeded
├── ServerError                 500     server_error                  null
│   ├── InternalError           500                                   internal_error
│   ├── WorkerLost              500                                   worker_lost
│   ├── DeadlineExceeded        500                                   deadline_exceeded
│   └── OutOfMemory             500                                   out_of_memory
│       └── DeviceFull          500                                   out_of_memory
├── NotReady                    503     server_error                  not_ready
└── StorageFull                 507     server_error                  storage_full

Cancelled is not an answer: the client it would go to has left.
"""

from __future__ import annotations

import math
from typing import Any


class RetouchError(Exception):
    """An answer in the contract's error shape.

    ``message`` is public: it is sent to the client as it stands, so it never names a path, a host or a
    library. ``retry`` becomes the ``x-should-retry`` header: False says that the same request would fail
    again, None leaves the decision to the client's own rule.
    """

    status: int = 500
    type: str = "server_error"
    code: str | None = None
    param: str | None = None
    retry: bool | None = None

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param if param is not None else type(self).param
        self.code = code if code is not None else type(self).code
        self.headers: dict[str, str] = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The envelope, its keys in the recorded order."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}

    def to_wire(self) -> dict[str, Any]:
        """What crosses a process boundary; `from_wire` is its inverse."""
        return {
            "kind": type(self).__name__,
            "message": self.message,
            "type": self.type,
            "param": self.param,
            "code": self.code,
            "headers": self.headers,
        }


class InvalidRequest(RetouchError):
    """The request breaks a rule of the schema: a parameter's presence, type, range or name."""

    status = 400
    type = "invalid_request_error"


class UserError(RetouchError):
    """The model layer refuses: a model name, a size, a picture, a mask, an instruction."""

    status = 400
    type = "image_generation_user_error"


class ModelNotFound(UserError):
    param = "model"
    code = "invalid_value"


class InvalidImageFile(UserError):
    """A picture cannot be decoded, whatever its part claims to be."""

    code = "invalid_image_file"


class ImageTooLarge(UserError):
    """A picture has too many pixels, too long a side, or too many frames."""

    code = "image_too_large"


class InvalidMask(UserError):
    """The mask has no alpha channel, another size than the first image, or is no PNG."""

    code = "invalid_mask_image_format"


class InvalidMarkup(UserError):
    """The markup breaks a rule that a mask has too, or marks nothing."""

    param = "markup"
    code = "invalid_markup_image_format"


class UnsupportedInstruction(UserError):
    """No engine of the model's chain can do what the prompt asks."""

    param = "prompt"
    code = "unsupported_instruction"


class TargetNotFound(UserError):
    """The prompt names something that is not in the picture."""

    param = "prompt"
    code = "target_not_found"


class Unauthorized(RetouchError):
    status = 401
    type = "invalid_request_error"


class Forbidden(RetouchError):
    status = 403
    type = "invalid_request_error"


class NotFound(RetouchError):
    status = 404
    type = "invalid_request_error"


class MethodNotAllowed(RetouchError):
    status = 405
    type = "invalid_request_error"


class RequestTimeout(RetouchError):
    """The client sent its body too slowly."""

    status = 408
    type = "invalid_request_error"


class PayloadTooLarge(RetouchError):
    status = 413
    type = "invalid_request_error"
    code = "request_too_large"


class RateLimited(RetouchError):
    """The queue is full, or a budget is spent; ``retry-after`` says when to come back.

    ``reason``: which limit it was, in a word, for operators; the client is not told.
    """

    status = 429
    type = "requests"
    code = "rate_limit_exceeded"
    reason = "queue"

    def __init__(self, message: str, *, retry_after: float = 1.0, reason: str = "queue") -> None:
        self.reason = reason
        super().__init__(
            message,
            headers={
                # Upwards: who comes back a moment too early is refused again.
                "retry-after": str(max(1, math.ceil(retry_after))),
                "retry-after-ms": str(math.ceil(retry_after * 1000)),
            },
        )


class ImagesLimited(RateLimited):
    """The budget of pictures is spent."""

    type = "input-images"


class ServerError(RetouchError):
    status = 500
    type = "server_error"

    def __init__(
        self,
        message: str = "The server had an error while processing your request. Sorry about that!",
        *,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message, param=param, code=code, headers=headers)


class InternalError(ServerError):
    """Something of ours failed in a way nobody foresaw, and would again."""

    code = "internal_error"
    retry = False


class WorkerLost(ServerError):
    """The worker that held this edit died; another has taken its place."""

    code = "worker_lost"


class DeadlineExceeded(ServerError):
    """The edit took longer than the server allows, and would again."""

    code = "deadline_exceeded"
    retry = False


class OutOfMemory(ServerError):
    """The edit needed more memory than a worker may have, and would again."""

    code = "out_of_memory"
    retry: bool | None = False


class DeviceFull(OutOfMemory):
    """The device had too little memory left for this edit; there may be more when others have gone."""

    retry = None


class NotReady(RetouchError):
    """The server is starting or draining."""

    status = 503
    type = "server_error"
    code = "not_ready"

    def __init__(self, message: str = "The server is not ready. Please try again shortly.") -> None:
        super().__init__(message, headers={"retry-after": "1"})


class StorageFull(RetouchError):
    """There is no room left for uploads or results."""

    status = 507
    type = "server_error"
    code = "storage_full"


class Cancelled(Exception):
    """The client has left and the grace period is over: stop at this step."""


def _leaves(cls: type[RetouchError]) -> dict[str, type[RetouchError]]:
    found = {cls.__name__: cls}
    for sub in cls.__subclasses__():
        found |= _leaves(sub)
    return found


def from_wire(wire: dict[str, Any]) -> RetouchError:
    """The error that `RetouchError.to_wire` described, with its class, so that handlers can tell it."""
    cls = _leaves(RetouchError).get(wire["kind"], ServerError)
    error = cls.__new__(cls)
    RetouchError.__init__(error, wire["message"], param=wire["param"], code=wire["code"], headers=wire["headers"])
    return error
