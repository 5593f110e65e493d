"""Cases of the rules on architecture, type, features, code, chat template and lifecycle."""

from dataclasses import replace
from datetime import date

from tests.rules.build import (
    CHAT,
    CHATS,
    EMBEDS,
    MANAGED,
    TEMPLATE,
    UNSURE,
    config,
    subject,
    text,
    tokenizer_config,
)
from tests.rules.cases.case import Case
from validation.contracts.contract import Notice
from validation.engine.prediction import Support
from validation.finding import Outcome, Severity
from validation.wish import ModelType, Wish

_TITLE = "Scaleway Managed Inference"
_ENDING = replace(
    MANAGED,
    notices=(
        Notice(ends=date(2027, 1, 31), architecture="LlamaForCausalLM", text="move to Qwen2ForCausalLM"),
        Notice(ends=date(2026, 11, 1), engine="<0.34"),
    ),
)

CASES = (
    Case(
        rule="architecture-not-listed",
        failing=subject(config(architectures=["Qwen3MoeForCausalLM"])),
        message=f"architecture `Qwen3MoeForCausalLM` is not on the list of {_TITLE}",
        where="config.json architectures",
    ),
    Case(
        rule="architecture-listed-for-another-type",
        failing=subject(config(architectures=["MistralForCausalLM"]), prediction=EMBEDS),
        message="architecture `MistralForCausalLM` is listed for chat, not embedding",
        where="config.json architectures",
    ),
    Case(
        rule="model-type-undetected",
        failing=subject(config(architectures=["Mystery"]), prediction=UNSURE),
        message="the model's type cannot be told from its files",
        severity=Severity.WARNING,
        outcome=Outcome.UNKNOWN,
    ),
    Case(
        rule="model-type-unsupported",
        failing=subject(config(architectures=["BertForSequenceClassification"])),
        message=f"the model is a reranker, classifier, speech or draft model, which {_TITLE} does not serve",
        where="config.json architectures",
    ),
    Case(
        rule="model-type-mismatch",
        failing=subject(wish=Wish(model_type=ModelType.EMBEDDING)),
        passing=subject(wish=Wish(model_type=ModelType.CHAT)),
        message="the stack wishes a model of type embedding, and this one is chat",
    ),
    Case(
        rule="structured-outputs-unsupported",
        failing=subject(wish=Wish(structured_outputs=True)),
        message=f"structured outputs are not supported by {_TITLE}",
    ),
    Case(
        rule="function-calling-unsupported",
        failing=subject(wish=Wish(function_calling=True)),
        message=f"function calling is not supported by {_TITLE}",
    ),
    Case(
        rule="custom-code-unneeded",
        failing=subject(config(auto_map={"AutoConfig": "configuration.Config"})),
        message="`auto_map` in config.json names custom code, which is not needed and not loaded",
        severity=Severity.NOTE,
        where="config.json auto_map",
    ),
    Case(
        rule="custom-code-needed",
        failing=subject(prediction=replace(CHATS, remote_code=Support.YES)),
        message="the model can only be loaded with its own code (`auto_map`)",
        where="config.json auto_map",
    ),
    Case(
        rule="attention-implementation-set",
        failing=subject(config(text_config={"_attn_implementation_internal": "mallory/kernel"})),
        message="`text_config._attn_implementation_internal` in config.json makes the server run code from the Hub",
        where="config.json text_config._attn_implementation_internal",
    ),
    Case(
        rule="chat-template-malformed",
        failing=subject(tokenizer_config([{"name": "tool_use", "template": TEMPLATE}])),
        message="`chat_template` in tokenizer_config.json has no template named `default`",
        where="tokenizer_config.json chat_template",
    ),
    Case(
        rule="chat-template-missing",
        failing=subject(tokenizer_config(None)),
        message="no chat template: every chat request would be answered with 400",
        where="tokenizer_config.json chat_template",
    ),
    Case(
        rule="chat-template-unaccepted-place",
        failing=subject(text("chat_template.jinja", TEMPLATE, tokenizer_config(None))),
        message=f"the chat template stands in chat_template.jinja, which {_TITLE} does not read",
        where="chat_template.jinja",
    ),
    Case(
        rule="chat-template-shadowed",
        failing=subject(text("chat_template.jinja", "{{ bos_token }}")),
        passing=subject(text("chat_template.jinja", f"{TEMPLATE}\n")),
        message="chat_template.jinja holds another chat template than tokenizer_config.json, and wins",
        severity=Severity.WARNING,
        where="tokenizer_config.json chat_template",
    ),
    Case(
        rule="chat-template-syntax",
        failing=subject(tokenizer_config("{% for message in messages %}{{ message }}")),
        message="chat template cannot be parsed: unexpected end of template",
        where="tokenizer_config.json chat_template",
    ),
    Case(
        rule="chat-template-unsafe",
        failing=subject(tokenizer_config("{{ messages }}\n{{ ''.__class__ }}")),
        message="chat template reaches for `__class__`, an internal of Python, at its line 2",
        where="tokenizer_config.json chat_template",
    ),
    Case(
        rule="architecture-ending",
        failing=subject(CHAT, contract=_ENDING),
        message="support for architecture `LlamaForCausalLM` ends on 2027-01-31, in 69 days",
        severity=Severity.WARNING,
        where="config.json architectures",
    ),
    Case(
        rule="engine-ending",
        failing=subject(CHAT, contract=_ENDING),
        message="support for vLLM <0.34 ended on 2026-11-01",
    ),
)
