"""A preview from stack file to plan: results, checks, rendering, and no secret anywhere."""

import re
from pathlib import Path

import pytest
import yaml

from dryrun.folder import FolderError
from dryrun.plan import Plan, Result
from dryrun.preview import preview
from dryrun.text import render
from tests.dryrun.conftest import MakeProject

CANARY = re.compile("canary_of|cipher_canary")
VALIDATION = """
class Validation(pulumi.ComponentResource):
    def __init__(self, name, failed=(), unknown=()):
        super().__init__("slipway:index:ModelValidation", name, {"failed": list(failed), "notChecked": list(unknown)})
        for rule in (*failed, *unknown):
            pulumi.log.error(f"error[{rule}]: about {name}", resource=self)
"""
SPACE = 'k8s.core.v1.Namespace("space", metadata={"name": "inference"})\n'
BROKEN_DEPLOYMENT = """
k8s.apps.v1.Deployment("server", metadata={"name": "server"}, spec={
    "selector": {"matchLabels": {"a": "b"}},
    "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "x", "imagePullPolicy": 3}]}},
})
"""


def plan_of(make_project: MakeProject, program: str, out: Path | None = None) -> Plan:
    """Return the plan of a program for stack ``dev``."""
    project = make_project(program)
    return preview(project, project.stack_file("dev"), out).plan


@pytest.mark.parametrize(
    ("program", "result"),
    [
        ("", Result.PASSED),
        ('raise pulumi.RunError("no")', Result.FAILED),
        ("1 / 0", Result.FAILED),
        (VALIDATION + 'Validation("a", failed=["x"])\nraise pulumi.RunError("no")', Result.FAILED),
        (VALIDATION + 'Validation("a", unknown=["x"])\nraise pulumi.RunError("no")', Result.UNKNOWN),
        (VALIDATION + 'Validation("a", unknown=["x"])\nValidation("b", failed=["y"])\n1 / 0', Result.FAILED),
        (VALIDATION + 'Validation("a", ["y"], ["x"])\nraise pulumi.RunError("no")', Result.FAILED),
        (VALIDATION + 'Validation("a", unknown=["x"])\n1 / 0', Result.FAILED),
        (BROKEN_DEPLOYMENT, Result.FAILED),
        (SPACE + SPACE.replace('"space"', '"other"'), Result.FAILED),
        (SPACE + SPACE, Result.FAILED),
    ],
)
def test_results(make_project: MakeProject, program: str, result: Result) -> None:
    """Unknown only where nothing failed and something could not be checked."""
    assert result is plan_of(make_project, program).result


def test_a_schema_violation_stands_under_its_resource(make_project: MakeProject) -> None:
    """With the object's name and the path in it."""
    (entry,) = plan_of(make_project, BROKEN_DEPLOYMENT).diagnostics
    expected = "Deployment server: `spec.template.spec.containers[0].imagePullPolicy` must be a string"
    assert ("urn:pulumi:dev::demo::kubernetes:apps/v1:Deployment::server", expected) == (entry.urn, entry.message)


def test_the_program_is_told_its_stack_file(make_project: MakeProject) -> None:
    """So that findings can name lines of it, also for a stack that is given by its path."""
    program = 'import os\npulumi.export("file", os.environ["SLIPWAY_STACK_FILE"])'
    assert {"file": "stacks/Pulumi.dev.yaml"} == plan_of(make_project, program).outputs


def test_custom_kinds_are_said_to_be_unchecked(make_project: MakeProject) -> None:
    """In one note of the stack; they do not fail it."""
    program = """
    for name in ("a", "b"):
        k8s.apiextensions.CustomResource(
            name, api_version="gateway.networking.k8s.io/v1", kind="HTTPRoute", metadata={"name": name}, spec={"x": 1}
        )
    """
    plan = plan_of(make_project, program)
    expected = (
        "not checked against a schema, for these kinds are not built in: HTTPRoute (gateway.networking.k8s.io/v1)"
    )
    assert (Result.PASSED, [expected]) == (plan.result, [entry.message for entry in plan.diagnostics])


def test_two_resources_of_one_object_are_named(make_project: MakeProject) -> None:
    """Pulumi itself would let the second overwrite the first."""
    plan = plan_of(make_project, SPACE + SPACE.replace('"space"', '"other"'))
    expected = ["Namespace inference is made by `space` too: give one of them another name"]
    assert expected == [entry.message for entry in plan.diagnostics]


