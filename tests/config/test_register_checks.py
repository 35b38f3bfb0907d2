"""Topics, prepared answers, advertising channels and words for outcomes, as an admin writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotline_ivr.config.check import CheckResult
from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.config.register import OUTCOME_WORDS, WAY_WORDS
from hotline_ivr.config.topics import placed_topics

Spoil = Callable[..., CheckResult]

HOSTS = "    hosts: [192.0.2.10]\n"
REGISTER = """\
topics:
  studies:
    name: {nb: Studier, en: Studies}
    topics:
      exams: {name: {nb: Eksamen, en: Exams}}
      fees:
        name: Fees
        retired: yes
        topics:
          rebates: {name: Rebates}
  other: {name: {no: Annet, en: Other}}
prepared_answers:
  postponed:
    title: {nb: Utsatt eksamen, en: Postponed exam}
    topics: [exams]
    variants:
      short: {nb: Ja., en: "Yes."}
      long:
        nb: |
          Ja, med legeerklæring.
          Frist er tre dager.
advertising:
  radio: {name: Radio}
entries:
  outcomes:
    answered: {nb: Løst, en: Solved}
"""


@pytest.fixture
def register(spoil: Spoil) -> Spoil:
    def checked(*changes: tuple[str, str]) -> CheckResult:
        return spoil((HOSTS, HOSTS + REGISTER), *changes)

    return checked


def told(result: CheckResult) -> list[str]:
    return [f"{each.severity} {each.line}:{each.column} {each.message}" for each in result.problems]


def test_a_register_that_is_right_has_no_problem_and_every_topic_its_place(register: Spoil) -> None:
    result = register()
    assert told(result) == []
    assert result.plan is not None
    placed = placed_topics(result.plan.topics)
    assert list(placed) == ["studies", "exams", "fees", "rebates", "other"]
    assert placed["rebates"].words("nb") == "Studier / Fees / Rebates"
    assert placed["exams"].words("en") == "Studies / Exams"
    assert [name for name, each in placed.items() if each.retired] == ["fees", "rebates"]
    assert result.plan.prepared_answers["postponed"].variants["long"]["nb"].count("\n") == 1
    assert result.plan.entries.outcome_words(EntryOutcome.ANSWERED, "nb") == "Løst"
    assert result.plan.entries.outcome_words(EntryOutcome.OTHER, "nb") == "Annet"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("topics: [exams]", "topics: [exam]", "error 36:14 there is no topic 'exam'; did you mean 'exams'?"),
        ("  other: {name:", "  exams: {name:", "error 32:3 topic 'exams' stands at "),
        ("  radio: {name: Radio}", "  radio: {nam: Radio}", "unknown key 'nam'; did you mean 'name'?"),
        ("answered: {nb: Løst", "anserwed: {nb: Løst", "did you mean 'answered'?"),
        ("en: Exams}}", "eng: Exams}}", "there are no words in 'eng'; did you mean 'en'?"),
        ("topics: [exams]", "topics: [rebates]", "warning 36:14 topic 'rebates' is retired"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_was_meant(
    register: Spoil, old: str, new: str, message: str
) -> None:
    assert message in "\n".join(told(register((old, new))))


def test_a_tree_that_is_too_deep_is_refused_and_looked_at_no_deeper(register: Spoil) -> None:
    deep = "{name: X}"
    for level in range(6):
        deep = f"{{name: X, topics: {{t{level}: {deep}}}}}"
    result = register(("  other: {name: {no: Annet, en: Other}}", f"  other: {deep}"))
    assert any("more than 5 levels" in each for each in told(result))


def test_every_outcome_and_way_has_words_in_both_languages() -> None:
    for words in (*(OUTCOME_WORDS[each] for each in EntryOutcome), *(WAY_WORDS[each] for each in Way)):
        assert set(words) == {"nb", "en"}
