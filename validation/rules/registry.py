"""Every rule, in the order in which they run and are listed; a required rule stands before those that require it."""

from validation.rules import (
    access,
    architecture,
    config,
    engine,
    features,
    fit,
    licence,
    lifecycle,
    model_type,
    processor,
    remote_code,
    revision,
    security,
    shard,
    suppression,
    template,
    tokenizer,
    weights,
)
from validation.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *access.RULES,
    *revision.RULES,
    *config.RULES,
    *architecture.RULES,
    *model_type.RULES,
    *features.RULES,
    *weights.RULES,
    *shard.RULES,
    *remote_code.RULES,
    *tokenizer.RULES,
    *template.RULES,
    *processor.RULES,
    *licence.RULES,
    *security.RULES,
    *lifecycle.RULES,
    *engine.RULES,
    *fit.RULES,
    *suppression.RULES,
)
