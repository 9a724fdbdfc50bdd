"""Adjectives of places, and what else a paper may call those: a question about "British" laws is answered by one about the UK."""

import re
from functools import cache

# Where the adjective and the place have no root that search would find, or the place has an abbreviation.
_PLACES = """
American: US, U.S., USA, United States, America
Argentine: Argentina
Australian: Australia
Austrian: Austria
Belgian: Belgium
Brazilian: Brazil
British: UK, U.K., United Kingdom, Britain, England
Canadian: Canada
Chinese: China, Mandarin, PRC
Czech: Czechia
Danish: Denmark
Dutch: Netherlands, Holland
Egyptian: Egypt
English: England
European: EU, E.U., Europe
Filipino: Philippines, Tagalog
Finnish: Finland
French: France
German: Germany
Greek: Greece
Hungarian: Hungary
Indian: India
Indonesian: Indonesia, Bahasa
Iranian: Iran, Farsi, Persian
Irish: Ireland
Israeli: Israel
Italian: Italy
Japanese: Japan
Kenyan: Kenya
Korean: Korea
Mexican: Mexico
Nigerian: Nigeria
Norwegian: Norway
Pakistani: Pakistan
Persian: Farsi, Iran
Polish: Poland
Portuguese: Portugal
Russian: Russia
Scottish: Scotland
Spanish: Spain
Swedish: Sweden
Swiss: Switzerland
Taiwanese: Taiwan
Thai: Thailand
Turkish: Turkey, Türkiye
Ukrainian: Ukraine
Vietnamese: Vietnam
Welsh: Wales
"""


@cache
def _pattern(adjective: str) -> re.Pattern[str] | None:
    """What finds the adjective's places in a text; capitals count, as "us" is none."""
    for line in _PLACES.strip().splitlines():
        name, _, places = line.partition(": ")
        if name.casefold() == adjective.casefold():
            return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, places.split(', ')))})(?!\w)")
    return None


def is_of_place(name: str) -> bool:
    """True where `name` is the adjective of a place: "European"."""
    return _pattern(name) is not None


def is_placed(name: str, text: str) -> bool:
    """True where `name` is the adjective of a place that the text calls otherwise: "European" for "the EU"."""
    pattern = _pattern(name)
    return pattern is not None and pattern.search(text) is not None
