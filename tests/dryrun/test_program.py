"""Programs run as the CLI's language host runs them, and everything they ask for is written down."""

import os
from pathlib import Path

import pytest

from dryrun.program import Program, Run, run_program
from dryrun.record import Diagnostic
from dryrun.value import UNKNOWN, Secret
from tests.dryrun.conftest import MakeProject

STACK_URN = "urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev"


def run(make_project: MakeProject, program: str, **config: str) -> Run:
    """Run a program with ``demo:`` config keys; those called ``secret`` are secret."""
    project = make_project(program)
    keys = {f"demo:{key}": value for key, value in config.items()}
    secrets = frozenset({"demo:secret"}) & keys.keys()
    return run_program(Program(folder=project.program, project="demo", stack="dev", config=keys, secrets=secrets))


def test_a_program_gets_its_typed_config(make_project: MakeProject) -> None:
    """Objects, numbers and booleans arrive through the SDK's getters."""
    program = """
    config = pulumi.Config()
    pulumi.export("seen", [config.require_object("a"), config.require_int("b"), config.require_bool("c")])
    """
    outcome = run(make_project, program, a='{"x":[1]}', b="5", c="true")
    assert {"seen": [{"x": [1]}, 5, True]} == outcome.recording.stack_outputs


def test_secret_config_stays_secret(make_project: MakeProject) -> None:
    """What is made from a secret is marked secret too."""
    program = """
    key = pulumi.Config().require_secret("secret")
    pulumi.export("key", key.apply(lambda value: value + "!"))
    """
    assert {"key": Secret(value="canary!")} == run(make_project, program, secret="canary").recording.stack_outputs


def test_resources_have_the_urns_of_the_real_engine(make_project: MakeProject) -> None:
    """The stack's type is in no child's URN, a component's is."""
    program = """
    class Box(pulumi.ComponentResource):
        def __init__(self):
            super().__init__("demo:index:Box", "box")
            k8s.core.v1.Namespace("ns", metadata={"name": "x"}, opts=pulumi.ResourceOptions(parent=self))
    Box()
    """
    expected = {
        STACK_URN,
        "urn:pulumi:dev::demo::demo:index:Box::box",
        "urn:pulumi:dev::demo::demo:index:Box$kubernetes:core/v1:Namespace::ns",
    }
    assert expected == set(run(make_project, program).recording.resources)


def test_component_outputs_are_recorded(make_project: MakeProject) -> None:
    """What a component registers stands under its URN."""
    program = """
    class Box(pulumi.ComponentResource):
        def __init__(self):
            super().__init__("demo:index:Box", "box")
            self.register_outputs({"size": 3})
    Box()
    """
    outputs = run(make_project, program).recording.outputs
    assert {"size": 3} == outputs["urn:pulumi:dev::demo::demo:index:Box::box"]


def test_options_are_recorded(make_project: MakeProject) -> None:
    """Timeouts, protection and dependencies are visible."""
    program = """
    first = k8s.core.v1.Namespace("first", metadata={"name": "a"})
    k8s.core.v1.Namespace("second", metadata={"name": "b"}, opts=pulumi.ResourceOptions(
        depends_on=[first], protect=True, custom_timeouts=pulumi.CustomTimeouts(create="30m")))
    """
    resources = run(make_project, program).recording.resources
    first, second = (f"urn:pulumi:dev::demo::kubernetes:core/v1:Namespace::{name}" for name in ("first", "second"))
    expected = {"dependsOn": [first], "protect": True, "customTimeouts": {"create": "30m"}}
    assert expected == resources[second].options


def test_objects_without_a_name_get_the_same_one_each_time(make_project: MakeProject) -> None:
    """The provider's form of a made-up name, without chance, and known to the program."""
    program = """
    space = k8s.core.v1.Namespace("space")
    pulumi.export("name", space.metadata.name)
    """
    names = {run(make_project, program).recording.stack_outputs["name"] for _ in range(2)}
    assert {"space-da622d0b"} == names


def test_a_stated_name_is_kept(make_project: MakeProject) -> None:
    """Auto-naming is for objects without ``metadata.name`` only."""
    program = """
    pulumi.export("name", k8s.core.v1.Namespace("space", metadata={"name": "own"}).metadata.name)
    """
    assert {"name": "own"} == run(make_project, program).recording.stack_outputs


