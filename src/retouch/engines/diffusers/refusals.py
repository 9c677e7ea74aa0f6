"""What can go wrong between us and the hub, in sentences for whoever pulls a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

TOKEN = "HF_TOKEN"  # noqa: S105 - the variable's name


class PullError(ValueError):
    """A model cannot be fetched; its message says in a sentence what to do."""


@contextmanager
def explained(repository: str, endpoint: str) -> Iterator[None]:
    """Whatever goes wrong with ``repository`` of the hub at ``endpoint`` is raised as `PullError`."""
    import httpx2
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        raise PullError(
            f"{repository} is gated: accept its terms at {endpoint}/{repository}, and set {TOKEN} to a token of"
            f" the account that did ({endpoint}/settings/tokens)"
        ) from error
    except RepositoryNotFoundError as error:
        raise PullError(
            f"the hub has no model {repository}, or it is private: then set {TOKEN} to a token that may read it"
        ) from error
    except (RevisionNotFoundError, HFValidationError) as error:
        raise PullError(f"the hub has no such version of {repository}, or this is no hub id") from error
    except OfflineModeIsEnabled as error:
        raise PullError("the hub's library is told to stay offline: unset HF_HUB_OFFLINE") from error
    except HfHubHTTPError as error:
        raise PullError(_status(error.response.status_code, repository, endpoint)) from error
    except (httpx2.HTTPError, LocalEntryNotFoundError) as error:
        raise PullError(
            f"{endpoint} cannot be reached, or the connection broke; what has come is kept, pull again"
        ) from error
    except PullError:
        raise
    except OSError as error:
        # A full disk, a folder that may not be written to, a file that came shorter than was announced.
        raise PullError(f"{repository} cannot be fetched: {error}; what has come is kept") from error
    except ValueError as error:
        raise PullError(f"{repository} cannot be used: {error}") from error


def _status(status: int, repository: str, endpoint: str) -> str:
    if status in (401, 403):
        return (
            f"the hub at {endpoint} refuses {repository} to your token: set {TOKEN} to one that is valid and may"
            f" read it ({endpoint}/settings/tokens), or unset it"
        )
    if status == 429:
        return (
            f"the hub at {endpoint} says that it is asked too often; wait, and pull again: what has come is kept"
        )
    return f"the hub at {endpoint} answered {status} for {repository}; what has come is kept, pull again later"
