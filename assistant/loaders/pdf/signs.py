"""What the characters of a PDF's page stand for, also where the file does not say: TeX's encodings, and fonts drawn as pictures.

Many papers set by TeX name neither ligatures nor quotation marks, so that "coefficients" comes as "coe\\x1ecients", and draw
accents by themselves. In others each letter is a picture called "a" and its number, which Ghostscript takes for the sign of that
name among Zapf's Dingbats and writes so into the file: a paper of hearts and flowers.
"""

import ctypes
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pypdfium2.raw as raw

LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
# TeX's newer encoding of text (T1) and its first one (OT1), where they use codes that are no letters elsewhere.
_T1 = {0x10: "“", 0x11: "”", 0x12: "„", 0x13: "«", 0x14: "»", 0x15: "–", 0x16: "—", 0x17: "", 0x19: "ı",
       0x1B: "ff", 0x1C: "fi", 0x1D: "fl", 0x1E: "ffi", 0x1F: "ffl"}  # fmt: skip
_OT1 = {0x0B: "ff", 0x0C: "fi", 0x0D: "fl", 0x0E: "ffi", 0x0F: "ffl", 0x10: "ı", 0x19: "ß", 0x1A: "æ", 0x1B: "œ",
        0x1C: "ø", 0x1D: "Æ", 0x1E: "Œ", 0x1F: "Ø"}  # fmt: skip
_UPPER_T1 = {
    0x9C: "IJ",
    0x9D: "İ",
    0x9E: "đ",
    0x9F: "§",
}  # of those above 0x7F that are dingbats' numbers, the others are rare
_BULLET = "\x88"  # of TeX's encoding for symbols (TS1); no sign in Unicode
_ACCENTS = {"¨": "\u0308", "´": "\u0301", "`": "\u0300", "ˆ": "\u0302", "˜": "\u0303", "¸": "\u0327", "ˇ": "\u030c",
            "˚": "\u030a", "¯": "\u0304", "˘": "\u0306", "˝": "\u030b", "˙": "\u0307", "˛": "\u0328"}  # fmt: skip
_TIGHT = 0.25  # times a letter's height: less than a space
_NEAR = 200  # characters: those of a line
_BESIDE_LETTERS = 0.5  # the share of a font's ligatures that stand beside a letter of the same font: not so in formulas
_GARBLED = 0.2  # the share of a page's characters from which on dingbats are letters
# Zapf's Dingbats by their codes in the font, from 0x21, 0x80 and 0xA1: the numbers in their glyphs' names.
_DINGBATS = {
    0x21: "1 2 202 3 4 5 119 118 117 11 12 13 14 15 16 105 17 18 19 20 21 22 23 24 25 26 27 28 6 7 8 9 10 29 30 31 32 33 34 35 36"
    " 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 203 75"
    " 204 76 77 78 79 81 82 83 84 97 98 99 100",
    0x80: "89 90 93 94 91 92 205 85 206 86 87 88 95 96",
    0xA1: "101 102 103 104 106 107 108 112 111 110 109 120 121 122 123 124 125 126 127 128 129 130 131 132 133 134 135 136 137"
    " 138 139 140 141 142 143 144 145 146 147 148 149 150 151 152 153 154 155 156 157 158 159 160 161 163 164 196",
}
# Where the first of them stand in Unicode, and which do not follow it there.
_STARTS = {0x21: 0x2701, 0x80: 0x2768, 0xA1: 0x2761}
_ELSEWHERE = {0x25: "☎", 0x2A: "☛", 0x2B: "☞", 0x48: "★", 0x6C: "●", 0x6E: "■", 0x73: "▲", 0x74: "▼", 0x75: "◆",
              0x77: "◗", 0xA8: "♣", 0xA9: "♦", 0xAA: "♥", 0xAB: "♠", 0xD5: "→", 0xD6: "↔", 0xD7: "↕",
              **{0xAC + place: chr(0x2460 + place) for place in range(10)}}  # fmt: skip


