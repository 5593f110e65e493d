"""The forms that strings of a stack take."""

import re
from collections.abc import Sequence

import pytest
from pydantic import TypeAdapter, ValidationError

from stacks import form

COMMIT = "0123456789abcdef0123456789abcdef01234567"
GOOD = [
    (form.Name, ["a", "granite", "granite-3-3", "g2"]),
    (form.Source, ["hf://ibm-granite/granite-3.3-2b-instruct", "hf://Qwen/Qwen3-32B", "examples/good/tiny-chat"]),
    (form.Source, ["./models/a b", "/srv/models/llama", "hf://_fav/x_"]),
    (form.Revision, [COMMIT, "main", "v1.0", "refs/pr/3"]),
    (form.Version, ["0.33.0", "0.10", "0.10.1rc1", "0.8.5.post1"]),
    (form.Image, ["docker.io/vllm/vllm-openai:v0.33.0", "localhost:5000/vllm:1@sha256:" + "a" * 64]),
    (form.Network, ["203.0.113.0/24", "10.1.2.3", "2001:db8::/32", "0.0.0.0/0"]),
    (form.Hostname, ["granite.example.com", "a-b.c.io"]),
    (form.SubPath, ["granite", "a/b.c/d..e"]),
    (form.LabelKey, ["gpu", "nvidia.com/gpu.product"]),
    (form.ClusterId, ["fr-par/11111111-2222-3333-4444-555555555555"]),
    (form.AmiAlias, ["al2023@latest", "bottlerocket@v1.30.0"]),
    (form.LicenceId, ["apache-2.0", "mit", "llama3.1", "cc-by-nc-4.0"]),
]
BAD = [
    (form.Name, ["", "vllm", "A", "a_b", "-a", "a-", "1a", "a" * 41, "a\n", "ü"]),
    (form.Source, ["", "hf://granite", "hf://a/b/c", "hf://a/b.git", "hf://a--b/c", "hf://../x", "hf://a/..", "hf://"]),
    (form.Source, ["https://huggingface.co/a/b", "s3://bucket/x", "-rf", "~/models", "a\nb", "hf://-a/b", "a" * 513]),
    (form.Revision, ["", "-x", "a b", "../x", "a..b", "a//b", "a\n", "v1."]),
    (form.Version, ["", "latest", "v0.33.0", "0", "0.33.x", "0.33.0 "]),
    (form.Image, ["", "vllm", "vllm:latest", "vllm:latest@sha256:" + "a" * 64, "vllm@sha256:abc", "Vllm:1", "a:1 b"]),
    (form.Network, ["", "203.0.113.1/24", "203.0.113.0/33", "example.com", "10.0.0.0/8/8"]),
    (form.Hostname, ["", "localhost", "https://a.b", "a.b/c", "A.example.com", "a.b:80", "1.2.3.4", "*.example.com"]),
    (form.SubPath, ["", "/etc", "..", "../x", "a/../b", "a/..", "a:b"]),
    (form.LabelKey, ["", "a b", "/x", "a/b/c"]),
    (form.LabelValue, ["-", "a b", "x" * 64]),
    (form.ClusterId, ["", "fr-par", "11111111"]),
    (form.AmiAlias, ["", "al2023", "al2023@new"]),
    (form.LicenceId, ["", "Apache-2.0", "a b"]),
    (form.RuleName, ["", "A", "a_b", "-a"]),
    (form.Reason, ["", "  ", "x", "a\nb\nc"]),
]


def cases(groups: Sequence[tuple[type[str], list[str]]]) -> list[tuple[type[str], str]]:
    """Return a pair for each value."""
    return [(kind, value) for kind, values in groups for value in values]


@pytest.mark.parametrize(("kind", "value"), cases(GOOD))
def test_what_the_cluster_and_the_hub_take_is_accepted(kind: type[str], value: str) -> None:
    """A form refuses nothing that works."""
    assert value == TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(("kind", "value"), cases(BAD))
def test_what_fails_later_is_refused_now(kind: type[str], value: str) -> None:
    """A form says what is wrong and what to type."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    (details,) = caught.value.errors(include_url=False, include_input=False)

    assert {"message", "help"} == set(details["ctx"])


@pytest.mark.parametrize(
    ("kind", "value", "valid"), [(k, v, True) for k, v in cases(GOOD)] + [(k, v, False) for k, v in cases(BAD)]
)
def test_the_schema_says_the_same_as_the_reader(kind: type[str], value: str, *, valid: bool) -> None:
    """An editor marks what the reader refuses; networks it only checks roughly."""
    schema = TypeAdapter(kind).json_schema()
    matches = re.search(schema["pattern"], value) is not None and len(value) <= schema.get("maxLength", 1000)

    assert valid == (matches and not value.endswith("\n")) or "0-9a-fA-F" in schema["pattern"]
