"""Currencies by their ISO 4217 code, and how many decimals an amount on a bill has in each."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from hotline_ivr.config.described import Described
from hotline_ivr.config.refusal import quoted, refusal, text_of

# ISO 4217 list one: the active codes of money that people pay with, by their minor units (decimals).
_TWO = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR
MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG
SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST
XCD YER ZAR ZMW
"""
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"

MINOR_UNITS = {
    code: digits for codes, digits in ((_TWO, 2), (_NONE, 0), (_THREE, 3)) for code in codes.split()
}
"""Decimals of an amount, by currency."""


def _currency(value: object) -> str:
    text = text_of(value, "a currency")
    if text in MINOR_UNITS:
        return text
    hint = f"; did you mean '{text.upper()}'?" if text.upper() in MINOR_UNITS else ""
    raise refusal(f"{quoted(text)} is not a currency{hint}", "write its three capital letters: NOK, EUR, GBP")


Currency = Annotated[
    str,
    BeforeValidator(_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"}),
    Described("currency by its ISO 4217 code", "NOK"),
]
