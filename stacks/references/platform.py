"""Which keys mean something on which platform, which ones a platform needs, and what its pools cannot be."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stacks.platform import Allocation, Cloud, Platform, provider
from stacks.references.view import Found, View

_AWS = f"{Platform.KARPENTER} on {Cloud.AWS}"
_AZURE = f"{Platform.KARPENTER} on {Cloud.AZURE}"
_GCP = f"{Platform.KARPENTER} on {Cloud.GCP}"
_KARPENTER = (_AWS, _AZURE, _GCP)
_OWNERS: Mapping[str, tuple[str, ...]] = {
    "cloud": _KARPENTER,
    "clusterId": (Platform.KAPSULE,),
    "clusterName": (_AWS, Platform.GKE, Platform.EKS, Platform.AKS, Platform.CLUSTER_API),
    "location": (Platform.GKE,),
    "project": (Platform.GKE,),
    "resourceGroup": (Platform.AKS,),
    "subnets": (Platform.EKS, Platform.AKS),
    "nodeRole": (_AWS, Platform.EKS),
    "serviceAccount": (Platform.GKE, _GCP),
    "amiAlias": (_AWS,),
    "kubernetesVersion": (Platform.CLUSTER_API,),
    "managementContext": (Platform.CLUSTER_API,),
    "managementNamespace": (Platform.CLUSTER_API,),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    Platform.GKE: ("clusterName", "location"),
    Platform.EKS: ("clusterName", "nodeRole", "subnets"),
    Platform.AKS: ("clusterName", "resourceGroup"),
    Platform.CLUSTER_API: ("clusterName",),
}
_OTHER_POOLS = "is only for the platform `{}`"
_ARN = "arn:"
_AZURE_ZONE = re.compile(r"[a-z0-9]+-[0-9]+")
_DEVICE_PLUGIN = f"set it to `{Allocation.DEVICE_PLUGIN}`"
MOST_AZURE_GIB = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """What keeps a platform from doing what a key of a pool asks for."""

    key: str
    reason: str
    help: str = "remove it"


_KARPENTER_LIMITS = (
    _Limit(key="minNodes", reason="is above 0, and Karpenter keeps no minimum of nodes", help="set it to 0"),
    _Limit(key="migProfile", reason="is set, and Karpenter makes no node for a part of a GPU"),
    _Limit(
        key="allocation",
        reason="asks for claims, and Karpenter makes no node for them",
        help=_DEVICE_PLUGIN,
    ),
)
_LIMITS: Mapping[str, tuple[_Limit, ...]] = {
    Platform.EXISTING: tuple(
        _Limit(key=key, reason="means nothing for nodes that exist already")
        for key in ("minNodes", "instanceType", "zones", "spot", "diskGib", "memoryGibPerNode")
    ),
    Platform.KARPENTER: _KARPENTER_LIMITS,
    Platform.KAPSULE: (
        _Limit(key="spot", reason="asks for interruptible nodes, which Kapsule has not", help="set it to false"),
    ),
    Platform.EKS: (_Limit(key="zones", reason="is decided by `slipway:cluster.subnets`"),),
    Platform.CLUSTER_API: (
        _Limit(key="spot", reason="is decided by the infrastructure template", help="set it there, and remove it here"),
    ),
}
_ONE_ZONE = {
    Platform.KAPSULE.value: "a Kapsule pool lies in one",
    Platform.CLUSTER_API.value: "a MachineDeployment has one failure domain",
}
# Their autoscalers know the GPUs of an instance type, and nothing of MIG devices or claims before a node is there.
_BLIND_AT_ZERO = {
    Platform.KAPSULE.value: ("migProfile", "allocation"),
    Platform.EKS.value: ("migProfile", "allocation"),
    Platform.AKS.value: ("migProfile", "allocation"),
    Platform.CLUSTER_API.value: ("allocation",),
}


def cluster(found: View) -> Iterator[Found]:
    """Yield the keys that are for another platform, lack their partner, or are needed and missing."""
    platform = found.text("platform")
    if platform not in set(Platform):
        return
    here = f"{platform} on {found.text('cloud', Cloud.AWS)}" if platform == Platform.KARPENTER else platform
    for key, owners in _OWNERS.items():
        if _stated(found, key) and here not in owners:
            yield found.at(key), _only_for(key, owners), "remove it"
    for key in _NEEDED.get(platform, ()):
        if not _stated(found, key):
            yield found.at(key), f"is missing for the platform `{platform}`", "add it"
    if here == _AWS:
        for key, other in (("nodeRole", "clusterName"), ("clusterName", "nodeRole")):
            if found.states(other) and not found.states(key):
                yield found.at(key), f"is missing beside `{other}`", f"add it, or remove `{other}`"
        if found.states("amiAlias") and not found.states("nodeRole"):
            yield found.at("amiAlias"), "means nothing without `nodeRole`: the class `default` has its own", "remove it"
    yield from _forms(found, here)


def pool(found: View, cluster: View) -> Iterator[Found]:
    """Yield what a pool cannot be on the cluster's platform."""
    platform = cluster.text("platform")
    if platform != Platform.EXISTING and found.number("minNodes", 0) > (most := found.number("maxNodes", 1)):
        yield found.at("minNodes"), "is above `maxNodes`", f"set it to {most} or less, or raise `maxNodes`"
    if platform not in set(Platform):
        return
    for limit in _LIMITS.get(platform, ()):
        if _asks(found, limit.key):
            yield found.at(limit.key), limit.reason, limit.help
    if platform != Platform.EXISTING and found.states("nodeSelector"):
        yield found.at("nodeSelector"), _OTHER_POOLS.format(Platform.EXISTING), "remove it"
    yield from _machines(found, platform)
    yield from _zones(found, platform, provider(platform, cluster.text("cloud")))
    yield from _from_zero(found, platform)
    yield from _disk(found, cluster)
    if platform == Platform.GKE and _asks(found, "migProfile") and _asks(found, "allocation"):
        yield found.at("allocation"), "asks for claims, and GKE divides GPUs for its device plugin", _DEVICE_PLUGIN


