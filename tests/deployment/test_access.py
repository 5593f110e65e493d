"""Who may call a model: its keys, its paths, and how much may be sent."""

from pathlib import Path
from typing import Any

from tests.deployment.rendering import chat, embedding, render


def template(deployment: Any) -> Any:
    """Return a Deployment's pod template."""
    return deployment["spec"]["template"]


def key_volume(deployment: Any) -> Any:
    """Return the volume with the API keys."""
    (volume,) = [each for each in template(deployment)["spec"]["volumes"] if each["name"] == "keys"]
    return volume["secret"]


def variables(deployment: Any) -> dict[str, str]:
    """Return the environment of the server."""
    (server,) = template(deployment)["spec"]["containers"]
    return {each["name"]: each["value"] for each in server["env"]}


def test_every_entry_of_a_secret_is_a_key_unless_one_is_named(tmp_path: Path) -> None:
    """Two entries are valid at once while clients change over."""
    named = {"apiKeySecret": {"name": "api-key", "key": "current"}}
    rendered = render(tmp_path, chat("all"), chat("one", endpoint=named))
    deployments = rendered.kinds("Deployment")

    assert "items" not in key_volume(deployments["all"])
    assert [{"key": "current", "path": "current"}] == key_volume(deployments["one"])["items"]


def test_a_new_generation_of_keys_replaces_the_servers(tmp_path: Path) -> None:
    """The servers read keys at start; the number says nothing of the keys themselves."""
    secret = {"name": "api-key"}
    rendered = render(tmp_path, chat("old"), chat("new", endpoint={"apiKeySecret": secret, "apiKeyGeneration": 2}))
    generations = {
        name: template(each)["metadata"]["annotations"].get("slipway/key-generation")
        for name, each in rendered.kinds("Deployment").items()
    }

    assert {"old": None, "new": "2"} == generations


def test_the_guard_opens_the_paths_of_each_models_type(tmp_path: Path) -> None:
    """And takes bodies of the size that the stack states."""
    limited = {"apiKeySecret": {"name": "api-key"}, "maxBodyMib": 3}
    deployments = render(tmp_path, chat("talk"), embedding("embed", endpoint=limited)).kinds("Deployment")

    assert {
        "talk": ("POST:/v1/chat/completions", str(8 << 20)),
        "embed": ("POST:/v1/embeddings", str(3 << 20)),
    } == {
        name: (variables(each)["SLIPWAY_PATHS"], variables(each)["SLIPWAY_MAX_BODY_BYTES"])
        for name, each in deployments.items()
    }


def test_every_path_of_the_engines_own_contract_can_be_served(tmp_path: Path) -> None:
    """`contract: vllm` has more paths than Managed Inference, each with its own method."""
    public = {"visibility": "public", "hostname": "talk.example.com", "apiKeySecret": {"name": "api-key"}}
    rendered = render(tmp_path, chat("talk", endpoint=public), validation={"contract": "vllm"})
    (rule,) = rendered.one("HTTPRoute")["spec"]["rules"]

    assert {
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/completions"),
        ("POST", "/v1/responses"),
        ("GET", "/v1/models"),
    } == {(match["method"], match["path"]["value"]) for match in rule["matches"]}
