"""Prepared answers: what operators say to questions that are asked often, or are delicate."""

from __future__ import annotations

from pydantic import Field

from hotline_ivr.config.base import Model
from hotline_ivr.config.labels import Label, Words
from hotline_ivr.config.types import Identifier, YesNo


class PreparedAnswer(Model):
    """An answer that is agreed on, in one or several variants."""

    title: Label = Field(
        description="The question that it answers, in short.",
        examples=["{nb: Utsatt eksamen, en: Postponed exam}"],
    )
    topics: tuple[Identifier, ...] = Field(
        (), max_length=20, description="Topics that it belongs to.", examples=["[exams]"]
    )
    variants: dict[Identifier, Words] = Field(
        min_length=1,
        max_length=20,
        description="What is said, by id of the variant.",
        examples=["{short: {nb: Ja., en: Yes.}}"],
    )
    retired: YesNo = Field(False, description="Whether it is offered no more; entries that have it keep it.")
