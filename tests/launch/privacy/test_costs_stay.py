"""What calls cost stays as it was when numbers go: the class of a price is known by the digits that stay."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.launch.privacy.erasing import erase
from hotline_ivr.launch.privacy.place import privacy_place
from hotline_ivr.launch.privacy.purging import purge
from hotline_ivr.routing.usage import rate_of, usages
from hotline_ivr.settings import Settings
from hotline_ivr.store.costing import recorded_calls
from hotline_ivr.store.engine import open_store
from tests.calls.asterisk_files import a_call
from tests.launch.privacy.persons import CALLED_AT, PERSON, a_node
from tests.routing.contracts import a_contract

CONTRACT = a_contract(
    outbound={
        "domestic": {"per_minute": "0.25", "prefixes": ["+47"]},
        "mobile": {"per_minute": "0.45", "prefixes": ["+474", "+479"]},
        "international": {"per_minute": "2.50"},
    },
    inbound={"per_minute": "0.19"},
)


async def seconds_by_class(settings: Settings) -> Counter[str]:
    store = open_store(settings.database)
    whole = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))
    calls = await store.read(lambda connection: list(recorded_calls(connection, *whole)))
    await store.close()
    found: Counter[str] = Counter()
    for usage in (usage for call in calls for usage in usages(call)):
        priced = rate_of(CONTRACT, usage)
        assert priced is not None
        found[priced[0]] += usage.seconds
    return found


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["purge", "erase"])
async def test_a_call_back_to_a_mobile_telephone_has_its_price_after_its_number_went(
    tmp_path: Path, database_url: str, how: str
) -> None:
    node = a_node(tmp_path, database_url, {"numbers": 5})
    names = ("called_back_and_answered", "operator_first", "centre_took_it", "answered_caller_hangs_up")
    node.write(*(a_call(name, number, 100 * number) for number, name in enumerate(names)))
    await node.keep()
    before = await seconds_by_class(node.settings)
    # Of two called back 26 and 21 s; the centre's number, 13 s, is nobody's to be forgotten.
    assert (before["mobile"], before["domestic"], before["international"]) == (47, 13, 0)
    async with privacy_place(node.settings, by="tester", now=CALLED_AT + timedelta(days=11)) as place:
        if how == "purge":
            await purge(place)
        else:
            await erase(place, PERSON)
    assert PERSON.encode() not in node.files.cel.read_bytes()
    assert await seconds_by_class(node.settings) == before
