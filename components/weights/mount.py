"""The volume that pods find a model in, whatever holds its files."""

import pulumi
from pulumi_kubernetes.core.v1 import VolumeArgsDict

MODELS = "/models"
VOLUME = "models"
RELEASE = 75 * 60  # seconds: a claim goes with the last pod that mounts it, and a server may drain for an hour


def claimed(claim: pulumi.Input[str]) -> VolumeArgsDict:
    """Return the volume of a claim."""
    return {"name": VOLUME, "persistent_volume_claim": {"claim_name": claim}}


def imaged(reference: str) -> VolumeArgsDict:
    """Return the volume of an image; a digest names the same files always, so what a node has is not asked for again.

    A registry that is out then keeps no server from starting again.
    """
    return {"name": VOLUME, "image": {"reference": reference, "pull_policy": "IfNotPresent"}}
