"""The plan: steps as a tree laid flat, compared with the last rendering."""

from typing import Any

from dryrun.difference import Change
from dryrun.plan import Op, Plan, Result, steps
from dryrun.record import Diagnostic, Resource
from dryrun.value import Secret


def resource(name: str, parent: str = "", type_: str = "t", **inputs: Any) -> Resource:
    """Return a resource whose URN is its name."""
    return Resource(urn=name, type=type_, name=name, parent=parent, inputs=inputs)


def entry(name: str, parent: str = "", **inputs: Any) -> dict[str, Any]:
    """Return a step of an earlier plan."""
    return {"urn": name, "type": "t", "name": name, "parent": parent, "inputs": inputs}


def test_parents_stand_before_their_children() -> None:
    """Whatever the order of arrival was; brothers by type and name."""
    given = [resource("c", "a"), resource("b", "a"), resource("d", "b"), resource("a")]
    assert ["a", "b", "d", "c"] == [step.urn for step in steps(given, {})]


def test_each_operation_is_found() -> None:
    """By comparing inputs with those of the last rendering."""
    given = [resource("same", x=1), resource("updated", x=2), resource("created")]
    before = {name: entry(name, x=1) for name in ("same", "updated", "deleted")}
    expected = {"same": Op.SAME, "updated": Op.UPDATE, "created": Op.CREATE, "deleted": Op.DELETE}
    assert expected == {step.urn: step.op for step in steps(given, before)}


def test_an_update_names_its_changes() -> None:
    """With the path of each."""
    (step,) = steps([resource("a", spec={"x": 2})], {"a": entry("a", spec={"x": 1})})
    assert (Change(op="~", path="spec.x"),) == step.changes


def test_a_deleted_child_stands_under_its_parent() -> None:
    """Where it stood before."""
    found = steps([resource("a"), resource("z")], {"b": entry("b", parent="a"), "a": entry("a"), "z": entry("z")})
    assert ["a", "b", "z"] == [step.urn for step in found]


def test_a_child_of_nothing_is_shown_all_the_same() -> None:
    """No step is lost."""
    assert ["a"] == [step.urn for step in steps([resource("a", parent="gone")], {})]


def test_secrets_never_get_into_a_step() -> None:
    """Nor the credentials of a provider."""
    given = [
        resource("a", token=Secret(value="canary")),
        resource("b", type_="pulumi:providers:kubernetes", kubeconfig="canary"),
    ]
    assert "canary" not in str(steps(given, {}))


def test_the_record_has_the_promised_shape() -> None:
    """Version 1 of the JSON."""
    plan = Plan(
        stack="dev",
        result=Result.PASSED,
        steps=steps([resource("a", x=1)], {}),
        diagnostics=(Diagnostic(severity="warning", message="m", urn="a"),),
        outputs={"o": 1},
        manifests=("01-a.yaml",),
    )
    step = {"op": "create", "urn": "a", "type": "t", "name": "a", "parent": "", "inputs": {"x": 1}, "options": {}}
    expected = {
        "version": 1,
        "stack": "dev",
        "steps": [step],
        "diagnostics": [{"severity": "warning", "urn": "a", "message": "m"}],
        "outputs": {"o": 1},
        "summary": {"create": 1, "update": 0, "delete": 0, "same": 0},
        "manifests": ["01-a.yaml"],
        "leftOut": [],
        "result": "passed",
    }
    assert expected == plan.record()
