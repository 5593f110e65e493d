"""The stacks and the project file that ship."""

import re
from pathlib import Path

import pytest
import yaml

from stacks.reader import read_config, read_stack_file
from stacks.settings import SECRETS, Visibility
from stacks.wishes import wishes

ROOT = Path(__file__).parent.parent.parent
STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
EXAMPLE = ROOT / "examples" / "stacks" / "Pulumi.broken.yaml"
EXAMPLES = [EXAMPLE, EXAMPLE.with_name("Pulumi.shared.yaml")]
VERIFIED = {"ibm-granite/granite-3.3-2b-instruct", "ibm-granite/granite-vision-3.2-2b", "Qwen/Qwen3-32B"}


def test_there_is_a_stack_for_each_environment() -> None:
    """Demo needs nothing, the others are where people work."""
    assert ["Pulumi.demo.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "Pulumi.staging.yaml"] == [
        path.name for path in STACKS
    ]


@pytest.mark.parametrize("path", [*STACKS, *EXAMPLES], ids=lambda path: path.name)
def test_a_shipped_stack_is_read_without_a_problem(path: Path) -> None:
    """From the file, and as the engine would hand it over."""
    config = yaml.safe_load(path.read_text())["config"]

    assert read_stack_file(path).model_dump() == read_config(config).model_dump()


@pytest.mark.parametrize("path", [*STACKS, *EXAMPLES], ids=lambda path: path.name)
def test_a_shipped_stack_names_its_schema_and_holds_no_secret(path: Path) -> None:
    """The first line is for editors; secrets are for `pulumi config set --secret`."""
    first, *rest = path.read_text().splitlines()
    schema = path.parent / first.removeprefix("# yaml-language-server: $schema=")

    assert ROOT / "stacks" / "schema.json" == schema.resolve()
    assert [] == [line for line in rest if any(f"slipway:{name}:" in line for name in SECRETS)]
    assert frozenset() == read_stack_file(path).secrets


@pytest.mark.parametrize("path", [*STACKS, *EXAMPLES], ids=lambda path: path.name)
def test_no_commit_or_digest_is_invented(path: Path) -> None:
    """A pin that was never looked up would fail, or worse, not fail."""
    assert [] == re.findall(r"\b[0-9a-f]{40,64}\b", path.read_text())


def test_the_demo_needs_no_network_and_no_cluster() -> None:
    """Its models lie in the repository, and its objects go into a folder."""
    settings = read_stack_file(ROOT / "stacks" / "Pulumi.demo.yaml")

    assert "out/demo" == settings.cluster.render_to
    assert [True, True] == [(ROOT / model.source / "config.json").is_file() for model in settings.models]
    assert {Visibility.PRIVATE} == {model.endpoint.visibility for model in settings.models}


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_real_stacks_serve_verified_models_only(name: str) -> None:
    """The models of the environments are among those that the contract has verified."""
    settings = read_stack_file(ROOT / "stacks" / f"Pulumi.{name}.yaml")

    assert set() == {model.source.removeprefix("hf://") for model in settings.models} - VERIFIED


def test_production_has_two_replicas_and_an_allow_list() -> None:
    """One node may fail, and not everybody may call."""
    models = read_stack_file(ROOT / "stacks" / "Pulumi.prod.yaml").models

    assert {(2, Visibility.PUBLIC, True)} == {
        (model.replicas.min, model.endpoint.visibility, bool(model.endpoint.allow_from)) for model in models
    }


def test_the_broken_stack_is_the_demo_and_one_bad_model() -> None:
    """The README shows how a preview fails with it."""
    demo = read_stack_file(ROOT / "stacks" / "Pulumi.demo.yaml")
    broken = read_stack_file(EXAMPLE)

    assert demo.models == broken.models[:-1]
    assert "examples/bad/pickle-only" == broken.models[-1].source
    assert "pickled" == wishes(broken)[-1].name


def test_the_project_declares_what_every_stack_has() -> None:
    """The CLI refuses a stack without these before the program starts, and asks for nothing optional."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())

    assert ("slipway", "stacks") == (project["name"], project["stackConfigDir"])
    assert {"cluster": "object", "engine": "object", "nodePools": "array", "models": "array"} == {
        key: value["type"] for key, value in project["config"].items()
    }
