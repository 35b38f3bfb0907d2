"""`hotline ingest` on a terminal and as JSON."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from hotline_ivr.cli.main import app
from hotline_ivr.errors import ArgumentError
from tests.calls.asterisk_files import AsteriskFiles, a_call
from tests.cli.test_balance import place
from tests.launch.place import Place, attic

__all__ = ["attic", "place"]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["ingest", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.usefixtures("place")
def test_it_is_told_what_is_new_and_a_second_time_nothing_is(attic: AsteriskFiles) -> None:
    call = a_call("second_operator_answers", 5, 500)
    attic.write(call, a_call("answered_caller_hangs_up"))
    count = len(call.events)
    assert f"{count} of them new to the record\n1 calls added" in run(str(attic.cel))
    attic.add(b"rubbish\n")
    said = json.loads(run(str(attic.cel), "--json"))
    assert (said["schema"], said["added"], said["rejected"]) == ("hotline/ingest/1", 0, 1)
    said = json.loads(run(str(attic.queue_log), "--json"))
    assert (said["added"], said["rows_changed"]) == (len(call.queue_events), 1)


def test_what_cannot_be_taken_is_refused(place: Place) -> None:
    for arguments in (["/nowhere"], [str(place.files.cel), "--node", "Main!"]):
        with pytest.raises(ArgumentError):
            run(*arguments)
