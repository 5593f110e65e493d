"""ApiKey and ModelNamespace: where the secrets are."""

import base64
from typing import Any

import pulumi

from components.api_key import ApiKey, ApiKeyArgs
from components.model_namespace import ModelNamespace
from tests.components.recording import Recording, record, settled, without_secrets


def key(**changes: Any) -> tuple[Recording, dict[str, Any]]:
    """Return what an API key registers, and its outputs."""
    outputs: dict[str, Any] = {}
    args: ApiKeyArgs = {"namespace": "inference", **changes}  # type: ignore[typeddict-item]  # a literal with changes

    def program() -> None:
        made = ApiKey("granite", args)
        for name in ("secret_name", "secret_key", "value"):
            outputs[name] = settled(getattr(made, name))
        outputs["is_secret"] = settled(pulumi.Output.from_input(made.value.is_secret()))

    recording = record(program)
    return recording, {name: values[0] for name, values in outputs.items()}


def test_a_given_key_becomes_a_secret() -> None:
    """Marked as secret on its way, whether or not it came so."""
    recording, outputs = key(value="canary-key-0123456789")

    assert {"key": base64.b64encode(b"canary-key-0123456789").decode()} == recording.one("Secret")["data"]
    assert ("granite-api-key", "key", True) == (outputs["secret_name"], outputs["secret_key"], outputs["is_secret"])
    assert "canary" not in str([without_secrets(each.inputs) for each in recording.resources])


def test_a_secret_that_is_there_already_is_only_named() -> None:
    """Then the key is in no file and no state."""
    recording, outputs = key(existing_secret_name="keys", existing_secret_key="granite")

    assert [] == recording.kinds("Secret")
    assert ("keys", "granite", "") == (outputs["secret_name"], outputs["secret_key"], outputs["value"])


def test_without_either_a_key_is_generated_once() -> None:
    """Long enough, another one each time, and kept by the engine whatever later runs draw."""
    first, second = key()[0], key()[0]
    drawn = [base64.b64decode(each.one("Secret")["data"]["key"]).decode() for each in (first, second)]

    assert [64, 64] == [len(each) for each in drawn]
    assert drawn[0] != drawn[1]
    assert ["data"] == first.ignored["granite-api-key"]


def test_a_generated_key_is_marked_as_a_secret() -> None:
    """In the inputs of its Secret and in the output."""
    recording, outputs = key()
    drawn = recording.one("Secret")["data"]["key"]

    assert outputs["is_secret"]
    assert drawn not in str([without_secrets(each.inputs) for each in recording.resources])


def space(**changes: Any) -> Recording:
    """Return what a namespace registers."""
    args: Any = {"namespace": "inference", **changes}
    return record(lambda: ModelNamespace("models", args))


def test_a_namespace_enforces_the_restricted_level() -> None:
    """It enforces, audits and warns."""
    labels = space().one("Namespace")["metadata"]["labels"]

    assert ["restricted"] * 3 == [labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")]


def test_nothing_in_a_namespace_may_talk_until_a_policy_opens_it() -> None:
    """Default deny, both ways, every pod."""
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} == space().one("NetworkPolicy")["spec"]


def test_a_namespace_that_is_there_is_left_alone() -> None:
    """Only the policy is added."""
    recording = space(create=False)

    assert [] == recording.kinds("Namespace")
    assert "inference" == recording.one("NetworkPolicy")["metadata"]["namespace"]


def test_the_hub_token_is_in_no_input_of_the_component() -> None:
    """The component's own inputs are shown in the plan."""
    recording = space(hub_token="hf_canary")

    assert {"token": "hf_canary"} == recording.one("Secret")["stringData"]
    assert "canary" not in str([without_secrets(each.inputs) for each in recording.resources])
