"""Endpoints and shared hosts of whole stacks."""

from pathlib import Path
from typing import Any

import yaml

from tests.deployment.rendering import ROOT, chat, embedding, render

SHARED = ROOT / "examples" / "stacks" / "Pulumi.shared.yaml"
PUBLIC = {"visibility": "public", "apiKeySecret": {"name": "api-key"}}


def host(*routes: Any, **changes: Any) -> dict[str, Any]:
    """Return a shared host with these routes."""
    return {"name": "api", "hostname": "api.example.com", "routes": list(routes), **changes}


def test_two_types_share_a_host_by_path(tmp_path: Path) -> None:
    """Each is answered at its own paths, by its own Service, and the outputs say where."""
    rendered = render(
        tmp_path,
        chat("talk", endpoint=PUBLIC),
        embedding("embed", endpoint=PUBLIC),
        hosts=[
            host(
                {"path": "/talk", "models": [{"name": "talk"}]},
                {"path": "/embed", "models": [{"name": "embed"}]},
                tlsSecret="api-tls",
            )
        ],
    )

    assert {"/talk/v1/chat/completions": "talk", "/embed/v1/embeddings": "embed"} == {
        match["path"]["value"]: rule["backendRefs"][0]["name"]
        for rule in rendered.one("HTTPRoute")["spec"]["rules"]
        for match in rule["matches"]
    }
    assert ("https://api.example.com/talk/v1", "https://api.example.com") == (
        rendered.outputs["talk"]["url"],
        rendered.outputs["api"]["url"],
    )


def test_a_canary_serves_the_name_of_what_it_follows(tmp_path: Path) -> None:
    """Clients send one name and see no difference; the pods differ."""
    rendered = render(
        tmp_path,
        chat("stable", servedModelName="chat", endpoint=PUBLIC),
        chat("next", servedModelName="chat", endpoint=PUBLIC),
        hosts=[host({"models": [{"name": "stable", "weight": 95}, {"name": "next", "weight": 5}]})],
    )
    (rule,) = rendered.one("HTTPRoute")["spec"]["rules"]
    arguments = [each["data"]["args.yaml"] for each in rendered.kinds("ConfigMap").values()]

    assert [("stable", 95), ("next", 5)] == [(each["name"], each["weight"]) for each in rule["backendRefs"]]
    assert [True, True] == ["served-model-name:\n- chat\n" in text for text in arguments]


def test_models_that_were_found_to_differ_are_told_with_their_place(tmp_path: Path) -> None:
    """The stack states no types: only the check of the repositories knows them."""
    rendered = render(
        tmp_path,
        chat("talk", servedModelName="one", endpoint=PUBLIC),
        embedding("embed", servedModelName="one", endpoint=PUBLIC),
        hosts=[host({"models": [{"name": "talk"}, {"name": "embed"}]})],
    )

    assert 0 != rendered.code
    assert (
        "`slipway:hosts[0].routes[0].models[1].name` answers at `/v1/embeddings`, "
        "the first model of its route at `/v1/chat/completions`"
    ) in rendered.text
    assert "Pulumi.rendered.yaml:" in rendered.text


def test_a_host_waits_for_its_models(tmp_path: Path) -> None:
    """A model that is refused leaves no route that leads nowhere."""
    rendered = render(
        tmp_path,
        chat("talk", endpoint=PUBLIC),
        chat("bad", source="examples/bad/pickle-only", endpoint=PUBLIC),
        hosts=[host({"path": "/talk", "models": [{"name": "talk"}]}, {"path": "/bad", "models": [{"name": "bad"}]})],
    )

    assert 1 == rendered.code
    assert {} == rendered.kinds("HTTPRoute")


def test_an_issuer_signs_for_each_gateway_that_is_made(tmp_path: Path) -> None:
    """A given Secret needs none."""
    cluster = {"platform": "existing", "namespace": "inference", "certificateIssuer": {"name": "letsencrypt"}}
    rendered = render(
        tmp_path,
        chat("signed", endpoint={**PUBLIC, "hostname": "signed.example.com"}),
        chat("given", endpoint={**PUBLIC, "hostname": "given.example.com", "tlsSecret": "mine"}),
        cluster=cluster,
    )

    assert {"signed": "signed-tls"} == {
        name: each["spec"]["secretName"] for name, each in rendered.kinds("Certificate").items()
    }
    assert {"signed": "signed-tls", "given": "mine"} == {
        name: each["spec"]["listeners"][0]["tls"]["certificateRefs"][0]["name"]
        for name, each in rendered.kinds("Gateway").items()
    }


def test_named_namespaces_are_the_only_ones_to_call_a_private_model(tmp_path: Path) -> None:
    """Not even pods of its own namespace, unless that is named."""
    named = {"apiKeySecret": {"name": "api-key"}, "clientNamespaces": ["apps"]}
    rendered = render(tmp_path, chat("talk", endpoint=named))
    (rule,) = rendered.kinds("NetworkPolicy")["talk-callers"]["spec"]["ingress"]

    assert [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "apps"}}}] == rule["from"]


def test_limits_of_the_stack_reach_the_policy(tmp_path: Path) -> None:
    """Requests, body and patience."""
    wished = {
        **PUBLIC,
        "hostname": "talk.example.com",
        "requestsPerMinute": 30,
        "timeoutSeconds": 900,
        "maxBodyMib": 4,
    }
    spec = render(tmp_path, chat("talk", endpoint=wished)).one("BackendTrafficPolicy")["spec"]

    assert ("900s", "4Mi", 30) == (
        spec["timeout"]["http"]["streamIdleTimeout"],
        spec["requestBuffer"]["limit"],
        spec["rateLimit"]["local"]["rules"][0]["limit"]["requests"],
    )


def test_the_example_of_a_shared_host_passes(tmp_path: Path) -> None:
    """One route, one certificate and one policy of each kind for three models."""
    config = yaml.safe_load(SHARED.read_text())["config"]
    keys = {key.removeprefix("slipway:"): value for key, value in config.items()}
    keys["cluster"].pop("renderTo")
    rendered = render(tmp_path, *keys.pop("models"), **keys)
    kinds = ("HTTPRoute", "Gateway", "Certificate", "SecurityPolicy", "BackendTrafficPolicy")

    assert (0, [["api"]] * 5) == (rendered.code, [list(rendered.kinds(kind)) for kind in kinds])


def test_a_canary_is_scaled_by_its_own_load(tmp_path: Path) -> None:
    """Both show one `model_name`; the label of the PodMonitor tells them apart."""
    replicas = {"min": 1, "max": 2}
    rendered = render(
        tmp_path,
        chat("stable", servedModelName="chat", replicas=replicas),
        chat("next", servedModelName="chat", replicas=replicas),
        cluster={
            "platform": "existing",
            "namespace": "inference",
            "autoscaler": "keda",
            "prometheus": "http://prometheus.monitoring.svc:9090",
            "monitoring": {"namespace": "monitoring"},
        },
    )
    asked = {
        name: each["spec"]["triggers"][0]["metadata"]["query"] for name, each in rendered.kinds("ScaledObject").items()
    }
    labels = 'namespace="inference",model_name="chat",app_kubernetes_io_instance='

    assert {name: f'sum(vllm:num_requests_waiting{{{labels}"{name}"}})' for name in ("stable", "next")} == asked
