"""The plan as a person reads it."""

from syrupy.assertion import SnapshotAssertion

from dryrun.difference import Change
from dryrun.plan import Op, Plan, Result, Step
from dryrun.record import Diagnostic
from dryrun.text import render

STACK = "urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev"


def step(op: Op, type_: str, name: str, parent: str = STACK, *changes: Change) -> Step:
    """Return a step whose URN is its kind and name."""
    urn = f"{type_.rsplit(':', 1)[-1]}/{name}"
    return Step(op=op, urn=urn, type=type_, name=name, parent=parent, changes=changes)


ROOT = Step(op=Op.SAME, urn=STACK, type="pulumi:pulumi:Stack", name="demo-dev")
VALIDATION = step(Op.SAME, "slipway:index:ModelValidation", "granite")
SERVER = "VllmInferenceService/granite-server"
ENDPOINT = "InferenceEndpoint/granite-endpoint"
STEPS = (
    ROOT,
    VALIDATION,
    step(Op.SAME, "slipway:index:VllmInferenceService", "granite-server"),
    step(
        Op.UPDATE,
        "kubernetes:apps/v1:Deployment",
        "granite",
        SERVER,
        *(Change(op="~", path=f"spec.template.spec.containers[0].args[{index}]") for index in range(6)),
    ),
    step(Op.SAME, "kubernetes:core/v1:Service", "granite", SERVER),
    step(Op.DELETE, "kubernetes:core/v1:Secret", "old-key", SERVER),
    step(Op.CREATE, "slipway:index:InferenceEndpoint", "granite-endpoint"),
    step(Op.CREATE, "kubernetes:core/v1:Secret", "key", ENDPOINT),
)


def test_a_passing_preview(snapshot: SnapshotAssertion) -> None:
    """A tree of what changes, what is left out, outputs and counts."""
    plan = Plan(
        stack="dev",
        result=Result.PASSED,
        steps=STEPS,
        outputs={"models": {"granite": {"url": "https://granite.example.com"}}, "key": "[secret]"},
        left_out=("Secret inference/key: keys api-key\n  kubectl create secret generic key --from-file=api-key=FILE",),
        manifests=("01-a.yaml", "02-b.yaml"),
        folder="out/preview/dev",
    )
    assert snapshot == render(plan)


def test_a_failing_preview(snapshot: SnapshotAssertion) -> None:
    """Findings stand under their resource, and what strangers wrote cannot paint the terminal."""
    finding = (
        "error[chat-template-missing]: `x\x1b[31m` has no chat template\n"
        "  --> stacks/Pulumi.dev.yaml:14:9 slipway:models[0]\n  = help: add chat_template.jinja"
    )
    plan = Plan(
        stack="dev",
        result=Result.FAILED,
        steps=(ROOT, VALIDATION),
        diagnostics=(
            Diagnostic(severity="error", message="1 of 1 models failed validation", urn=STACK),
            Diagnostic(severity="error", message=finding, urn=VALIDATION.urn),
            Diagnostic(severity="warning", message="licence is gated", urn=VALIDATION.urn),
            Diagnostic(severity="info", message="printed"),
        ),
    )
    assert snapshot == render(plan)


def test_a_preview_that_could_not_check(snapshot: SnapshotAssertion) -> None:
    """An outage is not a failure."""
    assert snapshot == render(Plan(stack="dev", result=Result.UNKNOWN))
