"""How each part of the service is, in words, for /readyz. Nothing here waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from hotline_ivr.asterisk.agi_server import AgiServer
from hotline_ivr.asterisk.ami_link import AmiLink, LinkState
from hotline_ivr.calls.floor_watch import FloorWatch
from hotline_ivr.calls.record_keeper import RecordKeeper
from hotline_ivr.web.health import Check, Part


@dataclass(frozen=True, slots=True)
class Readiness:
    """The parts that are asked.

    `tables` says what is wrong with the database's tables, empty when nothing is; `disks` which of them are
    full; `refused` why the
    configuration on disk is not in use, empty when it is; `version` which one is in use.
    """

    agi: AgiServer
    ami: AmiLink
    floor: FloorWatch
    keeper: RecordKeeper
    tables: Callable[[], str]
    disks: Callable[[], Iterable[str]]
    refused: Callable[[], object]
    version: Callable[[], str]

    def checks(self) -> Mapping[str, Check]:
        return {
            "asks": self._asks,
            "manager": self._manager,
            "record": self._record,
            "disk": self._disk,
            "configuration": self._configuration,
        }

    async def _asks(self) -> Part:
        counters = self.agi.counters
        return Part(ok=True, detail=f"{counters.sessions} answered since start, {counters.open} open")

    async def _manager(self) -> Part:
        state = self.ami.state
        match state:
            case LinkState.CONNECTED:
                operators = len(self.floor.floor.operators())
                return Part(ok=True, detail=f"logged in; {operators} operators in queues")
            case LinkState.REFUSED:
                detail = "Asterisk refuses the login: run `hotline render`, then reload Asterisk"
            case LinkState.DISCONNECTED:
                detail = "no link to Asterisk; calls go on, the live picture does not"
            case _:
                assert_never(state)
        return Part(ok=False, detail=detail)

    async def _record(self) -> Part:
        if tables := self.tables():
            return Part(ok=False, detail=tables)
        return Part(ok=self.keeper.healthy, detail=self.keeper.detail)

    async def _disk(self) -> Part:
        full = "; ".join(self.disks())
        return Part(ok=not full, detail=full or "there is room for the record")

    async def _configuration(self) -> Part:
        if self.refused():
            detail = "the configuration on disk is refused, the last good one is in use: hotline check"
            return Part(ok=False, detail=detail)
        return Part(ok=True, detail=f"version {self.version()} in use")
