"""Opening hours as a piece of a page: a table for people, and for search engines what schema.org asks for."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from hotline_ivr.views.hours_words import HoursWords, words_of
from hotline_ivr.views.week import DayHours, LineHours, clock_of

# Only below the table's own class, so that it changes nothing else of the page; colours as in the picture.
_STYLE = """\
.hotline-hours { border-collapse: collapse; width: 100%; max-width: 32rem; color: #1c2733; background: #fff;
  font: 1rem/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
.hotline-hours caption { padding: .25rem .5rem .5rem; text-align: start;
  font-size: 1.2rem; font-weight: 600; }
.hotline-hours caption small { display: block; color: #5a6775; font-size: .875rem; font-weight: 400; }
.hotline-hours th, .hotline-hours td { padding: .4rem .5rem; vertical-align: top;
  border-top: 1px solid #c9d0d8; }
.hotline-hours th { text-align: start; font-weight: 400; white-space: nowrap; }
.hotline-hours td { text-align: end; font-variant-numeric: tabular-nums; }
.hotline-hours td span { display: inline-block; margin-inline-start: .75rem; white-space: nowrap; }
.hotline-hours td small { display: block; color: #8a3d12; }
.hotline-hours .closed td span { color: #5a6775; }
.hotline-hours .special { background: #f7e6d8; }
"""


def html(hours: LineHours) -> str:
    """The piece, in the language of the line. It needs nothing from elsewhere, and fits a narrow screen."""
    words = words_of(hours.line.language)
    rows = "\n".join(_row(day, words) for day in hours.days)
    # In a script element only `</` and `<!--` mean anything; `<` is written so that neither comes.
    data = json.dumps(_schema_org(hours), ensure_ascii=False, indent=1).replace("<", "\\u003c")
    when = words.period(hours.days[0].day, hours.days[-1].day)
    return (
        f'<div lang="{hours.line.language}">\n<style>\n{_STYLE}</style>\n'
        f'<table class="hotline-hours">\n  <caption>{escape(hours.line.name)}: {words.opening_hours}'
        f" <small>{when}</small></caption>\n{rows}\n</table>\n"
        f'<script type="application/ld+json">\n{data}\n</script>\n</div>\n'
    )


def _row(day: DayHours, words: HoursWords) -> str:
    kinds = [name for name, applies in (("special", day.is_special), ("closed", not day.spans)) if applies]
    marked = f' class="{" ".join(kinds)}"' if kinds else ""
    # In words too: not everybody sees colours.
    note = f"<small>{words.special_note}</small>" if day.is_special else ""
    spans = " ".join(f"<span>{span}</span>" for span in words.spans(day))
    dated = f'{words.weekday(day.day)} <time datetime="{day.day}">{words.dated(day.day)}</time>'
    return f'  <tr{marked}><th scope="row">{dated}</th><td>{spans}{note}</td></tr>'


def _schema_org(hours: LineHours) -> dict[str, Any]:
    specifications = [
        {
            "@type": "OpeningHoursSpecification",
            "opens": clock_of(span.start, day.day),
            # schema.org writes the end of the day as its last minute.
            "closes": clock_of(span.end, day.day).replace("24:00", "23:59"),
            "validFrom": day.day.isoformat(),
            "validThrough": day.day.isoformat(),
        }
        for day in hours.days
        for span in day.spans
    ] + [
        # Opening and closing at midnight is how a closed day is told.
        {
            "@type": "OpeningHoursSpecification",
            "opens": "00:00",
            "closes": "00:00",
            "validFrom": day.day.isoformat(),
            "validThrough": day.day.isoformat(),
        }
        for day in hours.days
        if not day.spans
    ]
    return {
        "@context": "https://schema.org",
        "@type": "ContactPoint",
        "name": hours.line.name,
        "telephone": list(hours.line.numbers),
        "hoursAvailable": specifications,
    }
