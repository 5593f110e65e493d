"""The rules on LoRA adapters, where a model and an adapter are not as plain as in the cases."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.rules.adapters import BASE, OLDER, adapted, facts, tensors
from tests.rules.build import CHATS, broken, config, document, unread, with_files, without
from validation.engine.tables import load_engine
from validation.facts import Ancestor, Document, File, HeaderProblem, RepositoryFacts, RepositoryState
from validation.finding import Outcome, Severity
from validation.jsontext import JsonObject
from validation.rules import adapter, adapter_base, adapter_files, adapter_shape
from validation.rules.rule import Answer, Subject
from validation.wish import Serving

RULES = {rule.name: rule for family in (adapter, adapter_files, adapter_base, adapter_shape) for rule in family.RULES}
HEAD = ("base_model.model.lm_head.lora_A.weight", "base_model.model.lm_head.lora_B.weight")
OLD = load_engine("0.22.0")
LATE = replace(CHATS, architecture="Starcoder2ForCausalLM")  # takes adapters in later versions only


PEFT = """{"alora_invocation_tokens": null, "alpha_pattern": {}, "arrow_config": null, "auto_mapping": null,
"bias": "none", "corda_config": null, "ensure_weight_tying": false, "eva_config": null, "exclude_modules": null,
"fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true, "layer_replication": null,
"layers_pattern": null, "layers_to_transform": null, "loftq_config": {}, "lora_bias": false, "lora_dropout": 0.05,
"megatron_config": null, "megatron_core": "megatron.core", "modules_to_save": null, "peft_version": "0.18.0",
"qalora_group_size": 16, "rank_pattern": {}, "revision": null, "target_parameters": null,
"trainable_token_indices": null, "use_dora": false, "use_qalora": false, "use_rslora": false}"""


def answers(name: str, of: Subject) -> list[Answer]:
    """Return what a rule says, skipped answers left out."""
    return [answer for answer in RULES[name].check(of) if answer.outcome is not Outcome.SKIPPED]


def said(name: str, of: Subject) -> list[str]:
    """Return a rule's messages without the adapter's name."""
    return [answer.message.removeprefix("adapter `sql`: ") for answer in answers(name, of)]


@pytest.mark.parametrize("name", RULES)
def test_a_model_without_adapters_is_asked_nothing(name: str) -> None:
    """Each rule is skipped, so that reports on plain models stay as they are."""
    alone = replace(adapted(), adapters=(), lora=None)

    assert [Outcome.SKIPPED] == [answer.outcome for answer in RULES[name].check(alone)]


@pytest.mark.parametrize("name", RULES)
def test_the_clean_adapter_passes(name: str) -> None:
    """On the newest engine and on an older one."""
    assert [] == answers(name, adapted()) == answers(name, adapted(table=OLDER))


@pytest.mark.parametrize("name", sorted(set(RULES) - {"adapter-unreadable"}))
def test_an_unreadable_adapter_is_told_once(name: str) -> None:
    """The rule on access says why; the others say nothing of files that nobody has seen."""
    away = RepositoryFacts(
        source="hf://acme/sql",
        origin=facts().origin,
        repository="acme/sql",
        state=RepositoryState.UNREACHABLE,
        detail="the Hub answered 503",
    )

    assert [] == answers(name, adapted(away))
    assert [Outcome.UNKNOWN] == [answer.outcome for answer in answers("adapter-unreadable", adapted(away))]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (facts(r=None), "its adapter_config.json lacks `r`"),
        (facts(r=0), "its rank `r` is no positive whole number"),
        (facts(r=True), "its rank `r` is no positive whole number"),
        (facts(lora_alpha="16"), "its `lora_alpha` is no number"),
        (facts(target_modules=None), "its adapter_config.json lacks `target_modules`"),
        (facts(rank_pattern={"q_proj": -1}), "its `rank_pattern` holds what is no rank"),
        (facts(peft_type=["LORA"]), "it is of no known type, and vLLM loads LoRA alone"),
        (broken("adapter_config.json", facts()), "adapter_config.json is not JSON: expecting value"),
        (
            with_files(without("adapter_config.json", facts=facts()), "config.json"),
            "it holds no adapter_config.json, so it is no adapter",
        ),
        (
            with_files(without("adapter_config.json", facts=facts()), "checkpoint-9/adapter_config.json"),
            "its adapter_config.json stands in `checkpoint-9`, not at the top of the repository",
        ),
    ],
)
def test_a_configuration_that_vllm_cannot_read_is_refused(own: RepositoryFacts, message: str) -> None:
    """Each in words that say what is wrong with the file."""
    assert [message] == said("adapter-config-invalid", adapted(own))


def test_an_outage_is_no_fault_of_the_adapter() -> None:
    """Files that could not be read are not checked, never failed."""
    config_unread = adapted(unread("adapter_config.json", facts()))
    problem = HeaderProblem(path="adapter_model.safetensors", problem="", unread=True)
    header_unread = adapted(replace(facts(()), header_problems=(problem,)))
    nothing_known = adapted(facts(()))

    assert [Outcome.UNKNOWN] == [each.outcome for each in answers("adapter-config-invalid", config_unread)]
    assert [Outcome.UNKNOWN] == [each.outcome for each in answers("adapter-weights-malformed", header_unread)]
    assert [Outcome.UNKNOWN] == [each.outcome for each in answers("adapter-weights-malformed", nothing_known)]


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"lora_bias": True}, "`lora_bias`"),
        ({"bias": "lora_only"}, "`bias`"),
        ({"modules_to_save": ["embed_tokens"]}, "`modules_to_save`: embed_tokens"),
        ({"modules_to_save": "lm_head"}, "`modules_to_save`: lm_head"),
        ({"init_lora_weights": "pissa_niter_4"}, "`init_lora_weights`: pissa_niter_4"),
        ({"layer_replication": [[0, 2]]}, "`layer_replication`"),
        ({"alora_invocation_tokens": [5]}, "`alora_invocation_tokens`"),
        ({"trainable_token_indices": [7]}, "`trainable_token_indices`"),
    ],
)
@pytest.mark.parametrize("table", [OLD, None], ids=["0.22.0", "newest"])
def test_what_no_version_does_is_refused_by_all(changes: dict[str, Any], part: str, table: Any) -> None:
    """Older versions load some of it and answer wrongly."""
    of = adapted(facts(**changes), **({"table": table} if table else {}))

    assert [part in message for message in said("adapter-feature-unsupported", of)] == [True]


@pytest.mark.parametrize(
    "changes",
    [
        {"use_rslora": True},
        {"init_lora_weights": "gaussian"},
        {"init_lora_weights": True},
        {"modules_to_save": []},
        {"use_dora": False, "bias": "none"},
        {"task_type": "FEATURE_EXTRACTION", "fan_in_fan_out": False, "lora_dropout": 0.1},
    ],
)
def test_what_every_version_reads_is_left_alone(changes: dict[str, Any]) -> None:
    """Other keys of PEFT say nothing to vLLM, or what it does."""
    assert [] == said("adapter-feature-unsupported", adapted(facts(**changes)))


def test_a_file_as_peft_writes_it_today_has_nothing_wrong() -> None:
    """All keys of PEFT 0.18 with what they hold when nothing special was asked for."""
    own = facts()
    stated = {**own.document("adapter_config.json"), **json.loads(PEFT)}
    written = replace(own, documents={"adapter_config.json": Document(path="adapter_config.json", value=stated)})

    assert [] == [
        answer for table in (OLD, OLDER) for name in RULES for answer in answers(name, adapted(written, table=table))
    ]


def test_patterns_of_ranks_are_read_by_newer_versions_only() -> None:
    """Before 0.32 one rank and one scale were taken for all modules."""
    mixed = facts(tensors(rank=8), rank_pattern={"v_proj": 4}, alpha_pattern={"v_proj": 8})

    assert [] == said("adapter-feature-unsupported", adapted(mixed))
    assert ["rank_pattern" in text for text in said("adapter-feature-unsupported", adapted(mixed, table=OLDER))] == [
        True
    ]


def test_a_classifiers_head_is_taken_by_newer_versions_only() -> None:
    """`modules_to_save` with `score` or `classifier` came with 0.32."""
    head = facts(tensors(more=("base_model.model.score.weight",)), modules_to_save=["score"])

    assert [] == said("adapter-feature-unsupported", adapted(head)) + said("adapter-weights-malformed", adapted(head))
    assert 1 == len(said("adapter-feature-unsupported", adapted(head, table=OLDER)))
    assert 1 == len(said("adapter-weights-malformed", adapted(head, table=OLDER)))


@pytest.mark.parametrize(
    "name",
    [
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.bias",
        "model.layers.0.self_attn.q_proj.weight",
    ],
)
def test_a_tensor_that_vllm_does_not_load_is_named(name: str) -> None:
    """It would stop the server when it starts."""
    assert [f"it holds tensors that vLLM does not load: {name}"] == said(
        "adapter-weights-malformed", adapted(facts(tensors(more=(name,))))
    )


@pytest.mark.parametrize(
    ("files", "part"),
    [(("adapter_model.pt",), "pickle"), (("adapters.safetensors",), "are not called"), ((), "it has no")],
)
def test_weights_of_another_form_are_refused(files: tuple[str, ...], part: str) -> None:
    """A pickle runs what its author put into it; under another name nothing is found."""
    own = replace(facts(), files=tuple(File(path=path) for path in files))

    assert [part in message for message in said("adapter-weights-not-safetensors", adapted(own))] == [True]


def test_a_pickle_beside_safetensors_is_never_loaded() -> None:
    """It is not fetched either."""
    assert [] == said("adapter-weights-not-safetensors", adapted(with_files(facts(), "adapter_model.bin")))


@pytest.mark.parametrize(
    ("own", "serving", "helps"),
    [
        (facts(tensors(rank=24), r=24), Serving(), []),
        (facts(tensors(rank=24), r=24), Serving(max_lora_rank=32), []),
        (facts(tensors(rank=24), r=24), Serving(max_lora_rank=16), ["set maxLoraRank to 32, or leave it out"]),
        (facts(), Serving(max_lora_rank=20), ["set maxLoraRank to 32, or leave it out"]),
        (facts(), Serving(max_lora_rank=999), ["set maxLoraRank to 512, or leave it out"]),
        (facts(tensors(rank=1024), r=1024), Serving(), ["train it with a rank of 512 or less, or merge it"]),
        (facts(rank_pattern={"v_proj": 64}), Serving(max_lora_rank=16), ["set maxLoraRank to 64, or leave it out"]),
    ],
)
def test_a_rank_is_one_that_vllm_takes(own: RepositoryFacts, serving: Serving, helps: list[str]) -> None:
    """The next allowed number is named; above the highest no setting helps."""
    assert helps == [answer.help for answer in answers("adapter-rank-too-high", adapted(own, serving=serving))]


def test_a_later_version_that_takes_the_adapter_is_named() -> None:
    """Where an upgrade helps, nothing has to be merged."""
    newer = replace(CHATS, architecture="Qwen3_5ForConditionalGeneration")
    (answer,) = answers(
        "adapter-architecture-unsupported", adapted(prediction=replace(newer, architecture="GPT2LMHeadModel"))
    )

    assert "merge the adapter into its base model (`merge_and_unload`) and serve the result" == answer.help


CHAIN = (Ancestor(repository="acme/tiny-chat", relation="adapter"),)


@pytest.mark.parametrize(
    ("model", "own", "severity"),
    [
        (BASE, facts(base_model_name_or_path="ACME/Tiny-Chat"), None),
        (BASE, replace(facts(base_model_name_or_path=None), ancestors=CHAIN), None),
        (BASE, replace(facts(base_model_name_or_path="acme/old-name"), ancestors=CHAIN), None),
        (  # the model is a quantization of what the adapter was trained on
            replace(BASE, ancestors=(Ancestor(repository="acme/whole", relation="quantized"),)),
            facts(base_model_name_or_path="acme/whole"),
            Severity.NOTE,
        ),
        (  # the adapter was trained on a quantization of the model
            BASE,
            replace(
                facts(base_model_name_or_path="acme/tiny-4bit"),
                ancestors=(
                    Ancestor(repository="acme/tiny-4bit", relation="adapter"),
                    Ancestor(repository="acme/tiny-chat", relation="quantized"),
                ),
            ),
            Severity.NOTE,
        ),
        (  # the model is a fine-tune of what the adapter was trained on
            replace(BASE, ancestors=(Ancestor(repository="acme/base", relation="finetune"),)),
            facts(base_model_name_or_path="acme/base"),
            Severity.WARNING,
        ),
        (BASE, facts(base_model_name_or_path="mirror/tiny-chat"), Severity.WARNING),
        (BASE, facts(base_model_name_or_path="mirror/tiny-chat-bnb-4bit"), Severity.WARNING),
        (BASE, facts(base_model_name_or_path="acme/other"), Severity.ERROR),
    ],
)
def test_the_base_is_compared_by_its_family(
    model: RepositoryFacts, own: RepositoryFacts, severity: Severity | None
) -> None:
    """Same weights pass, the same in another format are noted, trained ones are warned of, others refused."""
    found = answers("adapter-base-mismatch", adapted(own, base=model))
    rule = RULES["adapter-base-mismatch"]

    assert ([] if severity is None else [severity]) == [answer.severity or rule.severity for answer in found]


@pytest.mark.parametrize(
    ("model", "stated"),
    [
        (BASE, None),
        (BASE, "/data/checkpoints/step-900"),
        (replace(BASE, repository="", source="models/mine"), "acme/tiny-chat"),
    ],
)
def test_what_nobody_states_is_not_refused(model: RepositoryFacts, stated: str | None) -> None:
    """It could not be checked, and a warning says so: the preview goes on."""
    (answer,) = answers("adapter-base-mismatch", adapted(facts(base_model_name_or_path=stated), base=model))

    assert (Outcome.UNKNOWN, Severity.WARNING) == (answer.outcome, answer.severity)


def test_a_folder_is_the_base_that_has_its_name() -> None:
    """A local training names the local folder."""
    local = replace(BASE, repository="", source="examples/good/tiny-chat")

    assert [] == said("adapter-base-mismatch", adapted(facts(base_model_name_or_path="../good/tiny-chat"), base=local))


def test_another_tokenizer_is_only_noted() -> None:
    """PEFT writes the tokenizer anew, often with the same words in another form."""
    own = replace(facts(), files=(*facts().files, File(path="tokenizer.json", size=7)))
    (answer,) = answers("adapter-tokenizer-differs", adapted(own))

    assert Severity.NOTE is answer.severity


def test_embeddings_are_adapted_where_the_class_of_vllm_says_so() -> None:
    """Llama takes adapters on its output head; a model that takes images may, by the model inside it."""
    own = facts(tensors(more=HEAD))
    plain = replace(CHATS, architecture="MistralForCausalLM")

    assert [] == said("adapter-module-unknown", adapted(own))
    assert [] == said("adapter-module-unknown", adapted(own, prediction=replace(plain, multimodal=True)))
    assert ["it changes lm_head, where vLLM takes no adapters of `MistralForCausalLM`"] == said(
        "adapter-module-unknown", adapted(own, prediction=plain)
    )


def test_layers_beyond_the_last_are_told() -> None:
    """Without a word vLLM would leave them out."""
    assert ["it changes layer 3, and the model's last one is 1"] == said(
        "adapter-module-unknown", adapted(facts(tensors(layers=4)))
    )


def test_one_tensor_for_all_experts_has_many_times_the_rank() -> None:
    """128 experts of rank 8 are a matrix of 1024 rows: that is no rank above vLLM's largest."""
    own = facts(tensors({"mlp.experts.base_layer": (64, 8), "mlp.experts": (8, 64)}, rank=8 * 128))
    of = adapted(own, prediction=replace(CHATS, architecture="GptOssForCausalLM"))

    assert [] == said("adapter-rank-too-high", of) + said("adapter-shape-mismatch", of)
    assert of.lora is not None
    assert 8 == of.lora.max_rank


