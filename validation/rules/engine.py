"""What the engine version of the stack says of the model."""

from validation.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
