"""What is inside rendered objects: the pods of every kind that makes some, and what vLLM is started with."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def pod_specs(objects: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield each object that holds a pod's spec, at whatever depth and of whatever kind, with that spec."""
    for each in objects:
        for spec in _specs(each):
            yield each, spec


def _specs(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if isinstance(value.get("containers"), list) and any("image" in each for each in value["containers"]):
            yield value
        else:
            for inner in value.values():
                yield from _specs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _specs(inner)