def test_experts_in_the_other_layout_are_told() -> None:
    """A mixture whose experts vLLM has one by one takes no tensor of them all."""
    own = facts(tensors({"mlp.experts.base_layer": (64, 8)}))
    of = adapted(own, prediction=replace(CHATS, architecture="Qwen3MoeForCausalLM"))
    (message,) = said("adapter-experts-layout", of)

    assert message.endswith("`Qwen3MoeForCausalLM` one by one")


def test_experts_are_named_in_too_many_ways_to_tell() -> None:
    """What nobody can say from the names is not guessed."""
    experts = {"mlp.experts.0.gate_proj": (64, 32), "mlp.experts.base_layer": (64, 8), "mlp.experts": (8, 64)}
    index: JsonObject = {"weight_map": {"model.layers.0.self_attn.q_proj.weight": "model.safetensors"}}
    of = adapted(facts(tensors(experts)), base=document(BASE, "model.safetensors.index.json", index))

    assert [] == said("adapter-module-unknown", of) + said("adapter-shape-mismatch", of)


@pytest.mark.parametrize(
    ("modules", "part"),
    [
        ({"self_attn.q_proj": (64, 128)}, "128 outputs, the model's has 64"),
        ({"self_attn.k_proj": (64, 64)}, "64 outputs, the model's has 32"),
        ({"self_attn.o_proj": (64, 32)}, "32 outputs, the model's has 64"),
        ({"mlp.down_proj": (64, 64)}, "64 inputs, the model's has 128"),
        ({"mlp.gate_proj": (64, 256)}, "256 outputs, the model's has 128"),
    ],
)
def test_every_side_of_a_matrix_is_compared(modules: dict[str, tuple[int, int]], part: str) -> None:
    """From the configuration alone, for a family whose configuration says all."""
    (message,) = said("adapter-shape-mismatch", adapted(facts(tensors(modules))))

    assert part in message


