"""The two readers: Pulumi's config and the stack file."""

import json
from pathlib import Path

import pytest

from stacks.problem import SettingsError
from stacks.reader import read_config, read_stack_file
from tests.stacks.stack import as_config, file_problems, stack, with_cluster, with_model, write
from validation.finding import Place

SPOILED = """\
config:
  slipway:cluster: {platform: kapsul}
  slipway:engine: {version: 0.33}
  slipway:nodePools:
    - name: l4
      gpu: L4
  slipway:models:
    - name: granite
      source: hf://ibm-granite/granite-3.3-2b-instruct
      pool: l40
      replicas:
        min: 3
        max: 1
      maxModelLenght: 4096
enviroment: dev
"""


def test_config_is_read_from_json_text() -> None:
    """Pulumi hands objects and arrays to a program as JSON text."""
    settings = read_config(as_config(stack()))

    assert ["granite", "tiny"] == [model.name for model in settings.models]


def test_config_is_read_from_parsed_objects_without_namespace() -> None:
    """A caller may hand over what it has parsed already."""
    assert read_config(as_config(stack())).model_dump() == read_config(stack()).model_dump()


def test_keys_of_other_namespaces_are_left_alone() -> None:
    """What belongs to a provider is the provider's business."""
    settings = read_config({**as_config(stack()), "kubernetes:context": "dev", "aws:region": "eu-west-1"})

    assert 2 == len(settings.models)


def test_the_file_and_the_config_give_the_same_settings(tmp_path: Path) -> None:
    """One model, two readers."""
    assert read_config(stack()).model_dump() == read_stack_file(write(tmp_path, stack())).model_dump()


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    """A stack file is mended in one go, so all problems come together, in the order of the file."""
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(SPOILED)

    assert [
        ("slipway:cluster.platform", 2, 21),
        ("slipway:engine.version", 3, 20),
        ("slipway:models[0].pool", 10, 7),
        ("slipway:models[0].replicas.min", 12, 9),
        ("slipway:models[0].maxModelLenght", 14, 7),
        ("enviroment", 15, 1),
    ] == [
        (problem.path, problem.place and problem.place.line, problem.place and problem.place.column)
        for problem in file_problems(path)
    ]


def test_problems_are_rendered_with_place_and_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of an error names the key, the file with line and column, and what to type."""
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, with_model(maxModelLenght=4096))

    with pytest.raises(SettingsError) as caught:
        read_stack_file(path)

    assert (
        "error[settings]: `slipway:models[0].maxModelLenght` is no key that belongs here\n"
        "  --> Pulumi.test.yaml:17:5\n"
        "  = help: did you mean `maxModelLen`?"
    ) == caught.value.render()


def test_the_message_counts_the_problems() -> None:
    """The short form of the error shows the first problem and how many follow."""
    with pytest.raises(SettingsError, match=r"`slipway:nodePools` is missing \(and 1 more\)"):
        read_config({"cluster": {"platform": "existing"}, "engine": {"version": "0.33.0"}})


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("config: [", "the stack file is not YAML", 1),
        ("config:\n  a: 1\n  a: 2\n", "the stack file has the same key twice in one mapping", 3),
        ("config: !!python/object:os.system {}\n", "the stack file has a tag", 1),
        ("config: " + "[" * 40 + "]" * 40, "the stack file nests deeper than", 1),
        ("- 1\n", "the stack file holds no mapping", 1),
        ("", "the stack file holds no mapping", 1),
    ],
)
def test_what_is_no_stack_file_is_refused_with_its_place(tmp_path: Path, text: str, message: str, line: int) -> None:
    """Broken, hostile and empty files end in one problem each."""
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(text)
    (problem,) = file_problems(path)

    assert problem.message.startswith(message)
    assert problem.help or "deeper" in message
    assert line == (problem.place and problem.place.line)


def test_aliases_cannot_make_a_small_file_large(tmp_path: Path) -> None:
    """Nine levels of nine aliases would be a thousand million values."""
    levels = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    levels += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text("\n".join(levels))
    (problem,) = file_problems(path)

    assert "aliases" in problem.message


@pytest.mark.parametrize("name", ["Pulumi.absent.yaml", ".", "nul\0byte.yaml"])
def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, name: str) -> None:
    """A missing file, a folder and an impossible name are told, not raised."""
    (problem,) = file_problems(tmp_path / name)

    assert problem.message.startswith("the stack file")


def test_a_key_without_namespace_is_told_its_namespace(tmp_path: Path) -> None:
    """Pulumi refuses such keys later and less clearly."""
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text("config:\n  model: []\n")

    assert ("config.model", "has no namespace", "write `slipway:models`") in [
        (problem.path, problem.message, problem.help) for problem in file_problems(path)
    ]


@pytest.mark.parametrize("config", [{}, {"config": None}, {"config": []}])
def test_a_file_without_config_is_a_problem(tmp_path: Path, config: dict[str, object]) -> None:
    """Every stack has a cluster, an engine, pools and models."""
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(json.dumps({"secretsprovider": "passphrase", **config}))

    assert ["config"] == [problem.path for problem in file_problems(path)]


def test_a_setting_that_is_no_json_is_one_problem() -> None:
    """A value that the CLI hands over as text has to be JSON."""
    with pytest.raises(SettingsError) as caught:
        read_config({**as_config(stack()), "slipway:models": "[{"})

    assert ["slipway:models"] == [problem.path for problem in caught.value.problems]


def test_places_of_keys_come_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finding about a key can say where the key stands."""
    monkeypatch.chdir(tmp_path)
    settings = read_stack_file(write(tmp_path, with_model(maxModelLen=4096)))
    key = "slipway:models[0].maxModelLen"

    assert Place(path="Pulumi.test.yaml", line=17, column=5, key=key) == settings.places[key]


