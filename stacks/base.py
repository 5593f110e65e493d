"""What all settings share: one strict base, and the words that several modules use."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, Strict
from pydantic.alias_generators import to_camel

from stacks import form

NAMESPACE = "slipway"  # the project's name, and so the prefix of its keys
SECRETS = ("huggingFaceToken", "apiKey")  # scalars of their own: a secret inside an object arrives as plain text
MAX_ITEMS = 1000
LOOSE = Strict(strict=False)  # YAML has lists and strings where Python has tuples and enumerations
Count = Annotated[int, Field(ge=1, le=1000)]
TokenCount = Annotated[int, Field(ge=1, le=100_000_000)]


class Base(BaseModel):
    """What all settings share: frozen, strict, camelCase, no unknown key, no value in an error."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=to_camel,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )


class SecretKey(Base):
    """A key of a Secret that is already in the cluster's namespace, so that its value is in no file and no state."""

    name: form.ObjectName
    """The Secret's name."""
    key: form.DataKey
    """The key under its `data`."""
