"""Rules on config.json: there, well formed, with a context length."""

from collections.abc import Iterator

from validation.chat_template import templates
from validation.finding import Place, Severity
from validation.jsontext import JsonValue
from validation.model import is_length, stated_lengths
from validation.rules.access import ACCESS
from validation.rules.rule import Answer, Rule, Subject, skipped, unknown

FILE = "config.json"
OTHERS = ("tokenizer_config.json", "generation_config.json", "hf_quant_config.json", "modules.json", "params.json")


def missing(subject: Subject) -> Iterator[Answer]:
    """Require config.json at the top of the repository.

    Why: config.json says which architecture the weights belong to; without it no server knows what to build.
    Example: a repository that holds only a LoRA adapter, a GGUF conversion, or a diffusers pipeline.
    Fix: save the model with `save_pretrained`, which writes config.json; merge an adapter into its base model first.
    Source: the contract, "Your model repository must include: a config.json file".
    """
    facts = subject.facts
    if facts.has(FILE):
        return
    if subject.prediction.config_format == "mistral" and not subject.contract.architectures:
        yield skipped("the repository has Mistral's params.json, which vLLM reads instead")
        return
    yield Answer(message="config.json is missing", help=_missing_help(subject), where=Place(path=FILE))


def _missing_help(subject: Subject) -> str:
    facts = subject.facts
    if facts.has("adapter_config.json"):
        return "merge the adapter into its base model (`merge_and_unload`), and save the result with `save_pretrained`"
    if facts.has("model_index.json"):
        return "this is a diffusers pipeline, which vLLM does not serve; choose a language model"
    nested = next((file.path for file in facts.files if file.path.endswith(f"/{FILE}")), "")
    if nested:
        return f"move the model's files from `{nested.removesuffix(FILE)}` to the top of the repository"
    return "save the model with `model.save_pretrained(folder)`, which writes config.json"


def malformed(subject: Subject) -> Iterator[Answer]:
    """Require that config.json is a JSON object that can be read.

    Why: the server parses it first, and stops when it cannot.
    Example: a comma after the last key, a comment, the same key twice, or an array at the top.
    Fix: correct the file at the line and column that are named.
    Source: RFC 8259; the limits of validation/jsontext.py.
    """
    found = subject.facts.documents.get(FILE)
    if subject.facts.has(FILE) and (found is None or found.unread):
        yield unknown("config.json could not be read from the Hub", help="try again")
    elif found is not None and found.value is None:
        yield Answer(
            message=f"config.json {found.problem or 'is not a JSON object'}",
            help="correct config.json so that it holds one JSON object",
            where=Place(path=FILE, line=found.line, column=found.column),
        )


def architectures(subject: Subject) -> Iterator[Answer]:
    """Require that config.json names its architectures.

    Why: the contract and the engine choose the implementation by the first name of this list.
    Under `contract: vllm` an engine that infers the class from `model_type` is enough.
    Example: `"architectures": []`, `"architectures": "LlamaForCausalLM"`, or no such key in a hand-written file.
    Fix: write the class that the weights were saved from, for instance `"architectures": ["LlamaForCausalLM"]`.
    Source: the contract, "An architectures array".
    """
    config = subject.facts.config
    value = config.get("architectures")
    if "architectures" not in config:
        problem = "is missing"
    elif not isinstance(value, list):
        problem = "is not an array of names"
    elif not value:
        problem = "is empty"
    elif not all(isinstance(name, str) and name for name in value):
        problem = "holds something that is no name"
    else:
        return
    if not subject.contract.architectures and subject.prediction.architecture:
        yield skipped(f"vLLM infers {subject.prediction.architecture} from `model_type`")
        return
    likely = _likely(subject, value)
    yield Answer(
        message=f"`architectures` {problem} in config.json",
        help=f'add the class the weights were saved from, for instance `"architectures": ["{likely}"]`',
        where=Place(path=FILE, key="architectures"),
    )


