"""One YAML text: plain scalars stay text, every value has its place, and nothing breaks the reader."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_ivr.config.yaml_compose import MAX_ALIASES, MAX_DEPTH
from hotline_ivr.config.yaml_tree import Tree, read_text


def said(text: str) -> list[str]:
    return [
        f"{problem.line}:{problem.column} {problem.message}" for problem in read_text(text, "x.yaml").problems
    ]


@pytest.mark.parametrize(
    "written",
    [
        "no",
        "yes",
        "08:30",
        "+4722851234",
        "0047",
        "1e3",
        "0x1f",
        "1.50",
        "2026-11-23",
        ".inf",
        "=",
        "1_000",
        "190:20",
    ],
)
def test_a_plain_scalar_is_the_text_that_was_written(written: str) -> None:
    assert read_text(f"key: {written}", "x.yaml").data == {"key": written}


@pytest.mark.parametrize(
    ("written", "value"), [("", None), ("~", None), ("null", None), ("'null'", "null"), ("''", "")]
)
def test_only_plain_null_forms_are_nothing(written: str, value: str | None) -> None:
    assert read_text(f"key: {written}", "x.yaml").data == {"key": value}


def test_keys_are_text_too() -> None:
    assert read_text("no: 1\n12: 2\nnull: 3", "x.yaml").data == {"no": "1", "12": "2", "null": "3"}


def test_every_value_has_its_place() -> None:
    tree = read_text("lines:\n  main:\n    numbers:\n      - '1'\n      - 2\n", "x.yaml")
    places = {".".join(map(str, path)): str(entry.place) for path, entry in tree.places.items()}
    assert places == {
        "": "x.yaml:1:1",
        "lines": "x.yaml:1:1",
        "lines.main": "x.yaml:2:3",
        "lines.main.numbers": "x.yaml:3:5",
        "lines.main.numbers.0": "x.yaml:4:9",
        "lines.main.numbers.1": "x.yaml:5:9",
    }


@pytest.mark.parametrize(
    "text",
    ["\ufeffa: ]", "# one\x85\u2028\na: ]", "%YAML 1.1\n---\n# one\x85\u2028\na: ]", "# a\r# b\r\na: ]"],
)
def test_a_place_is_counted_as_an_editor_counts(text: str) -> None:
    """The YAML reader's own count leaves out byte order marks, and depends on the version a file names."""
    problem = read_text(text, "x.yaml").problems[0]
    assert problem.column is not None
    assert problem.source[problem.column - 1 :] == "]"


def test_an_alias_gives_its_values_a_second_path() -> None:
    tree = read_text("a: &x [1, 2]\nb: *x\n", "x.yaml")
    assert tree.data == {"a": ["1", "2"], "b": ["1", "2"]}
    assert ("b", 1) in tree.places


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1 'a' is here twice; first at x.yaml:1:1"),
        (
            "a: !!python/object:os.system x",
            "1:4 the tag 'tag:yaml.org,2002:python/object:os.system' is not read here",
        ),
        ("!mine\na: 1", "1:1 the tag '!mine' is not read here"),
        ("<<: {a: 1}", "1:1 merge keys (<<) are not read here"),
        ("[1]: 2", "1:1 a key is a word, not a list or mapping"),
    ],
)
def test_what_is_not_read_is_a_problem_and_the_rest_is_read_on(text: str, message: str) -> None:
    tree = read_text(text, "x.yaml")
    assert said(text) == [message]
    assert tree.complete


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n\tb: 2\n", "2:1 this character cannot begin a value"),
        ("a: @x\n", "1:4 this character cannot begin a value"),
        ("a: b: c\n", "1:5 a ':' where no key can stand"),
        ("a: 1\n  b: 2\n", "2:4 a ':' where no key can stand"),
        ("a:\n    b: 1\n  c: 2\n", "3:3 this does not fit with the lines before it"),
        ("a: 1\nb\n", "3:1 this is neither `key: value` nor a list item"),
        ("a: [1,\nb: 2\n", "3:1 a list or mapping in brackets is not ended"),
        ("a: 'x\n", "2:1 a quote is opened and never closed"),
        ("a: }\n", "1:4 a value is missing, or a bracket is out of place"),
        ("a: *nobody\n", "1:4 no anchor of this name stands before it"),
        ("a: 1\n---\nb: 2\n", "2:1 a second document begins here"),
        ("a: &x [*x]\n", "1:4 this holds an alias of itself"),
        ("a: x\x00y\n", "1:5 the character U+0000 may not stand in YAML"),
        ("a: 1\r\nb: \x1b[2J\r\n", "2:4 the character U+001B may not stand in YAML"),
        ('a: "\\UFFFFFFFF"\n', "1:1 cannot be read as YAML"),
        ("[" * 5000, f"1:{MAX_DEPTH + 1} more than {MAX_DEPTH} levels within one another"),
        (
            "a: &x []\nb: [" + "*x," * (MAX_ALIASES + 1) + "]",
            f"2:{5 + 3 * MAX_ALIASES} more than {MAX_ALIASES} aliases",
        ),
    ],
)
def test_broken_yaml_is_a_problem_at_its_place(text: str, message: str) -> None:
    assert said(text) == [message]
    assert not read_text(text, "x.yaml").complete
    assert read_text(text, "x.yaml").data is None


def test_aliases_of_aliases_do_not_fill_the_memory() -> None:
    laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    laughs += "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    assert [message.split(" ", 1)[1] for message in said(laughs)] == ["more than 50000 values"]


def test_a_depth_at_the_limit_is_read() -> None:
    assert read_text("[" * MAX_DEPTH + "]" * MAX_DEPTH, "x.yaml").complete


_YAMLISH = st.text(alphabet="ab:-?#&*!|>'\"%@`{}[], \n\t\\~<=0x\x85\u2028\ufeff\r", max_size=60)


@settings(max_examples=400)
@given(_YAMLISH)
def test_any_text_is_read_or_has_a_problem_within_the_text(text: str) -> None:
    tree: Tree = read_text(text, "x.yaml")
    assert tree.complete or tree.problems
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in tree.problems:
        assert problem.line is not None
        assert problem.column is not None
        assert problem.source == lines[problem.line - 1]
        assert 1 <= problem.column <= len(problem.source) + 1
