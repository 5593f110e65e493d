"""Kubernetes objects meet the API's own schemas, strictly."""

from typing import Any

import pytest

from dryrun.objects import KubernetesObject
from dryrun.schemas import SchemaResult, check_object
from dryrun.value import UNKNOWN, Secret


def check(**body: Any) -> SchemaResult:
    """Return what is wrong with an object."""
    return check_object(KubernetesObject(urn="urn", resource="r", body={"metadata": {"name": "x"}, **body}))


def deployment(**container: Any) -> dict[str, Any]:
    """Return a Deployment with one container."""
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "main", **container}]}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}


CONTAINER = "spec.template.spec.containers[0]"


def test_a_right_object_has_no_problems() -> None:
    """A small Deployment passes."""
    assert SchemaResult(known=True) == check(**deployment(image="x"))


@pytest.mark.parametrize(
    ("container", "problem"),
    [
        ({"imag": "x"}, f"`{CONTAINER}` has no key `imag`"),
        ({"image": 5}, f"`{CONTAINER}.image` must be a string"),
        ({"ports": [{"name": "http"}]}, f"`{CONTAINER}.ports[0]` needs `containerPort`"),
        ({"resources": {"limits": {"cpu": {}}}}, f"`{CONTAINER}.resources.limits.cpu` must be a string or a number"),
        ({"imagePullPolicy": 3}, f"`{CONTAINER}.imagePullPolicy` must be a string"),
    ],
)
def test_a_wrong_object_is_described(container: dict[str, Any], problem: str) -> None:
    """Path and reason, and no value."""
    assert (problem,) == check(**deployment(**container)).problems


def test_all_problems_are_told_at_once() -> None:
    """Not the first one only."""
    assert 2 == len(check(**deployment(image=5, imag="x")).problems)


@pytest.mark.parametrize("withheld", [Secret(value="canary"), UNKNOWN])
def test_what_is_withheld_fits_everywhere(withheld: object) -> None:
    """A value that is secret or not known yet cannot be judged."""
    assert () == check(**deployment(ports=[{"containerPort": withheld}])).problems


def test_no_value_is_echoed() -> None:
    """A misplaced secret in plain text stays out of the message."""
    assert "canary" not in str(check(**deployment(ports="canary")).problems)


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("gateway.networking.k8s.io/v1", "HTTPRoute"), ("apps/v9", "Deployment"), ("../../x", "Pod"), ("v1", "../../x")],
)
def test_other_kinds_are_said_to_be_unknown(api_version: str, kind: str) -> None:
    """Custom resources, and names that are none."""
    assert SchemaResult(known=False) == check(apiVersion=api_version, kind=kind)


def test_a_custom_kind_that_is_called_like_a_built_in_one_is_unknown() -> None:
    """The group decides."""
    assert not check(apiVersion="networking.example.com/v1", kind="NetworkPolicy", spec={}).known
