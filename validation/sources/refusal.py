"""What an error of the Hub's client says about a repository."""

from validation.data import Data
from validation.facts import RepositoryState
from validation.sources.client import TransferError


class Refusal(Data):
    """Why there are no facts; ``is_about_token`` when the token may be the reason."""

    state: RepositoryState
    detail: str
    is_about_token: bool = False


def refusal(error: Exception, revision: str, *, has_token: bool) -> Refusal:
    """Return what the error means. Its own message is never shown: it may hold anything that the server sent."""
    from huggingface_hub import errors  # noqa: PLC0415 - imported by now

    if isinstance(error, TransferError):
        return Refusal(state=RepositoryState.UNREACHABLE, detail=error.reason)
    shown = f"`{revision}`" if revision else "the default branch"
    states = RepositoryState
    known = (
        (errors.OfflineModeIsEnabled, Refusal(state=states.UNREACHABLE, detail="HF_HUB_OFFLINE is set")),
        (errors.HFValidationError, Refusal(state=states.INVALID_ID, detail="the Hub takes no such name")),
        (errors.GatedRepoError, _gated(has_token=has_token)),  # before its base class, RepositoryNotFoundError
        (errors.RepositoryNotFoundError, _not_found(has_token=has_token)),
        (
            errors.RevisionNotFoundError,
            Refusal(state=states.REVISION_NOT_FOUND, detail=f"there is no revision {shown}"),
        ),
        (errors.DisabledRepoError, Refusal(state=states.DISABLED, detail="the Hub has disabled the repository")),
    )
    found = next((answer for kind, answer in known if isinstance(error, kind)), None)
    if found is None and isinstance(error, errors.HfHubHTTPError):
        found = _status(error.response.status_code, has_token=has_token)
    return found or Refusal(state=states.UNREACHABLE, detail="the Hub's answer could not be understood")


def _gated(*, has_token: bool) -> Refusal:
    detail = "the token has no access to the gated files" if has_token else "the files are gated and no token was given"
    return Refusal(state=RepositoryState.GATED, detail=detail, is_about_token=has_token)


def _not_found(*, has_token: bool) -> Refusal:
    detail = (
        "the Hub has no such repository, or it is private and the token may not read it"
        if has_token
        else "the Hub has no such repository, or it is private: no token was given"
    )
    return Refusal(state=RepositoryState.NOT_FOUND, detail=detail, is_about_token=has_token)


def _status(status: int, *, has_token: bool) -> Refusal:
    if status == 401:  # noqa: PLR2004 - Unauthorized
        if not has_token:
            return _not_found(has_token=False)
        return Refusal(state=RepositoryState.BAD_TOKEN, detail="the Hub refuses the token", is_about_token=True)
    if status == 403:  # noqa: PLR2004 - Forbidden
        detail = "the token may not read the repository" if has_token else "the Hub forbids to read the repository"
        return Refusal(state=RepositoryState.PRIVATE, detail=detail)
    if status == 404:  # noqa: PLR2004 - Not Found, from a proxy or a mirror that is no Hub
        return Refusal(state=RepositoryState.UNREACHABLE, detail="the endpoint does not answer as the Hub does")
    return Refusal(state=RepositoryState.UNREACHABLE, detail=f"the Hub answered {status}")
