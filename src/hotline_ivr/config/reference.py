"""Writes docs/configuration.md and config/hotline.schema.json from the models.

python -m hotline_ivr.config.reference > docs/configuration.md
python -m hotline_ivr.config.reference --schema > config/hotline.schema.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from hotline_ivr.config import reading, yaml_compose
from hotline_ivr.config.advertising import AdvertisingChannel
from hotline_ivr.config.alerts import AlertRoute, Alerts, MailServer, Webhook
from hotline_ivr.config.breaks import Break
from hotline_ivr.config.callback_offer import Offer
from hotline_ivr.config.callbacks import Callbacks
from hotline_ivr.config.campaign import Campaign
from hotline_ivr.config.centres import Centre, Duty, Target
from hotline_ivr.config.contract_terms import (
    Discounts,
    ExitFee,
    Fees,
    Included,
    Rounding,
    TermDiscount,
    Terms,
    VolumeDiscount,
)
from hotline_ivr.config.control import Control, ControlLine
from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.devices import Device
from hotline_ivr.config.duty_rota import DutyDays, DutyPerson, DutyRota
from hotline_ivr.config.fields import Spot, spot_of_field, written_fields
from hotline_ivr.config.floor import Floor, PauseReason
from hotline_ivr.config.guard import Blocked, CallerRate, Callers, Flood, Guard, TrunkRate, TurnAway
from hotline_ivr.config.head_starts import KnownCallers
from hotline_ivr.config.ical import IcalFile
from hotline_ivr.config.invoice_columns import InvoiceColumns
from hotline_ivr.config.menus import Choice, Lookup
from hotline_ivr.config.models import (
    BreakKind,
    Calendar,
    Collect,
    Configuration,
    Contract,
    Line,
    Menu,
    Model,
    Operator,
    Organisation,
    Queue,
    Shift,
    ShiftChange,
    ShiftPlan,
    Trunk,
    VoicemailBox,
)
from hotline_ivr.config.openings import Closure, Opening
from hotline_ivr.config.outside import Outside
from hotline_ivr.config.overflow import Closing, OverflowRule
from hotline_ivr.config.prepared_answers import PreparedAnswer
from hotline_ivr.config.privacy import Keep, Privacy
from hotline_ivr.config.promises import Promises
from hotline_ivr.config.public_holidays import Holiday, PublicHolidays
from hotline_ivr.config.rates import InboundRate, OutboundRate, PriceBand
from hotline_ivr.config.recording import Recording, Recordings
from hotline_ivr.config.register import Entries
from hotline_ivr.config.seasons import Season
from hotline_ivr.config.special_days import SpecialDay
from hotline_ivr.config.topics import Topic
from hotline_ivr.config.types import duration_text
from hotline_ivr.config.waiting_music import Comfort
from hotline_ivr.config.webhooks import EventHook

SECTIONS: tuple[tuple[str, type[Model]], ...] = (
    ("organisation", Organisation),
    ("lines.<id>", Line),
    ("calendars.<id>", Calendar),
    ("menus.<id>", Menu),
    ("collects.<id>", Collect),
    ("voicemails.<id>", VoicemailBox),
    ("queues.<id>", Queue),
    ("operators.<id>", Operator),
    ("floor", Floor),
    ("trunks.<id>", Trunk),
    ("control", Control),
    ("break_kinds.<id>", BreakKind),
    ("shifts.<id>", Shift),
    ("shift_plans.<id>", ShiftPlan),
    ("shift_changes.<id>", ShiftChange),
    ("contracts.<id>", Contract),
    ("centres.<id>", Centre),
    ("known_callers.<id>", KnownCallers),
    ("outside", Outside),
    ("guard", Guard),
    ("alerts", Alerts),
    ("duty", DutyRota),
    ("recordings", Recordings),
    ("promises", Promises),
    ("topics.<id>", Topic),
    ("prepared_answers.<id>", PreparedAnswer),
    ("advertising.<id>", AdvertisingChannel),
    ("entries", Entries),
    ("webhooks.<id>", EventHook),
    ("privacy", Privacy),
)

PARTS: tuple[tuple[str, type[Model]], ...] = (
    ("A destination", Destination),
    ("A choice", Choice),
    ("A lookup", Lookup),
    ("A target", Target),
    ("Days of duty", Duty),
    ("Calls back", Callbacks),
    ("Offer of a call back", Offer),
    ("Comfort", Comfort),
    ("Recording", Recording),
    ("A device", Device),
    ("An overflow rule", OverflowRule),
    ("Closing time", Closing),
    ("Turned away", TurnAway),
    ("Callers", Callers),
    ("Blocked callers", Blocked),
    ("Floods", Flood),
    ("Calls of one caller", CallerRate),
    ("Calls of one carrier", TrunkRate),
    ("A campaign", Campaign),
    ("A season", Season),
    ("An opening", Opening),
    ("A closure", Closure),
    ("A special day", SpecialDay),
    ("Public holidays", PublicHolidays),
    ("A holiday", Holiday),
    ("A file of a calendar program", IcalFile),
    ("A pause reason", PauseReason),
    ("A controlled line", ControlLine),
    ("A break", Break),
    ("Prices of incoming calls", InboundRate),
    ("Prices of outgoing calls", OutboundRate),
    ("A price band", PriceBand),
    ("Rounding", Rounding),
    ("Included minutes", Included),
    ("Fees", Fees),
    ("Discounts", Discounts),
    ("A term discount", TermDiscount),
    ("A volume discount", VolumeDiscount),
    ("Terms", Terms),
    ("An exit fee", ExitFee),
    ("Columns of an invoice", InvoiceColumns),
    ("A mail server", MailServer),
    ("A web hook", Webhook),
    ("Whom to alert", AlertRoute),
    ("A person on duty", DutyPerson),
    ("Days of another on duty", DutyDays),
    ("Days by kind of data", Keep),
)
"""Models that stand inside others; each has a table of its own after the sections."""

_HEAD = f"""\
# Configuration

<!-- Made by `python -m hotline_ivr.config.reference`; do not edit. -->

The configuration is a folder of `*.yaml` files (`config/`, or what `HOTLINE_CONFIG` names). They are one
configuration: divide lines, calendars, queues, operators and trunks over files as you like. The same id in
two places is an error. `hotline check` reads all of it and reports every mistake at once, with file, line and
remedy. A running service takes a new configuration only when it has no errors; until then it goes on with the
last good one.

All values are read as the text that you wrote, so telephone numbers, times and `no` need no quotes. Keys that
are not in these tables are errors, and so are YAML tags (`!x`), merge keys (`<<`) and keys that come twice.
Anchors and aliases work. Limits: {reading.MAX_FILE_BYTES // 1024} KiB a file,
{reading.MAX_BYTES // 1024} KiB in all, {yaml_compose.MAX_DEPTH} levels, {yaml_compose.MAX_ALIASES} aliases.

An editor that knows JSON Schema helps while you write: begin each file with
`# yaml-language-server: $schema=hotline.schema.json`.

A whole configuration, as short as it can be:

```yaml
organisation:
  name: Example University
lines:
  admission:
    name: Admission hotline
    numbers: [+47 22 85 12 34]
    time_zone: Europe/Oslo
    hours:
      mon-fri: 08:00-12:00, 12:30-16:00
    queue: main
queues:
  main:
    operators: [anna]
operators:
  anna:
    name: Anna Berg
trunks:
  carrier:
    hosts: [192.0.2.10]
```
"""

_TAIL = """\
## Hours

`always` is round the clock. Otherwise write days and their hours, on the wall clock of the line's time zone:

| written | means |
|---|---|
| `mon-fri: 08:00-16:00` | Monday to Friday |
| `mon, wed: 08:00-16:00` | Monday and Wednesday |
| `fri-mon: 10:00-14:00` | Friday, Saturday, Sunday and Monday |
| `mon-fri: 08:00-12:00, 12:30-16:00` | two intervals a day; a YAML list of them works too |
| `fri: 22:00-02:00` | Friday evening until Saturday 02:00 |
| `sat: 00:00-24:00` | the whole day |
| `sun: closed` | closed, as is every day that is not named |

Intervals that touch are one opening. Intervals that overlap are an error. A line needs at least one interval.
On the night when clocks go forward the skipped hour does not happen; on the night when they go back, a time
that comes twice is open both times.

## Days

Wherever `on` stands, one of these, several with commas between, or a YAML list of them:

| written | means |
|---|---|
| `2026-05-17` | that day |
| `05-17` | that day each year; `02-29` is a day in leap years only |
| `2026-12-24 to 2027-01-02` | from the first to the last, both included |
| `12-24 to 01-02` | each year, over its end |
| `easter`, `easter-1`, `easter+49` | days from Easter Sunday |
| `first monday of september`, `last friday of november`, `second tuesday of every month` | by weekday |

How the rules of a calendar go together is told in [calendars.md](calendars.md); how contracts price calls, in
[costs.md](costs.md).

## Shifts of a day

| written | means |
|---|---|
| `mon-fri: early` | the shift of this id, on each of the days |
| `sat: early, evening` | two shifts on one day |
| `sun: 10:00-14:00` | hours of their own, without breaks |
| `wed: off` | no work, as on every day that is not named |

Days and hours are written as above. How plans, weeks and changes go together: [shifts.md](shifts.md).

## Kinds of values

| kind | written |
|---|---|
| id | 1 to 31 small letters `a-z`, digits and hyphens, beginning with a letter |
| telephone number | `+47 22 85 12 34`; without `+` it is read as a number of the organisation's country |
| duration | `20s`, `5m`, `1h`, `1h30m`, or whole seconds: `300` |
| IANA time zone | `Europe/Oslo`, `Europe/London`, `UTC` |
| language | `nb` (or `no`) for Norwegian, `en` for English |
| yes or no | `yes`, `true`, `on`; `no`, `false`, `off` |
| IP address or network | `192.0.2.10`, `192.0.2.0/24`, `2001:db8::7`; never a host name |
| amount | `0.39`: digits and a point, without the currency; kept exactly as written |
| percentage | `5`, `7.5` or `7.5%` |
| billing steps | `60/1`: the first step in seconds, then the steps after it |
| currency | three capital letters of ISO 4217: `NOK`, `EUR` |
| first digits of a number | `+474` |
| mail address | `post@example.org`, without a name |
| mail address or `duty` | `duty` is whoever the rota has on duty at that moment |
| place of a secret | `env:NAME`, an environment variable of the service, or `file:/path`; never the secret |
| id of a prompt | a name that `hotline prompts list` shows |
"""


def markdown() -> str:
    """Return the whole reference page."""
    parts = [_HEAD]
    titled = [(f"`{name}`", model) for name, model in SECTIONS]
    for title, model in (*titled, *PARTS):
        about = (model.__doc__ or "").strip()
        parts.append(f"## {title}\n\n{about}\n\n" + "".join(f"{row}\n" for row in _table(model)))
    return "\n".join([*parts, _TAIL])


def _table(model: type[Model]) -> Iterator[str]:
    yield "| key | value | default | meaning | example |"
    yield "|---|---|---|---|---|"
    for name, field in written_fields(model).items():
        spot = spot_of_field(field)
        about = f"{field.description}{_limits(spot)}"
        default, example = _default(field, spot), _example(name, field, spot)
        yield f"| `{name}` | {spot.words} | {default} | {about} | {example} |"


def _example(name: str, field: FieldInfo, spot: Spot) -> str:
    default = field.get_default()
    if spot.example:
        return f"`{name}: {spot.example}`"
    if isinstance(default, int | str):
        return f"`{name}: {_written(default, spot)}`"
    # What is written in a mapping has a table of its own.
    return f"`{name}:` and its keys, below"


def _default(field: FieldInfo, spot: Spot) -> str:
    default = field.get_default()
    if default is PydanticUndefined:
        return "required"
    if default is None:
        return "none"
    if isinstance(default, Model):
        return "those of its keys"
    return f"`{_written(default, spot)}`"


def _written(value: object, spot: Spot) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    if isinstance(value, Model):
        held = ((key, part) for key, part in value if part is not None)
        return f"{{{', '.join(f'{key}: {_written(part, spot)}' for key, part in held)}}}"
    return duration_text(value) if isinstance(value, int) and spot.is_duration else str(value)


def _limits(spot: Spot) -> str:
    """Say the least and the most, where the model bounds a value."""
    bounds = {
        name: getattr(item, name) for item in spot.metadata for name in ("ge", "le") if hasattr(item, name)
    }
    if {"ge", "le"} <= bounds.keys():
        return f" {_written(bounds['ge'], spot)} to {_written(bounds['le'], spot)}."
    return ""


def json_schema() -> dict[str, Any]:
    """Return the schema by which editors help; each file of the folder fits it, whatever part it holds."""
    schema = Configuration.model_json_schema()
    # What is required of the whole may stand in another file of the folder.
    schema.pop("required")
    about = "Part of a hotline's configuration. Made by python -m hotline_ivr.config.reference --schema."
    schema.update({"title": "hotline-ivr configuration", "description": about})
    for section in schema["properties"].values():
        if "patternProperties" in section:
            section["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> None:
    sys.stdout.write(schema_text() if "--schema" in arguments else markdown())


if __name__ == "__main__":
    main(sys.argv[1:])
