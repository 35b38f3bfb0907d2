"""The FastAGI server: a thin asyncio shell around agi_protocol.

One session is one ask: environment in, handler called, one variable set, its reply awaited, closed. The
handler is a synchronous pure call, so a session needs neither a task nor a stream: three callbacks of an
asyncio.Protocol are all of it. Whatever goes wrong, the session is closed without an answer and the dialplan
goes on by its fallback; nothing that one peer sends or withholds delays another.

Every session ends in exactly one SessionEnd, so `sessions` is always the sum of the ends and of `open`.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, override

from hotline_ivr.asterisk.agi_protocol import AgiProtocol, AgiReply, AgiRequest, CallerHungUp
from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError
