"""Cases of the rules on LoRA adapters."""

from dataclasses import replace
from typing import Any

from tests.rules.adapters import BASE, PLACE, adapted, facts, tensors
from tests.rules.build import CHATS, MANAGED, config, document
from tests.rules.cases.case import Case
from validation.facts import Gating, HeaderProblem, RepositoryState, SecurityScan
from validation.finding import Severity
from validation.jsontext import JsonObject
from validation.rules.rule import Subject
from validation.wish import Serving

_WIDE = {"self_attn.q_proj": (128, 64)}
_TOWER = (
    "base_model.model.visual.blocks.0.attn.qkv.lora_A.weight",
    "base_model.model.visual.blocks.0.attn.qkv.lora_B.weight",
)
_INDEX: JsonObject = {"weight_map": {"model.layers.0.self_attn.qkv_proj.weight": "model.safetensors"}}


def _case(rule: str, failing: Subject, message: str, **more: Any) -> Case:
    return Case(
        rule=rule,
        failing=failing,
        message=f"adapter `sql`: {message}",
        **{"where": str(PLACE), "passing": adapted(), **more},
    )


CASES = (
    Case(
        rule="adapter-not-in-contract",
        failing=adapted(contract=MANAGED),
        passing=adapted(),
        message="Scaleway Managed Inference takes one repository a model, and says nothing of adapters",
    ),
    _case(
        "adapter-unreadable",
        adapted(replace(facts(), state=RepositoryState.NOT_FOUND)),
        "no repository `acme/sql`",
    ),
    _case(
        "adapter-needs-token",
        adapted(replace(facts(), gating=Gating.MANUAL)),
        "`acme/sql` is gated: its download needs a token with access too",
        severity=Severity.NOTE,
    ),
    _case(
        "adapter-unpinned",
        adapted(replace(facts(), revision="main")),
        "revision `main` can move: what was checked may not be what is served",
        severity=Severity.WARNING,
    ),
    _case(
        "adapter-licence",
        adapted(replace(facts(), licence="")),
        "the model states no licence",
        severity=Severity.WARNING,
    ),
    _case(
        "adapter-scan-flagged",
        adapted(replace(facts(), security=SecurityScan(finished=True, flagged=(("adapter_config.json", "unsafe"),)))),
        "the Hub's scan reports adapter_config.json as unsafe, which the server loads",
    ),
    _case(
        "adapter-config-invalid",
        adapted(facts(peft_type="IA3")),
        "it is of the type `IA3`, and vLLM loads LoRA alone",
    ),
    _case(
        "adapter-weights-not-safetensors",
        adapted(replace(facts(), files=(replace(facts().files[0], path="adapter_model.bin"),))),
        "its only weights are a pickle, which can run code: adapter_model.bin",
    ),
    _case(
        "adapter-weights-malformed",
        adapted(
            replace(
                facts(()),
                header_problems=(HeaderProblem(path="adapter_model.safetensors", problem="ends within its header"),),
            )
        ),
        "adapter_model.safetensors ends within its header",
    ),
    _case(
        "adapter-feature-unsupported",
        adapted(facts(use_dora=True, modules_to_save=["lm_head"], use_rslora=True)),
        "vLLM 0.33.0 does not support DoRA (`use_dora`), "
        "whole modules beside the matrices (`modules_to_save`: lm_head)",
    ),
    Case(
        rule="adapter-architecture-unsupported",
        failing=adapted(prediction=replace(CHATS, architecture="GPT2LMHeadModel")),
        passing=adapted(),
        message="vLLM 0.33.0 serves `GPT2LMHeadModel` without adapters",
    ),
    Case(
        rule="adapter-vocabulary-too-large",
        failing=adapted(base=config(BASE, vocab_size=262144)),
        passing=adapted(),
        message="a vocabulary of 262144 is above the 258048 that vLLM takes with adapters",
    ),
    _case(
        "adapter-rank-too-high",
        adapted(facts(tensors(rank=64), r=64), serving=Serving(max_lora_rank=16)),
        "its rank is 64, and maxLoraRank is 16",
    ),
    _case(
        "adapter-base-mismatch",
        adapted(facts(base_model_name_or_path="acme/other")),
        "it was trained on `acme/other`, and served with `acme/tiny-chat`",
    ),
    _case(
        "adapter-tokenizer-differs",
        adapted(document(facts(), "tokenizer_config.json", {"chat_template": "{{ messages }}"})),
        "it brings another chat template than the model's, which is the one that the server uses",
        severity=Severity.WARNING,
    ),
    _case(
        "adapter-module-unknown",
        adapted(base=document(BASE, "model.safetensors.index.json", _INDEX)),
        "it changes q_proj, v_proj, and the model has no such modules",
    ),
    _case(
        "adapter-shape-mismatch",
        adapted(facts(tensors(_WIDE))),
        "its model.layers.0.self_attn.q_proj has 128 inputs, the model's has 64 (1 more)",
    ),
    _case(
        "adapter-experts-layout",
        adapted(
            facts(tensors({"mlp.experts.0.gate_proj": (64, 32)})),
            prediction=replace(CHATS, architecture="GptOssForCausalLM"),
        ),
        "it changes model.layers.0.mlp.experts.0.gate_proj, and vLLM loads adapters on the experts of "
        "`GptOssForCausalLM` as one tensor a layer",
        passing=adapted(
            facts(tensors({"mlp.experts.base_layer": (64, 32), "mlp.experts": (32, 64)})),
            prediction=replace(CHATS, architecture="GptOssForCausalLM"),
        ),
    ),
    _case(
        "adapter-tower-ignored",
        adapted(facts(tensors(more=_TOWER))),
        "vLLM leaves out what it changes outside of the language model: visual.blocks.0.attn.qkv",
        severity=Severity.WARNING,
    ),
)
