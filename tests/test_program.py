"""What the program says of a stack besides its findings."""

from pathlib import Path

from tests.deployment.rendering import chat, render


def test_servers_that_a_pool_cannot_hold_are_told_under_it(tmp_path: Path) -> None:
    """Nobody waits for servers that never come; those that there are replace each other one by one."""
    first, second = chat("first", replicas={"min": 1, "max": 6}), chat("second", replicas={"min": 3})
    found = render(tmp_path, first, second, cluster={"platform": "existing", "autoscaler": "hpa"})
    strategies = [each["spec"]["strategy"]["rollingUpdate"] for each in found.kinds("Deployment").values()]

    assert [{"maxSurge": 0, "maxUnavailable": 1}] * 2 == strategies
    assert "may take 9 GPUs together (`replicas.max`), and it gives 8" in found.text
