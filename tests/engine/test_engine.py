"""The program under the real CLI: what passes, what fails and how, what is made, and where no secret is."""

import re
from pathlib import Path
from typing import Any

import yaml

from tests.engine.canary import CANARY, bodies, leaks
from tests.engine.cli import Done, Engine

VALIDATION = "slipway:index:ModelValidation"
MADE_BY_ENGINE = re.compile(r"::pulumi:providers:[a-z]+::default(_|$)")


def urns(entries: list[dict[str, Any]]) -> set[str]:
    """Return the URNs of steps or resources, without the providers that the real engine makes by itself."""
    return {entry["urn"] for entry in entries if not MADE_BY_ENGINE.search(entry["urn"])}


def said_by_models(diagnostics: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Return what is said under the models' URNs: severity, URN and text without the severity that the CLI adds."""
    return {
        (entry["severity"], entry["urn"], entry["message"].removeprefix(f"{entry['severity']}: ").strip())
        for entry in diagnostics
        if f"::{VALIDATION}::" in entry.get("urn", "")
    }


def rendered(folder: Path) -> list[dict[str, Any]]:
    """Return the objects that the provider rendered."""
    texts = [path.read_text() for path in sorted(folder.rglob("*.yaml"))]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


def names(documents: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return kind and name of each object."""
    return {(document["kind"], document["metadata"]["name"]) for document in documents}


def objects(steps: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return kind and name of each object of an embedded plan."""
    inputs = [step["inputs"] for step in steps if step["type"].startswith("kubernetes:")]
    return names([entry for entry in inputs if "kind" in entry])


def up(engine: Engine, stack: str, *options: str, **environment: str) -> Done:
    """Run ``pulumi up``."""
    return engine.pulumi("up", "--yes", "--stack", stack, *options, **environment)


def test_the_demo_passes(engine: Engine) -> None:
    """Nothing is said against its models, and servers are planned."""
    done = engine.preview(engine.select("demo"))
    assert done.code == 0, done.said
    plan = done.json()
    errors = [entry for entry in plan.get("diagnostics") or [] if entry["severity"] == "error"]
    assert ([], True) == (errors, any("kubernetes:apps/v1:Deployment" in urn for urn in urns(plan["steps"])))


def test_selecting_the_demo_leaves_its_file_alone(engine: Engine) -> None:
    """A first preview makes no change to what is in version control."""
    path = engine.folder / "stacks" / "Pulumi.demo.yaml"
    before = path.read_text()
    engine.preview(engine.select("demo"))
    assert before == path.read_text()


def test_the_embedded_engine_plans_the_same(engine: Engine) -> None:
    """Every URN of the real plan is in the embedded one, and no other."""
    real = engine.preview(engine.select("demo"))
    embedded = engine.embedded("demo")
    assert (0, 0) == (real.code, embedded.code), real.said + embedded.said
    assert urns(real.json()["steps"]) == urns(embedded.json()["steps"])


def test_a_bad_model_fails_the_preview_with_every_finding_under_its_urn(engine: Engine) -> None:
    """In ``preview --json`` as in the embedded engine: the same findings, at the same resources."""
    real = engine.preview(engine.select("broken"))
    embedded = engine.embedded("broken")
    assert (True, 1) == (real.code != 0, embedded.code), real.said + embedded.said
    expected = said_by_models(embedded.json()["diagnostics"])
    blamed = {urn.rsplit("::", 1)[-1] for severity, urn, _ in expected if severity == "error"}
    assert {"pickled"} == blamed
    assert expected == said_by_models(real.json()["diagnostics"])


def test_a_bad_model_fails_the_preview_that_people_read(engine: Engine) -> None:
    """Findings stand under the model, the count at the end, and the rest of the plan is there."""
    done = engine.pulumi("preview", "--stack", engine.select("broken"))
    assert done.code != 0, done.said
    parts = (f"{VALIDATION} (pickled)", "1 of 3 models failed validation", "kubernetes:apps/v1:Deployment")
    assert ([], False) == ([part for part in parts if part not in done.said], "Traceback" in done.said), done.said


def test_up_renders_what_the_embedded_engine_shows(engine: Engine) -> None:
    """The same objects, and a second preview has nothing to change."""
    stack = engine.select("demo")
    done = up(engine, stack)
    assert done.code == 0, done.said
    planned = engine.embedded(stack).json()
    assert objects(planned["steps"]) == names(rendered(engine.folder / "out" / "demo"))
    again = engine.pulumi("preview", "--stack", stack, "--expect-no-changes")
    assert again.code == 0, again.said


def test_up_without_preview_creates_nothing_when_a_model_fails(engine: Engine) -> None:
    """No Kubernetes object is in the state or the folder, not even of the models that passed."""
    stack = engine.select("broken")
    done = up(engine, stack, "--skip-preview")
    assert done.code != 0, done.said
    made = [resource["urn"] for resource in engine.resources(stack) if resource["type"].startswith("kubernetes:")]
    assert ([], []) == (made, rendered(engine.folder / "out" / "broken"))


def test_a_failing_model_deletes_nothing(engine: Engine) -> None:
    """What runs keeps running when a later ``up --skip-preview`` meets a bad model."""
    stack = engine.select("demo")
    assert up(engine, stack).code == 0
    before = {urn for urn in urns(engine.resources(stack)) if "kubernetes:" in urn}
    path = engine.folder / "stacks" / "Pulumi.demo.yaml"
    path.write_text(path.read_text().replace("examples/good/tiny-embedding", "examples/bad/pickle-only"))
    done = up(engine, stack, "--skip-preview")
    assert done.code != 0, done.said
    assert before == {urn for urn in urns(engine.resources(stack)) if "kubernetes:" in urn}


def test_a_token_of_the_environment_is_nowhere(engine: Engine) -> None:
    """Not in what is printed, not in the state, and in no rendered object."""
    stack = engine.select("demo")
    said = [engine.preview(stack, HF_TOKEN=CANARY), up(engine, stack, HF_TOKEN=CANARY), engine.export(stack)]
    assert [0, 0, 0] == [done.code for done in said], said[1].said
    everything = [*(done.said.encode() for done in said), *bodies(engine.state), *bodies(engine.folder / "out")]
    assert not any(leaks(content) for content in everything)


def test_a_sealed_key_is_in_plain_text_nowhere_but_in_its_secret(engine: Engine) -> None:
    """Not in what is printed, not in the state; of the rendered objects only Secrets may hold it."""
    stack = engine.select("demo")
    path = engine.folder / "stacks" / "Pulumi.demo.yaml"
    path.write_text(re.sub(r" +endpoint:\n +apiKeySecret: .*\n", "", path.read_text()))
    sealed = engine.pulumi("config", "set", "--secret", "slipway:apiKey", CANARY, "--stack", stack)
    said = [sealed, engine.preview(stack), up(engine, stack), engine.export(stack)]
    assert [0, 0, 0, 0] == [done.code for done in said], "".join(done.said for done in said)
    assert not any(leaks(content) for content in (*(done.said.encode() for done in said), *bodies(engine.state)))
    others = [entry for entry in rendered(engine.folder / "out" / "demo") if entry["kind"] != "Secret"]
    assert not leaks(yaml.safe_dump_all(others).encode())


def test_the_script_previews_with_the_cli(engine: Engine) -> None:
    """``make preview`` takes the CLI where it is on PATH."""
    done = engine.script("demo")
    assert done.code == 0, done.said
    assert VALIDATION in done.said


def test_an_unknown_stack_setting_is_told_with_its_place(engine: Engine) -> None:
    """One error with file, line and column; no traceback, and nothing planned."""
    stack = engine.select("demo")
    path = engine.folder / "stacks" / "Pulumi.demo.yaml"
    path.write_text(path.read_text().replace("namespace: inference", "namespac: inference"))
    done = engine.pulumi("preview", "--stack", stack)
    assert (True, True, False) == (
        done.code != 0,
        "Pulumi.demo.yaml:6:5" in done.said,
        "Traceback" in done.said,
    ), done.said
