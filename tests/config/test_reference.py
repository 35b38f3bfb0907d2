"""The reference and the schema say what the models say, and the shipped files fit the schema."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from hotline_ivr.config.check import check
from hotline_ivr.config.fields import written_fields
from hotline_ivr.config.models import Configuration, Model
from hotline_ivr.config.reference import PARTS, SECTIONS, json_schema, main, markdown, schema_text

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "config" / "hotline.schema.json"
SHIPPED = sorted((ROOT / "config").glob("*.yaml"))
EXAMPLES = sorted((ROOT / "config" / "examples").glob("*/*.yaml"))
PROMPT_SCHEMA = ROOT / "sounds" / "prompts.schema.json"
PROMPT_TEXTS = sorted(
    (*(ROOT / "sounds").glob("*.yaml"), *(ROOT / "config/examples").glob("*/prompts/*.yaml"))
)
REMAKE = "python -m hotline_ivr.config.reference"


def fits_schema(*files: Path, schema: Path = SCHEMA) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_reference_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert page == markdown(), f"run: {REMAKE} > docs/configuration.md"


def test_the_schema_file_is_up_to_date() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), (
        f"run: {REMAKE} --schema > config/hotline.schema.json"
    )


def test_every_key_of_every_model_is_told() -> None:
    told = {name.removesuffix(".<id>") for name, _ in SECTIONS}
    assert told == set(Configuration.model_fields)
    for _, model in (*SECTIONS, *PARTS):
        for name, field in written_fields(model).items():
            assert field.description, f"{model.__name__}.{name} has no description"
            row = next(line for line in markdown().splitlines() if line.startswith(f"| `{name}` |"))
            assert "``" not in row, "every cell is filled"
            assert not re.search(r": ` |[a-z]=|Decimal\(|None", row), f"as Python has it: {row}"


@pytest.mark.parametrize(("arguments", "made"), [([], markdown()), (["--schema"], schema_text())])
def test_the_command_writes_one_or_the_other(
    arguments: list[str], made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(arguments)
    assert capsys.readouterr().out == made


def test_the_example_in_the_reference_is_a_right_configuration(tmp_path: Path) -> None:
    example = markdown().partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "hotline.yaml").write_text(example, encoding="utf-8")
    assert check(tmp_path).problems == ()


def test_the_shipped_files_name_the_schema_and_fit_it() -> None:
    assert SHIPPED
    for file in SHIPPED:
        modeline = "# yaml-language-server: $schema=hotline.schema.json\n"
        assert file.read_text(encoding="utf-8").startswith(modeline)
    done = fits_schema(*SHIPPED)
    assert done.returncode == 0, done.stdout


def test_the_examples_name_the_schema_and_fit_it() -> None:
    assert len(EXAMPLES) >= 12
    for file in EXAMPLES:
        named = (
            file.read_text(encoding="utf-8").splitlines()[0].partition("yaml-language-server: $schema=")[2]
        )
        assert (file.parent / named).resolve() == SCHEMA
    done = fits_schema(*EXAMPLES)
    assert done.returncode == 0, done.stdout


def test_the_texts_of_prompts_name_their_schema_and_fit_it(tmp_path: Path) -> None:
    assert len(PROMPT_TEXTS) >= 6
    for file in PROMPT_TEXTS:
        named = (
            file.read_text(encoding="utf-8").splitlines()[0].partition("yaml-language-server: $schema=")[2]
        )
        assert (file.parent / named).resolve() == PROMPT_SCHEMA
    done = fits_schema(*PROMPT_TEXTS, schema=PROMPT_SCHEMA)
    assert done.returncode == 0, done.stdout
    for number, wrong in enumerate(("Greeting!: {nb: Hei}", "greeting: {sv: Hej}", "greeting: {nb: ''}")):
        (tmp_path / f"{number}.yaml").write_text(wrong, encoding="utf-8")
        assert fits_schema(tmp_path / f"{number}.yaml", schema=PROMPT_SCHEMA).returncode == 1


def test_an_editor_has_words_to_show_over_every_key() -> None:
    """The description of a key is its hover text."""
    schema = json_schema()
    keys = {("", name): told for name, told in schema["properties"].items()}
    for model, told in schema["$defs"].items():
        keys |= {(model, name): key for name, key in told.get("properties", {}).items()}
    assert len(keys) > 30
    for place, key in keys.items():
        named = schema["$defs"].get(key.get("$ref", "").rpartition("/")[2], {})
        assert key.get("description") or named.get("description"), f"no words for {place}"


def test_the_schema_takes_everything_that_the_reader_takes(tmp_path: Path, good: str) -> None:
    """An editor must not mark as wrong what `hotline check` finds right."""
    extra = """\
    max_wait: 1h30m
    language: no
    hours:
      mon, wed: [8:00-12:00, 12:30-16:00]
      fri-sat: 22:00-02:00
      sun: closed
    queue: main
"""
    text = good.replace("    hours:\n      mon-fri: 08:00-12:00, 12:30-16:00\n    queue: main\n", extra)
    text = text.replace(
        "[anna, bjorn]", "[anna, bjorn]\n    ring_time: 20\n    join_when_empty: yes\n    max_waiting: 5"
    )
    text = text.replace("[+47 22 85 12 34]", "[+4722851234, 22851235, '22 85 12 36']")
    file = tmp_path / "hotline.yaml"
    file.write_text(text, encoding="utf-8")
    assert check(file).problems == ()
    done = fits_schema(file)
    assert done.returncode == 0, done.stdout


def test_the_schema_finds_what_an_editor_can_find() -> None:
    done = fits_schema(ROOT / "tests" / "config" / "ten_mistakes" / "hotline.yaml")
    assert done.returncode == 1
    for wrong in ("timezone", "10:00-25:00", "ten minutes", "leastrecnet", "sip.carrier.example"):
        assert wrong in done.stdout


def test_every_model_that_may_be_written_has_a_table() -> None:
    seen: set[type[Model]] = set()

    def within(annotation: object) -> Iterator[type[Model]]:
        if isinstance(annotation, type) and issubclass(annotation, Model):
            if annotation in seen:
                return  # a tree holds itself
            seen.add(annotation)
            yield annotation
            for field in annotation.model_fields.values():
                yield from within(field.annotation)
        for part in get_args(annotation):
            yield from within(part)

    told = {model for _, model in (*SECTIONS, *PARTS)}
    assert set(within(Configuration)) - {Configuration} == told


def test_the_schema_holds_nothing_that_only_the_reader_sets() -> None:
    assert set(json_schema()["properties"]) == set(Configuration.model_fields)
