"""What every pod of Slipway has in common: who it runs as, what it may do, and where it may write."""

from collections.abc import Sequence

from pulumi_kubernetes.core.v1 import (
    EnvVarArgsDict,
    PodSecurityContextArgsDict,
    SecurityContextArgsDict,
)

USER = 65532  # "nonroot" of the distroless images: no account of any base image has it
GIB = 1 << 30
MIB = 1 << 20
TEMPORARY = "/tmp"  # noqa: S108 - a volume of the pod alone is mounted there


def pod_security() -> PodSecurityContextArgsDict:
    """Return the pod's side of Pod Security ``restricted``."""
    return {
        "run_as_non_root": True,
        "run_as_user": USER,
        "run_as_group": USER,
        "fs_group": USER,
        "fs_group_change_policy": "OnRootMismatch",
        "seccomp_profile": {"type": "RuntimeDefault"},
    }


def container_security(*, read_only_root: bool = True) -> SecurityContextArgsDict:
    """Return the container's side of Pod Security ``restricted``; the root is read-only unless the runtime cannot."""
    return {
        "allow_privilege_escalation": False,
        "privileged": False,
        "read_only_root_filesystem": read_only_root,
        "run_as_non_root": True,
        "run_as_user": USER,
        "run_as_group": USER,
        "capabilities": {"drop": ["ALL"]},
        "seccomp_profile": {"type": "RuntimeDefault"},
    }


def environment(values: dict[str, str]) -> Sequence[EnvVarArgsDict]:
    """Return environment variables in the order of their names; none of them is ever a secret."""
    return [{"name": name, "value": values[name]} for name in sorted(values)]


def quantity(size: int) -> str:
    """Return bytes as a Kubernetes quantity, rounded up to whole MiB, in GiB where that is even."""
    mebibytes = -(-size // MIB)
    return f"{mebibytes // 1024}Gi" if mebibytes % 1024 == 0 else f"{mebibytes}Mi"
