"""The API server takes what the Prometheus operator is given, and the monitor finds the servers."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.cluster.conftest import NAMESPACE, Rendering, config, ready
from tests.cluster.control_plane import ControlPlane

Render = Callable[[Mapping[str, Any]], Rendering]
Deploy = Callable[[Rendering], list[str]]


def test_monitor_alerts_and_dashboard_are_accepted_and_find_the_servers(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """The custom resources pass their own schemas, and the monitor's selector picks exactly the model's pods."""
    stack = config(tiny={})
    stack["cluster"]["monitoring"] = {"namespace": "monitoring", "labels": {"release": "prometheus"}}
    deploy(render(stack))
    ready(cluster, "tiny", 1)

    (monitor,) = cluster.get("podmonitors", "-n", NAMESPACE)["items"]
    (rule,) = cluster.get("prometheusrules", "-n", NAMESPACE)["items"]
    labels = ",".join(f"{key}={value}" for key, value in monitor["spec"]["selector"]["matchLabels"].items())
    watched = cluster.get("pods", "-n", NAMESPACE, "-l", labels)["items"]

    assert rule["spec"]["groups"][0]["rules"]
    assert ["tiny"] == [each["metadata"]["labels"]["app.kubernetes.io/instance"] for each in watched]
    ports = [port["name"] for port in watched[0]["spec"]["containers"][0]["ports"]]
    assert monitor["spec"]["podMetricsEndpoints"][0]["port"] in ports
