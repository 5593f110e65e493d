"""The Hub's token as a file in the one container that fetches."""

import pulumi
from pulumi_kubernetes.core.v1 import VolumeArgsDict, VolumeMountArgsDict

FOLDER = "/run/secrets/huggingface"
PATH = f"{FOLDER}/token"
VARIABLE = "HF_TOKEN_PATH"
KEY = "token"  # in the Secret, where nothing else is said


def volume(secret: pulumi.Input[str], key: str = KEY) -> VolumeArgsDict:
    """Return the volume with the token of a Secret, and nothing else of it."""
    return {
        "name": "token",
        "secret": {"secret_name": secret, "default_mode": 0o440, "items": [{"key": key, "path": "token"}]},
    }


def mount() -> VolumeMountArgsDict:
    """Return where the fetching container finds it."""
    return {"name": "token", "mount_path": FOLDER, "read_only": True}
