"""Asking another program about digits, over HTTP."""

from __future__ import annotations

import json

import aiohttp

from hotline_ivr.routing.steps import Call, LookUp

# An answer is one word; more than this is something else (bytes).
LARGEST_ANSWER = 4096
_LONGEST_WORD = 31


class HttpLookups:
    """POSTs the digits as JSON; see config/menus.py, Lookup. Whoever asks sets the deadline."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, call: Call, question: LookUp) -> str | None:
        """The `answer` of the JSON that comes back; None where there is none.

        Raises aiohttp.ClientError or ValueError for what is no answer at all.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession()
        known = {
            "line": call.line,
            "collect": question.collect,
            "digits": question.digits,
            "caller": call.caller,
        }
        # Another address than the configured one is not asked: the digits are a caller's.
        async with self._session.post(question.url, json=known, allow_redirects=False) as response:
            if response.status != 200:
                return None
            return answer_in(await response.content.read(LARGEST_ANSWER))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def answer_in(body: bytes) -> str | None:
    """The answer in a body. Raises ValueError if it is no JSON."""
    said = json.loads(body)
    answer = said.get("answer") if isinstance(said, dict) else None
    return answer if isinstance(answer, str) and len(answer) <= _LONGEST_WORD else None
