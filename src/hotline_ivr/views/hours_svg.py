"""Opening hours as a picture: a column a day, weeks below one another, midnight on top."""

from __future__ import annotations

from datetime import datetime
from html import escape

from hotline_ivr.config.hours import DAY
from hotline_ivr.views.hours_words import HoursWords, words_of
from hotline_ivr.views.week import ORDINARY, DayHours, LineHours, Open

_LEFT, _TOP, _COLUMN, _HEAD, _HEIGHT, _GAP, _FOOT = 52, 64, 112, 30, 240, 26, 68
_FONT = "font-family=\"system-ui, 'Segoe UI', Helvetica, Arial, sans-serif\""
# Ordinary hours, and hours by another rule; both keep their contrast in print and for colour-blind eyes.
_INK, _PALE = "#1c2733", "#5a6775"
_SMALLEST_WITH_WORDS = 16
_LEAST_WIDTH = 380
"""Room for the words below a picture of few days."""
_COLOURS = {"ordinary": "#2f6f9f", "other": "#b5541c", "closed": "#f4f5f7", "special": "#f7e6d8"}


def svg(hours: LineHours) -> str:
    """The picture, with a title and the hours as text, so that it can be read aloud as well."""
    weeks = [hours.days[start : start + 7] for start in range(0, len(hours.days), 7)]
    words = words_of(hours.line.language)
    width = max(_LEFT + _COLUMN * min(7, len(hours.days)) + 20, _LEAST_WIDTH)
    height = _TOP + len(weeks) * (_HEAD + _HEIGHT + _GAP) + _FOOT
    when = words.period(hours.days[0].day, hours.days[-1].day)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} lang="{hours.line.language}" role="img" {_FONT}>',
        f"<title>{escape(hours.line.name)}: {words.opening_hours}, {when}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(_LEFT, 30, hours.line.name, size=20, colour=_INK, weight=600, anchor="start"),
        _text(_LEFT, 50, f"{when}, {hours.line.time_zone}", size=12, anchor="start"),
    ]
    for number, week in enumerate(weeks):
        parts += _week(week, _TOP + number * (_HEAD + _HEIGHT + _GAP), words)
    return "\n".join([*parts, *_legend(height - _FOOT + 16, words), "</svg>"]) + "\n"


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


def _week(week: tuple[DayHours, ...], top: int, words: HoursWords) -> list[str]:
    body = top + _HEAD
    parts = [
        part for index, day in enumerate(week) for part in _ground(day, _LEFT + index * _COLUMN, top, words)
    ]
    for hour in range(0, 25, 6):
        y = body + hour * _HEIGHT // 24
        ends = f'x1="{_LEFT}" x2="{_LEFT + _COLUMN * len(week)}" y1="{y}" y2="{y}"'
        parts.append(f'<line {ends} stroke="#c9d0d8" stroke-width="0.6"/>')
        parts.append(_text(_LEFT - 8, y + 4, f"{hour:02}:00", anchor="end"))
    # Above the lines, which would go through the words otherwise.
    for index, day in enumerate(week):
        parts += _hours(day, _LEFT + index * _COLUMN, body, words)
    return parts


def _ground(day: DayHours, left: int, top: int, words: HoursWords) -> list[str]:
    # Not the rule's name: the picture is for everybody, and names are the configuration's own.
    special = day.is_special
    about = f"{words.weekday(day.day)} {words.dated(day.day)}: " + ", ".join(words.spans(day))
    shade = _COLOURS["special" if special else "closed"]
    head = words.short(day.day)
    return [
        _text(left + _COLUMN // 2, top + 19, head, size=12, colour=_INK, weight=600 if special else 400),
        _box(left + 2, top + _HEAD, _COLUMN - 4, _HEIGHT, colour=shade, about=about),
    ]


def _hours(day: DayHours, left: int, body: int, words: HoursWords) -> list[str]:
    if not day.spans:
        # Between two lines of the clock.
        return [_text(left + _COLUMN // 2, body + _HEIGHT * 3 // 8 + 4, words.closed)]
    return [part for span in day.spans for part in _span(span, day, left, body, words)]


def _span(span: Open, day: DayHours, left: int, body: int, words: HoursWords) -> list[str]:
    start = _minute(span.start)
    end = DAY if span.end.date() > day.day else _minute(span.end)
    # On the night when clocks go back a span may end earlier on the clock than it began.
    end = max(end, start + 15)
    y, height = body + start * _HEIGHT / DAY, max(3.0, (end - start) * _HEIGHT / DAY)
    colour = _COLOURS["ordinary" if span.rule.kind in ORDINARY else "other"]
    told = words.span(span, day.day)
    box = _box(left + 4, y, _COLUMN - 8, height, colour=colour, about=told)
    if height < _SMALLEST_WITH_WORDS:
        return [box]
    return [box, _text(left + _COLUMN // 2, y + height / 2 + 4, told, colour="#ffffff")]


def _minute(moment: datetime) -> int:
    return moment.hour * 60 + moment.minute


def _legend(y: int, words: HoursWords) -> list[str]:
    meanings = (
        ("ordinary", words.usual_hours),
        ("other", words.special_hours),
        ("special", words.special_day),
    )
    parts = []
    for place, (colour, meaning) in enumerate(meanings):
        bottom = y + place * 18
        parts.append(_box(_LEFT, bottom - 10, 12, 12, colour=_COLOURS[colour]))
        parts.append(_text(_LEFT + 18, bottom, meaning, anchor="start"))
    return parts
