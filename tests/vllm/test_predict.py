"""What vLLM would answer for whole repositories."""

from dataclasses import replace

import pytest

from tests.fixtures.configs import real_configs
from tests.vllm.models import TABLE, facts, llama
from validation.engine.predict import predict
from validation.engine.prediction import Prediction, Support
from validation.engine.tables import available_versions, load_engine
from validation.facts import Document, RepositoryFacts, RepositoryState
from validation.jsontext import JsonObject
from validation.wish import Serving, Wish

BACKEND = "the Transformers backend cannot build it"


def test_a_small_llama_is_served() -> None:
    """Class, runner, length, format and weights of the simplest model."""
    expected = Prediction(
        supported=Support.YES,
        architecture="LlamaForCausalLM",
        implementation="llama:LlamaForCausalLM",
        runner="generate",
        max_model_len=4096,
        max_model_len_key="max_position_embeddings",
        max_model_len_limit=4096,
        dtype="bfloat16",
        weight_files=("model.safetensors",),
        weights_bytes=10,
    )

    assert expected == predict(facts(llama(), model__safetensors=10), TABLE)


@pytest.mark.parametrize(
    ("reason", "status", "config"),
    [
        (
            "`BaichuanForCausalLM` was removed from vLLM after 0.23.0; this is 0.32.0",
            "removed",
            llama(architectures=["BaichuanForCausalLM"]),
        ),
        (
            f"vLLM 0.32.0 has `BartModel` only by a plugin, and {BACKEND}: `BartDecoder` takes no `position_ids`",
            "plugin",
            llama(architectures=["BartModel"], model_type="bart"),
        ),
        (
            "vLLM 0.32.0 has no architecture `MadeUpForCausalLM`, nor has any version from 0.10.2",
            "unknown",
            llama(architectures=["MadeUpForCausalLM"]),
        ),
        ("neither vLLM 0.32.0 nor transformers 5.19.0 knows `model_type` `made-up`", "", llama(model_type="made-up")),
        ("`config.json` has no `model_type`", "", llama(model_type=None)),
        (
            f"{BACKEND}: `T5Stack` takes no `position_ids`",
            "",
            llama(architectures=["T5ForConditionalGeneration"], model_type="t5"),
        ),
        ("the engine has no quantization method `gguf`", "", llama(quantization_config={"quant_method": "gguf"})),
        (
            "its language model's configuration has no `num_attention_heads`",
            "",
            llama(
                model_type="chatglm", architectures=["LlavaForConditionalGeneration"], text_config={"hidden_size": 1}
            ),
        ),
        (
            "its configuration describes more than one language model",
            "",
            llama(text_config={"model_type": "llama"}, decoder={"model_type": "llama"}),
        ),
        (
            "`EagleLlamaForCausalLM` is a draft model, which vLLM loads only beside the model it drafts for",
            "",
            llama(architectures=["EagleLlamaForCausalLM"]),
        ),
    ],
)
def test_a_refusal_says_why(reason: str, status: str, config: JsonObject) -> None:
    """Each way in which vLLM refuses a model has its own sentence."""
    found = predict(facts(config), TABLE)

    assert (Support.NO, reason, status) == (found.supported, found.reason, found.status)


def test_a_refusal_names_a_version_that_has_the_class() -> None:
    """The advice is a version that loads it, not the last one that vLLM remembers."""
    found = predict(facts(llama(architectures=["MptForCausalLM"], model_type="mpt")), TABLE)

    assert "0.28.0" == found.versions[-1]
    assert found.help.endswith("or set engine.version to 0.28.0")


def test_an_unknown_type_names_a_version_that_knows_it() -> None:
    """A model newer than the engine says which engine to take; one that no version knows waits for the next."""
    young = predict(facts(llama(model_type="qwen3_5_text")), load_engine("0.10.2"))
    newest = predict(facts(llama(model_type="made-up")), load_engine("0.33.0"))

    assert "choose a model whose type the engine knows, or set engine.version to 0.33.0" == young.help
    assert newest.help.endswith("or wait for an engine newer than 0.33.0")


