"""What somebody decides at a terminal, and the moment from which a running service goes by it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

from hotline_ivr.control.overrides_file import OverridesFile
from hotline_ivr.testing.stack import HotlineStack


async def decide(stack: HotlineStack, *words: str, alive: bool = True, within_s: float = 10) -> str:
    """Run a verb; what it says. A service that is `alive` goes by it when this returns."""
    done = await asyncio.to_thread(stack.hotline, *words)
    assert done.returncode == 0 or words[0] == "clear", done.stderr
    file = OverridesFile(stack.settings.overrides_file)
    async with asyncio.timeout(within_s):
        while alive and in_use(stack) != [
            f"{each.line} {each.kind}" for each in file.standing(datetime.now(UTC))
        ]:
            await asyncio.sleep(0.05)
    return done.stdout


def in_use(stack: HotlineStack) -> list[str]:
    """What the service has said last of the overrides by which it goes."""
    lines = stack.log_of("serve").read_text(encoding="utf-8", errors="replace").splitlines()
    told = [json.loads(text)["overrides"] for text in lines if '"overrides in use"' in text]
    return list(told[-1]) if told else []