def _likely(subject: Subject, value: JsonValue) -> str:
    """Return the class to write: the one that stands there as a text, else what the engine would infer.

    The engine infers the class without a head; a repository with a chat template was saved from the one that writes.
    """
    if isinstance(value, str) and value.isidentifier():
        return value[:80]
    inferred = subject.prediction.architecture or "LlamaForCausalLM"
    headless = inferred.endswith("Model") and templates(subject.facts)
    return f"{inferred.removesuffix('Model')}ForCausalLM" if headless else inferred


def length_missing(subject: Subject) -> Iterator[Answer]:
    """Require that config.json states the longest context.

    Why: the contract sizes the deployment by `max_position_embeddings`. It may stand at the top of config.json or
    where a multimodal repository keeps its language part (`text_config`, `llm_config`, `language_config`).
    Example: GPT-2 states `n_positions` instead, and Mamba nothing: the contract lists both, and refuses both here.
    Fix: add `"max_position_embeddings"` with the number of tokens that the model was trained for.
    Source: the contract, "config.json containing max_position_embeddings"; vLLM's nine keys for `contract: vllm`.
    """
    contract = subject.contract
    if any(True for _ in stated_lengths(subject.facts.config, contract.length_keys)):
        return
    if not contract.length_required:
        yield skipped("this contract asks for no stated length")
        return
    key = contract.length_keys[0]
    tokens = subject.prediction.max_model_len or 4096
    yield Answer(
        message=f"`{key}` is missing in config.json",
        help=f'add `"{key}": {tokens}`, or the number of tokens the model was trained for',
        where=Place(path=FILE, key=key),
    )


def length_invalid(subject: Subject) -> Iterator[Answer]:
    """Require that the stated context length is a positive whole number.

    Why: a length of 0, a string or a fraction stops the server, or makes it refuse every request.
    Example: `"max_position_embeddings": "32768"`.
    Fix: write the number of tokens without quotes.
    Source: vLLM's _get_and_verify_max_len.
    """
    for stated in stated_lengths(subject.facts.config, subject.contract.length_keys[:1]):
        if not is_length(stated.value):
            yield Answer(
                message=f"`{stated.key}` is not a positive whole number of tokens",
                help="write the number of tokens the model was trained for, without quotes",
                where=Place(path=FILE, key=stated.key),
            )


def others_malformed(subject: Subject) -> Iterator[Answer]:
    """Require that the other JSON files the server reads are JSON objects.

    Why: the server parses them while it starts, and stops at the first that it cannot parse.
    Example: a generation_config.json with a comment, or a tokenizer_config.json that was cut off.
    Fix: correct the file at the line and column that are named.
    Source: RFC 8259; vLLM's and transformers' loading of these files.
    """
    for path in OTHERS:
        found = subject.facts.documents.get(path)
        if found is not None and found.value is None and not found.unread:
            yield Answer(
                message=f"{path} {found.problem or 'is not a JSON object'}",
                help=f"correct {path} so that it holds one JSON object",
                where=Place(path=path, line=found.line, column=found.column),
            )


CONFIG = (*ACCESS, "config-missing", "config-malformed")
RULES = (
    Rule(name="config-missing", severity=Severity.ERROR, check=missing, requires=ACCESS),
    Rule(name="config-malformed", severity=Severity.ERROR, check=malformed, requires=(*ACCESS, "config-missing")),
    Rule(name="json-malformed", severity=Severity.ERROR, check=others_malformed, requires=ACCESS),
    Rule(name="architectures-missing", severity=Severity.ERROR, check=architectures, requires=CONFIG),
    Rule(name="max-position-embeddings-missing", severity=Severity.ERROR, check=length_missing, requires=CONFIG),
    Rule(name="max-position-embeddings-invalid", severity=Severity.ERROR, check=length_invalid, requires=CONFIG),
)
