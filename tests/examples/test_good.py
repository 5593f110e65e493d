"""The good repositories, as the libraries that serve them read them."""

import json
from pathlib import Path
from typing import Any

import pytest

GOOD = Path(__file__).parent.parent.parent / "examples" / "good"
NAMES = ["tiny-chat", "tiny-embedding"]


def read(name: str, file: str) -> dict[str, Any]:
    """Return one JSON file of a good repository."""
    content: dict[str, Any] = json.loads((GOOD / name / file).read_text())
    return content


@pytest.mark.parametrize("name", NAMES)
def test_the_embedding_table_has_a_row_for_each_token(name: str) -> None:
    """config.json, tokenizer.json and the weights agree."""
    rows = read(name, "config.json")["vocab_size"]

    assert len(read(name, "tokenizer.json")["model"]["vocab"]) == rows


@pytest.mark.parametrize(
    ("name", "text", "tokens"),
    [
        ("tiny-chat", "<|user|>the model<|end|>", ["<|user|>", "t", "he", "Ġmodel", "<|end|>"]),
        ("tiny-embedding", "The model!", ["[CLS]", "the", "model", "!", "[SEP]"]),
    ],
)
def test_the_tokenizers_library_reads_the_tokenizer(name: str, text: str, tokens: list[str]) -> None:
    """tokenizer.json is a real one."""
    library = pytest.importorskip("tokenizers")
    tokenizer = library.Tokenizer.from_file(str(GOOD / name / "tokenizer.json"))

    assert tokens == tokenizer.encode(text).tokens


def test_any_text_survives_the_chat_tokenizer() -> None:
    """Bytes are tokens, so nothing is unknown."""
    library = pytest.importorskip("tokenizers")
    tokenizer = library.Tokenizer.from_file(str(GOOD / "tiny-chat" / "tokenizer.json"))
    text = "Ünïcode, tabs\tand 🚢"

    assert text == tokenizer.decode(tokenizer.encode(text).ids)


@pytest.mark.parametrize("name", NAMES)
def test_the_safetensors_library_reads_the_weights(name: str) -> None:
    """The reference implementation checks offsets, order and size."""
    library = pytest.importorskip("safetensors")
    pytest.importorskip("numpy")
    with library.safe_open(GOOD / name / "model.safetensors", "np") as file:
        shapes = {key: file.get_slice(key).get_shape() for key in file.keys()}  # noqa: SIM118 - no mapping

    assert shapes[next(key for key in shapes if "embed_tokens" in key or "word_embeddings" in key)] == [
        read(name, "config.json")["vocab_size"],
        64,
    ]


def test_the_chat_template_writes_a_conversation() -> None:
    """Roles and ends are tokens of the vocabulary."""
    jinja2 = pytest.importorskip("jinja2.sandbox")
    config = read("tiny-chat", "tokenizer_config.json")
    template = jinja2.ImmutableSandboxedEnvironment().from_string(config["chat_template"])
    text = template.render(
        messages=[{"role": "user", "content": "hello"}], add_generation_prompt=True, bos_token=config["bos_token"]
    )

    assert "<|begin|><|user|>hello<|end|><|assistant|>" == text


def test_the_embedding_model_is_a_sentence_transformer() -> None:
    """modules.json makes vLLM choose the pooling runner."""
    modules = json.loads((GOOD / "tiny-embedding" / "modules.json").read_text())

    assert ["", "1_Pooling"] == [module["path"] for module in modules]
    assert 64 == read("tiny-embedding", "1_Pooling/config.json")["word_embedding_dimension"]
