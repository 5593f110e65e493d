"""What an operator brings besides a rendering: the Secrets and volume claims that its pods name."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.rendering import pod_specs

KEY = "not-a-real-key-0123456789"


def supplies(objects: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return a Secret and a claim for each one that a pod mounts and the rendering does not hold."""
    there = {(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects}
    wanted = {_identity(each): each for each in _wanted(objects)}
    return [each for identity, each in wanted.items() if identity not in there]


def _wanted(objects: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for owner, spec in pod_specs(objects):
        for volume in spec.get("volumes", []):
            if secret := volume.get("secret"):
                yield _secret(owner["metadata"]["namespace"], secret)
            if claim := volume.get("persistentVolumeClaim"):
                yield _claim(owner["metadata"]["namespace"], claim["claimName"])


def _identity(each: Mapping[str, Any]) -> tuple[str, str, str]:
    return each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]


def _secret(namespace: str, mounted: Mapping[str, Any]) -> Mapping[str, Any]:
    keys = [item["key"] for item in mounted.get("items", [])] or ["key"]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": mounted["secretName"], "namespace": namespace},
        "data": {key: base64.b64encode(KEY.encode()).decode() for key in keys},
    }


def _claim(namespace: str, name: str) -> Mapping[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
    }
