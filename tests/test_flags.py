"""Every flag that a rendered server is given is one that its engine has."""

from pathlib import Path

import pytest
import yaml

from tests.hub.stacks import running_for_stacks
from tools.flags import given_flags, unknown_flags
from tools.rendering import Rendering, judged, render, stack_files


@pytest.mark.parametrize("stack", stack_files())
def test_a_stack_gives_its_engine_no_unknown_flag(stack: str, tmp_path: Path) -> None:
    """A server with an unknown flag stops after its GPU was paid for."""
    content = judged(stack, stack_files()[stack].read_text(encoding="utf-8"))
    with running_for_stacks() as hub:
        rendering = Rendering.read(render(content, stack, tmp_path, hub.url))

    assert frozenset() == unknown_flags(rendering.objects, content["config"]["slipway:engine"]["version"])
    assert {"port", "served-model-name", "tensor-parallel-size", "config"} <= set(given_flags(rendering.objects))


def test_flags_are_found_in_files_and_on_command_lines() -> None:
    """Of every kind of object that has pods, with and without a value behind the equals sign."""
    data = {"args.yaml": yaml.safe_dump({"port": 8000, "wrong-in-file": 1})}
    server = {"image": "i", "command": ["vllm", "serve"], "args": ["/m", "--config", "c", "--wrong_in_line=1", "-x"]}
    other = {"image": "i", "command": ["python3"], "args": ["--not-vllm"]}
    pods = {"leaderWorkerTemplate": {"workerTemplate": {"spec": {"containers": [server, other]}}}}
    objects = [{"kind": "ConfigMap", "data": data}, {"kind": "LeaderWorkerSet", "spec": pods}]

    assert {"wrong-in-file", "wrong-in-line"} == unknown_flags(objects, "0.33.0")
