"""Prompts that have no words in one of the languages in which callers may come to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hotline_ivr.config.models import Plan
from hotline_ivr.config.prompt_uses import prompt_uses
from hotline_ivr.routing.remark import Remark


def untold(plan: Plan, prompts: Collection[str]) -> Iterator[Remark]:
    """Yield each place whose prompt callers would not hear in one of their languages.

    `prompts` are all there are, as `<language>/<prompt>`. A prompt that is there in no language at all is an
    error of the plan, and found with the names that point nowhere.
    """
    known = {name.partition("/")[2] for name in prompts}
    for prompt, uses in prompt_uses(plan).items():
        for use in uses if prompt in known else ():
            missing = [language for language in use.languages if f"{language}/{prompt}" not in prompts]
            if missing:
                yield _remark(use.path, prompt, missing)


def _remark(path: tuple[str, ...], prompt: str, missing: Collection[str]) -> Remark:
    languages = " and ".join(missing)
    message = f'prompt "{prompt}" has no words in {languages}, in which callers come here'
    return Remark(path, message, f"write its {languages} in prompts/prompts.yaml, or record it")
