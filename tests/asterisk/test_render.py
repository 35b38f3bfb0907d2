"""The plan as Asterisk files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotline_ivr.asterisk.render import PlanInput, render_instance, render_plan
from hotline_ivr.asterisk.render.dialplan import forms
from hotline_ivr.asterisk.render.sections import section, value
from hotline_ivr.asterisk.secrets import PhoneSecret, Secrets
from hotline_ivr.config.centres import Centre
from hotline_ivr.config.models import Plan
from hotline_ivr.config.recording import Recording, Recordings
from hotline_ivr.errors import LocalProtocolError
from hotline_ivr.settings import Settings
from tests.plans import a_plan

SECRETS = Secrets(
    "ami-secret", {"anna": PhoneSecret("anna.k3v9", "s1"), "bjorn": PhoneSecret("bjorn.x2m4", "s2")}
)


def rendered(plan: Plan | None = None, **settings: object) -> dict[str, str]:
    known = Settings.model_validate({"state": "/var/lib/hotline", **settings})
    files = render_plan(PlanInput(plan or a_plan(), known, SECRETS, Path("/usr/share/hotline/dialplans")))
    return {**files, **render_instance(known, Path("/usr/lib/asterisk/modules"))}


def body(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith(";"))


def part(text: str, name: str) -> str:
    """The lines of one section, or of all sections of that name."""
    found = [block for block in text.split("\n[") if block.startswith(f"{name}]")]
    return "\n".join(found)


def test_every_file_says_that_it_is_rendered_and_from_what() -> None:
    plan = a_plan().model_copy(update={"source": Path("/etc/hotline-ivr")})
    for name, text in rendered(plan).items():
        assert "Rendered by hotline-ivr from" in text.split("\n\n", 1)[0], name
    assert "from /etc/hotline-ivr" in rendered(plan)["pjsip.conf"]


def test_the_same_plan_gives_the_same_files() -> None:
    assert rendered() == rendered()


def test_numbers_are_exact_and_come_as_carriers_write_them() -> None:
    assert forms("+4722851234") == ("+4722851234", "4722851234", "004722851234", "22851234")
    extensions = rendered()["extensions.conf"]
    for number in forms("+4722851234"):
        assert f"exten => {number},1,Gosub(hotline-clean,s,1)" in extensions
    assert "exten => _" not in extensions


def test_caller_text_is_cleaned_before_anything_else() -> None:
    numbers = part(rendered()["extensions.conf"], "hotline-numbers")
    for line in numbers.splitlines():
        if line.startswith("exten"):
            assert line.endswith(",1,Gosub(hotline-clean,s,1)")


def test_a_phone_reaches_our_own_numbers_and_nothing_else() -> None:
    assert (
        body(part(rendered()["extensions.conf"], "hotline-phones"))
        == "hotline-phones]\ninclude => hotline-colleagues\ninclude => hotline-numbers"
    )


def test_the_event_log_holds_no_field_that_a_caller_controls() -> None:
    fields = next(line for line in rendered()["cel_custom.conf"].splitlines() if line.startswith("fields="))
    assert fields.removeprefix("fields=").split(",") == [
        "EventType", "eventenum", "EventTime", "UniqueID", "LinkedID", "ChanName", "EventExtra",
    ]  # fmt: skip


def test_the_manager_account_has_least_rights_and_hears_queue_events_only() -> None:
    account = part(rendered()["manager.conf"], "hotline")
    assert "read=agent\nwrite=agent,call\n" in account
    assert "deny=0.0.0.0/0.0.0.0\npermit=127.0.0.1/32\n" in account
    assert "eventfilter(action(include),name(QueueMemberStatus))=" in account
    assert "Newchannel" not in account
    assert "VarSet" not in account


def test_members_are_dynamic_and_queues_are_filled_fairly() -> None:
    queues = rendered()["queues.conf"]
    assert "persistentmembers=yes" in queues
    main = part(queues, "main")
    assert "strategy=leastrecent" in main
    assert "ringinuse=no" in main
    assert "autofill=yes" in main
    # The next phone is rung for the whole ring time, whenever the one before declined.
    assert "timeoutrestart=yes" in main
    assert "member" not in main.replace("member-", "")


@pytest.mark.parametrize(
    ("wait", "expected"), [("no", "joinempty=unavailable,invalid,unknown"), ("yes", "joinempty=yes")]
)
def test_whether_callers_may_wait_for_nobody_is_the_admins_choice(wait: str, expected: str) -> None:
    plan = a_plan(queues={"main": {"operators": ["anna"], "join_when_empty": wait}})
    assert expected in part(rendered(plan)["queues.conf"], "main")


def test_a_phone_has_the_account_and_secret_of_the_secrets_file() -> None:
    phone = part(rendered()["pjsip.conf"], "anna.k3v9")
    assert "username=anna.k3v9\npassword=s1" in phone
    assert "context=hotline-phones" in phone
    assert "max_contacts=1" in phone


def test_several_telephones_of_one_operator_have_accounts_and_are_shown_as_one_person() -> None:
    devices = {"desk": {"name": "Desk"}, "soft": {"name": "Soft", "sip_contact": "sip:soft@192.0.2.7:5060"}}
    operators = {"anna": {"name": "Anna", "devices": devices}, "bjorn": {"name": "Bjorn"}}
    secrets = Secrets(
        "ami-secret",
        {
            "anna.desk": PhoneSecret("anna.desk.k3v9", "s1"),
            "anna.soft": PhoneSecret("anna.soft.p7q2", "s2"),
            "bjorn": PhoneSecret("bjorn.x2m4", "s3"),
        },
    )
    plan = a_plan(sections={"operators": operators})
    known = Settings.model_validate({"state": "/var/lib/hotline"})
    files = render_plan(PlanInput(plan, known, secrets, Path("/usr/share/hotline/dialplans")))
    assert "password=s1" in part(files["pjsip.conf"], "anna.desk.k3v9")
    assert "contact=sip:soft@192.0.2.7:5060" in part(files["pjsip.conf"], "anna.soft.p7q2")
    assert "qualify_frequency" not in part(files["pjsip.conf"], "bjorn.x2m4")
    hints = part(files["extensions.conf"], "hotline-devices")
    assert hints.strip() == "hotline-devices]\nexten => anna,hint,PJSIP/anna.desk.k3v9&PJSIP/anna.soft.p7q2"
    told = part(files["queues.conf"], "hotline.devices")
    assert "member=PJSIP/anna.desk.k3v9,0,anna.desk\nmember=PJSIP/anna.soft.p7q2,0,anna.soft" in told
    assert "hotline.devices" not in rendered()["queues.conf"]


def test_a_greeting_of_an_operators_own_is_asked_for_only_where_somebody_has_one() -> None:
    assert "HOTLINE_CONNECTED=\n" in rendered()["extensions.conf"]
    operators = {
        "anna": {"name": "Anna", "language": "en", "greeting": "greeting-anna"},
        "bjorn": {"name": "B"},
    }
    extensions = rendered(a_plan(sections={"operators": operators}))["extensions.conf"]
    assert "HOTLINE_CONNECTED=hotline-connected\n" in extensions
    spoken = part(extensions, "hotline-greetings")
    assert "exten => anna,1,Answer()" in spoken
    assert "Playback(${HOTLINE_SOUNDS}/en/greeting-anna)" in spoken
    assert "bjorn" not in spoken


def test_short_numbers_are_exact_and_lead_callers_to_colleagues_and_queues_alone() -> None:
    operators = {"anna": {"name": "Anna", "extension": 21}, "bjorn": {"name": "B"}}
    queues = {"main": {"operators": ["anna", "bjorn"], "extension": "80"}}
    files = rendered(a_plan(queues=queues, sections={"operators": operators}))
    handed, rung = (part(files["extensions.conf"], name) for name in ("hotline-handed", "hotline-colleagues"))
    assert [line for line in handed.splitlines() if line.startswith(("exten", "include"))] == [
        "exten => 21,1,Set(HOTLINE_PHONES=PJSIP/anna.k3v9)",
        "exten => 80,1,Set(HOTLINE_TO=main)",
    ]
    assert "exten => 21," in rung
    assert "exten => 80," in rung
    assert "set_var=TRANSFER_CONTEXT=hotline-handed" in part(files["pjsip.conf"], "anna.k3v9")


def dialled(*allowed: str, transfers: bool = True) -> list[str]:
    """Where callers may be handed on, and what becomes of them."""
    sections = {
        "outside": {"allowed": list(allowed), "transfers": transfers},
        "trunks": {"carrier": {"hosts": ["192.0.2.9"], "outbound": "192.0.2.9"}},
    }
    text = part(rendered(a_plan(sections=sections))["extensions.conf"], "hotline-handed")
    rows = r"^exten => (\S+),1,Set\(HOTLINE_TO=(\S+)\)\n same => n,Goto\(hotline-handed-on,(\w+),1\)"
    return [" ".join(found) for found in re.findall(rows, text, re.MULTILINE)]


def test_numbers_outside_are_reached_only_where_the_plan_says_so_and_digit_by_digit() -> None:
    assert dialled("+47 90", transfers=False) == []
    whole = dialled("+47 22 85 00 00")
    assert whole == [
        "+4722850000 ${EXTEN:0} outside",
        "004722850000 +${EXTEN:2} outside",
        "22850000 +47${EXTEN:0} outside",
    ]
    begun = dialled("+47 90")
    assert "_+4790XXXXXX ${EXTEN:0} outside" in begun
    assert "_90XXXXXX +47${EXTEN:0} outside" in begun
    assert {each.split()[0].rstrip("X") for each in begun} == {"_+4790", "_004790", "_90"}
    lengths = {len(each.split()[0]) for each in begun if each.startswith("_+")}
    assert (min(lengths), max(lengths)) == (len("_+47900000"), len("_+479000000000000"))
    assert {each.split()[0][:5] for each in dialled("+46 8")} == {"_+468", "_0046"}, "abroad"


def test_a_number_of_our_own_leads_nobody_in_circles() -> None:
    own = [each for each in dialled("+47 22 85 12") if not each.startswith("_")]
    assert own == [
        "+4722851234 ${EXTEN:0} back",
        "004722851234 +${EXTEN:2} back",
        "22851234 +47${EXTEN:0} back",
    ]


def test_a_carrier_is_known_by_its_addresses_and_may_not_transfer() -> None:
    pjsip = rendered()["pjsip.conf"]
    assert "endpoint=trunk-carrier\nmatch=127.0.0.1" in part(pjsip, "trunk-carrier-identify")
    assert "allow_transfer=no" in part(pjsip, "trunk-carrier")


def test_an_address_outside_is_told_to_sip_peers_only_where_it_is_set() -> None:
    assert "external_" not in rendered()["pjsip.conf"]
    assert "external_media_address=192.0.2.1" in rendered(external_address="192.0.2.1")["pjsip.conf"]


@pytest.mark.parametrize("text", ["a;b", "a\nb", "a\rb", "a\x00b", "\x1b[31m"])
def test_a_value_that_asterisk_would_read_as_something_else_is_refused(text: str) -> None:
    with pytest.raises(LocalProtocolError):
        value(text)


@pytest.mark.parametrize("name", ["", "a]b", "a b", "a\n[general]", "a;b"])
def test_a_section_name_cannot_open_another_section(name: str) -> None:
    with pytest.raises(LocalProtocolError):
        section(name, [])


def test_head_starts_by_number_are_there_for_the_time_when_nobody_decides() -> None:
    known = {"health": {"name": "Health", "numbers": ["+47 90 00 00 09"], "priority": "10m"}}
    plan = a_plan(sections={"known_callers": known}, number_priority={"+47 22 85 12 34": "1m"})
    extensions = rendered(plan)["extensions.conf"]
    assert "exten => +4722851234,1,Return(60)" in part(extensions, "hotline-number-priority")
    callers = part(extensions, "hotline-known")
    for form in ("+4790000009", "4790000009", "004790000009", "90000009"):
        assert f"exten => {form},1,Return(600)" in callers


def test_the_key_of_an_offer_leaves_the_queue_that_makes_it_and_no_other() -> None:
    offering = {"operators": ["anna"], "callbacks": {"offer": {"key": 7}}}
    files = rendered(a_plan(queues={"main": offering, "plain": {"operators": ["bjorn"]}}))
    assert "context=hotline-offer-main" in part(files["queues.conf"], "main")
    assert "context" not in part(files["queues.conf"], "plain")
    assert "exten => 7,1,Goto(hotline-offer,s,1)" in part(files["extensions.conf"], "hotline-offer-main")
    assert "[hotline-offer-plain]" not in files["extensions.conf"]


def test_recording_is_rendered_by_line_and_by_queue_and_off_without_a_rule() -> None:
    files = rendered()
    assert "HOTLINE_TAPE_line" not in files["extensions.conf"]
    assert "HOTLINE_TAPE_queue" not in files["extensions.conf"]
    centre = {"name": "Night", "targets": {"desk": {"number": "+4722850000"}}}
    for record, rendered_yes in (({}, False), ({"record": "yes"}, True)):
        night = Centre.model_validate(centre | record)
        plan = a_plan().model_copy(update={"centres": {"night": night}})
        assert ("HOTLINE_TAPE_centre_night=yes\n" in rendered(plan)["extensions.conf"]) is rendered_yes
    plain = a_plan()
    rule = Recording(consent="key", after_transfer="continue")
    lines = {name: line.model_copy(update={"recording": rule}) for name, line in plain.lines.items()}
    queues = {
        name: queue.model_copy(update={"recording": Recording(record=False)})
        for name, queue in plain.queues.items()
    }
    kept = Recordings(public_keys=(), encrypt=False, pause_code="*7", pause_limit=30)
    plan = plain.model_copy(update={"lines": lines, "queues": queues, "recordings": kept})
    files = rendered(plan, queue_wakeup="no")
    line, queue = next(iter(lines)), next(iter(queues))
    told = files["extensions.conf"]
    assert f"HOTLINE_TAPE_line_{line}=key~recording-question~5~recording-off~continue\n" in told
    assert f"HOTLINE_TAPE_queue_{queue}=no\n" in told
    assert "HOTLINE_CONNECTED=hotline-connected\n" in told
    assert "HOTLINE_TAPE_PAUSE=30\n" in told
    features = "hotline-tape-toggle#hotline-tape-pause#hotline-tape-resume#hotline-tape-stop"
    assert f"HOTLINE_TAPE_FEATURES={features}\n" in told
    keys = part(files["features.conf"], "applicationmap")
    assert "hotline-tape-toggle => *7,self,Gosub(hotline-recording,toggle,1)" in keys
    assert "hotline-tape-pause => <,self,Gosub(hotline-recording,pause,1)" in keys
    # Pausing needs the right by which callers are woken.
    assert "write=agent,call" in files["manager.conf"]
    assert "write=agent\n" in rendered(queue_wakeup="no")["manager.conf"]
