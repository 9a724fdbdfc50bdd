"""Words with an opposite: what they measure, and on which side of it they stand."""

from assistant.citations.wording import Reading, Word
from assistant.terms import stem

# Opposite words by what they measure: "axis: one side | the other".
_OPPOSITES = """
    amount: increase rise grow grew raise more higher high larger greater expand | decrease reduce drop decline lower low less
    amount: exceed above double upper most maximize maximise upward increment | fewer smaller shrink cut diminish below halve
    amount: maximum amplify exacerbate aggravate | lessen least minimize minimise fall fell downward decrement minimum lowest
    amount: surge soar | plummet plunge reduction
    amount: greatest | mitigate alleviate
    quality: improve better enhance outperform surpass superior best | degrade worse worsen underperform inferior
    quality: boost gain beat benefit beneficial strengthen | worst deteriorate hurt harm harmful suffer trail lag
    quality: improvement betterment | impair weaken degradation
    speed: faster fast quick speed accelerate speedup quicker rapid | slower slow decelerate slowdown slowly
    size: large big huge massive | small tiny
    degree: significant significantly substantial substantially considerable considerably | negligible negligibly insignificant
    degree: markedly greatly drastically | insignificantly slight slightly minor
    time: before prior precede earlier early | after subsequent follow later late afterwards
    strength: strong stronger robust strongly | weak weaker fragile brittle weakly
    ease: easy easier simple simpler | hard harder difficult complex
    sign: positive positively | negative negatively
    length: long longer | short shorter
    cost: cheap cheaper inexpensive | expensive costly costlier
    outcome: succeed success successful | fail failure unsuccessful
    agreement: support confirm agree | contradict refute disagree oppose
    enabling: enable allow facilitate permit | prevent hinder prohibit impede preclude
    always: always | never
    quantity: all every | none no
    adding: add include insert | remove exclude delete
    openness: open public | closed private
    likeness: similar same identical | different dissimilar distinct
    width: wide broad widen | narrow
    seen: seen | unseen
    presence: present | absent
    rank: first | last
    many: many | few
    density: sparse | dense
    motion: static | dynamic
    rightness: correct correctly | wrong wrongly incorrect
    keeping: maintain retain preserve | lose discard
    chance: random randomly | deterministic deterministically
    scope: local locally | global globally
    statement: explicit explicitly | implicit implicitly
    depth: deep deeper | shallow
    supply: abundant plentiful | scarce
    freezing: freeze frozen | update unfreeze
    knowledge: known | unknown
    extent: extensive extensively exhaustive intensive | minimal minimally"""


def _read_axes(lines: str) -> dict[str, tuple[str, int]]:
    """The stem of each word with its axis, and its side as 1 or -1."""
    axes: dict[str, tuple[str, int]] = {}
    for line in lines.strip().splitlines():
        axis, _, words = line.strip().partition(": ")
        for side, sign in zip(words.split(" | "), (1, -1), strict=True):
            axes.update((stem(word), (axis, sign)) for word in side.split())
    return axes


AXES = _read_axes(_OPPOSITES)
"""The axis that a stem, or a word as it stands, measures, and its side of it."""
# "A greater reduction" is less of something.
_GRADING = frozenset(
    "more most greater greatest larger largest higher highest bigger less least lower smaller fewer".split()
)
_LESSENING = frozenset(map(stem, "saving reduction decrease drop decline cut shrinkage".split()))
_NEAR = 3


def axis_of(text: Reading, word: Word) -> tuple[str, int] | None:
    """What a word of `text` measures, with its side as 1 or -1; None for a word without an opposite."""
    axis = AXES.get(word.stem) or AXES.get(word.lower)
    if axis and axis[0] == "quantity" and text.folded[word.start - 1 : word.start] == "-":
        return None  # one-size-fits-all
    if axis and word.lower in _GRADING:
        behind = [w for w in text.words[word.at + 1 : word.at + 1 + _NEAR] if w.clause == word.clause]
        if any(w.stem in _LESSENING for w in behind):
            return axis[0], -axis[1]
    return axis


def compound_of(text: Reading, word: Word) -> str:
    """The stem of what follows a hyphen behind the word: the "dimension" of "low-dimensional"; "" where none does."""
    end = word.start + len(word.lower)
    following = text.words[word.at + 1] if word.at + 1 < len(text.words) else None
    is_joined = following is not None and text.folded[end : end + 1] in ("-", "‑") and following.start == end + 1
    return following.stem if following is not None and is_joined else ""