def page_signs(text_page: Any, count: int) -> list[str]:
    """The text that each of the `count` characters of a page stands for, by pdfium's index; "" for one that stands for none.

    `text_page` is pdfium's handle of the page's text.
    """
    codes = [raw.FPDFText_GetUnicode(text_page, index) for index in range(count)]
    signs = _without_dingbats([_sign(code) for code in codes])
    unsaid = [
        index for index, sign in enumerate(signs)
        if sign and sign < " " and sign not in "\t\x02" and not raw.FPDFText_IsGenerated(text_page, index)
    ]  # fmt: skip
    by_font: defaultdict[bytes, list[int]] = defaultdict(list)
    for index in unsaid:
        by_font[font_name(text_page, index)].append(index)
    for font, places in by_font.items():
        encoding = _encoding([ord(signs[index]) for index in places])
        ligatures = [index for index in places if encoding.get(ord(signs[index]), "").isalpha()]
        beside = [index for index in ligatures if _is_beside_letter(text_page, signs, index, font)]
        if ligatures and len(beside) >= _BESIDE_LETTERS * len(ligatures):
            for index in places:
                signs[index] = encoding.get(ord(signs[index]), signs[index])
    _set_accents(text_page, signs)
    return ["•" if sign == _BULLET else LIGATURES.get(sign, sign) for sign in signs]


def font_name(text_page: Any, index: int) -> bytes:
    """The name of a character's font, as the file has it."""
    buffer, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    raw.FPDFText_GetFontInfo(text_page, index, buffer, 128, flags)
    return buffer.value


def _sign(code: int) -> str:
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _encoding(codes: Sequence[int]) -> dict[int, str]:
    """The encoding in which most of the codes are ligatures, of which English has many and of "ø" and "œ" few."""
    newer, first = (sum(low <= code <= low + 4 for code in codes) for low in (0x1B, 0x0B))
    return _T1 if newer >= first else _OT1


def _is_beside_letter(text_page: Any, signs: Sequence[str], index: int, font: bytes) -> bool:
    return any(
        0 <= near < len(signs) and signs[near].isalpha() and font_name(text_page, near) == font
        for near in (index - 1, index + 1)
    )


def _set_accents(text_page: Any, signs: list[str]) -> None:
    """Puts accents that are printed by themselves on their letters, where there is such a letter: TeX's first encoding of text
    has no accented ones, and its files draw both, in either order, the accent sometimes after all of its line."""
    for index, accent in enumerate(signs):
        if accent not in _ACCENTS:
            continue
        left, right, bottom, _ = _box(text_page, index)
        middle = (left + right) / 2
        near = range(max(0, index - _NEAR), min(len(signs), index + _NEAR))
        for place in sorted(near, key=lambda other: abs(other - index)):
            whole = unicodedata.normalize("NFC", signs[place] + _ACCENTS[accent])
            if len(signs[place]) != 1 or len(whole) != 1 or not signs[place].isalpha():
                continue
            start, end, foot, top = _box(text_page, place)
            if start < middle < end and foot < bottom < top + (top - foot):
                signs[place], signs[index] = whole, ""
                _close_gap(text_page, signs, min(place, index), start - _TIGHT * (top - foot))
                break


def _close_gap(text_page: Any, signs: list[str], index: int, edge: float) -> None:
    """Takes out a space before a character that pdfium made for an accent: where what precedes it goes on beyond `edge`."""
    if index > 1 and signs[index - 1].isspace() and raw.FPDFText_IsGenerated(text_page, index - 1) == 1:
        before = _box(text_page, index - 2)
        if before[1] > edge and signs[index - 2].isalpha():
            signs[index - 1] = ""


def _box(text_page: Any, index: int) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a character, in points."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    raw.FPDFText_GetCharBox(text_page, index, left, right, bottom, top)
    return left.value, right.value, bottom.value, top.value


def _dingbat_letters() -> dict[str, str]:
    letters: dict[str, str] = {}
    for first, numbers in _DINGBATS.items():
        for code, number in enumerate(map(int, numbers.split()), first):
            sign = _ELSEWHERE.get(code, chr(_STARTS[first] + code - first))
            letters[sign] = _UPPER_T1.get(number, chr(number))
    return letters


_LETTERS = _dingbat_letters()


def _without_dingbats(signs: list[str]) -> list[str]:
    """The signs, dingbats as the letters that they are where they make up much of the page."""
    dingbats = sum(sign in _LETTERS for sign in signs)
    return [_LETTERS.get(sign, sign) for sign in signs] if dingbats > _GARBLED * len(signs) else signs
