"""Numbers out of what Asterisk wrote: nothing moves, and what is counted of a call stays as it was."""

from __future__ import annotations

import base64
import json

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import SUPPORTED_REGIONS, PhoneNumberFormat

from hotline_ivr.routing.call_record import CallKind, CallRecord
from hotline_ivr.routing.dialling_prefixes import international_prefixes, trunk_prefixes
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import keep_events, keep_queue_events, kept_events, kept_queue_events
from hotline_ivr.routing.number_forms import NumberForms
from hotline_ivr.routing.owed import read_number
from hotline_ivr.routing.pseudonym import SAME, Pseudonyms, is_pseudonym, is_replaced, known_beginning
from hotline_ivr.routing.redaction import Redactor
from tests.calls.asterisk_files import Written, a_call, cel_line, queue_line
from tests.routing.call_tables import FOLDER

KEY = Pseudonyms(bytes(range(32)))
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))
ALL = Redactor(KEY, "NO")
PERSON = "+4798765432"
ONE = Redactor(KEY, "NO", PERSON, forms=NumberForms(PERSON))


def of_bytes(call: Written, change: Redactor, *, ours: bool) -> CallRecord | None:
    """The row that comes of the events as they are kept, changed."""
    events = change.events(keep_events(call.events), ours=ours)
    lines = change.events(keep_queue_events(call.queue_events), ours=ours)
    assert len(events) == len(keep_events(call.events))
    return fold(
        kept_events(events, call.id, 1, 0) if call.events else [],
        kept_queue_events(lines, call.id, 1, 0) if call.queue_events else [],
        node="main",
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_call_without_its_number_is_counted_as_before(name: str) -> None:
    call = a_call(name)
    before = call.row()
    after = of_bytes(call, ALL, ours=before.kind is CallKind.CALLBACK)
    assert after is not None
    outside = before.outside_number
    if before.kind is CallKind.CALLBACK and outside:
        outside = ALL.dialled(outside)
    caller = ALL.number(before.caller)
    assert after == before._replace(caller=caller, caller_name="", outside_number=outside)
    assert after.caller == "" or is_pseudonym(after.caller)


@pytest.mark.parametrize("name", NAMES)
def test_files_and_kept_events_are_changed_alike_and_twice_changes_nothing(name: str) -> None:
    call = a_call(name)
    ours = call.row().kind is CallKind.CALLBACK
    lines = [cel_line(each) for each in call.events] + [queue_line(each) for each in call.queue_events]
    for redactor in (ALL, ONE):
        for line in lines:
            changed = redactor.events(line, ours=ours)
            assert len(changed) == len(line)
            assert redactor.events(changed, ours=ours) == changed
        whole = b"".join(lines)
        once = redactor.events(whole, ours=ours)
        assert once == b"".join(redactor.events(each, ours=ours) for each in lines)


def test_of_one_person_nothing_is_left_and_others_stay() -> None:
    call = a_call("answered_caller_hangs_up")
    text = b"".join(cel_line(each) for each in call.events) + b"".join(map(queue_line, call.queue_events))
    forms = NumberForms(PERSON)
    assert forms.find_in_text(text)
    assert not forms.find_in_text(ONE.events(text))
    assert not forms.find_in_pages(ONE.events(text))
    other = Redactor(KEY, "NO", "+4790000000", forms=NumberForms("+4790000000"))
    assert other.events(text, own=False) == text


@pytest.mark.parametrize(
    "written",
    ["+4798765432", "004798765432", "4798765432", "98765432", "+47 98 76 54 32", "987 65 432",
     "0047 98765432", "+47 (0) 98 76 54 32", "98-76-54-32", "+47\u00a098\u00a076\u00a054\u00a032"],
)  # fmt: skip
def test_every_usual_form_is_found_and_goes(written: str) -> None:
    for text in (f"rings {written}.", f'{{"a":"{written}"}}', f"|{written}|", written):
        data = text.encode()
        assert NumberForms(PERSON).find_in_text(data), text
        gone = ONE.text(data)
        assert len(gone) == len(data)
        assert not NumberForms(PERSON).find_in_text(gone)


def test_what_only_looks_like_it_is_left() -> None:
    for text in ("1798765432.123456", "main-1798765432.7", "+47987654321", "198765432", "+4898765432 1"):
        assert ONE.text(text.encode()) == text.encode()
    assert not NumberForms(PERSON).find_in_pages(
        b"at 1798765432123456 and 1798765432.000001 in main-1798765432.5"
    )


def test_in_pages_values_stand_side_by_side() -> None:
    assert NumberForms(PERSON).find_in_pages(b"admission+4722851235987654320x")


@given(st.sampled_from(["+4798765432", "98765432", "004798765432"]), st.binary(max_size=40))
def test_a_number_as_sent_is_replaced_in_base64_too(number: str, name: bytes) -> None:
    raw, coded = base64.b64encode(number.encode()), base64.b64encode(name)
    line = b'"extra":"arrived|l|+4722|' + number.encode() + b"|" + raw + b"|" + coded + b'"}'
    changed = ONE.events(line)
    assert len(changed) == len(line)
    assert raw not in changed
    assert not NumberForms(PERSON).find_in_text(changed)
    fields = changed.split(b"|")
    assert base64.b64decode(fields[4]).decode() == fields[3].decode()
    assert base64.b64decode(fields[5].rstrip(b'"}')).strip() == b""


def test_who_calls_again_is_known_however_it_was_written() -> None:
    forms = [read_number(each, "NO") for each in ("+4798765432", "004798765432", "98765432")]
    assert {KEY.same(each) for each in forms} == {KEY.of(PERSON, 11)[:SAME]}
    assert KEY.same(ALL.number("98765432")) == KEY.same(ALL.number("+4798765432"))
    assert KEY.same("+4798765433") != KEY.same(PERSON)
    assert Pseudonyms(b"other").same(PERSON) != KEY.same(PERSON)


@pytest.mark.parametrize(
    ("number", "kept"),
    # Beginnings of a million numbers each: a Norwegian mobile, a British one of the Isle of Man, an Icelandic
    # one; of a short number less stays, and of what is none nothing.
    [("+4798765432", "+4798"), ("+447624123456", "+447624"), ("+3546112345", "+3546"), ("+4702800", "+4"),
     ("anonymous", ""), ("", "")],
)  # fmt: skip
def test_of_a_number_that_we_dialled_the_beginning_stays_by_which_it_is_priced(
    number: str, kept: str
) -> None:
    replaced = ALL.dialled(number)
    assert len(replaced) == len(number)
    assert known_beginning(replaced) == kept
    assert not number or (is_replaced(replaced) and not is_replaced(number))
    assert ALL.dialled(replaced) == replaced
    assert number[len(kept) :] not in replaced or not number


def test_who_was_called_back_is_told_by_nothing_but_the_beginning() -> None:
    """Of the caller nothing stays, of the dialled number four digits, in the row as in the events."""
    call = a_call("called_back_and_answered")
    for redactor in (ALL, ONE):
        after = of_bytes(call, redactor, ours=True)
        assert after is not None
        assert after.outside_number == redactor.dialled(PERSON) == f"~4798{KEY.of(PERSON, 7)[1:]}"
        assert is_pseudonym(after.caller)
    assert ONE.is_theirs(ALL.dialled(PERSON))
    assert not NumberForms(PERSON).find_in_text(ALL.dialled(PERSON).encode())


def test_a_callers_own_number_is_replaced_whole_whatever_they_sent_as_it() -> None:
    sent = "~4798765abcdef"
    raw = base64.b64encode(sent.encode())
    line = b'"extra":"arrived|l|+4722|4798765|' + raw + b'|"}'
    assert raw not in ALL.events(line)


def test_digits_that_were_asked_for_go_by_themselves() -> None:
    line = b'"extra":"digits|customer|12345678"}'
    assert Redactor(KEY, "NO", numbers=False).events(line) == b'"extra":"digits|customer|xxxxxxxx"}'
    assert Redactor(KEY, "NO", digits=False).events(line) == line


@pytest.mark.parametrize("last", "013456789")
def test_a_neighbour_whose_number_differs_in_the_last_digit_stays(last: str) -> None:
    """In base64 the last digit shares its characters' first bits with its neighbours'."""
    for front in ("+479876543", "9876543", "00479876543"):
        number = front + last
        raw = base64.b64encode(number.encode())
        line = b'"extra":"arrived|l|+4722|' + number.encode() + b"|" + raw + b'|"}'
        assert ONE.events(line) == line
        assert not NumberForms(PERSON).find_in_text(line)
        assert not NumberForms(PERSON).find_in_pages(line)


@given(st.sampled_from(sorted(SUPPORTED_REGIONS)), st.data())
def test_whatever_is_read_as_the_number_is_found(country: str, data: st.DataObject) -> None:
    """However a carrier of its country sends it, or somebody in another country writes it down."""
    example = phonenumbers.example_number(country)
    if example is None:
        return
    person = phonenumbers.format_number(example, PhoneNumberFormat.E164)
    forms = NumberForms(person, country)
    home = "".join(filter(str.isdigit, phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL)))
    fronts = (*trunk_prefixes(example.country_code or 0), *international_prefixes(country), "+", "00", "")
    sent = {f"{front}{core}" for front in fronts for core in (*forms.cores, person[1:])} | {home}
    for each in sent:
        if read_number(each, country) == person:
            spaced = each[:1] + "".join(
                data.draw(st.sampled_from(["", " ", "-", "\u00a0", "\u202f", "\u2013", ") "])) + digit
                for digit in each[1:]
            )
            assert each in forms.written, each
            for text in (f"<{each}>", f"ring {spaced}!", json.dumps(f"\u2013{spaced}\u00a0")):
                assert forms.find_in_text(text.encode()), text
                assert not forms.find_in_text(Redactor(KEY, country, person, forms=forms).text(text.encode()))
    assert forms.find_in_pages(f"admission{person}x".encode())


@pytest.mark.parametrize(
    ("country", "person", "sent"),
    [
        ("RU", "+74951234567", "84951234567"),
        ("HU", "+36301234567", "06301234567"),
        ("RU", "+4798765432", "8104798765432"),
        ("US", "+4798765432", "0114798765432"),
        ("AR", "+5491123456789", "0111523456789"),
    ],
)
def test_a_number_is_known_by_the_prefixes_of_its_country(country: str, person: str, sent: str) -> None:
    assert read_number(sent, country) == person
    assert NumberForms(person, country).find_in_text(f"tel {sent}".encode())
