"""Opening hours as a picture: a column a day, weeks below one another, midnight on top."""

from __future__ import annotations

from datetime import datetime
from html import escape

from hotline_ivr.config.hours import DAY, DAY_NAMES
from hotline_ivr.routing.situation import RuleKind
from hotline_ivr.views.week import DayHours, LineHours, Open, clock_of

_LEFT, _TOP, _COLUMN, _HEAD, _HEIGHT, _GAP, _FOOT = 52, 64, 112, 30, 240, 26, 34
_FONT = "font-family=\"system-ui, 'Segoe UI', Helvetica, Arial, sans-serif\""
# Ordinary hours, and hours by another rule; both keep their contrast in print and for colour-blind eyes.
_INK, _PALE = "#1c2733", "#5a6775"
_SMALLEST_WITH_WORDS = 16
_ORDINARY = frozenset({RuleKind.WEEK, RuleKind.SEASON})
_COLOURS = {"ordinary": "#2f6f9f", "other": "#b5541c", "closed": "#f4f5f7", "special": "#f7e6d8"}


def svg(hours: LineHours) -> str:
    """The picture, with a title and the hours as text, so that it can be read aloud as well."""
    weeks = [hours.days[start : start + 7] for start in range(0, len(hours.days), 7)]
    width = _LEFT + _COLUMN * min(7, len(hours.days)) + 20
    height = _TOP + len(weeks) * (_HEAD + _HEIGHT + _GAP) + _FOOT
    when = f"{hours.days[0].day} - {hours.days[-1].day}"
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" {_FONT}>',
        f"<title>{escape(hours.line.name)}: {when}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(_LEFT, 30, hours.line.name, size=20, colour=_INK, weight=600, anchor="start"),
        _text(_LEFT, 50, f"{when}, {hours.line.time_zone}", size=12, anchor="start"),
    ]
    for number, week in enumerate(weeks):
        parts += _week(week, _TOP + number * (_HEAD + _HEIGHT + _GAP))
    return "\n".join([*parts, *_legend(height - 14), "</svg>"]) + "\n"


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 11,
    colour: str = _PALE,
    weight: int = 400,
    anchor: str = "middle",
) -> str:
    at = f'x="{x:g}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
    return f'<text {at} fill="{colour}">{escape(words)}</text>'


def _box(x: float, y: float, width: float, height: float, *, colour: str, about: str = "") -> str:
    at = f'x="{x:g}" y="{y:.1f}" width="{width:g}" height="{height:.1f}" rx="2"'
    return f'<rect {at} fill="{colour}"><title>{escape(about)}</title></rect>'


def _week(week: tuple[DayHours, ...], top: int) -> list[str]:
    body = top + _HEAD
    parts = [
        part for index, day in enumerate(week) for part in _ground(day, _LEFT + index * _COLUMN, top, body)
    ]
    for hour in range(0, 25, 6):
        y = body + hour * _HEIGHT // 24
        ends = f'x1="{_LEFT}" x2="{_LEFT + _COLUMN * len(week)}" y1="{y}" y2="{y}"'
        parts.append(f'<line {ends} stroke="#c9d0d8" stroke-width="0.6"/>')
        parts.append(_text(_LEFT - 8, y + 4, f"{hour:02}:00", anchor="end"))
    # Above the lines, which would go through the words otherwise.
    for index, day in enumerate(week):
        parts += _hours(day, _LEFT + index * _COLUMN, body)
    return parts


def _ground(day: DayHours, left: int, top: int, body: int) -> list[str]:
    note = "" if _ordinary(day) else day.note
    middle = left + _COLUMN // 2
    title = f"{DAY_NAMES[day.day.weekday()][:3]} {day.day.day}.{day.day.month}."
    shade = _COLOURS["special" if note else "closed"]
    return [
        _text(middle, top + 19, title, size=12, colour=_INK, weight=600 if note else 400),
        _box(
            left + 2, body, _COLUMN - 4, _HEIGHT, colour=shade, about=f"{day.day}: {day.note or 'ordinary'}"
        ),
    ]


def _hours(day: DayHours, left: int, body: int) -> list[str]:
    if not day.spans:
        # Between two lines of the clock.
        return [_text(left + _COLUMN // 2, body + _HEIGHT * 3 // 8 + 4, "closed")]
    return [part for span in day.spans for part in _span(span, day, left, body)]


def _ordinary(day: DayHours) -> bool:
    closed_by = (day.closed_by,) if day.closed_by else ()
    return all(rule.kind in _ORDINARY for rule in (*closed_by, *(span.rule for span in day.spans)))


def _span(span: Open, day: DayHours, left: int, body: int) -> list[str]:
    start = _minute(span.start)
    end = DAY if span.end.date() > day.day else _minute(span.end)
    # On the night when clocks go back a span may end earlier on the clock than it began.
    end = max(end, start + 15)
    y, height = body + start * _HEIGHT / DAY, max(3.0, (end - start) * _HEIGHT / DAY)
    colour = _COLOURS["ordinary" if span.rule.kind in _ORDINARY else "other"]
    words = f"{clock_of(span.start, day.day)}-{clock_of(span.end, day.day)}"
    box = _box(left + 4, y, _COLUMN - 8, height, colour=colour, about=f"{words} {span.rule.name}")
    if height < _SMALLEST_WITH_WORDS:
        return [box]
    return [box, _text(left + _COLUMN // 2, y + height / 2 + 4, words, colour="#ffffff")]


def _minute(moment: datetime) -> int:
    return moment.hour * 60 + moment.minute


def _legend(y: int) -> list[str]:
    parts, x = [], _LEFT
    for colour, words in (("ordinary", "ordinary week"), ("other", "opening, holiday or other rule")):
        parts.append(_box(x, y - 10, 12, 12, colour=_COLOURS[colour]))
        parts.append(_text(x + 18, y, words, anchor="start"))
        x += 130
    return parts