def test_only_the_models_width_is_compared_where_a_family_says_no_more() -> None:
    """An unknown family may have heads of any size; its width is its width."""
    odd = config(BASE, model_type="odd")

    assert [] == said("adapter-shape-mismatch", adapted(facts(tensors({"self_attn.k_proj": (64, 999)})), base=odd))
    assert 1 == len(said("adapter-shape-mismatch", adapted(facts(tensors({"self_attn.k_proj": (63, 32)})), base=odd)))


def test_what_the_headers_state_is_surer_than_the_configuration() -> None:
    """The model's own tensors decide where they are known, whatever stands in front of `layers`."""
    stored = replace(
        tensors({"self_attn.q_proj": (1, 1)})[0],
        name="language_model.model.layers.0.self_attn.q_proj.weight",
        shape=(96, 48),
        dtype="BF16",
        file="model.safetensors",
    )
    of = adapted(facts(tensors({"self_attn.q_proj": (48, 96)}, layers=1)), base=replace(BASE, tensors=(stored,)))

    assert [] == said("adapter-shape-mismatch", of)


def test_both_files_of_an_adapter_have_to_agree() -> None:
    """The scale is computed from the stated rank, so matrices of another one are scaled wrongly."""
    assert ["its matrices have rank 8, and its configuration says 4"] == said(
        "adapter-shape-mismatch", adapted(facts(r=4))
    )


def test_half_a_pair_is_an_upload_that_broke_off() -> None:
    """A module needs both of its matrices."""
    assert ["one of two matrices is missing for model.layers.0.self_attn.q_proj"] == said(
        "adapter-shape-mismatch", adapted(facts(tensors()[1:]))
    )
