"""A clean chat repository, and what the tests change in it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from validation.contracts.contract import Contract
from validation.contracts.load import load_contract
from validation.engine.prediction import Prediction, Support
from validation.engine.table import EngineTable
from validation.facts import Document, File, Origin, RepositoryFacts, SecurityScan, Text, TokenRole
from validation.jsontext import JsonObject, JsonValue
from validation.model import summarize
from validation.rules.rule import Subject
from validation.wish import Wish

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TODAY = date(2026, 11, 23)
MANAGED = load_contract("managed-inference")
VLLM = load_contract("vllm")
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"

CONFIG: JsonObject = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "max_position_embeddings": 4096,
    "torch_dtype": "bfloat16",
}
TOKENIZER_CONFIG: JsonObject = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": TEMPLATE}
ENGINE = EngineTable(
    version="0.33.0",
    asked="0.33.0",
    source="a test",
    date="2026-11-23",
    transformers=">=5",
    architectures={},
    model_types=frozenset({"llama"}),
)
CHATS = Prediction(
    supported=Support.YES,
    architecture="LlamaForCausalLM",
    runner="generate",
    max_model_len=4096,
    weight_files=("model.safetensors",),
)
SEES = replace(CHATS, architecture="LlavaForConditionalGeneration", multimodal=True)
EMBEDS = replace(CHATS, architecture="BertModel", runner="pooling", convert="embed")
UNSURE = Prediction(supported=Support.UNKNOWN)

CHAT = RepositoryFacts(
    source="hf://acme/tiny-chat",
    origin=Origin.HUB,
    repository="acme/tiny-chat",
    revision=COMMIT,
    commit=COMMIT,
    token_role=TokenRole.READ,
    licence="apache-2.0",
    pipeline_tag="text-generation",
    files=(
        File(path="config.json", size=120, blob_id="1" * 40),
        File(path="model.safetensors", size=4096, sha256="2" * 64),
        File(path="tokenizer.json", size=900, blob_id="3" * 40),
        File(path="tokenizer_config.json", size=300, blob_id="4" * 40),
    ),
    documents={
        "config.json": Document(path="config.json", value=CONFIG),
        "tokenizer_config.json": Document(path="tokenizer_config.json", value=TOKENIZER_CONFIG),
    },
    parameters={"BF16": 2048},
    security=SecurityScan(finished=True),
)


def config(facts: RepositoryFacts = CHAT, **changes: JsonValue) -> RepositoryFacts:
    """Return the facts with keys of config.json changed; a value of None takes the key away."""
    return document(facts, "config.json", {**facts.config, **changes})


def tokenizer_config(chat_template: JsonValue, facts: RepositoryFacts = CHAT) -> RepositoryFacts:
    """Return the facts with this chat template in tokenizer_config.json; None takes it away."""
    return document(facts, "tokenizer_config.json", {"chat_template": chat_template})


def document(facts: RepositoryFacts, path: str, value: JsonObject) -> RepositoryFacts:
    """Return the facts with a JSON file added or replaced; keys whose value is None are left out."""
    found = Document(path=path, value={key: item for key, item in value.items() if item is not None})
    return replace(with_files(facts, path), documents={**facts.documents, path: found})


def broken(path: str, facts: RepositoryFacts = CHAT) -> RepositoryFacts:
    """Return the facts with a JSON file that cannot be parsed."""
    found = Document(path=path, problem="is not JSON: expecting value", line=3, column=7)
    return replace(with_files(facts, path), documents={**facts.documents, path: found})


def unread(path: str, facts: RepositoryFacts = CHAT) -> RepositoryFacts:
    """Return the facts with a JSON file that an outage kept from being read."""
    found = Document(path=path, unread=True)
    return replace(with_files(facts, path), documents={**facts.documents, path: found})


def text(path: str, value: str, facts: RepositoryFacts = CHAT) -> RepositoryFacts:
    """Return the facts with a small text file added."""
    return replace(with_files(facts, path), texts={**facts.texts, path: Text(path=path, value=value)})


def with_files(facts: RepositoryFacts, *paths: str) -> RepositoryFacts:
    """Return the facts with files added that nothing is known of but their name."""
    return replace(facts, files=(*facts.files, *(File(path=path) for path in paths if not facts.has(path))))


def without(*paths: str, facts: RepositoryFacts = CHAT) -> RepositoryFacts:
    """Return the facts without these files."""
    documents: Mapping[str, Document] = {path: item for path, item in facts.documents.items() if path not in paths}
    return replace(facts, files=tuple(item for item in facts.files if item.path not in paths), documents=documents)


def subject(
    facts: RepositoryFacts = CHAT,
    *,
    contract: Contract = MANAGED,
    wish: Wish | None = None,
    prediction: Prediction = CHATS,
    today: date = TODAY,
) -> Subject:
    """Return what the rules get for these facts."""
    return Subject(
        facts=facts,
        contract=contract,
        wish=wish or Wish(),
        today=today,
        model=summarize(facts, contract, prediction),
        engine=ENGINE,
        prediction=prediction,
    )
