"""The flags that rendered servers give to `vllm serve`, against those that the engine's version has."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from tools.rendering import pod_specs
from validation.engine.tables import load_engine

ARGUMENTS = "args.yaml"  # in the servers' ConfigMaps: flags by name, without dashes
SERVE = ["vllm", "serve"]


def unknown_flags(objects: Sequence[Mapping[str, Any]], version: str) -> frozenset[str]:
    """Return the flags, in configuration files or on command lines, that this version of vLLM does not have."""
    known = {flag.replace("_", "-") for flag in load_engine(version).serve_flags}
    return frozenset(given_flags(objects)) - known


def given_flags(objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield each flag that a server is given, without dashes; a switch that is turned off by its own name."""
    for each in objects:
        if each["kind"] == "ConfigMap" and ARGUMENTS in each.get("data", {}):
            yield from yaml.safe_load(each["data"][ARGUMENTS])
    for _, spec in pod_specs(objects):
        for container in spec["containers"]:
            if container.get("command", [])[: len(SERVE)] == SERVE:
                words = [*container["command"], *container.get("args", [])]
                yield from (_name(word) for word in words if word.startswith("--"))


def _name(word: str) -> str:
    return word.removeprefix("--").partition("=")[0].replace("_", "-")
