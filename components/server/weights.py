"""Where a server finds its weights, and what has to be true of them before it starts."""

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.core.v1 import ContainerArgsDict, VolumeArgsDict

from components.hardening import container_security, environment
from components.server.args import VllmInferenceServiceArgs
from components.weights.mount import MODELS, VOLUME, claimed, imaged
from components.weights.script import BASE, COMMAND, MANIFEST, items

NEEDS = {"cpu": "1", "memory": "256Mi", "ephemeral-storage": "64Mi"}


def volumes(args: VllmInferenceServiceArgs) -> Sequence[VolumeArgsDict]:
    """Return the volume of the weights, and that of the list an image is compared with."""
    held = [imaged(args["weights_image"]) if "weights_image" in args else claimed(args.get("claim_name", ""))]
    if "weights_manifest" in args:
        listed: VolumeArgsDict = {
            "name": "manifest",
            "config_map": {"name": args["weights_manifest"], "items": items(MANIFEST), "default_mode": 0o444},
        }
        held.append(listed)
    return held


def comparison(args: VllmInferenceServiceArgs) -> Sequence[ContainerArgsDict]:
    """Return the init container that compares an image's files with what was checked; none without an image.

    The Job of the weights has read every byte of this digest. This one is quick, and for manifests that are applied by
    hand in any order: a server never starts on another model's image.
    """
    if "weights_manifest" not in args:
        return []
    variables = {"SLIPWAY_MANIFEST": f"{BASE}/{MANIFEST}", "SLIPWAY_MODE": "glance"}
    target = pulumi.Output.concat(MODELS, "/", args["model_path"]).apply(lambda path: path.rstrip("/"))
    return [
        {
            "name": "compare",
            "image": args["image"],
            "image_pull_policy": "Always",
            "command": COMMAND,
            "working_dir": BASE,
            "env": [*environment(variables), {"name": "SLIPWAY_TARGET", "value": target}],
            "resources": {"requests": NEEDS, "limits": NEEDS},
            "security_context": container_security(read_only_root=args.get("read_only_root_filesystem", True)),
            "volume_mounts": [
                {"name": "manifest", "mount_path": BASE, "read_only": True},
                {"name": VOLUME, "mount_path": MODELS, "read_only": True},
            ],
        }
    ]
