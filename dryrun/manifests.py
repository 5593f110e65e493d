"""Kubernetes objects as documents that ``kubectl apply -f DIR`` takes, in the order that it needs.

Nothing secret is written: a Secret is named in ``secrets.txt`` with the keys that it must have, and an object that
carries a secret or unknown value outside its annotations is left out too, and named there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from dryrun.objects import KubernetesObject
from dryrun.schemas import check_object
from dryrun.value import Secret, Unknown, Value, bare, path_text, withheld, withholds

KIND_ORDER: Final = (
    "Namespace", "CustomResourceDefinition", "PriorityClass", "RuntimeClass", "StorageClass", "ServiceAccount",
    "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ResourceQuota", "LimitRange", "NetworkPolicy",
    "ConfigMap", "PersistentVolume", "PersistentVolumeClaim", "Service", "PodDisruptionBudget", "Job", "CronJob",
    "DaemonSet", "StatefulSet", "Deployment", "HorizontalPodAutoscaler", "Ingress",
)  # fmt: skip
KEY_ORDER: Final = ("apiVersion", "kind", "metadata")
FIRST_KEYS: Final = ("name", "namespace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One file: its name in the folder, the resource that it is for, and its text."""

    file: str
    urn: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """All files of a stack; ``left_out`` says of each object that was not written what must be made by hand."""

    manifests: tuple[Manifest, ...] = ()
    left_out: tuple[str, ...] = ()


def render(objects: Sequence[KubernetesObject]) -> Rendering:
    """Return the objects as files, in the order in which a cluster can take them; custom resources come last."""
    ordered = sorted(objects, key=lambda item: (_rank(item), item.kind, item.namespace, item.name, item.urn))
    cleaned = [(item, _without_withheld_annotations(item.body)) for item in ordered]
    written = [(item, body) for item, body in cleaned if item.kind != "Secret" and not withholds(body)]
    left_out = [_needed(item, body) for item, body in cleaned if item.kind == "Secret" or withholds(body)]
    width = max(2, len(str(len(written))))
    return Rendering(
        manifests=tuple(
            Manifest(file=f"{number:0{width}}-{_file_name(item)}.yaml", urn=item.urn, text=document(body))
            for number, (item, body) in enumerate(written, start=1)
        ),
        left_out=tuple(left_out),
    )


def document(body: Mapping[str, Value]) -> str:
    """Return an object as one YAML document, keys in the order in which people read them."""
    return yaml.dump(_arranged(body), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


class _Dumper(yaml.SafeDumper):
    """Writes lists under their key and long texts as blocks, as kubectl does."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        """Indent lists, so that diffs stay small."""
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, _data: object) -> bool:
        """Write equal values twice: anchors are hard to read."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _arranged(body: Mapping[str, Value]) -> dict[str, Any]:
    keys = sorted(body, key=lambda key: (KEY_ORDER.index(key) if key in KEY_ORDER else len(KEY_ORDER), key))
    return {key: _sorted(body[key], FIRST_KEYS) for key in keys}


def _sorted(value: Value, first: Sequence[str]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, Mapping):
        keys = sorted(value, key=lambda key: (first.index(key) if key in first else len(first), key))
        return {key: _sorted(value[key], first) for key in keys}
    return [_sorted(item, first) for item in value] if isinstance(value, list) else value


def _rank(item: KubernetesObject) -> int:
    if item.kind in KIND_ORDER:
        return KIND_ORDER.index(item.kind)
    return len(KIND_ORDER) + (0 if check_object(item).known else 1)


def _file_name(item: KubernetesObject) -> str:
    name = item.name or item.resource
    return re.sub(r"[^a-z0-9.-]+", "-", f"{item.kind}-{name}".lower()).strip("-.")


def _without_withheld_annotations(value: Value) -> Value:
    """Return a copy without annotations that are secret or unknown: they only trigger restarts."""
    if isinstance(value, list):
        return [_without_withheld_annotations(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    copy = {key: _without_withheld_annotations(item) for key, item in value.items()}
    metadata = copy.get("metadata")
    if isinstance(metadata, dict) and "annotations" in metadata:
        annotations = metadata.pop("annotations")
        kept = {} if isinstance(annotations, Secret | Unknown) else _known(annotations)
        if kept:
            metadata["annotations"] = kept
    return copy


def _known(annotations: Mapping[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in annotations.items() if not withholds(value)}


def _needed(item: KubernetesObject, body: Mapping[str, Value]) -> str:
    """Return what to make by hand: a Secret with its keys, or an object that a secret or unknown value kept out."""
    if item.kind != "Secret":
        places = ", ".join(f"`{path_text(path)}`" for path in withheld(body))
        return f"{item.title}: not written, for {places} is secret or not known before a real deployment"
    keys = sorted(key for part in ("data", "stringData") for key in _keys(body.get(part)))
    options = " ".join(f"--from-file={key}=FILE" for key in keys)
    namespace = f"--namespace {item.namespace} " if item.namespace else ""
    command = f"kubectl {namespace}create secret generic {item.name} {options}".rstrip()
    return f"{item.title}: keys {', '.join(keys) or 'unknown'}\n  {command}"


def _keys(value: Value) -> list[str]:
    inner = bare(value)
    return list(inner) if isinstance(inner, Mapping) else []
