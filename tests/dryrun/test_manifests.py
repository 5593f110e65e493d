"""Manifests are clean documents in an order that a cluster takes, without anything secret."""

from typing import Any

import yaml

from dryrun.manifests import Rendering, document, render
from dryrun.objects import KubernetesObject
from dryrun.value import UNKNOWN, Secret, Value


def item(kind: str, name: str = "x", api_version: str = "v1", **body: Value) -> KubernetesObject:
    """Return one object in namespace ``inference``."""
    metadata = {"name": name, "namespace": "inference", **body.pop("metadata", {})}
    return KubernetesObject(
        urn=f"urn:{kind}:{name}",
        resource=name,
        body={"apiVersion": api_version, "kind": kind, "metadata": metadata, **body},
    )


def files(rendering: Rendering) -> list[str]:
    """Return the file names."""
    return [manifest.file for manifest in rendering.manifests]


def parsed(rendering: Rendering) -> list[Any]:
    """Return the documents."""
    return [yaml.safe_load(manifest.text) for manifest in rendering.manifests]


def test_files_are_in_the_order_that_a_cluster_needs() -> None:
    """Namespace first, custom resources last, the rest in between."""
    objects = [
        item("HTTPRoute", "route", "gateway.networking.k8s.io/v1"),
        item("Deployment", "server", "apps/v1"),
        item("Endpoints", "odd"),
        item("ConfigMap", "b"),
        item("ConfigMap", "a"),
        item("Namespace", "inference"),
    ]
    expected = [
        "01-namespace-inference.yaml",
        "02-configmap-a.yaml",
        "03-configmap-b.yaml",
        "04-deployment-server.yaml",
        "05-endpoints-odd.yaml",
        "06-httproute-route.yaml",
    ]
    assert expected == files(render(objects))


def test_many_files_still_sort_by_name() -> None:
    """Numbers are as wide as the largest."""
    rendering = render([item("ConfigMap", f"c{number:03}") for number in range(120)])
    assert files(rendering) == sorted(files(rendering))


def test_a_document_reads_as_people_write_it() -> None:
    """Version, kind, metadata first; name first in metadata; long texts as blocks; no anchors."""
    shared = {"a": 1}
    body = {"data": {"x": "one\ntwo\n", "y": "yes"}, "metadata": {"labels": shared, "name": "n"}, "kind": "ConfigMap"}
    expected = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: n\n  labels:\n    a: 1\n"
        "binary:\n  a: 1\ndata:\n  x: |\n    one\n    two\n  y: 'yes'\n"
    )
    assert expected == document({**body, "apiVersion": "v1", "binary": shared})


def test_secrets_are_left_out_and_named() -> None:
    """With the keys that must exist and the command that makes it."""
    rendering = render([item("Secret", "key", stringData=Secret(value={"api-key": "canary"}))])
    expected = (
        "Secret inference/key: keys api-key\n"
        "  kubectl --namespace inference create secret generic key --from-file=api-key=FILE"
    )
    assert ((), (expected,)) == (rendering.manifests, rendering.left_out)


def test_annotations_that_are_withheld_are_dropped() -> None:
    """They only make pods restart; the object itself is written."""
    annotations = {"checksum": Secret(value="canary"), "note": "kept"}
    rendering = render([item("ConfigMap", metadata={"annotations": annotations})])
    assert {"note": "kept"} == parsed(rendering)[0]["metadata"]["annotations"]


def test_annotations_of_pods_are_dropped_too() -> None:
    """Also where the pod template has them, and the mapping is unknown as a whole."""
    template = {"metadata": {"annotations": UNKNOWN, "labels": {"a": "b"}}}
    rendering = render([item("Deployment", api_version="apps/v1", spec={"template": template})])
    assert {"template": {"metadata": {"labels": {"a": "b"}}}} == parsed(rendering)[0]["spec"]


def test_objects_with_withheld_values_are_left_out() -> None:
    """A manifest with a gap would be applied as if it were whole."""
    rendering = render([item("ConfigMap", data={"token": Secret(value="canary"), "a": "b"})])
    expected = "ConfigMap inference/x: not written, for `data.token` is secret or not known before a real deployment"
    assert ((), (expected,)) == (rendering.manifests, rendering.left_out)


def test_strange_names_make_harmless_file_names() -> None:
    """A name of RBAC may have colons; none leaves the folder."""
    assert ["01-clusterrole-system-..-x.yaml"] == files(render([item("ClusterRole", "system:/../x")]))
