"""InferenceHost: several models behind one host name."""

from typing import Any

import pulumi
import pytest

from components.endpoint.args import InferenceHostArgs
from components.inference_host import InferenceHost
from tests.components.recording import Recording, record, settled

CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"


def route(*models: str, endpoints: tuple[str, ...] = (CHAT,), **place: Any) -> Any:
    """Return a route to models, the first with weight 9, the others with 1."""
    weights = [9, *([1] * (len(models) - 1))]
    backends = [{"name": model, "weight": weight} for model, weight in zip(models, weights, strict=True)]
    return {"backends": backends, "endpoints": list(endpoints), **place}


def make(*routes: Any, **changes: Any) -> tuple[Recording, str]:
    """Return what a host with these routes registers, and its address."""
    urls: list[Any] = []
    args: InferenceHostArgs = {
        "namespace": "inference",
        "hostname": "api.example.com",
        "front": {"tls_secret": "api-tls"},
        "routes": list(routes),
        **changes,  # type: ignore[typeddict-item]  # a literal with changes
    }
    recording = record(lambda: urls.append(settled(InferenceHost("api", args).url)))
    return recording, urls[0][0]


def rules(recording: Recording) -> list[Any]:
    """Return the rules of the host's route."""
    found: list[Any] = recording.one("HTTPRoute")["spec"]["rules"]
    return found


def test_a_path_tells_models_apart_and_the_servers_do_not_see_it() -> None:
    """The whole path is compared and replaced, so that no other path of a server is reached by the prefix."""
    recording, url = make(route("granite", path="/granite"), route("bge", endpoints=(EMBEDDINGS,), path="/bge"))

    assert [
        (f"/granite{CHAT}", CHAT, "granite"),
        (f"/bge{EMBEDDINGS}", EMBEDDINGS, "bge"),
    ] == [
        (
            rule["matches"][0]["path"]["value"],
            rule["filters"][0]["urlRewrite"]["path"]["replaceFullPath"],
            rule["backendRefs"][0]["name"],
        )
        for rule in rules(recording)
    ]
    assert {"Exact"} == {match["path"]["type"] for rule in rules(recording) for match in rule["matches"]}
    assert "https://api.example.com" == url


def test_a_header_tells_models_apart_by_name() -> None:
    """Gateway API sees no bodies: the client or a router before it sends the header."""
    recording, _ = make(route("granite", model_name="granite"), route("qwen3", model_name="qwen3"))
    other, _ = make(route("granite", model_name="granite"), model_header="X-Model")

    assert [
        [{"type": "Exact", "name": "X-Gateway-Model-Name", "value": "granite"}],
        [{"type": "Exact", "name": "X-Gateway-Model-Name", "value": "qwen3"}],
    ] == [rule["matches"][0]["headers"] for rule in rules(recording)]
    assert "X-Model" == rules(other)[0]["matches"][0]["headers"][0]["name"]


def test_a_canary_gets_its_share_by_weight() -> None:
    """Both stand in one rule."""
    (rule,) = rules(make(route("stable", "canary"))[0])

    assert [("stable", 9), ("canary", 1)] == [(each["name"], each["weight"]) for each in rule["backendRefs"]]
    assert [{"path": {"type": "Exact", "value": CHAT}, "method": "POST"}] == rule["matches"]


def test_every_rule_waits_for_the_longest_answer() -> None:
    """Also those with a prefix."""
    recording, _ = make(
        route("a", path="/a"), route("b", path="/b"), front={"tls_secret": "api-tls", "answer_seconds": 900}
    )

    assert [{"request": "900s", "backendRequest": "900s"}] * 2 == [rule["timeouts"] for rule in rules(recording)]


def test_one_policy_of_each_kind_guards_the_whole_host() -> None:
    """They aim at the host's route by its name."""
    recording, _ = make(route("granite"), front={"tls_secret": "api-tls", "allow_from": ["203.0.113.0/24"]})
    targets = [
        recording.one(kind)["spec"]["targetRefs"][0]["name"] for kind in ("SecurityPolicy", "BackendTrafficPolicy")
    ]

    assert ["api", "api"] == targets
    assert "api" == recording.one("HTTPRoute")["metadata"]["name"]


@pytest.mark.parametrize(
    ("routes", "changes", "message"),
    [
        ([], {}, "has no route"),
        ([route("a")], {"front": {}}, "needs TLS; set `tlsSecret` or `cluster.gateway`"),
        ([route("a", path="/a"), route("b", path="/a")], {}, "two routes have the path `/a`"),
        ([route("a", model_name="a"), route("b", model_name="a")], {}, "the model name `a`"),
        ([route("a", endpoints=())], {}, "has no path that could be public"),
        ([route("a", endpoints=("/invocations",))], {}, "no route is made for /invocations"),
        ([{"backends": [{"name": "a", "weight": 0}], "endpoints": [CHAT]}], {}, "no model at `/` has a weight above 0"),
        ([route("a", path=f"/{number}") for number in range(17)], {}, "need 17 rules, and an HTTPRoute holds 16"),
    ],
)
def test_a_host_that_could_not_answer_is_refused(routes: list[Any], changes: dict[str, Any], message: str) -> None:
    """Told with the key to set."""
    with pytest.raises(pulumi.RunError, match=message):
        make(*routes, **changes)
