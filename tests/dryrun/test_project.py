"""Projects and stack files are read as the CLI reads them."""

from pathlib import Path

import pytest

from dryrun.project import ProjectError, StackConfig, read_project, read_stack, seen_from
from tests.dryrun.conftest import MakeProject


def stack_of(make_project: MakeProject, content: str, declared: str = "") -> StackConfig:
    """Return what a program gets from a stack file."""
    project = make_project(declared=declared, dev=content)
    return read_stack(project, project.stack_file("dev"))


def test_values_are_texts_as_the_cli_passes_them(make_project: MakeProject) -> None:
    """Texts stay as they are, everything else is JSON."""
    content = """
    config:
      demo:text: a b
      demo:number: 5
      demo:flag: true
      demo:date: 2026-11-23
      demo:object: {a: [1, x]}
    """
    expected = {
        "demo:text": "a b",
        "demo:number": "5",
        "demo:flag": "true",
        "demo:date": "2026-11-23",
        "demo:object": '{"a":[1,"x"]}',
    }
    assert expected == stack_of(make_project, content).values


def test_a_key_without_namespace_is_the_project_s(make_project: MakeProject) -> None:
    """The CLI puts the project's name in front of it."""
    assert {"demo:a": "1"} == stack_of(make_project, "config: {a: 1}").values


def test_sealed_values_become_stand_ins(make_project: MakeProject) -> None:
    """The cipher text reaches no program, and the key is secret."""
    config = stack_of(make_project, "config: {demo:token: {secure: v1:abc:def}, demo:a: x}")
    assert ({"demo:token": "stand-in:demo:token", "demo:a": "x"}, frozenset({"demo:token"})) == (
        config.values,
        config.secrets,
    )


def test_a_sealed_part_makes_the_whole_key_secret(make_project: MakeProject) -> None:
    """As in the CLI."""
    config = stack_of(make_project, "config: {demo:list: [{secure: v1:abc:def}]}")
    assert ({"demo:list": '["stand-in:demo:list[0]"]'}, frozenset({"demo:list"})) == (config.values, config.secrets)


def test_declared_keys_get_their_default(make_project: MakeProject) -> None:
    """What Pulumi.yaml declares with a default need not be in the stack."""
    declared = "config: {a: {type: integer, default: 3}, b: x}"
    assert {"demo:a": "3", "demo:b": "x"} == stack_of(make_project, "config: {}", declared).values


def test_a_declared_key_without_default_is_required(make_project: MakeProject) -> None:
    """The message names stack file and key."""
    with pytest.raises(ProjectError, match=r"Pulumi\.dev\.yaml: `demo:a` is missing"):
        stack_of(make_project, "config: {}", "config: {a: {type: integer}}")


@pytest.mark.parametrize(("type_", "value"), [("integer", "x"), ("boolean", "1"), ("array", "{}"), ("object", "[]")])
def test_a_declared_key_has_its_type(make_project: MakeProject, type_: str, value: str) -> None:
    """Before the program starts, as in the CLI."""
    with pytest.raises(ProjectError, match=f"`demo:a` must be of type {type_}"):
        stack_of(make_project, f"config: {{a: {value}}}", f"config: {{a: {{type: {type_}}}}}")


def test_an_unknown_stack_is_answered_with_the_nearest(make_project: MakeProject) -> None:
    """And with all that there are."""
    project = make_project(dev="config: {}", prod="config: {}")
    with pytest.raises(ProjectError, match=r"unknown stack `prd`: did you mean `prod`\? \(stacks: dev, prod\)"):
        project.stack_file("prd")


def test_a_file_with_another_name_is_told_how_stack_files_are_called(make_project: MakeProject) -> None:
    """It is there, so a list of other stacks would be no help."""
    project = make_project()
    other = project.folder / "prod.yaml"
    other.write_text("config: {}")
    with pytest.raises(ProjectError, match=r"prod\.yaml` is no stack file by its name: call it `Pulumi\.<stack>"):
        project.stack_file(str(other))


def test_a_stack_is_found_by_the_path_of_its_file(make_project: MakeProject) -> None:
    """Also outside the project's own folder of stacks."""
    project = make_project()
    elsewhere = project.folder / "Pulumi.elsewhere.yaml"
    elsewhere.write_text("config: {}")
    assert elsewhere == project.stack_file(str(elsewhere))


def test_a_path_that_is_not_there_is_named(make_project: MakeProject) -> None:
    """It is not searched for as a name."""
    with pytest.raises(ProjectError, match=r"stack file `nowhere/Pulumi\.dev\.yaml` does not exist"):
        make_project().stack_file("nowhere/Pulumi.dev.yaml")


def test_broken_yaml_is_named_with_its_place(make_project: MakeProject) -> None:
    """Line and column, and never the text itself."""
    with pytest.raises(ProjectError, match=r"Pulumi\.dev\.yaml:\d+:\d+ ") as caught:
        stack_of(make_project, "config:\n  demo:token: [canary\n")
    assert "canary" not in str(caught.value)


def test_a_folder_without_project_is_named(tmp_path: Path) -> None:
    """Instead of a traceback."""
    with pytest.raises(ProjectError, match=r"no `Pulumi\.yaml` in"):
        read_project(tmp_path)


def test_a_project_without_program_is_named(make_project: MakeProject) -> None:
    """Before anything is run."""
    folder = make_project().folder
    (folder / "__main__.py").unlink()
    with pytest.raises(ProjectError, match=r"no `__main__\.py` in"):
        read_project(folder)


def test_paths_are_written_as_seen_from_a_folder() -> None:
    """Relative within it, absolute elsewhere."""
    assert [Path("b/c"), Path("/x/c")] == [seen_from(Path("/a"), path) for path in (Path("/a/b/c"), Path("/x/c"))]
