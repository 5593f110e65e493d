"""The four questions that the Hub is asked, with huggingface_hub's client, headers and errors.

``huggingface_hub.HfApi`` asks two hundred, and takes a tenth of a second to import for it.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import quote

from validation.jsontext import JsonError, JsonObject, parse_object
from validation.sources.client import Budget, TransferError, asking

if TYPE_CHECKING:
    import httpx2

MAX_LISTING_BYTES = 16 << 20  # a listing of 10^5 files
MAX_ANSWER_BYTES = 1 << 20
_LISTED = {"securityStatus": True, "blobs": True}  # what a listing holds beside names: the scan; sizes and hashes


@dataclass(slots=True, kw_only=True)
class HubApi:
    """An endpoint, and the token that it is asked with; ``hosts`` may be redirected to, besides the Hub's own."""

    endpoint: str
    token: str = field(default="", repr=False)
    hosts: tuple[str, ...] = ()
    _headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def listing(self, repository: str, revision: str, budget: Budget) -> JsonObject:
        """Return what the Hub lists of a repository at a revision, or at the head of its default branch."""
        at = f"/revision/{quote(revision, safe='')}" if revision else ""
        return self._json(f"/api/models/{repository}{at}", budget, MAX_LISTING_BYTES, _LISTED)

    def whoami(self, budget: Budget) -> JsonObject:
        """Return what the Hub knows of the token."""
        return self._json("/api/whoami-v2", budget, MAX_ANSWER_BYTES)

    def check_access(self, repository: str, budget: Budget) -> None:
        """Raise what huggingface_hub raises when the token may not read the files of a repository."""
        with self._asking(budget, MAX_ANSWER_BYTES):
            self._get(f"/api/models/{repository}/auth-check")

    def file(self, address: str, budget: Budget, limit: int) -> "httpx2.Response":
        """Return the answer that holds the file at an ``address_of``, of at most ``limit`` bytes."""
        with self._asking(budget, limit):
            return self._get(address)

    def part(self, address: str, budget: Budget, first: int, size: int) -> bytes:
        """Return ``size`` bytes of a file from ``first`` on, or less where the file ends."""
        with self._asking(budget, first + size, cut=True):
            response = self._get(address, range=f"bytes={first}-{first + size - 1}")
        partial = response.status_code == 206  # noqa: PLR2004 - Partial Content
        return response.content[:size] if partial else response.content[first : first + size]

    def _json(self, address: str, budget: Budget, limit: int, query: Mapping[str, bool] | None = None) -> JsonObject:
        with self._asking(budget, limit):
            response = self._get(address, query)
        try:
            return parse_object(response.content, limit)
        except JsonError as error:
            raise TransferError(f"the Hub's answer {error.reason}") from None

    def _get(self, address: str, query: Mapping[str, bool] | None = None, **headers: str) -> "httpx2.Response":
        from huggingface_hub import get_session, hf_raise_for_status  # noqa: PLC0415 - imported by now

        response = get_session().get(
            f"{self.endpoint}{address}", params=query, headers={**self._common_headers(), **headers}
        )
        hf_raise_for_status(response)
        return response

    def _common_headers(self) -> Mapping[str, str]:
        with self._lock:
            if not self._headers:
                from huggingface_hub.utils._headers import build_hf_headers  # noqa: PLC0415 - imported by now

                self._headers = build_hf_headers(token=self.token or False, library_name="slipway")
            return self._headers

    def _asking(self, budget: Budget, limit: int, *, cut: bool = False) -> AbstractContextManager[None]:
        return asking(budget, self.endpoint, limit, hosts=self.hosts, cut=cut)


def address_of(repository: str, commit: str, path: str) -> str:
    """Return where the Hub keeps a file of a commit, below its endpoint."""
    return f"/{repository}/resolve/{commit}/{quote(path)}"