def _machines(pool: View, platform: str) -> Iterator[Found]:
    if platform != Platform.CLUSTER_API and pool.states("machines"):
        yield pool.at("machines"), _OTHER_POOLS.format(Platform.CLUSTER_API), "remove it"
    if platform == Platform.CLUSTER_API and not pool.states("machines"):
        yield pool.at("machines"), "is missing for the platform `cluster-api`", "name the two templates of a node"


def _disk(pool: View, cluster: View) -> Iterator[Found]:
    here = pool.at("diskGib")
    if (missing := _others_nodes(cluster)) and pool.states("diskGib"):
        yield here, f"means nothing without `slipway:cluster.{missing}`: others make the nodes", "remove it"
    azure = provider(cluster.text("platform"), cluster.text("cloud")) == Cloud.AZURE
    if azure and pool.number("diskGib", 0) > MOST_AZURE_GIB:
        yield here, f"is above {MOST_AZURE_GIB}, the largest disk of a node on Azure", f"set it to {MOST_AZURE_GIB}"


def _zones(pool: View, platform: str, cloud: str) -> Iterator[Found]:
    zones = pool.value.get("zones")
    if not isinstance(zones, list):
        return
    if len(zones) > 1 and platform in _ONE_ZONE:
        yield pool.at("zones"), f"has more than one zone, and {_ONE_ZONE[platform]}", "make a pool for each zone"
    numbered = all(isinstance(zone, str) and _AZURE_ZONE.fullmatch(zone) for zone in zones)
    if cloud == Cloud.AZURE and not numbered:
        yield pool.at("zones"), "holds what is no zone of Azure", "write the region and a number, like `eastus-1`"


def _from_zero(pool: View, platform: str) -> Iterator[Found]:
    if pool.number("minNodes", 0):
        return
    for key in _BLIND_AT_ZERO.get(platform, ()):
        if _asks(pool, key):
            yield (
                pool.at("minNodes"),
                f"is 0 beside `{key}`, and the autoscaler makes no first node for what it cannot see",
                f"set it to 1 or more, or remove `{key}`",
            )
            return


def _forms(found: View, here: str) -> Iterator[Found]:
    """Yield the values that have the form of another platform."""
    role = found.text("nodeRole")
    if here == Platform.EKS and role and not role.startswith(_ARN):
        yield found.at("nodeRole"), "is a name, and EKS takes an ARN", "write `arn:aws:iam::<account>:role/<name>`"
    if here == _AWS and role.startswith(_ARN):
        yield found.at("nodeRole"), "is an ARN, and Karpenter takes a name", "write what stands after `role/`"
    subnets = found.value.get("subnets")
    azure = here == Platform.AKS
    if isinstance(subnets, list) and here in _OWNERS["subnets"]:
        if any(isinstance(each, str) and each.startswith("/") != azure for each in subnets):
            yield found.at("subnets"), "holds a subnet of another cloud", f"name the subnets of `{here}`"
        elif azure and len(subnets) > 1:
            yield found.at("subnets"), "has more than one subnet, and the nodes of an AKS pool are in one", "leave one"


def _others_nodes(cluster: View) -> str:
    """Return the key whose absence leaves the nodes to somebody else on a platform that could make them."""
    platform = cluster.text("platform")
    if platform == Platform.KARPENTER and cluster.text("cloud", Cloud.AWS) == Cloud.AWS:
        return "" if cluster.states("nodeRole") else "nodeRole"
    return "clusterId" if platform == Platform.KAPSULE and not cluster.states("clusterId") else ""


def _only_for(key: str, owners: tuple[str, ...]) -> str:
    if key == "cloud":
        return _OTHER_POOLS.format(Platform.KARPENTER)
    *rest, last = (f"`{owner}`" for owner in owners)
    return f"is only for the platform {last}" if not rest else f"is only for the platforms {', '.join(rest)} and {last}"


def _stated(found: View, key: str) -> bool:
    return found.value.get(key) not in (None, [])


def _asks(pool: View, key: str) -> bool:
    """Return whether the pool wants something by this key that is not what it gets without it."""
    return pool.value.get(key) not in (None, False, 0, [], "", Allocation.DEVICE_PLUGIN.value)
