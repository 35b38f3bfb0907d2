"""What every model of the configuration has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, field_validator

from hotline_ivr.config.refusal import refusal


class Model(BaseModel):
    """Base of everything in the YAML: immutable, and an unknown key is an error and not a silence.

    Descriptions and examples of the fields become docs/configuration.md, the JSON schema for editors, and the
    remedies in messages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @field_validator("*", mode="before")
    @classmethod
    def _nothing_is_no_value(cls, value: object) -> object:
        """A key without a value is a slip of the pen, also where leaving the key out would be right."""
        if value is None:
            raise refusal("is empty", "")
        return value
