"""What the models say about a path."""

from __future__ import annotations

import pytest

from hotline_ivr.config.fields import spot_at


@pytest.mark.parametrize(
    ("path", "words", "example"),
    [
        (("organisation",), "mapping", ""),
        (("lines",), "mapping of ids", ""),
        (("lines", "x", "numbers"), "list of: telephone number", "[+47 22 85 12 34]"),
        (("lines", "x", "numbers", 0), "telephone number", "+47 22 85 12 34"),
        (("lines", "x", "hours"), "hours", "{mon-fri: 08:00-16:00}"),
        (("queues", "x", "ring_time"), "duration", "15s"),
        (("queues", "x", "max_waiting"), "whole number", "50"),
        (("operators", "x", "sip_contact"), "SIP address", "sip:desk@192.0.2.7:5060"),
        (("trunks", "x", "codecs", 1), "`alaw` \\| `ulaw` \\| `g722` \\| `opus`", "alaw"),
    ],
)
def test_a_path_leads_to_its_type_and_example(path: tuple[str | int, ...], words: str, example: str) -> None:
    spot = spot_at(path)
    assert spot is not None
    assert (spot.words, spot.example) == (words, example)


@pytest.mark.parametrize("path", [("nothing",), ("lines", "x", "nothing"), ("lines", "x", "queue", "deeper")])
def test_a_path_that_no_model_knows_leads_nowhere(path: tuple[str | int, ...]) -> None:
    assert spot_at(path) is None
