"""Advertising channels: what people answer to "how did you hear of us?"."""

from __future__ import annotations

from pydantic import Field

from hotline_ivr.config.base import Model
from hotline_ivr.config.labels import Label
from hotline_ivr.config.types import YesNo


class AdvertisingChannel(Model):
    """One way in which people hear of the hotline: a newspaper, the radio, a leaflet, a friend."""

    name: Label = Field(description="What people read.", examples=["{nb: Radio, en: Radio}"])
    retired: YesNo = Field(False, description="Whether it is offered no more; entries that have it keep it.")
