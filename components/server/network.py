"""Who may talk to whom: nobody, and then the exact openings."""

import urllib.parse
from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.meta.v1 import LabelSelectorArgsDict
from pulumi_kubernetes.networking.v1 import (
    NetworkPolicyEgressRuleArgsDict,
    NetworkPolicyPeerArgsDict,
    NetworkPolicyPortArgsDict,
    NetworkPolicySpecArgsDict,
)

from components.naming import NAMESPACE_NAME
from components.server.arguments import PORT

METADATA_NETWORKS = [
    "169.254.0.0/16",
    "fe80::/10",
    "fd00:ec2::254/128",
]  # cloud metadata services give credentials to whoever asks
PRIVATE_NETWORKS = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
NODE_LOCAL_DNS = "169.254.20.10/32"
HTTP, HTTPS = 80, 443
DNS = 53


def closed(labels: dict[str, str]) -> NetworkPolicySpecArgsDict:
    """Return the policy that lets these pods neither be called nor call; no labels means every pod.

    Empty lists of rules are left out: the API server drops them, and each server-side apply would be a change.
    """
    return {"pod_selector": {"match_labels": labels} if labels else {}, "policy_types": ["Ingress", "Egress"]}


def callable_from(labels: dict[str, str], callers: Sequence[NetworkPolicyPeerArgsDict]) -> NetworkPolicySpecArgsDict:
    """Return the policy that lets these callers reach the server's port of these pods."""
    spec: NetworkPolicySpecArgsDict = {"pod_selector": {"match_labels": labels}, "policy_types": ["Ingress"]}
    if callers:
        spec["ingress"] = [{"from_": callers, "ports": [_port(PORT)]}]
    return spec


def together(members: LabelSelectorArgsDict) -> NetworkPolicySpecArgsDict:
    """Return the policy that lets these pods reach each other on every port, and ask names.

    vLLM, NCCL and Gloo take free ports as they come; the leader is found by its name.
    """
    peers: Sequence[NetworkPolicyPeerArgsDict] = [{"pod_selector": members}]
    return {
        "pod_selector": members,
        "policy_types": ["Ingress", "Egress"],
        "ingress": [{"from_": peers}],
        "egress": [{"to": peers}, *_names()],
    }


def fetching(
    labels: dict[str, str], *, private: bool = True, ports: Sequence[int] = (HTTPS,)
) -> NetworkPolicySpecArgsDict:
    """Return the policy that lets these pods ask names and call HTTPS, but no metadata service.

    ``private`` networks are left open for a mirror of the Hub, whose own port is one of the ``ports``; a server that
    fetches what clients name has them shut.
    """
    shut = METADATA_NETWORKS if private else [*METADATA_NETWORKS, *PRIVATE_NETWORKS]
    return {
        "pod_selector": {"match_labels": labels},
        "policy_types": ["Egress"],
        "egress": [*_names(), _outside(shut, ports)],
    }


def ports_of(hubs: Sequence[str]) -> Sequence[int]:
    """Return the ports of these addresses, and that of HTTPS: a mirror may lead to a storage elsewhere."""
    parts = [urllib.parse.urlsplit(hub) for hub in hubs]
    return sorted({HTTPS, *(each.port or (HTTP if each.scheme == "http" else HTTPS) for each in parts)})


def namespace_peer(namespace: pulumi.Input[str]) -> NetworkPolicyPeerArgsDict:
    """Return every pod of a namespace, by the label that the API server keeps."""
    return {"namespace_selector": {"match_labels": {NAMESPACE_NAME: namespace}}}


def same_namespace_peer() -> NetworkPolicyPeerArgsDict:
    """Return every pod of the server's own namespace."""
    return {"pod_selector": {}}


def pods_peer(labels: dict[str, str]) -> NetworkPolicyPeerArgsDict:
    """Return the pods of the server's own namespace that have these labels."""
    return {"pod_selector": {"match_labels": labels}}


def _outside(shut: Sequence[str], ports: Sequence[int]) -> NetworkPolicyEgressRuleArgsDict:
    six = [network for network in shut if ":" in network]
    four = [network for network in shut if ":" not in network]
    return {
        "to": [
            {"ip_block": {"cidr": "0.0.0.0/0", "except_": four}},
            {"ip_block": {"cidr": "::/0", "except_": six}},
        ],
        "ports": [_port(port) for port in ports],
    }


def _names() -> Sequence[NetworkPolicyEgressRuleArgsDict]:
    return [
        {
            "to": [namespace_peer("kube-system"), {"ip_block": {"cidr": NODE_LOCAL_DNS}}],
            "ports": [_port(DNS, "UDP"), _port(DNS)],
        }
    ]


def _port(number: int, protocol: str = "TCP") -> NetworkPolicyPortArgsDict:
    return {"port": number, "protocol": protocol}
