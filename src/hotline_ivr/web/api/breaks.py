"""Breaks: asking for one, and not waiting for it any more."""

from __future__ import annotations

from functools import partial

from pydantic import Field

from hotline_ivr.control.tokens import Role
from hotline_ivr.web.api.floor_desk import FloorDesk
from hotline_ivr.web.api.operators import OperatorPath, carry_out, noted, require
from hotline_ivr.web.api.operators_shown import OperatorShown
from hotline_ivr.web.api.problems import Kind, wrong_value
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route
from hotline_ivr.web.api.values import ID


class BreakWanted(Given):
    """Which break."""

    kind: str = Field(pattern=ID, description="Id of a kind of break.", examples=["lunch"])


def routes(desk: FloorDesk) -> tuple[AnyRoute, ...]:
    """The routes of breaks."""
    return (
        Route(
            method="POST",
            path="/operators/{id}/break",
            role=Role.CONTROL,
            summary="Ask for a break: it begins at once, after the call, or when enough others are there",
            path_model=OperatorPath,
            query_model=Nothing,
            body_model=BreakWanted,
            answer_model=OperatorShown,
            handler=partial(ask, desk),
            errors=(Kind.NOT_NOW,),
        ),
        Route(
            method="DELETE",
            path="/operators/{id}/break",
            role=Role.CONTROL,
            summary="Wait for the break no longer",
            path_model=OperatorPath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=OperatorShown,
            handler=partial(take_back, desk),
            errors=(Kind.NOT_NOW,),
        ),
    )


async def ask(desk: FloorDesk, asked: Asked[OperatorPath, Nothing, BreakWanted]) -> OperatorShown:
    kind, plan = asked.body.kind, await require(desk, asked.path.id)
    if kind not in plan.break_kinds:
        known = ", ".join(sorted(plan.break_kinds)) or "none; add break_kinds to the configuration"
        raise wrong_value("body.kind", f"There is no kind of break '{kind}'. Kinds are: {known}.")
    await carry_out(asked.path.id, desk.breaks.ask(asked.path.id, kind, asked.who.name))
    return await noted(desk, asked, "break", {"kind": kind})


async def take_back(desk: FloorDesk, asked: Asked[OperatorPath, Nothing, Nothing]) -> OperatorShown:
    await require(desk, asked.path.id)
    await carry_out(asked.path.id, desk.breaks.take_back(asked.path.id))
    return await noted(desk, asked, "break-taken-back", {})