def test_what_only_a_cluster_knows_is_unknown(make_project: MakeProject) -> None:
    """Status and id are not made up."""
    program = """
    space = k8s.core.v1.Namespace("space", metadata={"name": "own"})
    pulumi.export("phase", space.status.phase)
    pulumi.export("id", space.id)
    """
    assert {"phase": UNKNOWN, "id": UNKNOWN} == run(make_project, program).recording.stack_outputs


def test_messages_stand_under_their_resource(make_project: MakeProject) -> None:
    """A message with a resource carries its URN, also when the program then fails."""
    program = """
    space = k8s.core.v1.Namespace("space", metadata={"name": "own"})
    pulumi.log.error("too big", resource=space)
    pulumi.log.warn("old")
    raise pulumi.RunError("1 of 1 models failed")
    """
    outcome = run(make_project, program)
    urn = "urn:pulumi:dev::demo::kubernetes:core/v1:Namespace::space"
    expected = {Diagnostic(severity="error", message="too big", urn=urn), Diagnostic(severity="warning", message="old")}
    assert expected == set(outcome.recording.diagnostics)


def test_a_run_error_is_a_deliberate_failure(make_project: MakeProject) -> None:
    """Its text is the message, without the name of a class."""
    failure = run(make_project, 'raise pulumi.RunError("no")').failure
    assert failure is not None
    assert ("no", True) == (failure.message, failure.deliberate)


def test_an_exception_is_described_in_one_line_with_its_place(make_project: MakeProject) -> None:
    """File and line of the project are named, and the traceback is kept apart."""
    failure = run(make_project, "x = 1\nraise ValueError('first\\nsecond')").failure
    assert failure is not None
    assert ("ValueError: first (__main__.py:4)", False) == (failure.message, failure.deliberate)


def test_an_exception_inside_apply_fails_the_run(make_project: MakeProject) -> None:
    """What fails later than the program's last line is not lost."""
    failure = run(make_project, 'pulumi.export("x", pulumi.Output.from_input(1).apply(lambda v: v / 0))').failure
    assert failure is not None
    assert failure.message.startswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(("code", "failed"), [("0", False), ("None", False), ("3", True), ("'why'", True)])
def test_an_exit_fails_the_run_unless_it_is_success(
    make_project: MakeProject,
    code: str,
    failed: bool,  # noqa: FBT001 - a table of cases
) -> None:
    """``sys.exit`` neither ends this process nor passes for success."""
    assert failed == (run(make_project, f"import sys\nsys.exit({code})").failure is not None)


def test_what_a_program_prints_is_a_message(make_project: MakeProject, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output stays free for the plan."""
    outcome = run(make_project, 'print("hello")')
    assert ("", [Diagnostic(severity="info", message="hello")]) == (
        capsys.readouterr().out,
        outcome.recording.diagnostics,
    )


def test_messages_of_the_moment_go_to_the_progress(make_project: MakeProject) -> None:
    """They are no diagnostics."""
    seen: list[str] = []
    project = make_project('pulumi.log.info("reading", ephemeral=True)')
    program = Program(folder=project.program, project="demo", stack="dev", config={})
    outcome = run_program(program, seen.append)
    assert (["reading"], []) == (seen, outcome.recording.diagnostics)


def test_two_resources_of_one_name_are_refused(make_project: MakeProject) -> None:
    """As the real engine refuses them."""
    program = """
    for name in ("a", "b"):
        k8s.core.v1.Namespace("same", metadata={"name": name})
    """
    severities = [entry.severity for entry in run(make_project, program).recording.diagnostics]
    assert ["error"] == severities


def test_the_cli_s_own_variables_are_not_read(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configuration comes from the stack file alone."""
    monkeypatch.setenv("PULUMI_CONFIG", '{"demo:a": "outside"}')
    outcome = run(make_project, 'pulumi.export("inside", pulumi.Config().get("a") or "nothing")')
    assert {"inside": "nothing"} == outcome.recording.stack_outputs


def test_a_program_runs_in_its_folder(make_project: MakeProject) -> None:
    """Paths of the stack file are relative to the project."""
    program = """
    from pathlib import Path
    pulumi.export("there", Path("Pulumi.yaml").exists())
    """
    assert {"there": True} == run(make_project, program).recording.stack_outputs


def test_the_process_is_as_before(make_project: MakeProject) -> None:
    """Working directory and environment come back."""
    before = (Path.cwd(), dict(os.environ))
    run(make_project, 'import os\nos.environ["LEFT_BEHIND"] = "1"')
    assert before == (Path.cwd(), dict(os.environ))
