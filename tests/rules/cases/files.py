"""Cases of the rules on config.json, weights, tokenizer, processor and licence."""

from dataclasses import replace

from tests.rules.build import CHAT, SEES, broken, config, document, subject, with_files, without
from tests.rules.cases.case import Case
from validation.facts import Ancestor, Gating, HeaderProblem, Origin, RepositoryFacts, SecurityScan
from validation.finding import Severity
from validation.wish import Licences, Wish

_INDEX = "model.safetensors.index.json"
_FIRST, _SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
_NO_WEIGHTS = without("model.safetensors")
_SEEING = config(architectures=["LlavaForConditionalGeneration"], vision_config={"hidden_size": 8})


def _indexed(*names: str, facts: RepositoryFacts = _NO_WEIGHTS) -> RepositoryFacts:
    return document(facts, _INDEX, {"weight_map": {f"layer.{number}": name for number, name in enumerate(names)}})


_SHARDED = with_files(_indexed(_FIRST, _SECOND), _FIRST, _SECOND)

CASES = (
    Case(
        rule="config-missing",
        failing=subject(without("config.json")),
        message="config.json is missing",
        where="config.json",
    ),
    Case(
        rule="config-malformed",
        failing=subject(broken("config.json")),
        message="config.json is not JSON: expecting value",
        where="config.json:3:7",
    ),
    Case(
        rule="json-malformed",
        failing=subject(broken("generation_config.json")),
        message="generation_config.json is not JSON: expecting value",
        where="generation_config.json:3:7",
    ),
    Case(
        rule="architectures-missing",
        failing=subject(config(architectures="LlamaForCausalLM")),
        message="`architectures` is not an array of names in config.json",
        where="config.json architectures",
    ),
    Case(
        rule="max-position-embeddings-missing",
        failing=subject(config(max_position_embeddings=None, n_positions=1024)),
        passing=subject(config(max_position_embeddings=None, text_config={"max_position_embeddings": 4096})),
        message="`max_position_embeddings` is missing in config.json",
        where="config.json max_position_embeddings",
    ),
    Case(
        rule="max-position-embeddings-invalid",
        failing=subject(config(max_position_embeddings=None, text_config={"max_position_embeddings": "4096"})),
        message="`text_config.max_position_embeddings` is not a positive whole number of tokens",
        where="config.json text_config.max_position_embeddings",
    ),
    Case(rule="weights-missing", failing=subject(_NO_WEIGHTS), message="no weights in the repository"),
    Case(
        rule="weights-only-unsafe",
        failing=subject(with_files(_NO_WEIGHTS, "pytorch_model.bin")),
        message="the only weights are in a format that can run code (pickle): pytorch_model.bin",
        where="pytorch_model.bin",
    ),
    Case(
        rule="weights-only-unsupported",
        failing=subject(with_files(_NO_WEIGHTS, "model-Q4_K_M.gguf")),
        message="the only weights are GGUF, which vLLM does not load: model-Q4_K_M.gguf",
        where="model-Q4_K_M.gguf",
    ),
    Case(
        rule="weights-unsafe-beside",
        failing=subject(with_files(CHAT, "pytorch_model.bin", "training_args.bin")),
        message="pytorch_model.bin, training_args.bin can run code, and are never loaded",
        severity=Severity.NOTE,
        where="pytorch_model.bin",
    ),
    Case(
        rule="weights-only-adapter",
        failing=subject(with_files(_NO_WEIGHTS, "adapter_model.safetensors")),
        message="the only weights are a LoRA adapter",
        where="adapter_model.safetensors",
    ),
    Case(
        rule="weights-index-malformed",
        failing=subject(with_files(_indexed("../elsewhere/model.safetensors"), _FIRST)),
        passing=subject(_SHARDED),
        message="model.safetensors.index.json names a file outside the repository",
        where=_INDEX,
    ),
    Case(
        rule="weights-shard-missing",
        failing=subject(with_files(_indexed(_FIRST, _SECOND), _FIRST)),
        passing=subject(_SHARDED),
        message=f"1 weight file is missing: {_SECOND}",
        where=_INDEX,
    ),
    Case(
        rule="weights-shard-unindexed",
        failing=subject(with_files(_SHARDED, "model-00003-of-00003.safetensors")),
        passing=subject(_SHARDED),
        message="the index does not name model-00003-of-00003.safetensors: never loaded",
        severity=Severity.WARNING,
        where="model-00003-of-00003.safetensors",
    ),
    Case(
        rule="weights-duplicate",
        failing=subject(with_files(CHAT, "consolidated.safetensors")),
        message="the weights are there twice: consolidated.safetensors, and model.safetensors; model* is loaded",
        severity=Severity.NOTE,
        where="consolidated.safetensors",
    ),
    Case(
        rule="weights-header-malformed",
        failing=subject(
            replace(CHAT, header_problems=(HeaderProblem(path="model.safetensors", problem="is cut off"),))
        ),
        message="model.safetensors: is cut off",
        where="model.safetensors",
    ),
    Case(
        rule="tokenizer-missing",
        failing=subject(without("tokenizer.json")),
        message="tokenizer.json is missing",
        where="tokenizer.json",
    ),
    Case(
        rule="tokenizer-differs-from-base",
        failing=subject(replace(CHAT, ancestors=(Ancestor(repository="acme/base", tokenizer="9" * 40),))),
        passing=subject(replace(CHAT, ancestors=(Ancestor(repository="acme/base", tokenizer="3" * 40),))),
        message="tokenizer.json differs from that of the base model `acme/base`",
        severity=Severity.WARNING,
        where="tokenizer.json",
    ),
    Case(
        rule="processor-missing",
        failing=subject(_SEEING, prediction=SEES),
        passing=subject(document(_SEEING, "preprocessor_config.json", {"size": 336}), prediction=SEES),
        message="the model takes images, and preprocessor_config.json is missing",
        where="preprocessor_config.json",
    ),
    Case(
        rule="processor-malformed",
        failing=subject(broken("preprocessor_config.json")),
        message="preprocessor_config.json is not JSON: expecting value",
        where="preprocessor_config.json:3:7",
    ),
    Case(
        rule="licence-missing",
        failing=subject(replace(CHAT, licence="")),
        message="the model states no licence",
        severity=Severity.WARNING,
        where="README.md license",
    ),
    Case(
        rule="licence-not-accepted",
        failing=subject(replace(CHAT, gating=Gating.AUTO, origin=Origin.LOCK)),
        passing=subject(replace(CHAT, gating=Gating.AUTO)),
        message="the licence of `acme/tiny-chat` is gated, and nothing says that it was accepted",
        severity=Severity.WARNING,
    ),
    Case(
        rule="licence-denied",
        failing=subject(wish=Wish(licences=Licences(deny=frozenset({"Apache-2.0"})))),
        passing=subject(wish=Wish(licences=Licences(deny=frozenset({"mit"})))),
        message="licence `apache-2.0` is on the stack's deny list",
    ),
    Case(
        rule="licence-not-allowed",
        failing=subject(wish=Wish(licences=Licences(allow=frozenset({"mit"})))),
        passing=subject(wish=Wish(licences=Licences(allow=frozenset({"mit", "apache-2.0"})))),
        message="licence `apache-2.0` is not on the stack's allow list",
    ),
    Case(
        rule="security-scan-flagged",
        failing=subject(
            replace(CHAT, security=SecurityScan(finished=True, flagged=(("model.safetensors", "unsafe"),)))
        ),
        message="the Hub's scan reports model.safetensors as unsafe, which the server loads",
        where="model.safetensors",
    ),
    Case(
        rule="security-scan-unfinished",
        failing=subject(replace(CHAT, security=SecurityScan(finished=False))),
        message="the Hub has not finished its security scan",
        severity=Severity.NOTE,
    ),
)