def test_the_program_finds_places_in_the_stack_file_too(tmp_path: Path) -> None:
    """The engine hands over values only; the file beside the program says where they stand."""
    path = write(tmp_path, stack())

    assert read_stack_file(path).places == read_config(as_config(stack()), stack_file=path).places


def test_without_a_file_a_place_is_the_key() -> None:
    """Config from elsewhere, such as an environment, has no line."""
    settings = read_config(stack())

    assert Place(path="stack config", key="slipway:models[1].source") == settings.places["slipway:models[1].source"]


def test_an_unreadable_stack_file_does_not_stop_the_program(tmp_path: Path) -> None:
    """The engine has read the config already; only places are lost."""
    settings = read_config(stack(), stack_file=tmp_path / "Pulumi.absent.yaml")

    assert "stack config" == settings.places["slipway:cluster"].path


def test_sealed_secrets_are_present_and_unread(tmp_path: Path) -> None:
    """The file's sealed values need a key that only the engine has."""
    sealed = {"secure": "v1:abc:def"}
    settings = read_stack_file(write(tmp_path, {**stack(), "apiKey": sealed, "huggingFaceToken": sealed}))

    assert {"apiKey", "huggingFaceToken"} == settings.secrets


def test_a_secret_in_plain_text_is_refused(tmp_path: Path) -> None:
    """A secret in a file under version control has to be revoked, and the message does not repeat it."""
    (problem,) = file_problems(write(tmp_path, {**stack(), "apiKey": "canary-5f2c"}))

    assert ("slipway:apiKey", "is a secret in plain text") == (problem.path, problem.message)
    assert "canary" not in problem.render()


def test_the_engine_can_say_that_a_secret_is_not_sealed() -> None:
    """With the engine's list of sealed keys, a plain one is refused in the program too."""
    values = {**as_config(stack()), "slipway:apiKey": "canary-5f2c"}

    assert {"apiKey"} == read_config(values, secret_keys={"slipway:apiKey"}).secrets
    with pytest.raises(SettingsError, match="plain text"):
        read_config(values, secret_keys=())


def test_a_secret_inside_an_object_is_refused(tmp_path: Path) -> None:
    """Pulumi opens it before the program runs, and hands it over as plain text."""
    values = with_cluster(kubeconfigContext={"secure": "v1:abc:def"})
    (problem,) = file_problems(write(tmp_path, values))

    assert "slipway:cluster.kubeconfigContext" == problem.path
    assert problem.message.startswith("is sealed")


def test_a_token_in_a_wrong_place_is_noticed_and_not_repeated(tmp_path: Path) -> None:
    """A pasted token would go on into plans, labels and reports."""
    token = "hf_" + "canaryCanary0123456789"
    values = with_model(revision=token)
    values["nodePools"][0]["nodeSelector"] = {"team": token}
    rendered = "\n".join(problem.render() for problem in file_problems(write(tmp_path, values)))

    assert 2 == rendered.count("holds what looks like a Hugging Face token")
    assert "canary" not in rendered


def test_settings_cannot_be_changed() -> None:
    """What was checked is what is deployed."""
    settings, key = read_config(stack()), "name"

    with pytest.raises(ValueError, match="frozen"):
        setattr(settings.models[0], key, "other")


def test_a_pool_that_is_not_there_is_a_key_error() -> None:
    """The reader refuses such stacks, so nothing else meets it."""
    settings = read_config(stack())

    assert "L4" == settings.pool("l4").gpu
    with pytest.raises(KeyError):
        settings.pool("h100")
