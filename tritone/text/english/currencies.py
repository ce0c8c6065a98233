"""Currencies by sign and by ISO 4217 code: the words for one, for more, and for the hundredth part."""

from __future__ import annotations

from typing import NamedTuple


class Currency(NamedTuple):
    """What amounts of a currency are called."""

    one: str
    more: str
    part: str = ""  # the hundredth; "" where prices have none
    parts: str = ""


def _like_dollars(country: str = "") -> Currency:
    name = f"{country} dollar".strip()
    return Currency(name, f"{name}s", "cent", "cents")


def _plain(name: str, part: str = "", parts: str = "") -> Currency:
    return Currency(name, f"{name}s", part, parts or (f"{part}s" if part else ""))


def _same(name: str, part: str = "", parts: str = "") -> Currency:
    return Currency(name, name, part, parts or (f"{part}s" if part else ""))


_DOLLAR, _EURO = _like_dollars(), Currency("euro", "euros", "cent", "cents")
_POUND = Currency("pound", "pounds", "penny", "pence")
_YEN, _YUAN, _WON = _same("yen"), _same("yuan"), _same("won")
_RUPEE, _RUBLE, _LIRA = _plain("rupee", "paisa", "paise"), _plain("ruble", "kopeck"), _plain("lira")
_ZLOTY, _BAHT, _DONG = _plain("zloty", "grosz", "groszy"), _same("baht", "satang", "satang"), _same("dong")
_REAL = Currency("real", "reais", "centavo", "centavos")

BY_CODE = {
    "USD": _DOLLAR, "EUR": _EURO, "GBP": _POUND, "JPY": _YEN, "CNY": _YUAN, "RMB": _YUAN, "KRW": _WON,
    "INR": _RUPEE, "RUB": _RUBLE, "TRY": _LIRA, "PLN": _ZLOTY, "THB": _BAHT, "VND": _DONG, "BRL": _REAL,
    "AUD": _like_dollars("Australian"), "CAD": _like_dollars("Canadian"), "NZD": _like_dollars("New Zealand"),
    "HKD": _like_dollars("Hong Kong"), "SGD": _like_dollars("Singapore"), "TWD": _like_dollars("Taiwan"),
    "CHF": _plain("Swiss franc", "centime"), "SEK": Currency("Swedish krona", "Swedish kronor"),
    "NOK": Currency("Norwegian krone", "Norwegian kroner"), "DKK": Currency("Danish krone", "Danish kroner"),
    "ISK": Currency("Icelandic krona", "Icelandic kronur"), "CZK": Currency("Czech koruna", "Czech korunas"),
    "HUF": _plain("forint"), "RON": Currency("leu", "lei"), "BGN": Currency("lev", "leva"),
    "UAH": _plain("hryvnia"), "KZT": _same("tenge"), "GEL": _same("lari"), "ILS": _plain("shekel"),
    "MXN": _plain("Mexican peso", "centavo"), "ARS": _plain("Argentine peso", "centavo"),
    "CLP": _plain("Chilean peso"), "COP": _plain("Colombian peso"), "PHP": _plain("Philippine peso", "centavo"),
    "ZAR": Currency("rand", "rand", "cent", "cents"), "NGN": _same("naira", "kobo", "kobo"),
    "GHS": _plain("cedi"), "KES": _plain("Kenyan shilling"), "EGP": _plain("Egyptian pound"),
    "AED": _plain("dirham"), "SAR": _plain("riyal"), "QAR": _plain("Qatari riyal"), "KWD": _plain("Kuwaiti dinar"),
    "IDR": _same("rupiah"), "MYR": _same("ringgit"), "PKR": _plain("Pakistani rupee"),
    "LKR": _plain("Sri Lankan rupee"), "BDT": _same("taka"), "NPR": _plain("Nepalese rupee"),
    "BTC": _plain("bitcoin"), "ETH": _same("ether"),
}  # fmt: skip

# Signs before an amount; longer ones are tried first.
BY_SIGN = {
    "$": _DOLLAR, "US$": _DOLLAR, "\u20ac": _EURO, "\u00a3": _POUND, "\u00a5": _YEN, "JP\u00a5": _YEN, "CN\u00a5": _YUAN,
    "RMB\u00a5": _YUAN, "\u20b9": _RUPEE, "\u20a8": _RUPEE, "\u20a9": _WON, "\u20bd": _RUBLE, "\u20ba": _LIRA,
    "\u20a4": _LIRA, "\u20aa": BY_CODE["ILS"], "\u20ab": _DONG, "\u20b4": BY_CODE["UAH"], "\u20a6": BY_CODE["NGN"],
    "\u20b1": _plain("peso", "centavo"), "\u0e3f": _BAHT, "\u20b8": BY_CODE["KZT"], "\u20be": BY_CODE["GEL"],
    "\u20b5": BY_CODE["GHS"], "\u20a1": Currency("colon", "colones"), "\u20b2": Currency("guarani", "guaranies"),
    "\u20ad": _same("kip"), "\u20ae": _plain("tugrik"), "\u20bf": BY_CODE["BTC"], "\u20bc": _same("manat"),
    "\u09f3": BY_CODE["BDT"], "\u17db": _plain("riel"),
    "A$": BY_CODE["AUD"], "AU$": BY_CODE["AUD"], "C$": BY_CODE["CAD"], "CA$": BY_CODE["CAD"],
    "NZ$": BY_CODE["NZD"], "HK$": BY_CODE["HKD"], "S$": BY_CODE["SGD"], "NT$": BY_CODE["TWD"], "R$": _REAL,
    "MX$": BY_CODE["MXN"],
}  # fmt: skip

# Abbreviations that mean a currency only next to a number.
BY_WORD_BEFORE = {
    "Rs.": _RUPEE, "Rs": _RUPEE, "zl": _ZLOTY, "kr": Currency("krona", "kronor"), "Fr.": _plain("franc", "centime"), "SFr.": BY_CODE["CHF"], "Rp": BY_CODE["IDR"],
    "RM": BY_CODE["MYR"],
}  # fmt: skip
BY_WORD_AFTER = {
    "kr": Currency("krona", "kronor"), "z\u0142": _ZLOTY, "zl": _ZLOTY, "Ft": BY_CODE["HUF"], "K\u010d": BY_CODE["CZK"],
    "Kc": BY_CODE["CZK"],
}  # fmt: skip

SCALES = {
    "k": "thousand", "m": "million", "mn": "million", "mln": "million", "mil": "million", "mm": "million",
    "b": "billion", "bn": "billion", "bln": "billion", "t": "trillion", "tn": "trillion", "trn": "trillion",
    "lakh": "lakh", "crore": "crore",
}  # fmt: skip
