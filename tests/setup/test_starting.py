"""Each example is a good configuration, and still is with another organisation's words in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from hotline_ivr.config.check import check
from hotline_ivr.config.prompt_uses import prompt_uses
from hotline_ivr.errors import ArgumentError, SetupError
from hotline_ivr.routing.speech import is_part
from hotline_ivr.setup.prompt_library import library, missing
from hotline_ivr.setup.prompt_sources import read_sources
from hotline_ivr.setup.share import examples_source, sounds_source
from hotline_ivr.setup.starting import (
    EXAMPLE_COUNTRY,
    EXAMPLE_LANGUAGE,
    EXAMPLE_NUMBER,
    EXAMPLE_TIME_ZONE,
    NAMES_IN_ENGLISH,
    TEMPLATES,
    Answers,
    answers,
    write_configuration,
)

SWEDISH = Answers("Röda Korset", "+46 8 123 456 78", "Europe/Stockholm", "en", "SE", date(2027, 5, 20))
TODAY = date(2027, 5, 1)


def problems(folder: Path) -> str:
    sources = read_sources(sounds_source(), folder / "prompts")
    prompts = {name.partition("/")[2] for name in sources}
    return check(folder, {prompt for prompt in prompts if not is_part(prompt)}).text


def test_every_example_can_be_begun_with() -> None:
    assert {path.name for path in examples_source().iterdir() if path.is_dir()} == set(TEMPLATES)


@pytest.mark.parametrize("name", TEMPLATES)
def test_an_example_is_good_as_it_stands_also_strictly(name: str) -> None:
    folder = examples_source() / name
    assert problems(folder) == ""
    plan = check(folder).plan
    assert plan is not None
    known = library(read_sources(sounds_source(), folder / "prompts"), prompt_uses(plan))
    assert missing(known) == ()


@pytest.mark.parametrize("name", TEMPLATES)
def test_an_example_keeps_nothing_of_persons_for_ever(name: str) -> None:
    plan = check(examples_source() / name).plan
    assert plan is not None
    keep = plan.privacy.keep
    assert [kind for kind, days in keep.model_dump().items() if days is None] == []
    assert keep.keys is not None
    assert keep.numbers is not None
    assert keep.calls is not None
    assert keep.keys <= keep.numbers < keep.calls


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_replaced_stands_in_the_example(name: str) -> None:
    files = sorted((examples_source() / name).rglob("*.yaml"))
    assert len(files) >= 4
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    for literal in (
        f"name: {TEMPLATES[name].organisation}\n",
        EXAMPLE_NUMBER,
        f"time_zone: {EXAMPLE_TIME_ZONE}",
        f"language: {EXAMPLE_LANGUAGE}\n",
        f"country: {EXAMPLE_COUNTRY} ",
    ):
        assert literal in text


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_written_is_good_and_nothing_of_the_example_is_left(name: str, tmp_path: Path) -> None:
    written = write_configuration(tmp_path / "config", name, SWEDISH, TODAY)
    assert problems(tmp_path / "config") == ""
    plan = check(tmp_path / "config").plan
    assert plan is not None
    assert plan.organisation.name == "Röda Korset"
    line = next(iter(plan.lines.values()))
    assert (line.numbers, line.time_zone, line.language) == (("+46812345678",), "Europe/Stockholm", "en")
    text = "\n".join(file.read_text(encoding="utf-8") for file in written if file.suffix == ".yaml")
    assert TEMPLATES[name].organisation not in text
    assert not [own for own in NAMES_IN_ENGLISH if f"name: {own}\n" in text or f"name: {own}," in text]
    assert not [path for path in (tmp_path / "config").iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_written_file_finds_its_schema(name: str, tmp_path: Path) -> None:
    for file in write_configuration(tmp_path, name, SWEDISH, TODAY):
        if file.suffix == ".yaml":
            schema = file.read_text(encoding="utf-8").splitlines()[0].partition("$schema=")[2]
            assert (file.parent / schema).is_file()


@pytest.mark.parametrize(
    "wild", ['The "Best": #1 [of] {all}', "- dash", "'quoted'", "yes", "1e3", "Æ & Ø: Å"]
)
def test_a_name_that_yaml_would_misread_is_written_so_that_it_is_not(wild: str, tmp_path: Path) -> None:
    write_configuration(tmp_path, "isp", replace(SWEDISH, name=wild), TODAY)
    plan = check(tmp_path).plan
    assert plan is not None
    assert plan.organisation.name == wild


def test_a_configuration_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("lines: {}")
    with pytest.raises(SetupError, match="holds a configuration already"):
        write_configuration(tmp_path, "isp", SWEDISH, TODAY)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def test_recordings_that_are_there_are_never_mixed_with(tmp_path: Path) -> None:
    (tmp_path / "prompts/nb").mkdir(parents=True)
    with pytest.raises(SetupError, match="holds a configuration already"):
        write_configuration(tmp_path, "isp", SWEDISH, TODAY)


def test_answers_that_make_no_configuration_write_nothing(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="these answers give no configuration"):
        write_configuration(tmp_path / "config", "isp", replace(SWEDISH, time_zone="Mars/Olympus"), TODAY)
    assert not list((tmp_path / "config").iterdir())


def test_the_country_is_the_numbers_own() -> None:
    given = {"name": "X", "time_zone": "UTC", "language": "no"}
    assert answers(number="+44 20 7946 0000", day=TODAY, **given).country == "GB"
    assert answers(number="22 85 12 34", day=TODAY, **given) == Answers(
        "X", "+47 22 85 12 34", "UTC", "nb", "NO", TODAY
    )
    assert answers(number="020 7946 0000", country="GB", day=TODAY, **given).number == "+44 20 7946 0000"


def test_a_hotline_for_one_evening_is_moved_whole_to_its_day(tmp_path: Path) -> None:
    write_configuration(tmp_path, "municipal", SWEDISH, TODAY)
    text = "".join(file.read_text(encoding="utf-8") for file in sorted(tmp_path.glob("*.yaml")))
    assert "on: 2027-05-20" in text
    assert "from: 2027-05-06 08:00" in text
    assert "until: 2027-05-20 21:00" in text


def test_an_evening_that_is_over_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="these answers give no configuration"):
        write_configuration(tmp_path, "municipal", replace(SWEDISH, day=date(2027, 4, 1)), TODAY)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"number": "12"}, "too few digits"),
        ({"time_zone": "Oslo"}, "Europe/Oslo"),
        ({"language": "sv"}, "write nb"),
        ({"name": "two\nlines"}, "line break"),
        ({"country": "no"}, "did you mean 'NO'"),
    ],
)
def test_a_wrong_answer_is_told_with_its_remedy(wrong: dict[str, str], message: str) -> None:
    right = {"name": "X", "number": "+47 22 85 12 34", "time_zone": "UTC", "language": "nb"}
    with pytest.raises(ArgumentError, match=message):
        answers(day=TODAY, **{**right, **wrong})


@pytest.mark.parametrize(
    ("language", "line", "centre", "breaks"),
    [
        ("nb", "Opptakstelefonen", ("Vaktsentralen", "nb"), ["Lunsj", "Kort pause"]),
        ("en", "Admission hotline", ("Night centre", "en"), ["Lunch", "Short break"]),
    ],
)
def test_what_people_at_work_read_is_in_the_language_that_was_chosen(
    language: str, line: str, centre: tuple[str, str], breaks: list[str], tmp_path: Path
) -> None:
    for name in TEMPLATES:
        write_configuration(tmp_path / name, name, replace(SWEDISH, language=language), TODAY)
    university, charity = (check(tmp_path / name).plan for name in ("university", "charity"))
    assert university is not None
    assert charity is not None
    assert university.lines["admission"].name == line
    assert [each.name for each in university.break_kinds.values()] == breaks
    night = charity.centres["night"]
    assert (night.name, night.language) == centre


def test_every_name_in_the_examples_has_its_english_one() -> None:
    """Names of people and organisations are their own in every language."""
    shown: set[str] = set()
    for name in TEMPLATES:
        plan = check(examples_source() / name).plan
        assert plan is not None
        for section in (plan.lines, plan.centres, plan.break_kinds):
            shown |= {each.name for each in section.values()}
    assert shown == set(NAMES_IN_ENGLISH)
