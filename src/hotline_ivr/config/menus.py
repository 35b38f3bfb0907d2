"""Menus: what callers may press, and where that leads."""

from __future__ import annotations

from pydantic import Field

from hotline_ivr.config.base import Model
from hotline_ivr.config.types import PromptId


class Menu(Model):
    """A spoken choice among keys."""

    prompt: PromptId = Field(description="Prompt that tells the choices.", examples=["menu"])
