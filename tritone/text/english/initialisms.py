"""Words in capitals: read as words, or spelled."""

from __future__ import annotations

import re
from collections.abc import Callable

_LETTERS = {
    "a": "ay", "b": "bee", "c": "see", "d": "dee", "e": "ee", "f": "f", "g": "gee", "h": "h", "i": "eye",
    "j": "jay", "k": "kay", "l": "ell", "m": "em", "n": "en", "o": "oh", "p": "pee", "q": "cue", "r": "ar",
    "s": "ess", "t": "tee", "u": "you", "v": "vee", "w": "double you", "x": "ex", "y": "why", "z": "zee",
}  # fmt: skip

# Spelled even if a dictionary has the letters as a word.
_SPELLED = frozenset(
    "AA AAA ABC ABS AC ACL ACLU AD ADHD AES AFK AGM AI AKA AM AMA AMD ANC AP API APR AR ATM ATV AV AWS BA BBC "
    "BBQ BC BCE BFF BMI BMW BP BRB BS BSC BT BTS BTU BTW CAA CAO CB CBC CBD CBS CBT CC CCTV CD CDC CE CEO CFC "
    "CFO CGI CIA CIO CIS CMO CMS CNN CNS COB COD COO CPA CPI CPR CPU CRM CRT CSI CSS CST CSV CT CTO CV CVS DA "
    "DC DEA DHL DIY DJ DM DMV DNA DNS DOA DOB DOE DOJ DOS DP DPI DSL DSP DST DVD DVR EA EC ECB ECG EEG EFL "
    "EKG EMS EMT ENT EOD EPA EPS ER ERP ESA ESL ESP ESPN EST ET ETA ETF EU EV FAA FAQ FBI FCC FDA FDR FM FPS "
    "FTC FTP FX FY FYI GB GCSE GDP GDPR GE GED GHG GI GM GMAT GMO GMT GNP GOP GP GPA GPS GPT GPU GUI HBO HD "
    "HDMI HGV HIV HMRC HMS HP HQ HR HRT HSBC HTML HTTP HTTPS IBM IBS ICBM ICT ICU ID IDE IE IED IMF IMO IOC "
    "IOT IOU IP IPA IPO IQ IR IRS ISBN ISO ISP ISS IT ITV IUD IV IVF JFK JPG JR JSC KFC KGB KO KPI LA LCD LED "
    "LGBT LGBTQ LLC LLM LMS LNG LP LPG LSAT LSD LTE MA MBA MBE MC MD MEP MIT ML MLB MLS MMR MOT MP MPH MRI MS "
    "MSC MSNBC MTV MVP NBA NBC NCAA NDA NFC NFL NFT NGO NHL NHS NLP NPC NPR NRA NSA NSF NSW NY NYC NYPD NYU "
    "NZ OAP OBE OCD OCR OECD OED OEM OK OLED OMG OPM OR OS OTC PA PBS PC PCB PCR PDA PDF PE PG PHD PHP PI PJ "
    "PLC PM PMS PO POS POV PPE PPM PR PS PSA PSG PSP PST PTA PTO PTSD PVC QA QC QED QR RAF RBI RCA RFC RFID "
    "RFP RGB RNA ROI RPG RPM RSI RSVP RV SAS SBA SDK SEC SEO SLA SMS SNL SOS SPCA SPF SQL SSD SSL SSN STD STI "
    "SUV TA TB TBA TBC TBD TCP TD TFT TGIF TLC TLS TN TNT TPP TSA TTS TV UAE UAV UC UCL UCLA UFO UHF UI UK UN "
    "UPC UPS UPVC URI URL US USA USAF USB USC USDA USPS USSR UTC UV UX VC VCR VHF VHS VIP VOD VP VPN VR VS "
    "WHO WMD WPM WTO WW WWE WWF WWW XML XP YA YMCA YTD".split()
)
# Read as words, which the letters alone do not show.
_SAID = frozenset(
    "ACME AIDS AIM AMEX ARM ASAP ASCII ASEAN AWOL BAFTA BASIC BIOS BREXIT CAD CAPTCHA CERN COBOL COVID CRISPR "
    "CUDA DARE DARPA EBITDA EFTA ERISA EVA FAANG FEMA FIFA FIFO FOMO FOREX FORTRAN GAAP GIF HIPAA ICANN ICE "
    "IKEA INTERPOL IRA IRAN ISIS JAVA JPEG KISS LAN LASER LEGO LIDAR LIFO LINUX MIDI MOOC NAFTA NASA NASCAR "
    "NASDAQ NATO NAVY NEMO NIMBY NOAA NORAD NVIDIA OPEC OSHA PAC PET PIN POSIX POTUS POW QUANGO RADAR RAID "
    "RAM REIT REM RIP ROM SAAS SALT SARS SAT SCOTUS SCUBA SIDS SIM SONAR SWAT SWOT TASER TED TIFF UEFA UNESCO "
    "UNICEF UNIX VAT WAN WASP WIFI YAML YOLO ZIP".split()
)
# Spelled only in text that is not all in capitals: there these are as often words with emphasis.
_WORDS_TOO = frozenset(
    "AA AD AM AR ARM AS AT BE BY COD DO ER GO HE HI ID IF IN IS IT LA LED MA ME MY NO OF OK ON OR PA PET PI PO SO TA TO UP US WE WHO".split()
)
# Other pairs of capitals are initials, even if a dictionary has them as names.
_PAIRS = frozenset(
    "AH AM AN AS AT AX BE BY DO EX GO HA HE HI HO IF IN IS IT ME MY NO OF OH ON OR OX SO TO UP US WE YE".split()
)
# Without a pronouncing dictionary, these capitals are emphasised words rather than initials.
_COMMON = frozenset(
    "a about above act add after again age ago air all also am an and any are arm art as ask at ate away bad bag bar be bed been "
    "best bet big bit black blue boat body book both box boy bus but buy by call came can car card care cat cell city club cold "
    "come cost cup cut dark data date day dead deal dear did die do does dog done dont door down draw drop dry due each ear east "
    "eat edge else end even ever every eye face fact fall far fast fat feel feet few file fill find fine fire fish fit five fly "
    "food foot for form four free from full fun game gas gave get girl give go goal god gold gone good got great green grow gun had "
    "hair half hall hand hard has hat hate have he head hear heat held hell help her here high hill him his hit hold home hope hot "
    "hour how huge i idea if in into is it its job join jump just keep key kid kill kind king knew know land last late law lay lead "
    "left leg less let life like line list live long look lost lot loud love low made main make man many map mark may me mean meet "
    "men met mile mind miss mom money more most move much music must my name near need never new news next nice night nine no none "
    "nor not note now of off often oil old on once one only open or our out over own page paid part pass past pay per pick place "
    "plan play please point poor pull push put quit race rain ran rate read real red rest rich ride right ring rise road rock role "
    "room rule run safe said sale same save saw say sea see seen sell send sent set she ship shop short shot show shut side sign "
    "sing sit six size slow small snow so soft some song soon sort stay step still stop sun sure take talk tax team tell ten test "
    "text than that the them then they thin this time tiny to told tone too took top town tree trip true try turn two type up upon "
    "us use very via view vote wait walk wall want war was way we wear week well went were west what when who why wide wife will "
    "win wind wish with wood word work yes yet you young your zero net web app".split()
)
_SPOKEN_START = (
    "bl br ch cl cr dr fl fr gl gr kn ph pl pr qu sc sh sk sl sm sn sp st sw th tr tw wh wr".split()
)
_SHAPE = re.compile(rf"(?:{'|'.join(_SPOKEN_START)}|[bcdfghjklmnprstvwyz])?[aeiouy]{{1,2}}(?:[bcdfgklmnprstvz][aeiouy]){{0,2}}"
                    r"(?:ck|ct|ft|ld|lf|lk|ll|lp|lt|mp|nd|ng|nk|nt|pt|rd|rk|rm|rn|rt|sh|sk|sp|ss|st|th|[bcdfgklmnprstvxz])?e?")  # fmt: skip

