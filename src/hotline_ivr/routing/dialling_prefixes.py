"""What is dialled before a number, by country, from the tables of phonenumbers: 0, 8 or 06; 00 or 810."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product

import phonenumbers

# A longer one chooses a carrier, and people do not write it down.
_LONGEST_TRUNK, _LONGEST_INTERNATIONAL = 3, 4


@lru_cache(maxsize=64)
def trunk_prefixes(code: int) -> tuple[str, ...]:
    """What stands before a number within the countries of this calling code, the longest first."""
    found = set[str]()
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ()):
        metadata = _metadata(region)
        if metadata is not None:
            # `[08]` where the old one is read still, and one with room for a carrier's.
            found |= {metadata.national_prefix or "", *_short(metadata.national_prefix_for_parsing, True)}
    return _ordered(found)


@lru_cache(maxsize=64)
def international_prefixes(country: str | None) -> tuple[str, ...]:
    """What is dialled from this country (two letters) to another one; 00 is always among them."""
    metadata = None if country is None else _metadata(country)
    if metadata is None:
        return ("00",)
    preferred = "".join(filter(str.isdigit, metadata.preferred_international_prefix or ""))
    return _ordered({"00", preferred, *_short(metadata.international_prefix, False)})


def _metadata(region: str) -> phonenumbers.PhoneMetadata | None:
    return phonenumbers.PhoneMetadata.metadata_for_region(region, None)


def _short(pattern: str | None, trunk: bool) -> set[str]:
    """All digits that match it wholly, few enough to be tried."""
    if not pattern:
        return set()
    whole, longest = re.compile(pattern), _LONGEST_TRUNK if trunk else _LONGEST_INTERNATIONAL
    tried = (
        "".join(each) for length in range(1, longest + 1) for each in product("0123456789", repeat=length)
    )
    return {each for each in tried if whole.fullmatch(each)}


def _ordered(found: set[str]) -> tuple[str, ...]:
    return tuple(sorted(found - {""}, key=lambda each: (-len(each), each)))
