"""After a restore: who was erased since the backup is erased again.

The list of erasures knows persons by pseudonym only. So the numbers of the record are gone through, and
those whose pseudonym is on the list go.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from hotline_ivr.control.erasures_file import ErasuresFile
from hotline_ivr.control.number_key import pseudonyms
from hotline_ivr.launch.privacy.erasing import erase
from hotline_ivr.launch.privacy.place import PrivacyPlace, privacy_place
from hotline_ivr.routing.owed import read_number
from hotline_ivr.routing.pseudonym import Pseudonyms, is_pseudonym
from hotline_ivr.settings import Settings
from hotline_ivr.store.tables import call, promise


async def erase_again(settings: Settings, *, by: str, aside: Path, since: datetime) -> int:
    """How many persons were. `aside` is the state of before the restore, whose list may be the longer one.

    Who was erased before `since`, when the backup was made (aware), is not in it, and may have called again.
    """
    kept, before = ErasuresFile(settings.erasures_file), ErasuresFile(aside / settings.erasures_file.name)
    known = {each.person for each in kept.all()}
    for each in before.all():
        if each.person not in known:
            kept.note(each)
    wanted = {each.person for each in kept.all() if each.at > since}
    if not wanted:
        return 0
    async with privacy_place(settings, by=by) as place:
        keys = [place.pseudonyms]
        if (old := aside / settings.number_key_file.name).exists():
            keys.append(pseudonyms(old))
        persons = await place.store.read(lambda on: _persons(on, place, keys, wanted))
        for person in persons:
            await erase(place, person)
    return len(persons)


def _persons(
    connection: Connection, place: PrivacyPlace, keys: list[Pseudonyms], wanted: set[str]
) -> list[str]:
    """Numbers in E.164 of those who were erased and are in the record again."""
    numbers = set(connection.scalars(select(call.c.caller).distinct()))
    numbers |= set(connection.scalars(select(promise.c.person).distinct()))
    persons = {
        read_number(number, place.country) for number in numbers if number and not is_pseudonym(number)
    }
    return sorted(
        each for each in persons if each[:1] == "+" and any(key.same(each) in wanted for key in keys)
    )
