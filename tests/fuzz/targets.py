"""What is fed with bytes: each target reads them as the product would, and every error that is no answer gets out.

``tests/fuzz/test_fuzz.py`` feeds mutated seeds by hypothesis in every run, ``python -m tools.fuzz`` what atheris
thinks of, for as long as it is asked to.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from stacks.problem import SettingsError
from stacks.reader import read_stack_file
from stacks.wishes import wishes
from tests.rules.build import CHAT, MANAGED, TODAY
from validation.check import check_facts
from validation.engine.predict import predict
from validation.engine.tables import load_engine
from validation.facts import File, Origin, RepositoryFacts
from validation.fit.memory import plan_memory
from validation.output import FORMATS, render
from validation.sandbox import TemplateError, flaws, parse
from validation.sources.document import read_document, weight_files
from validation.sources.headers import LENGTH_BYTES, HeaderError, count_parameters, header_length, parse_header
from validation.sources.lock import LockError, lock_text, parse_lock
from validation.wish import Hardware, Wish

INDEX = "model.safetensors.index.json"
WISH = Wish(hardware=Hardware(gpu="L4", gpus_per_replica=1, gpus_per_node=1))


class RuleFailedError(AssertionError):
    """A rule ended in an error of its own."""


def config(data: bytes) -> None:
    """Read as config.json."""
    check(_with("config.json", data))


def index(data: bytes) -> None:
    """Read as the index of sharded weights."""
    found = _with(INDEX, data)
    weight_files(found.files, found.documents[INDEX])
    check(found)


def tokenizer_config(data: bytes) -> None:
    """Read as tokenizer_config.json, with whatever chat templates it holds."""
    check(_with("tokenizer_config.json", data))


def header(data: bytes) -> None:
    """Read as a safetensors file; what can be read is taken for the model's tensors."""
    try:
        length = header_length(data[:LENGTH_BYTES], len(data))
        tensors = parse_header("model.safetensors", data[LENGTH_BYTES : LENGTH_BYTES + length], len(data))
    except HeaderError:
        return
    check(replace(CHAT, tensors=tensors, parameters=count_parameters(tensors)))


def template(data: bytes) -> None:
    """Read as a chat template."""
    try:
        list(flaws(parse(data.decode(errors="replace"))))
    except TemplateError:
        return


def stack(data: bytes) -> None:
    """Read as a stack file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Pulumi.fuzz.yaml"
        path.write_bytes(data)
        try:
            wishes(read_stack_file(path))
        except SettingsError as error:
            error.render()


def lock(data: bytes) -> None:
    """Read as a lock; what can be read is checked, and written to the same text again."""
    try:
        facts = parse_lock(data)
    except LockError:
        return
    check(facts)
    if lock_text(facts) != lock_text(parse_lock(lock_text(facts))):
        raise AssertionError("a lock does not read as it was written")


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "config": config,
    "header": header,
    "index": index,
    "lock": lock,
    "stack": stack,
    "template": template,
    "tokenizer_config": tokenizer_config,
}


def check(facts: RepositoryFacts) -> None:
    """Predict, plan, run every rule and print every format; raise RuleFailedError where a rule failed by itself."""
    table = load_engine("0.33.0")
    plan_memory(facts, predict(facts, table, WISH), table, WISH)  # check_facts would take their errors for an answer
    report = check_facts(facts, WISH, MANAGED, table, TODAY)
    broken = [finding.message for finding in report.findings if "the rule itself failed" in finding.message]
    if broken:
        raise RuleFailedError(broken[0])
    for name in FORMATS:
        render(name, [report])


def _with(path: str, data: bytes) -> RepositoryFacts:
    """Return a chat repository in a folder with this file, and two shards for an index to name."""
    files = {file.path: file for file in CHAT.files}
    shards = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)] if path == INDEX else []
    files |= {name: File(path=name, size=max(1, len(data))) for name in (path, *shards)}
    return replace(
        CHAT,
        origin=Origin.FOLDER,
        files=tuple(files.values()),
        documents={**CHAT.documents, path: read_document(path, data)},
    )
