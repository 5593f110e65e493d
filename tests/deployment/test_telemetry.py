"""What is watched, from the stack file to the alerts."""

from pathlib import Path

from tests.hub.fixtures import tiny_chat
from tests.hub.server import running
from tools import rendering


def test_no_alert_calls_a_server_late_while_its_node_is_filled(tmp_path: Path) -> None:
    """Its pod is pending for 20 minutes and more, besides the 45 for its image and its load."""
    model = {
        "name": "tiny",
        "source": "hf://example/tiny-chat",
        "revision": "main",
        "pool": "l4",
        "weights": {"store": "node"},
        "endpoint": {"apiKeySecret": {"name": "api-key"}},
    }
    config = {
        "cluster": {"platform": "existing", "monitoring": {"namespace": "monitoring"}},
        "engine": {"version": "0.33.0"},
        "nodePools": [{"name": "l4", "gpu": "L4", "maxNodes": 2, "vcpusPerNode": 8, "cachePath": "/mnt/models"}],
        "models": [model],
    }
    content = {"config": {f"slipway:{name}": value for name, value in config.items()}}
    with running() as hub:
        hub.add(tiny_chat("example/tiny-chat"))
        found = rendering.Rendering.read(rendering.render(content, "watched", tmp_path, hub.url))
    (rule,) = found.of_kind("PrometheusRule")
    alerts = {each["alert"]: each.get("for") for group in rule["spec"]["groups"] for each in group["rules"]}

    assert "3900s" == alerts["SlipwayPodPending"]