_SHOUTED_WORDS = 4  # a text of so many words, all in capitals, is emphasis rather than initialisms
_LONGEST = 6  # longer words in capitals are words
_INITIALISM = re.compile(r"(?<![A-Za-z'])([A-Z]{2,20})('?s|'S)?(?![A-Za-z])")
_ROW = re.compile(r"\b[A-Z](?: [A-Z](?=\b|s\b))+(s\b)?")
_BRANDED = re.compile(r"\b([ie])([A-Z][a-z]{2,})")
_SMALL_FIRST = re.compile(r"(?<![A-Za-z'-])([a-z][A-Z]{1,5})(?![A-Za-z])")
_JOINED = re.compile(r"(?<![A-Za-z'])([A-Z]{2,6})-([A-Z])(?![A-Za-z'-])")
_MIXED = re.compile(r"\b(mac|i|iPad|tv|watch)(OS)\b")


def letter_names(letters: str) -> str:
    """Spell: "TV" as tee vee."""
    return " ".join(_LETTERS[letter] for letter in letters.lower())


class Initialisms:
    """Distinguishes words in capitals from initialisms.

    Args:
        is_word: whether a checkpoint can read these lower-case letters as a word.
    """

    def __init__(self, is_word: Callable[[str], bool]) -> None:
        self._is_word = is_word
        # A dictionary identifies words; without one, any letters with a vowel count as a word.
        self._has_dictionary = not is_word("xae")

    def read(self, text: str, shouted: bool) -> str:
        """Replace words in capitals by their reading.

        Args:
            text: a paragraph.
            shouted: whether the paragraph is in capitals for emphasis.
        """
        text = _ROW.sub(lambda m: letter_names(m[0].rstrip("s").replace(" ", "")) + (m[1] or ""), text)
        text = _MIXED.sub(
            lambda m: f"{letter_names('i') if m[1] == 'i' else m[1]} {letter_names('OS')}", text
        )
        text = _SMALL_FIRST.sub(lambda m: letter_names(m[1]), text)
        text = _BRANDED.sub(lambda m: f"{letter_names(m[1])} {m[2]}", text)
        text = _JOINED.sub(lambda m: f"{self.capitals(m[1])} {letter_names(m[2])}", text)
        return _INITIALISM.sub(lambda match: self._found(match, shouted), text)

    def capitals(self, letters: str) -> str:
        """Read a word in capitals that is not emphasised."""
        return letters if self._is_said(letters, False) else letter_names(letters)

    def _found(self, match: re.Match[str], shouted: bool) -> str:
        letters, ending = match.groups()
        loud = shouted or (letters in _WORDS_TOO and (ending == "'S" or _beside_loud_words(match)))
        return match[0] if self._is_said(letters, loud) else letter_names(letters) + (ending or "")

    def _is_said(self, letters: str, loud: bool) -> bool:
        if letters in _SAID:
            return True
        if letters in _SPELLED and not (loud and letters in _WORDS_TOO):
            return False
        word = letters.lower()
        if len(letters) == 2 and letters not in _PAIRS:
            return False
        if loud:
            return self._is_word(word) or bool(set(word) & set("aeiouy"))
        if self._has_dictionary:
            return self._is_word(word) or (len(letters) > _LONGEST and bool(set(word) & set("aeiouy")))
        if word in _COMMON or len(letters) > _LONGEST:
            return bool(set(word) & set("aeiouy"))
        return len(letters) > 3 and bool(_SHAPE.fullmatch(word))


def is_shouted(text: str) -> bool:
    """Whether a text is all in capitals, which is emphasis."""
    return text.isupper() and len(text.split()) >= _SHOUTED_WORDS


def _beside_loud_words(match: re.Match[str]) -> bool:
    """Whether a neighbour is also a word in capitals rather than an initialism."""
    before = re.search(r"([A-Za-z']+) $", match.string[max(match.start() - 25, 0) : match.start()])
    after = re.match(r" ([A-Za-z']+)", match.string[match.end() : match.end() + 25])
    neighbours = [found[1] for found in (before, after) if found]
    return any(
        len(word) > 1 and word.isupper() and (word not in _SPELLED or word in _WORDS_TOO)
        for word in neighbours
    )
