"""The stand-in answers the real client as the Hub would."""

from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub.fixtures import tiny_chat
from tests.hub.server import Hub

TOKEN = "hf_reader"


@pytest.fixture
def api(hub: Hub) -> HfApi:
    """Return the real client, pointed at the stand-in."""
    hub.tokens[TOKEN] = "read"
    return HfApi(endpoint=hub.url, token=False)


def test_a_listing_has_files_and_commit(hub: Hub, api: HfApi) -> None:
    """model_info gives commit, sizes, hashes, parameters and the security scan."""
    repository = hub.add(tiny_chat())

    info = api.model_info(repository.id, files_metadata=True, securityStatus=True)

    assert repository.commit == info.sha
    assert {path: len(content) for path, content in repository.files.items()} == {
        sibling.rfilename: sibling.size for sibling in info.siblings or []
    }
    assert {"scansDone": True, "filesWithIssues": []} == info.security_repo_status


def test_files_come_through_the_real_download(hub: Hub, tmp_path: str) -> None:
    """hf_hub_download gets a small file, and a large one by way of the other host."""
    repository = hub.add(tiny_chat())

    for path in ("config.json", "model.safetensors"):
        found = hf_hub_download(repository.id, path, endpoint=hub.url, token=False, cache_dir=tmp_path)
        with open(found, "rb") as file:  # noqa: PTH123 - a path as the library gives it
            assert repository.files[path] == file.read()
    assert {hub.url, hub.store_url} == {f"http://127.0.0.1:{request.port}" for request in hub.requests}


@pytest.mark.parametrize(
    ("options", "ask", "expected"),
    [
        ({}, lambda api: api.model_info("acme/absent"), RepositoryNotFoundError),
        ({}, lambda api: api.model_info("acme/tiny-chat", revision="absent"), RevisionNotFoundError),
        ({"private": True}, lambda api: api.model_info("acme/tiny-chat"), RepositoryNotFoundError),
        ({"disabled": True}, lambda api: api.model_info("acme/tiny-chat"), DisabledRepoError),
        ({"gated": "manual"}, lambda api: api.auth_check("acme/tiny-chat"), GatedRepoError),
        ({"gated": "auto"}, lambda api: api.auth_check("acme/tiny-chat", token=TOKEN), GatedRepoError),
        ({}, lambda api: api.model_info("acme/tiny-chat", token="hf_wrong"), HfHubHTTPError),
        ({}, lambda api: api.whoami(token="hf_wrong"), HfHubHTTPError),
    ],
)
def test_refusals_become_the_clients_errors(
    hub: Hub,
    api: HfApi,
    options: dict[str, Any],
    ask: Callable[[HfApi], object],
    expected: type[Exception],
) -> None:
    """Each refusal arrives as the exception that the real Hub's would raise."""
    hub.add(tiny_chat(**options))

    with pytest.raises(expected) as caught:
        ask(api)
    assert expected is caught.type


def test_a_reader_passes_the_gate(hub: Hub, api: HfApi) -> None:
    """A token with access may read, and its role is known."""
    hub.add(tiny_chat(gated="manual", readers=frozenset({TOKEN})))

    api.auth_check("acme/tiny-chat", token=TOKEN)

    assert "read" == api.whoami(token=TOKEN)["auth"]["accessToken"]["role"]


def test_a_file_that_is_gone_is_an_entry_not_found(hub: Hub, api: HfApi, tmp_path: str) -> None:
    """A listed file may be missing."""
    hub.add(tiny_chat(gone=frozenset({"config.json"})))

    with pytest.raises(RemoteEntryNotFoundError):
        api.hf_hub_download("acme/tiny-chat", "config.json", cache_dir=tmp_path)
    assert "/acme/tiny-chat/resolve/main/config.json" in hub.paths()
