"""Words that decide what may be written in figures, and what is better left in words."""

from __future__ import annotations

DIGITS = frozenset("zero oh o one two three four five six seven eight nine".split())
MAGNITUDES = frozenset("hundred thousand million billion trillion quadrillion quintillion sextillion".split())
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_DECADES = "tens twenties thirties forties fifties sixties seventies eighties nineties hundreds"
# Those that stay words where they stand alone.
SMALL_CARDINALS = frozenset("zero one two three four five six seven eight nine ten eleven twelve".split())
SMALL_ORDINALS = frozenset(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
)
_LARGE_ORDINALS = (
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth fortieth "
    "fiftieth sixtieth seventieth eightieth ninetieth hundredth thousandth millionth billionth"
)
CARDINALS = DIGITS - {"o", "oh"} | MAGNITUDES | frozenset(f"{_TEENS} {_TENS}".split())
NUMBERS = CARDINALS | SMALL_ORDINALS | frozenset(f"{_DECADES} {_LARGE_ORDINALS}".split())
HALVES = frozenset(["half", "quarter"])
# Centuries of years that are spoken in pairs: "ten forty five" is rather a time, "thirty forty" a range.
CENTURIES = frozenset("fifteen sixteen seventeen eighteen nineteen twenty".split())

MONTHS = frozenset(
    "january february march april may june july august september october november december".split()
)
PRONOUNS = frozenset("i you he she it we they who one".split())
VERBS_TOO = frozenset(["march", "may"])
TITLES = {"mister": "Mr.", "missus": "Mrs.", "misses": "Mrs.", "doctor": "Dr."}
ARTICLES = frozenset("a an the my your his her our their this that no another".split())

# Units that ordinary prose writes out ("25 minutes", "six feet"), or that are words of other meanings too.
EVERYDAY_UNITS = frozenset(
    "second seconds minute minutes hour hours day days week weeks month months year years foot feet inch inches "
    "yard yards mile miles ounce ounces pound pounds acre acres stone stones bar bars mole moles gray grays knot "
    "knots atmosphere atmospheres dalton daltons gallon gallons pint pints quart quarts carat carats".split()
)
CURRENCIES = frozenset(
    "dollar dollars euro euros yen yuan rupee rupees peso pesos pounds sterling franc francs krona kronor".split()
)
UNIT_SYMBOLS = {
    "hz": "Hz", "khz": "kHz", "mhz": "MHz", "ghz": "GHz", "kb": "KB", "mb": "MB", "gb": "GB", "tb": "TB",
    "w": "W", "kw": "kW", "mw": "MW", "kwh": "kWh", "v": "V", "kv": "kV",
}  # fmt: skip

# Before a time of day without "a.m." or "o'clock".
TIME_CUES = frozenset("at by until till before after since from around it's".split())
STREETS = frozenset("street avenue road lane drive boulevard highway court square way place".split())
DOMAINS = frozenset("com org net edu gov io info co ai app dev uk us de fr ca au eu".split())
