"""Words by which the register is searched, and the pieces of text that are shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.routing.search_words import fts5_query, placed_words, query_words, searchable, tsquery
from hotline_ivr.routing.snippets import LONGEST, snippet


def test_words_are_small_letters_and_digits_with_their_stems_beside_them() -> None:
    assert searchable("Søknader, 2026!") == "soknader soknad 2026"
    assert searchable("Blåbærsyltetøy") == "blabaersyltetoy"
    assert searchable("cafe\u0301 CAFÉ") == "cafe caf cafe caf"


def test_signs_have_no_meaning_in_a_query() -> None:
    words = query_words("\"eksamen* OR x')--")
    assert fts5_query(words) == '("eksamen"* OR "eksam") AND ("or"*) AND ("x")'
    assert tsquery(words) == "('eksamen':* | 'eksam') & ('or':*) & ('x')"


@given(st.text())
def test_whatever_is_typed_becomes_letters_and_digits(text: str) -> None:
    for each in searchable(text).split(" ") if searchable(text) else []:
        assert each.isalnum()
    assert all(0 <= each.start < each.end <= len(text) for each in placed_words(text))


def test_a_snippet_is_the_piece_with_the_first_hit_and_knows_its_places() -> None:
    text = "Innledning. " * 30 + "Fristen er\n15. april. " + "Mer tekst. " * 30
    found = snippet([("question", ""), ("answer", text)], query_words("frist april"))
    assert found.field == "answer"
    assert [found.text[begin:end] for begin, end in found.marks] == ["Fristen", "april"]
    assert found.text.startswith("… ")
    assert found.text.endswith(" …")
    assert "\n" not in found.text
    assert len(found.text) <= LONGEST + 4


def test_without_a_hit_a_snippet_is_the_beginning() -> None:
    assert snippet([("question", "Kort")], query_words("annet")).text == "Kort"
    assert snippet([], ()).text == ""


@given(st.text(), st.text())
def test_marks_lie_within_the_snippet(text: str, query: str) -> None:
    found = snippet([("question", text)], query_words(query))
    assert all(0 <= begin < end <= len(found.text) for begin, end in found.marks)
