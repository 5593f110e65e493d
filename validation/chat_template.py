"""Where a repository keeps its chat templates."""

from collections.abc import Iterator

from validation.data import Data
from validation.facts import RepositoryFacts
from validation.jsontext import JsonValue

JINJA_FILE = "chat_template.jinja"
JSON_FILE = "chat_template.json"
TOKENIZER_FILE = "tokenizer_config.json"
FOLDER = "additional_chat_templates/"
PROCESSOR_FILE = "processor_config.json"
FILES = (JINJA_FILE, JSON_FILE, TOKENIZER_FILE, PROCESSOR_FILE)  # the first that has one wins


class Template(Data):
    """One template of a repository: the file and the key it stands in, its name (``default``), its text."""

    path: str
    key: str = ""
    name: str = "default"
    text: str


def templates(facts: RepositoryFacts) -> tuple[Template, ...]:
    """Return every chat template of the repository, in the order in which transformers looks for them."""
    return tuple(_found(facts))


def _found(facts: RepositoryFacts) -> Iterator[Template]:
    text = facts.text(JINJA_FILE)
    if text is not None:
        yield Template(path=JINJA_FILE, text=text)
    for path in (JSON_FILE, TOKENIZER_FILE, PROCESSOR_FILE):
        yield from _named(path, facts.document(path).get("chat_template"))
    for path, found in facts.texts.items():
        if path.startswith(FOLDER) and found.value is not None:
            name = path.removeprefix(FOLDER).removesuffix(".jinja")
            yield Template(path=path, name=name, text=found.value)


def _named(path: str, value: JsonValue) -> Iterator[Template]:
    if isinstance(value, str):
        yield Template(path=path, key="chat_template", text=value)
    items = value if isinstance(value, list) else []
    if isinstance(value, dict):
        items = [{"name": name, "template": text} for name, text in value.items()]
    for item in items:
        name, text = (item.get("name"), item.get("template")) if isinstance(item, dict) else (None, None)
        if isinstance(name, str) and isinstance(text, str):
            yield Template(path=path, key="chat_template", name=name, text=text)