def test_manifests_are_written(make_project: MakeProject, tmp_path: Path) -> None:
    """A second preview finds nothing to change."""
    plan_of(make_project, SPACE, tmp_path / "out")
    written = yaml.safe_load((tmp_path / "out" / "01-namespace-inference.yaml").read_text())
    again = plan_of(make_project, SPACE, tmp_path / "out")
    assert ("inference", {"create": 0, "update": 0, "delete": 0, "same": 2}) == (
        written["metadata"]["name"],
        again.summary,
    )


def test_a_change_is_found(make_project: MakeProject, tmp_path: Path) -> None:
    """By its property's path."""
    plan_of(make_project, SPACE, tmp_path / "out")
    labelled = SPACE.replace('"inference"', '"inference", "labels": {"a": "b"}')
    plan = plan_of(make_project, labelled, tmp_path / "out")
    assert [("+", "metadata.labels")] == [(change.op, change.path) for step in plan.steps for change in step.changes]


def test_a_failed_preview_writes_nothing(make_project: MakeProject, tmp_path: Path) -> None:
    """What was rendered before stays."""
    plan_of(make_project, SPACE, tmp_path / "out")
    plan_of(make_project, 'raise pulumi.RunError("no")', tmp_path / "out")
    assert (tmp_path / "out" / "01-namespace-inference.yaml").exists()


def test_a_foreign_folder_is_refused_before_the_program_runs(make_project: MakeProject, tmp_path: Path) -> None:
    """Nothing is fetched for a rendering that cannot be written."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("")
    project = make_project('open("ran", "w").close()')
    with pytest.raises(FolderError):
        preview(project, project.stack_file("dev"), tmp_path / "out")
    assert not (project.folder / "ran").exists()


def test_a_canary_is_nowhere(make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token of the environment and a sealed value are in no text, record or file, however the program leaks them."""
    monkeypatch.setenv("HF_TOKEN", "hf_canary_of_the_environment")
    program = """
    import os
    token = os.environ["HF_TOKEN"]
    sealed = pulumi.Config().require_secret("sealed")
    k8s.core.v1.Secret("s", metadata={"name": "s"}, string_data={"a": token, "b": sealed})
    k8s.core.v1.ConfigMap("leak", metadata={"name": "c", "annotations": {"x": token}}, data={token: token})
    print(token)
    pulumi.log.warn("leaked " + token)
    pulumi.log.info(token, ephemeral=True)
    pulumi.export("token", token)
    pulumi.export("sealed", sealed)
    """
    project = make_project(program, dev="config: {demo:sealed: {secure: v1:cipher_canary}}")
    seen: list[str] = []
    plan = preview(project, project.stack_file("dev"), tmp_path / "out", seen.append).plan
    files = [path.read_text() for path in (tmp_path / "out").iterdir()]
    everything = "".join([render(plan), str(plan.record()), repr(plan), *files, *seen])
    assert ("passed", False, False) == (
        plan.result.value,
        CANARY.search(everything) is not None,
        "stand-in:" in everything,
    )


def test_an_object_with_a_secret_in_plain_text_is_not_written(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is said which one."""
    monkeypatch.setenv("HF_TOKEN", "hf_canary_of_the_environment")
    program = """
    import os
    k8s.core.v1.ConfigMap("leak", metadata={"name": "c"}, data={"a": "x" + os.environ["HF_TOKEN"]})
    """
    plan = plan_of(make_project, program, tmp_path / "out")
    expected = "ConfigMap c: not written, for it holds a secret of the environment in plain text"
    assert ((), (expected,)) == (plan.manifests, plan.left_out)


def test_a_canary_is_in_no_traceback(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the program breaks with the token in its error."""
    monkeypatch.setenv("HF_TOKEN", "hf_canary_of_the_environment")
    project = make_project('import os\nraise KeyError(os.environ["HF_TOKEN"])')
    previewed = preview(project, project.stack_file("dev"))
    assert ("KeyError", False) == (
        previewed.plan.diagnostics[-1].message[:8],
        CANARY.search(previewed.trace + render(previewed.plan)) is not None,
    )
