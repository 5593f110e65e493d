"""How Kubernetes objects are named and labelled, so that every component's objects find each other."""

import hashlib
import re

MAX_NAME = 63  # a DNS label; Services and label values allow no more
COMMIT_DIGITS = 12  # of a commit in an object's name: unique within one repository
DIGEST_DIGITS = 8
NAME = "app.kubernetes.io/name"
INSTANCE = "app.kubernetes.io/instance"
INSTANCE_LABEL = "app_kubernetes_io_instance"  # the same in Prometheus, as the PodMonitor hands it on
COMPONENT = "app.kubernetes.io/component"
PART_OF = "app.kubernetes.io/part-of"
MANAGED_BY = "app.kubernetes.io/managed-by"
VERSION = "app.kubernetes.io/version"
NAMESPACE_NAME = "kubernetes.io/metadata.name"  # the label that every namespace has with its own name
SERVER = "server"
WORKER = "worker"  # of a replica that spans nodes
PREFETCH = "prefetch"


def object_name(*parts: str) -> str:
    """Return the parts as one DNS label; a name that is too long keeps its start and ends in a digest of the whole."""
    whole = "-".join(part for part in parts if part)
    plain = re.sub(r"[^a-z0-9-]+", "-", whole.lower()).strip("-")
    if plain == whole and len(plain) <= MAX_NAME:
        return plain
    return f"{plain[: MAX_NAME - DIGEST_DIGITS - 1].rstrip('-')}-{digest(whole)}"


def digest(*texts: str) -> str:
    """Return eight hex digits that change with any of the texts; never given a secret."""
    whole = hashlib.sha256()
    for text in texts:
        whole.update(f"{len(text)}:{text}".encode())
    return whole.hexdigest()[:DIGEST_DIGITS]


def selector(model: str, component: str) -> dict[str, str]:
    """Return the labels that pick one component's pods of one model."""
    return {NAME: "vllm", INSTANCE: model, COMPONENT: component}


def labels(model: str, component: str, version: str = "") -> dict[str, str]:
    """Return the labels of an object that belongs to a model; ``version`` is a commit, shortened."""
    versioned = {VERSION: version[:COMMIT_DIGITS]} if version else {}
    return {**selector(model, component), PART_OF: "slipway", MANAGED_BY: "pulumi", **versioned}
