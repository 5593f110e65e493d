"""Which resources make Kubernetes objects, and how those are called."""

import pytest

from dryrun.objects import KubernetesObject, kubernetes_objects
from dryrun.record import Resource
from dryrun.value import Secret, Value

PROVIDER = Resource(
    urn="urn:provider", type="pulumi:providers:kubernetes", name="cluster", inputs={"namespace": "inference"}
)


def resource(
    type_: str = "kubernetes:core/v1:ConfigMap", *, provider: str = "", custom: bool = True, **inputs: Value
) -> Resource:
    """Return one resource, by default a ConfigMap."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, **inputs}
    return Resource(urn=f"urn:{type_}", type=type_, name="x", provider=provider, custom=custom, inputs=body)


@pytest.mark.parametrize(
    ("given", "count"),
    [
        (resource(), 1),
        (resource("kubernetes:core/v1:ConfigMapPatch"), 0),
        (resource("aws:s3:Bucket"), 0),
        (resource(custom=False), 0),
        (PROVIDER, 0),
    ],
)
def test_only_whole_objects_count(given: Resource, count: int) -> None:
    """Patches, other clouds' resources, components and providers make no object."""
    assert count == len(kubernetes_objects([given]))


def test_the_provider_s_namespace_is_the_default() -> None:
    """As the provider itself does it."""
    objects = kubernetes_objects([PROVIDER, resource(provider="urn:provider::id")])
    assert ["inference"] == [item.namespace for item in objects]


def test_a_stated_namespace_is_kept() -> None:
    """The provider's is a default only."""
    own = resource(provider="urn:provider::id", metadata={"name": "x", "namespace": "own"})
    assert ["own"] == [item.namespace for item in kubernetes_objects([PROVIDER, own])]


def test_a_namespace_has_no_namespace() -> None:
    """Nor any other kind that belongs to the whole cluster."""
    space = resource("kubernetes:core/v1:Namespace", provider="urn:provider::id", kind="Namespace")
    assert [""] == [item.namespace for item in kubernetes_objects([PROVIDER, space])]


def test_an_object_has_a_title() -> None:
    """Kind, namespace and name."""
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "b"}}
    assert "Service b/a" == KubernetesObject(urn="", resource="", body=body).title


def test_a_secret_name_is_not_told() -> None:
    """An odd case that must not leak."""
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": Secret(value="canary")}}
    assert "Service " == KubernetesObject(urn="", resource="", body=body).title
