"""An answer that is made while it is sent."""

from __future__ import annotations

import structlog
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from typing_extensions import override

from hotline_ivr.errors import ExportBroken
from hotline_ivr.web.api.route import StreamShown

log = structlog.get_logger()


class PipedResponse(web.StreamResponse):
    """Sends the pieces as the client takes them. What breaks off is cut off: it must not look whole."""

    def __init__(self, stream: StreamShown) -> None:
        super().__init__()
        self.headers["Content-Type"] = stream.media
        self.headers["Content-Disposition"] = f'attachment; filename="{stream.name}"'
        self._pieces = stream.pieces

    @override
    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        try:
            writer = await super().prepare(request)
            if request.method != "HEAD":
                async for piece in self._pieces:
                    await self.write(piece)
        except ExportBroken as error:
            log.error("an export broke off", reason=str(error))  # noqa: TRY400  it says it all
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("the export broke off") from None
        else:
            return writer
        finally:
            await self._pieces.aclose()
