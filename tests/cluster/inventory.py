"""Everything that is in the cluster, to see what was left, and what a second apply touched."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from tests.cluster.choice import Kind
from tests.cluster.control_plane import ControlPlane, as_list, title, until

PASSING = (  # they come and go by themselves, or are shown under another name too
    "componentstatuses",
    "endpoints",
    "events",
    "events.events.k8s.io",
    "leases.coordination.k8s.io",
)
COLUMNS = "custom-columns=KIND:.kind,API:.apiVersion,NAMESPACE:.metadata.namespace,NAME:.metadata.name"
CALM = 4  # equal states in a row
STATUS_BY_DEFAULT = {"Gateway"}  # the first write of anything stores it, where no controller has written one
CONSTANT = ("resourceVersion", "generation", "managedFields", "uid")


def everything(plane: ControlPlane, *, namespaced: bool | None = None) -> frozenset[str]:
    """Return ``kind apiVersion namespace name`` of every object; ``namespaced`` narrows it to one of both sorts."""
    narrowed = [] if namespaced is None else [f"--namespaced={str(namespaced).lower()}"]
    found = plane.kubectl("api-resources", "--verbs=list,delete", *narrowed, "-o", "name").stdout.split()
    kinds = ",".join(kind for kind in found if kind not in PASSING)
    lines = plane.kubectl("get", kinds, "--all-namespaces", "-o", COLUMNS, "--no-headers", "--chunk-size=0").stdout
    return frozenset(" ".join(line.split()) for line in lines.splitlines())


def state(plane: ControlPlane, objects: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Return, of each of the objects as the API server holds it, what every write changes and no reading does."""
    return _states(_held(plane, objects))


def _held(plane: ControlPlane, objects: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    options = ["get", "-f", "-", "-o", "json", "--show-managed-fields"]
    found = json.loads(plane.kubectl(*options, stdin=as_list(objects)).stdout)
    return list(found["items"]) if found["kind"] == "List" else [found]


def _states(items: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    return {
        title(each): json.dumps({key: each["metadata"].get(key) for key in _told_by(each)}, sort_keys=True)
        for each in items
    }


def _told_by(each: Mapping[str, Any]) -> Sequence[str]:
    return [key for key in CONSTANT if key != "resourceVersion" or each["kind"] not in STATUS_BY_DEFAULT]


def settled(plane: ControlPlane, objects: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Return the state of the objects once their Jobs are done and the controllers have no more to say."""
    seen: list[Mapping[str, str]] = []

    def calm() -> bool:
        held = _held(plane, objects)
        if plane.runs_pods and any(each["kind"] == "Job" and "succeeded" not in each["status"] for each in held):
            return False
        seen.append(_states(held))
        return len(seen) > CALM and all(each == seen[-1] for each in seen[-CALM:])

    until("objects keep changing", calm)
    return seen[-1]


@contextmanager
def nothing_left(plane: ControlPlane) -> Iterator[frozenset[str]]:
    """Clear whatever the block has made outside of namespaces, and namespaces; give what was there before.

    In a cluster that a user has named, others may make things meanwhile: only what was applied here is cleared.
    """
    before = everything(plane, namespaced=False)

    def more() -> frozenset[str]:
        found = everything(plane, namespaced=False) - before
        return found & plane.made if plane.choice.kind is Kind.NAMED else found

    try:
        yield before
    finally:
        clear(plane, more())
        until("something is left", lambda: not more())


def clear(plane: ControlPlane, titles: Iterable[str]) -> None:
    """Delete objects that ``everything`` named outside of namespaces, and namespaces with all that is in them.

    A namespace is emptied and released by hand: its controller would wait five seconds first, and where there is only
    an API server there is none.
    """
    by_kind = _by_kind(titles)
    for name in by_kind.pop("Namespace", ()):
        plane.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")
        until(f"namespace {name} is not empty", partial(_emptied, plane, name))
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {}}
        released = f"/api/v1/namespaces/{name}/finalize"
        plane.kubectl("replace", "--raw", released, "-f", "-", stdin=json.dumps(body), check=False)
    for kind, names in by_kind.items():
        if kind == "PersistentVolume" and plane.runs_pods:  # those that were not rendered go with their claims
            plane.kubectl("delete", kind, "-l", "app.kubernetes.io/part-of=slipway", "--timeout=60s")
        else:
            plane.kubectl("delete", kind, *names, "--ignore-not-found", "--timeout=60s")


def _emptied(plane: ControlPlane, namespace: str) -> bool:
    """Delete all that is in a namespace; return whether nothing was left."""
    left = [each for each in everything(plane, namespaced=True) if each.split()[2] == namespace]
    names = [f"{kind}/{name}" for kind, found in _by_kind(left).items() for name in found]
    if not names:
        plane.kubectl("delete", "events", "--all", "-n", namespace)
        return True
    if not plane.runs_pods:  # nobody takes the finalizers away
        for name in names:
            patch = '{"metadata": {"finalizers": null}}'
            plane.kubectl("patch", name, "-n", namespace, "--type=merge", "-p", patch, check=False)
    plane.kubectl(
        "delete", *names, "-n", namespace, "--ignore-not-found", "--force", "--grace-period=0", "--wait=false"
    )
    return False


def _by_kind(titles: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in sorted(titles):
        kind, version, _, name = each.split()
        group = version.partition("/")[0] if "/" in version else ""
        found.setdefault(f"{kind}.{group}".rstrip("."), []).append(name)
    return found