def test_no_advice_leads_to_an_engine_with_a_hole() -> None:
    """A class that only versions below the security floor have is not recommended."""
    found = predict(facts(llama(architectures=["DonutForConditionalGeneration"])), TABLE)

    assert "which had it, is open to CVE-2026-48746" in found.help


def test_remote_code_is_told_from_an_unknown_type() -> None:
    """A type that only the repository's code knows needs trust; the rest is predicted as if it were given."""
    config = llama(model_type="exaone-x", architectures=["ExaoneForCausalLM"], auto_map={"AutoConfig": "a.B"})
    found = predict(facts(config), TABLE)

    assert (Support.YES, Support.YES, 4096) == (found.supported, found.remote_code, found.max_model_len)


def test_auto_map_beside_a_known_type_needs_no_code() -> None:
    """The engine knows the type, so the repository's code stays unread."""
    assert Support.NO is predict(facts(llama(auto_map={"AutoConfig": "a.B"})), TABLE).remote_code


def test_missing_architectures_come_from_the_type() -> None:
    """Without names the base class of the model type is taken."""
    assert "LlamaModel" == predict(facts(llama(architectures=None)), TABLE).architecture


def test_a_speculator_is_left_open() -> None:
    """Such a repository makes vLLM serve another one, which is not looked at here."""
    config = llama(speculators_config={"verifier": {"name_or_path": "a/b"}})

    assert Support.UNKNOWN is predict(facts(config), TABLE).supported


def test_mistral_format_is_read_from_params() -> None:
    """With consolidated weights params.json decides, and config.json fills the gaps."""
    params: JsonObject = {
        "dim": 64,
        "n_layers": 2,
        "n_heads": 4,
        "max_seq_len": 32768,
        "max_position_embeddings": 32768,
    }
    found = predict(facts(llama(), {"params.json": params}, consolidated__safetensors=5), TABLE)

    assert ("mistral", "MistralForCausalLM", 32768) == (found.config_format, found.architecture, found.max_model_len)


def test_an_outage_is_unknown() -> None:
    """A configuration that could not be read is not held against the model."""
    unread = replace(facts(), documents={"config.json": Document(path="config.json", unread=True)})
    gone = replace(facts(), state=RepositoryState.UNREACHABLE)

    assert [(Support.UNKNOWN, Support.UNKNOWN)] * 2 == [
        (found.supported, found.remote_code) for found in (predict(unread, TABLE), predict(gone, TABLE))
    ]


def test_no_configuration_is_a_refusal() -> None:
    """A repository without config.json cannot be served."""
    assert Support.NO is predict(facts(), TABLE).supported


def test_a_wished_kv_cache_format_is_kept() -> None:
    """What the stack says goes before what the checkpoint chooses."""
    wish = Wish(serving=Serving(kv_cache_dtype="fp8"))

    assert "fp8" == predict(facts(llama()), TABLE, wish).kv_cache_dtype


def test_pooling_modules_make_an_embedding_model() -> None:
    """modules.json of sentence-transformers turns a decoder into an embedding model."""
    modules: JsonObject = {"modules": [{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}]}
    found = predict(facts(llama(), {"modules.json": modules}), TABLE)

    assert ("pooling", "embed") == (found.runner, found.convert)


@pytest.mark.parametrize("version", available_versions())
def test_every_real_configuration_gets_an_answer(version: str) -> None:
    """No real file breaks the prediction, whatever the version."""
    table = load_engine(version)
    answers = {model: predict(found, table).supported for model, found in real_configs().items()}

    assert answers["Qwen/Qwen2.5-0.5B"] is Support.YES


def test_an_empty_repository_is_answered() -> None:
    """Facts without any file are enough to answer."""
    assert Support.NO is predict(RepositoryFacts(source="a test", origin=facts().origin), TABLE).supported
