"""The folder of the nodes as a volume: a PersistentVolume of type `local`, and the one claim that may have it.

Pods may mount no folder of a node themselves under Pod Security ``restricted``. A claim they may, and of a local volume
every node means its own disk. The kubelet gives its group to the pods, which it does for no hostPath.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

import pulumi
from pulumi_kubernetes.core.v1 import PersistentVolumeClaimSpecArgsDict, PersistentVolumeSpecArgsDict

from components.naming import digest

NOMINAL = "1Gi"  # no local volume is held to its size, and a claim of one cannot grow
MODE = "ReadWriteMany"  # of the pods of all nodes, each on its own disk
NO_CLASS = ""  # the claim is for this volume: nothing is to be provisioned


def version(path: str, selector: pulumi.Input[dict[str, str]]) -> pulumi.Output[str]:
    """Return what changes with the path or the nodes, which a volume cannot."""
    return pulumi.Output.from_input(selector).apply(lambda labels: digest(path, json.dumps(labels, sort_keys=True)))


def volume_spec(
    path: str, selector: pulumi.Input[dict[str, str]], claim: pulumi.Input[str], namespace: pulumi.Input[str]
) -> PersistentVolumeSpecArgsDict:
    """Return the volume: on the nodes with these labels only, for this claim only, and never wiped by the cluster."""
    terms = pulumi.Output.from_input(selector).apply(_terms)
    return {
        "access_modes": [MODE],
        "capacity": {"storage": NOMINAL},
        "claim_ref": {"api_version": "v1", "kind": "PersistentVolumeClaim", "name": claim, "namespace": namespace},
        "local": {"path": path},
        "node_affinity": {"required": {"node_selector_terms": cast("Any", terms)}},  # known with the labels
        "persistent_volume_reclaim_policy": "Retain",
        "storage_class_name": NO_CLASS,
        "volume_mode": "Filesystem",
    }


def claim_spec(volume: pulumi.Input[str]) -> PersistentVolumeClaimSpecArgsDict:
    """Return the claim of that volume."""
    return {
        "access_modes": [MODE],
        "resources": {"requests": {"storage": NOMINAL}},
        "storage_class_name": NO_CLASS,
        "volume_mode": "Filesystem",
        "volume_name": volume,
    }


def _terms(labels: Mapping[str, str]) -> list[dict[str, object]]:
    wanted = [{"key": key, "operator": "In", "values": [labels[key]]} for key in sorted(labels)]
    return [{"matchExpressions": wanted}]
