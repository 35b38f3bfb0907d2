"""The plan: what the admin's YAML says, checked and immutable.

Lines, calendars and menus have files of their own; the rest stands here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from hotline_ivr.config.advertising import AdvertisingChannel
from hotline_ivr.config.alerts import Alerts
from hotline_ivr.config.base import Model
from hotline_ivr.config.breaks import BreakKind
from hotline_ivr.config.calendars import Calendar
from hotline_ivr.config.callback_offer import Offer
from hotline_ivr.config.callbacks import Callbacks
from hotline_ivr.config.centres import Centre
from hotline_ivr.config.contracts import Contract
from hotline_ivr.config.control import Control
from hotline_ivr.config.devices import MOST_DEVICES, Device
from hotline_ivr.config.duty_rota import DutyRota
from hotline_ivr.config.extensions import Extension
from hotline_ivr.config.floor import Floor
from hotline_ivr.config.guard import Guard
from hotline_ivr.config.head_starts import KnownCallers
from hotline_ivr.config.line import Line
from hotline_ivr.config.menus import Collect, Menu, VoicemailBox
from hotline_ivr.config.minimum_ready import MinimumReady
from hotline_ivr.config.outside import Outside
from hotline_ivr.config.prepared_answers import PreparedAnswer
from hotline_ivr.config.privacy import Privacy
from hotline_ivr.config.promises import Promises
from hotline_ivr.config.recording import Recording, Recordings
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.register import Entries
from hotline_ivr.config.shifts import Shift, ShiftChange, ShiftPlan
from hotline_ivr.config.skills import Relax, Skills, serves
from hotline_ivr.config.topics import Topic
from hotline_ivr.config.types import (
    Country,
    Duration,
    Identifier,
    LanguageCode,
    Name,
    Network,
    PromptId,
    SipContact,
    SipHost,
    TimeZone,
    YesNo,
)
from hotline_ivr.config.waiting_music import Comfort, MusicFile
from hotline_ivr.config.webhooks import EventHook

__all__ = [
    "BreakKind",
    "Calendar",
    "Centre",
    "Collect",
    "Configuration",
    "Contract",
    "Control",
    "KnownCallers",
    "Line",
    "Menu",
    "Model",
    "Operator",
    "Organisation",
    "Outside",
    "Plan",
    "Promises",
    "Queue",
    "Shift",
    "ShiftChange",
    "ShiftPlan",
    "Strategy",
    "Trunk",
    "VoicemailBox",
]

Strategy = Literal["leastrecent", "fewestcalls", "random", "rrmemory", "ringall", "linear"]
SignIn = Literal["always", "self", "shift"]
_LONGEST_RELAX_S = 3600
Codec = Literal["alaw", "ulaw", "g722", "opus"]


class Organisation(Model):
    """Who runs the hotline."""

    name: Name = Field(
        description="The organisation's name, as operators say it.", examples=["Example University"]
    )
    country: Country = Field("NO", description="Country of the numbers that are written without `+`.")
    time_zone: TimeZone | None = Field(
        None, description="Time zone of shifts; left out, the one that all lines have."
    )
    most_away: int | None = Field(
        None, ge=1, le=1000, description="Most operators on a break at once, of all queues.", examples=["4"]
    )


class Queue(Model):
    """Where callers wait, and the operators who serve them."""

    operators: tuple[Identifier, ...] = Field(
        (),
        description="Operators who take its calls. Left out with `needs`: all who have the skills.",
        examples=["[anna, bjorn]"],
    )
    needs: tuple[Identifier, ...] = Field(
        (), max_length=5, description="Skills that its operators must have.", examples=["[billing, english]"]
    )
    relax: Relax = Field(
        {},
        description="How long callers wait before operators of a level (2 to 9) are rung for them;"
        " levels other than 1 and these never are. Left out: all levels at once, the better first.",
        examples=["{2: 30s, 3: 2m}"],
    )
    strategy: Strategy = Field(
        "leastrecent",
        description="Who is rung first among the free operators; linear is the order of the list.",
    )
    ring_time: Duration = Field(
        15,
        ge=3,
        le=120,
        description="How long one operator's phone rings before the next is tried.",
        examples=["15s"],
    )
    max_waiting: int = Field(
        0, ge=0, le=10_000, description="Most callers that may wait; 0 is no limit.", examples=["50"]
    )
    wrap_up: Duration = Field(
        0, ge=0, le=3600, description="Time an operator is left alone after a call.", examples=["20s"]
    )
    join_when_empty: YesNo = Field(
        False, description="Whether callers may wait when no operator's phone is reachable."
    )
    music: tuple[MusicFile, ...] = Field(
        (),
        max_length=20,
        description="What callers hear while they wait: files in the folder `music` beside the YAML files.",
        examples=["[calm.ogg, river.flac]"],
    )
    comfort: Comfort | None = Field(
        None,
        description="Words in the music, which never delay anybody.",
        examples=["{prompts: [still-waiting], every: 60s}"],
    )
    minimum_ready: MinimumReady | None = Field(
        None,
        description="Fewest operators at work, breaks taken off, while a line is open: a number, or numbers"
        " with their hours; left out, one.",
        examples=["{1: always, 3: {mon-fri: 10:00-14:00}}"],
    )
    most_away: int | None = Field(
        None, ge=1, le=1000, description="Most of its operators on a break at once.", examples=["2"]
    )
    extension: Extension | None = Field(
        None, description="Short number by which operators hand callers on to this queue.", examples=["80"]
    )
    callbacks: Callbacks | None = Field(
        None, description="Rings by itself those who are owed a call; without it nobody is rung."
    )
    recording: Recording | None = Field(
        None,
        description="Whether its conversations are recorded; without it what the caller's line says.",
        examples=["{consent: key}"],
    )

    @property
    def offer(self) -> Offer | None:
        """What waiting callers are offered, if anything."""
        return self.callbacks.offer if self.callbacks is not None else None

    @model_validator(mode="after")
    def _somebody_serves(self) -> Self:
        if not self.operators and not self.needs:
            raise refusal("has neither `operators` nor `needs`", "list the ids of its operators")
        if self.relax and not self.needs:
            raise refusal("has `relax` and no `needs`", "name the skills that it `needs`")
        times = [self.relax[level] for level in sorted(self.relax)]
        if times != sorted(set(times)) or 0 in times or max(times, default=0) > _LONGEST_RELAX_S:
            raise refusal(
                "relaxes at times that do not grow with the level",
                "write a longer time for each worse level, an hour at most: {2: 30s, 3: 2m}",
            )
        return self


class Operator(Model):
    """A person who answers. Account and secret of the phone are generated on first start."""

    name: Name = Field(description="The operator's own name.", examples=["Anna Berg"])
    sign_in: SignIn = Field(
        "always",
        description="`always`: takes calls until signed out by hand; `self`: only once signed in; `shift`: is"
        " signed in when a shift begins and out when it ends.",
    )
    language: LanguageCode = Field(
        "nb", description="Language in which the operator hears which line a call is for."
    )
    greeting: PromptId | None = Field(
        None,
        description="Prompt in the operator's own voice; both sides hear it as soon as they are connected.",
        examples=["greeting-anna"],
    )
    skills: Skills = Field({}, description="What the operator can do; levels from 1, the best, to 9.")
    extension: Extension | None = Field(
        None,
        description="Short number by which colleagues ring this operator and hand callers on.",
        examples=["21"],
    )
    sip_contact: SipContact | None = Field(
        None,
        description="Fixed address of a phone that does not register.",
        examples=["sip:desk@192.0.2.7:5060"],
    )
    devices: dict[Identifier, Device] = Field(
        {},
        max_length=MOST_DEVICES,
        description="Telephones of an operator who has several, the one to be rung first at the head; each"
        " has an account. Left out, there is one.",
        examples=["{desk: {name: Desk phone}, soft: {name: Softphone}}"],
    )

    @model_validator(mode="after")
    def _an_address_is_one_phones(self) -> Self:
        if self.devices and self.sip_contact is not None:
            raise refusal(
                "has `sip_contact` beside `devices`", "write the address under the device that has it"
            )
        return self


class Trunk(Model):
    """A carrier that delivers calls."""

    hosts: tuple[Network, ...] = Field(
        min_length=1, description="IP addresses or networks from which this carrier sends calls."
    )
    codecs: tuple[Codec, ...] = Field(
        ("alaw", "ulaw"),
        min_length=1,
        description="Codecs in order of preference.",
        examples=["[alaw, ulaw]"],
    )
    outbound: SipHost | None = Field(
        None,
        description="Where this carrier takes calls that we transfer outside; without it none are.",
        examples=["192.0.2.10:5060"],
    )
    channels: int = Field(
        0,
        ge=0,
        le=10_000,
        description="Most calls at once over this carrier, those included that we pass on outside; 0 is no"
        " limit. Asterisk counts them itself.",
        examples=["30"],
    )
    reserve: int = Field(
        0,
        ge=0,
        le=1000,
        description="So many of its channels are kept for lines and numbers for emergencies.",
        examples=["2"],
    )


class Configuration(Model):
    """Everything that may stand in the YAML."""

    organisation: Organisation = Field(description="Who runs the hotline.")
    lines: dict[Identifier, Line] = Field(min_length=1, description="Lines by id.")
    calendars: dict[Identifier, Calendar] = Field({}, description="Calendars by id.")
    menus: dict[Identifier, Menu] = Field({}, description="Menus by id.")
    collects: dict[Identifier, Collect] = Field({}, description="Digits to ask callers for, by id.")
    voicemails: dict[Identifier, VoicemailBox] = Field({}, description="Boxes for spoken messages by id.")
    queues: dict[Identifier, Queue] = Field(min_length=1, description="Queues by id.")
    operators: dict[Identifier, Operator] = Field(min_length=1, description="Operators by id.")
    floor: Floor = Field(Floor(), description="Rules for all operators.")
    trunks: dict[Identifier, Trunk] = Field(min_length=1, description="Carriers by id.")
    control: Control | None = Field(None, description="Control by telephone.")
    break_kinds: dict[Identifier, BreakKind] = Field({}, description="Kinds of breaks by id.")
    shifts: dict[Identifier, Shift] = Field({}, description="Shifts by id.")
    shift_plans: dict[Identifier, ShiftPlan] = Field({}, description="The weeks of operators, by id.")
    shift_changes: dict[Identifier, ShiftChange] = Field(
        {}, description="Days on which operators work otherwise than planned, by id."
    )
    contracts: dict[Identifier, Contract] = Field({}, description="Contracts with carriers by id.")
    centres: dict[Identifier, Centre] = Field({}, description="Call centres outside by id.")
    known_callers: dict[Identifier, KnownCallers] = Field(
        {}, description="Callers who are preferred, by list."
    )
    outside: Outside = Field(Outside(), description="Which numbers may be dialled outside.")
    guard: Guard = Field(Guard(), description="What holds when too many call at once.")
    alerts: Alerts = Field(Alerts(), description="Who is told when something is wrong.")
    duty: DutyRota | None = Field(None, description="Who is on duty when.")
    recordings: Recordings = Field(Recordings(), description="How recordings of conversations are kept.")
    promises: Promises = Field(Promises(), description="Who is owed a call back, and for how long.")
    topics: dict[Identifier, Topic] = Field({}, description="Topics of questions, by id.")
    prepared_answers: dict[Identifier, PreparedAnswer] = Field(
        {}, description="Answers that are agreed on, by id."
    )
    advertising: dict[Identifier, AdvertisingChannel] = Field(
        {}, description="How people hear of the hotline, by id."
    )
    entries: Entries = Field(Entries(), description="How entries of the register are written.")
    webhooks: dict[Identifier, EventHook] = Field(
        {}, max_length=20, description="Programs that are told of calls and entries, by id."
    )
    privacy: Privacy = Field(Privacy(), description="How long what is known of persons is kept.")

    @model_validator(mode="after")
    def _queues_know_their_operators(self) -> Self:
        """Queues that only say what they need are served by whoever has it, in the order of the operators."""
        for name, queue in self.queues.items():
            if not queue.operators:
                able = [
                    each
                    for each, who in self.operators.items()
                    if serves(who.skills, queue.needs, queue.relax)
                ]
                self.queues[name] = queue.model_copy(update={"operators": tuple(able)})
        return self


class Plan(Configuration):
    """The whole configuration, read. `version` names its content: equal plans have equal versions."""

    version: str = Field("", description="Set by the reader: a short hash of the content.", exclude=True)
    source: Path | None = Field(None, description="Set by the reader: where it was read.", exclude=True)
