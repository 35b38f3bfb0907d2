"""Words for people in their languages: one text for all, or one for each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from hotline_ivr.config.described import Described
from hotline_ivr.config.refusal import did_you_mean, quoted, refusal, text_of

LANGUAGES = ("nb", "en")
LONGEST_LABEL = 120
LONGEST_TEXT = 4000

_KNOWN = ("nb", "no", "en")


def _by_language(value: object, longest: int, *, one_line: bool) -> dict[str, str]:
    if not isinstance(value, Mapping):
        text = _text(value, longest, one_line=one_line)
        return dict.fromkeys(LANGUAGES, text)
    found: dict[str, str] = {}
    for key, each in value.items():
        if key not in _KNOWN:
            raise refusal(
                f"there are no words in {quoted(str(key))}{did_you_mean(str(key), _KNOWN)}",
                "write nb (or no) and en",
                at=str(key),
            )
        found["nb" if key == "no" else str(key)] = _text(each, longest, one_line=one_line)
    if not found:
        raise refusal("has no words", "write a text, or one for each language: {nb: Opptak, en: Admission}")
    return found


def _text(value: object, longest: int, *, one_line: bool) -> str:
    text = text_of(value, "a text")
    if len(text) > longest:
        raise refusal(f"is {len(text)} characters long", f"write at most {longest}")
    allowed = text if one_line else text.replace("\n", "").replace("\t", "")
    if not allowed.isprintable():
        where = "on one line, " if one_line else ""
        raise refusal("has a character that does not show", f"write the text {where}without such characters")
    return text


def _label(value: object) -> dict[str, str]:
    return _by_language(value, LONGEST_LABEL, one_line=True)


def _words(value: object) -> dict[str, str]:
    return _by_language(value, LONGEST_TEXT, one_line=False)


def words_in(words: Mapping[str, str], language: str) -> str:
    """The words in a language, or in the first one that there is."""
    return words.get(language) or next(iter(words.values()), "")


def _schema(longest: int) -> dict[str, object]:
    text = {"type": "string", "minLength": 1, "maxLength": longest}
    properties = dict.fromkeys(_KNOWN, text)
    by_language = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"anyOf": [text, by_language]}


Label = Annotated[
    dict[str, str],
    BeforeValidator(_label),
    WithJsonSchema(_schema(LONGEST_LABEL)),
    Described("words, or words by language", "{nb: Opptak, en: Admission}"),
]
Words = Annotated[
    dict[str, str],
    BeforeValidator(_words),
    WithJsonSchema(_schema(LONGEST_TEXT)),
    Described("text, or text by language", "{nb: Fristen er 15. april., en: The deadline is 15 April.}"),
]
