"""The command lines of a control plane's parts. All state lies in the folder that they run in."""

from collections.abc import Mapping, Sequence
from pathlib import Path

USERS: Mapping[str, str] = {  # to the group, where it has one
    "admin": "system:masters",
    "controller-manager": "",
    "scheduler": "",
    "kwok": "system:masters",
}
SYSTEM_NAMES = {"controller-manager": "system:kube-controller-manager", "scheduler": "system:kube-scheduler"}
STORE = "unix://etcd:1"  # a socket of this name in the folder: nobody else can read what the API server stores
PEERS = "unix://peers:1"


def etcd() -> Sequence[str]:
    """Return the arguments of the store, which nothing but this folder reaches."""
    return [
        "--name=slipway",
        "--data-dir=etcd",
        f"--listen-client-urls={STORE}",
        f"--advertise-client-urls={STORE}",
        f"--listen-peer-urls={PEERS}",
        f"--initial-advertise-peer-urls={PEERS}",
        f"--initial-cluster=slipway={PEERS}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(port: int, *, alone: bool) -> Sequence[str]:
    """Return the arguments of the API server; ``alone`` is without controllers, which make the service accounts."""
    return [
        f"--etcd-servers={STORE}",
        *_address(port),
        "--advertise-address=127.0.0.1",
        "--cert-dir=pki",
        "--service-account-key-file=pki/sa.pub",
        "--service-account-signing-key-file=pki/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--api-audiences=https://kubernetes.default.svc",
        "--token-auth-file=pki/tokens.csv",
        "--authorization-mode=Node,RBAC",
        "--anonymous-auth=false",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--endpoint-reconciler-type=none",
        "--enable-priority-and-fairness=false",
        "--allow-privileged=true",
        "--shutdown-delay-duration=0s",
        *(["--disable-admission-plugins=ServiceAccount"] if alone else []),
    ]


def controller_manager(port: int) -> Sequence[str]:
    """Return the arguments of the controllers, among them one that provisions volumes."""
    return [
        *_client("controller-manager", port),
        "--service-account-private-key-file=pki/sa.key",
        "--root-ca-file=pki/apiserver.crt",
        "--use-service-account-credentials=true",
        "--enable-hostpath-provisioner=true",
    ]


def scheduler(port: int) -> Sequence[str]:
    """Return the arguments of the scheduler."""
    return _client("scheduler", port)


def kwok(stages: Path) -> Sequence[str]:
    """Return the arguments of kwok, which plays the kubelet of every node and listens nowhere."""
    return [
        "--kubeconfig=kwok.kubeconfig",
        "--manage-all-nodes=true",
        "--node-ip=127.0.0.1",
        "--node-lease-duration-seconds=40",
        f"--config={stages}",
    ]


def _client(user: str, port: int) -> Sequence[str]:
    config = f"{user}.kubeconfig"
    return [
        f"--kubeconfig={config}",
        f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}",
        *_address(port),
        f"--cert-dir=pki/{user}",
        "--leader-elect=false",
    ]


def _address(port: int) -> Sequence[str]:
    """Return loopback and a port that the tests hold until the part has it too."""
    return ["--bind-address=127.0.0.1", f"--secure-port={port}", "--permit-port-sharing=true", "--profiling=false"]
