"""The Hub token of a run: where it comes from, what it may do; it is kept here and shown nowhere."""

import re
from concurrent.futures import Future
from dataclasses import dataclass, field

from validation.facts import TokenRole
from validation.sources.api import HubApi
from validation.sources.client import Budget
from validation.sources.crew import Crew

PATIENCE = 5.0  # seconds that a role, which decides a warning at most, is waited for after all else
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_ROLES = {"read": TokenRole.READ, "write": TokenRole.WRITE, "fineGrained": TokenRole.FINE_GRAINED}


def find_token(given: str | None) -> tuple[str, str]:
    """Return the token to use (empty for none) and a problem, if any; None takes what huggingface_hub finds."""
    from huggingface_hub import constants, get_token  # noqa: PLC0415 - only where the Hub is asked

    if given is None:
        if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN:
            return "", ""
        try:
            given = get_token()
        except Exception:  # noqa: BLE001 - OIDC, a broken file, a vault: each fails in its own way
            return "", "huggingface_hub finds a token and cannot read it"
    if not given:
        return "", ""
    if not _TOKEN.fullmatch(given):
        return "", "the token holds characters that no token has"
    return given, ""


@dataclass(slots=True, kw_only=True)
class Account:
    """A token, and its role, for which the Hub is asked once."""

    api: HubApi
    crew: Crew
    budget: Budget
    _role: "Future[TokenRole | None] | None" = field(default=None, repr=False)

    @property
    def has_token(self) -> bool:
        """Return whether there is a token."""
        return bool(self.api.token)

    def start(self) -> None:
        """Ask for the role, once, at the same time as for the listings."""
        if self.has_token:
            self._role = self.crew.submit(self._ask)

    def settled(self) -> TokenRole:
        """Return the role, waiting for it until the deadline; unknown when the Hub does not say."""
        return TokenRole.NONE if self._role is None else self._answer() or TokenRole.UNKNOWN

    def is_bad(self) -> bool:
        """Return whether the Hub says that it does not know the token."""
        return self._role is not None and self._answer() is None

    def _answer(self) -> TokenRole | None:
        if self._role is None:
            return TokenRole.NONE
        try:
            return self._role.result(timeout=min(PATIENCE, self.budget.seconds))
        except Exception:  # noqa: BLE001 - an outage, a deadline, an odd answer: the role stays unknown
            return TokenRole.UNKNOWN

    def _ask(self) -> TokenRole | None:
        """Return the role; None for a token that the Hub does not know."""
        from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415 - imported by now

        try:
            match self.api.whoami(self.budget):
                case {"auth": {"accessToken": {"role": str(role)}}}:
                    return _ROLES.get(role, TokenRole.UNKNOWN)
        except HfHubHTTPError as error:
            return None if error.response.status_code == 401 else TokenRole.UNKNOWN  # noqa: PLR2004 - Unauthorized
        return TokenRole.UNKNOWN
