"""Which sentences an answer without a language model quotes."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.answering import selecting
from assistant.answering.enumerations import further_points
from assistant.answering.extractive import extract
from assistant.answering.weighing import weighed
from assistant.questions.comparing import mentions, things_compared, things_joined
from assistant.questions.reading import read_question
from assistant.records import Chunk, Paper, Passage, Sentence, Span

FITS = (0.9, 0.7, 0.65, 0.6)


def passage(title: str, score: float, **signals: float) -> Passage:
    """A passage of four sentences, the first of which fits best."""
    paper = Paper(title, "Otters swim. Otters eat. Otters sleep. Otters dive.", id=title)
    ends = [12, 24, 38, 51]
    spans = tuple(Span(start, end) for start, end in zip([0, 13, 25, 39], ends, strict=True))
    chunk = Chunk(f"{title}-0", title, paper.abstract, spans, section=0, start=0, tokens=12)
    sentences = tuple(
        Sentence(chunk.sentence(i), span, fit) for i, (span, fit) in enumerate(zip(spans, FITS, strict=True))
    )
    return Passage(chunk, paper, score, sentences, signals)


def quoted(question: str, *passages: Passage) -> Counter[str]:
    return Counter(claim.citations[0].paper.title for claim in extract(read_question(question), passages))


QUESTION = "Where do otters live?"


def quotes(question: str, *scored: tuple[str, float]) -> list[str]:
    """What is quoted of one paper with these sentences and their scores."""
    texts = [text for text, _ in scored]
    text = " ".join(texts)
    starts = [text.index(one) for one in texts]
    spans = tuple(Span(start, start + len(one)) for start, one in zip(starts, texts, strict=True))
    chunk = Chunk("p-0", "p", text, spans, section=3, start=99, tokens=12, heading="Methods")
    sentences = tuple(Sentence(one, span, score) for (one, score), span in zip(scored, spans, strict=True))
    found = Passage(chunk, Paper("P", text, id="p"), 1.0, sentences, {"chance": 0.99})
    return [claim.text for claim in extract(read_question(question), [found])]


def test_a_sentence_that_clearly_answers_is_quoted_without_weak_company() -> None:
    others = ("The lake data hold 228 beavers.", 0.45), ("Rivers are set aside here.", 0.4)
    clear, near = ("The river data hold 929 otters.", 0.8), ("Another 40 otters live in the river.", 0.7)
    assert quotes("How many otters are in the river data?", *others, clear) == [clear[0]]
    assert quotes("How many otters are in the river data?", others[0], clear, near) == [clear[0], near[0]]


def test_things_that_are_counted_are_quoted_before_other_numbers() -> None:
    beside, counted = ("Our data were gathered in 1998 on rivers.", 0.6), ("In all 929 otters were seen.", 0.5)
    assert quotes("How many otters are in the data?", beside, counted)[-1] == counted[0]
    assert quotes("How many years are in the data?", counted, beside)[-1] == beside[0]


def test_what_is_no_prose_is_quoted_only_where_nothing_says_it_better() -> None:
    code = "> fit <- otters(rivers ~ lakes + (1 | dive), data = d) > fit$coef 0.25 0.11 3.4e-05 ***"
    table = "n 32 Otters 0.25 0.11 0.94 17 Beavers 0.30 0.92 0.88 12"
    said = "The number of otters grows with that of rivers."
    asked = "How does the number of otters depend on rivers?"
    assert quotes(asked, (code, 0.7), (table, 0.7), (said, 0.6)) == [said]
    assert code in quotes(asked, (code, 0.7), ("See below.", 0.1))


def test_where_a_definition_is_asked_the_sentence_that_defines_is_quoted() -> None:
    asked = "What is a river plot?"
    mention, own = ("River plots are shown below for the otter data.", 0.8), ("We introduce three functions.", 0.3)
    unsaid = ("Therefore we do not present any river plots.", 0.4)
    defined = ("A river plot (Otter 1980) is a bar plot whose bars are bent.", 0.5)
    assert quotes(asked, mention, own, defined) == [defined[0]]
    assert quotes(asked, mention, own, unsaid) == [mention[0]]


def test_a_sure_paper_is_quoted_with_three_sentences() -> None:
    assert quoted(QUESTION, passage("A", 1.0, chance=0.95), passage("B", 0.99, chance=0.04)) == {"A": 3}
    assert quoted(QUESTION, passage("A", 1.0, chance=1.0)) == {"A": 3}


def test_a_doubtful_paper_leaves_room_for_its_rivals() -> None:
    chances = {"A": 0.3, "B": 0.28, "C": 0.2, "D": 0.01}
    passages = [passage(title, 1 - place / 100, chance=chance) for place, (title, chance) in enumerate(chances.items())]
    claims = list(extract(read_question(QUESTION), passages))
    assert [claim.citations[0].paper.title for claim in claims] == ["A", "B", "C"]
    assert {claim.text for claim in claims} == {"Otters swim."}  # the best of each
    assert quoted(QUESTION, passage("A", 1.0, chance=0.6), passage("B", 0.4, chance=0.3)) == {"A": 2, "B": 1}


def test_the_best_paper_comes_first_whatever_its_chance() -> None:
    # a year or a name in the question puts it there
    assert list(quoted(QUESTION, passage("A", 1.0, chance=0.001), passage("B", 0.5, chance=0.9))) == ["A", "B"]


def test_beside_a_paper_called_by_its_name_only_those_that_mention_it_are_quoted() -> None:
    chances = {"OtterNet: Counting": 0.4, "B": 0.3, "Beyond OtterNet": 0.2}
    passages = [passage(title, 1.0, chance=chance, titled=float(chance == 0.4)) for title, chance in chances.items()]
    assert quoted("What does OtterNet count?", *passages) == {"OtterNet: Counting": 2, "Beyond OtterNet": 1}


def test_without_chances_near_scores_are_rivals() -> None:
    assert quoted(QUESTION, passage("A", 1.0), passage("B", 0.95), passage("C", 0.9)) == {"A": 3, "B": 1}


def test_a_list_quotes_each_paper_once() -> None:
    passages = [passage(title, 1.0, chance=chance) for title, chance in (("A", 0.97), ("B", 0.01), ("C", 0.01))]
    assert quoted("Which papers are about otters?", *passages) == {"A": 1, "B": 1, "C": 1}


def test_a_list_of_what_one_paper_has_is_no_list_of_papers() -> None:
    of_one = passage("A", 1.0, chance=0.97, named=1.0)
    rival = passage("B", 0.9, chance=0.01)
    for question in (
        "On which datasets was A evaluated?",
        "What benchmarks? (about “A”)",
        "Which models does A use?",
        "List the datasets of A",
    ):
        assert quoted(question, of_one, rival) == {"A": 3}, question
    for question in ("Which papers use A?", "Which models extend A?", "Which other datasets resemble A?"):
        assert quoted(question, of_one, rival) == {"A": 1, "B": 1}, question
    assert quoted("Which methods are used?", of_one) == {"A": 3}  # asked of one paper alone


def best_of(question: str, *sentences: str) -> str:
    """The sentence that is quoted first where all fit the question alike and only one may be."""
    text = " ".join(sentences)
    starts = [text.index(one) for one in sentences]
    spans = tuple(Span(start, start + len(one)) for start, one in zip(starts, sentences, strict=True))
    chunk = Chunk("p-0", "p", text, spans, section=0, start=99, tokens=12)
    scored = tuple(Sentence(one, span, 0.4) for one, span in zip(sentences, spans, strict=True))
    found = Passage(chunk, Paper("P", text, id="p"), 1.0, scored, {"chance": 0.3})
    rivals = [passage(title, 0.99, chance=0.29) for title in ("Q", "R")]
    return next(iter(extract(read_question(question), [found, *rivals]))).text


def test_where_the_code_is_asked_for_its_address_answers() -> None:
    address, other = "Our code is available at https://github.com/some/thing.", "Otters swim with code and data."
    for question in (
        "Is the code of Otter available?",
        "Where can I find the Otter code?",
        "where is the code? (about “Otter”)",
        "Has the model been released?",
        "Is it on GitHub?",
        "Do they release their data?",
    ):
        assert best_of(question, other, address) == address, question
    for question in (
        "How does Otter generate code?",
        "Where do the models fail?",
        "Which links between names are found?",
    ):
        assert best_of(question, address, other) == other, question


def test_where_data_sets_are_asked_for_the_sentence_that_names_them_answers() -> None:
    named, other = "Experiments on GLUE and SQuAD show this.", "Many works prune a dataset of weights."
    for question in (
        "On which datasets was Otter evaluated?",
        "What was Otter tested on?",
        "What are the datasets of Otter?",
    ):
        assert best_of(question, other, named) == named, question
    introduced = "We propose Otter, a model for rivers."
    assert best_of("What are the datasets of Otter?", introduced, named) == named
    assert best_of("What is Otter?", named, introduced) == introduced


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who chose the pebbles of Otter?", "A committee of three sailors chose all the pebbles."),
        (
            "who chose the pebbles? (about “Otter: A Rapid Method”)",
            "A committee of three sailors chose all the pebbles.",
        ),
    ],
)
def test_a_papers_own_name_does_not_choose_among_its_sentences(
    question: str, answer: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    abstract = (
        "Otter is a rapid method: Otter, a method like no other method, is rapid. Otter is what Otter is, a rapid method. "
        f"{answer} The rapid method Otter is by Otter people. Nothing else of it is known."
    )
    with Assistant(data_dir=tmp_path_factory.mktemp("otter")) as own:
        own.add(
            [Paper("Otter: A Rapid Method", abstract), Paper("Rivers", "Rivers run to the sea, and none is rapid.")]
        )
        best = next(p for p in own.search(question) if p.paper.title.startswith("Otter"))
    assert best.best_sentence == answer


def test_a_date_is_the_likeliest_papers_or_a_rivals_where_that_is_in_doubt() -> None:
    def dated(best: float, rival: float, score: float) -> list[str]:
        passages = passage("A", 1.0, chance=best), passage("B", score, chance=rival)
        asked = read_question("When did the paper about otters appear?")
        known = replace(passages[1], paper=replace(passages[1].paper, year=2022))
        return [claim.text for claim in extract(asked, [passages[0], known])]

    assert dated(0.8, 0.1, score=0.99) == []
    assert dated(0.4, 0.3, score=0.99) == ["B · 2022"]
    assert dated(0.4, 0.3, score=0.8) == []


@pytest.mark.parametrize(
    "question", ["What does S^{2}FT propose?", "How can a model of the world help a robot to plan?"]
)
def test_what_a_search_knows_adds_up(library: Assistant, question: str) -> None:
    chances = {passage.paper.id: passage.signals["chance"] for passage in library.search(question, k=400)[:45]}
    assert sum(chances.values()) == pytest.approx(1, abs=1e-6)
    assert max(chances, key=lambda paper: chances[paper]) == library.search(question)[0].paper.id
    assert all("chance" not in passage.signals for passage in library.search(question, rerank=False))


@pytest.mark.parametrize(
    "question",
    [
        "compare HFT and LST",
        "HFT vs LST",
        "Summarise HFT and LST",
        "compare the two papers",
        "What do both papers have in common?",
    ],
)
def test_of_two_papers_that_are_named_or_all_that_there_is_both_are_quoted(
    library: Assistant, tmp_path: Path, question: str
) -> None:
    both = [paper for paper in library.papers() if paper.title.startswith(("HFT:", "LST:"))]
    with Assistant(data_dir=tmp_path) as two:
        two.add(both)
        assert {citation.paper.id for citation in two.ask(question).citations} == {paper.id for paper in both}


@pytest.mark.parametrize("question", ["HFT vs PERP", "How do PERP and HFT differ?", "compare NOLA with CorDA"])
def test_papers_compared_by_name_are_summed_up_in_the_order_of_the_question(library: Assistant, question: str) -> None:
    answer = library.ask(question)
    cited = [claim.citations[0].paper.title.split(":")[0] for claim in answer.claims]
    first, second = sorted(set(cited), key=question.index)
    assert cited == [first] * 2 + [second] * 2
    for name in (first, second):  # each says what it is, where a comparison of words found its figures
        said = [claim.text for claim in answer.claims if claim.citations[0].paper.title.startswith(name)]
        assert any(name in text for text in said)


def test_a_comparison_of_names_in_some_respect_quotes_no_paper_that_mentions_neither(library: Assistant) -> None:
    cited = [one.paper.title for one in library.ask("Compare DARE and HESSO in terms of memory").citations]
    assert [title.split()[0] for title in cited] == ["DARE", "DARE", "HESSO:", "HESSO:"]


@pytest.mark.parametrize(
    ("text", "name", "is_there"),
    [
        ("Finetuning helps.", "fine-tuning", True),
        ("We use NeuroSAT here.", "Neuro-SAT", True),
        ("GPT4 is large.", "GPT-4", True),
        ("DyLoRA is small.", "LoRA", False),
        ("Networks are fine.", "fine-tuning", False),
    ],
)
def test_what_mentions_a_name_in_whatever_spelling(text: str, name: str, is_there: bool) -> None:
    assert mentions(text, name) is is_there


def test_a_sentence_that_asks_the_question_is_no_answer_by_itself(library: Assistant) -> None:
    said = [claim.text for claim in library.ask("Can LLMs learn by teaching?").claims]
    assert any(not text.endswith("?") for text in said)


def test_a_note_that_code_is_released_says_nothing_of_code(library: Assistant) -> None:
    assert "We release our code" not in library.ask("Does pretraining on code help?").text


def test_a_comparison_of_names_is_answered_by_what_mentions_all_of_them_and_in_two_sentences(
    library: Assistant,
) -> None:
    claims = library.ask("Which uses less memory, LST or LoRA?").claims
    assert {claim.citations[0].paper.title.split(":")[0] for claim in claims} == {"LST"}  # others mention LoRA alone
    assert any("69% of the memory costs" in claim.text for claim in claims)
    assert any("than Adapter and LoRA" in claim.text for claim in claims)


def test_what_is_asked_after_by_name_is_quoted_from_a_sentence_on_it() -> None:
    one = passage("A", 1.0, chance=1.0)
    fit = replace(one.sentences[3], text="It fails where otters dive.")
    weak = replace(one, sentences=(*one.sentences[:3], fit))

    def starts(question: str) -> list[int]:
        return [claim.citations[0].span.start for claim in extract(read_question(question), [weak])]

    assert 39 not in starts("How do otters dive?")
    assert 39 in starts("What are the limitations of counting otters?")


class TestLearntSelection:
    """What was learnt of which sentence answers: `assistant.answering.selecting`."""

    SENTENCES = (
        "Otters are widely studied.",
        "In this paper we introduce a count of otters in rivers.",
        "Otters float on their backs.",
        "We find that otters hold hands at night.",
    )

    def abstract(self, heading: str | None = "Abstract", start: int = 0) -> Passage:
        text = " ".join(self.SENTENCES)
        spans = tuple(Span(text.index(one), text.index(one) + len(one)) for one in self.SENTENCES)
        chunk = Chunk("p-0", "p", text, spans, section=0, start=start, tokens=40, heading=heading)
        fits_alike = tuple(Sentence(one, span, 0.5) for one, span in zip(self.SENTENCES, spans, strict=True))
        return Passage(chunk, Paper("P", text, id="p"), 1.0, fits_alike)

    def best(self, question: str, passage: Passage) -> str:
        scores = selecting.fits(read_question(question), passage)
        return self.SENTENCES[scores.index(max(scores))]

    def test_the_form_of_the_question_decides_among_sentences_that_fit_alike(self) -> None:
        def introduced(question: str) -> float:
            scores = selecting.fits(read_question(question), self.abstract())
            return scores[1] - max(scores[2:])

        assert self.best("Do otters hold hands?", self.abstract()) == self.SENTENCES[3]
        assert introduced("counting otters in rivers") > introduced("Do otters hold hands?") + 0.05
        assert introduced("counting otters in rivers") > introduced("why do otters hold hands") + 0.05

    @pytest.mark.parametrize(
        ("question", "form"),
        [
            ("Do otters float?", "yes or no"), ("do otters float", "yes or no"), ("If it rains, must otters hide?", "yes or no"),
            ("In rivers, why do otters float?", "why"), ("by what do otters float?", "what"), ("And how?", "how"),
            ("Is it so, and why?", "yes or no"), ("counting otters", ""), ("otters, is what they are", ""),
        ],
    )  # fmt: skip
    def test_forms(self, question: str, form: str) -> None:
        row = selecting.inputs(read_question(question), self.abstract())[3]
        named = {
            name.partition(", ")[2]
            for name, value in zip(selecting.FEATURES, row, strict=True)
            if ", " in name and value
        }
        assert named == ({form} if form else set())

    def test_how_well_a_sentence_fits_decides_before_all_else(self) -> None:
        one = self.abstract()
        first = replace(one, sentences=(replace(one.sentences[0], score=0.9), *one.sentences[1:]))
        assert self.best("Do otters hold hands?", first) == self.SENTENCES[0]

    def test_the_start_of_a_later_passage_is_no_start_of_an_abstract(self) -> None:
        place = selecting.FEATURES.index("first")
        question = read_question("Do otters hold hands?")
        assert selecting.inputs(question, self.abstract())[:, place].tolist() == [1, 0, 0, 0]
        assert not selecting.inputs(question, self.abstract("Methods", 900))[:, place].any()
        assert not selecting.inputs(question, self.abstract(None, 900))[:, place].any()

    def test_chances_are_the_learnt_softmax(self) -> None:
        found = selecting.chances([0.5, 0.4, 0.4])
        assert sum(found) == pytest.approx(1)
        assert found[0] > 3 * found[1] == 3 * found[2]
        assert selecting.chances([]) == []

    def test_a_passage_without_sentences_has_none_that_fit(self) -> None:
        empty = replace(self.abstract(), sentences=())
        assert selecting.fits(read_question("Do otters hold hands?"), empty) == []


class TestEnumerations:
    """A sentence that begins an enumeration is quoted with the points that follow."""

    @pytest.mark.parametrize(
        ("sentences", "points"),
        [
            (["Two problems remain: (1) Cost is high.", "It grows.", "(2) Data is scarce.", "We solve both."], [2]),
            (["Two problems remain: (1) Cost.", "(2) Data is scarce.", "(3) Few otters."], [1, 2]),
            (["They are: 1) Otters.", "2) Beavers.", "3) Voles.", "4) Newts.", "5) Frogs."], [1, 2, 3]),
            (["Three steps follow:", "(i) Catch.", "(ii) Count.", "(iii) Free."], [1, 2, 3]),
            (["First, 1. Draw a box.", "Use ink.", "2. Think of rates."], [2]),
            (["Both (1) cost and (2) data matter.", "(2) is harder."], []),
            (["It takes 1) a river.", "No more is said.", "Otters swim in 2) others."], []),
            (
                [
                    "Our count has three key steps.",
                    "First, we catch.",
                    "It rains.",
                    "Second, we count.",
                    "Thirdly, we free.",
                ],
                [1, 3, 4],
            ),
            (["Our count has three key steps.", "They are hard."], []),
            (["Two of three otters swim.", "First, they dive."], []),
            (["The data follow:", "Otters weigh 9 kg."], []),
            (["We count otters in (1) rivers."], []),
        ],
    )
    def test_further_points(self, sentences: list[str], points: list[int]) -> None:
        assert further_points(sentences, 0) == points

    def test_they_are_quoted(self) -> None:
        found = quotes(
            "What hinders the counting of otters?",
            ("Rivers are long.", 0.3), ("Two things hinder the counting of otters: (1) Night.", 0.9), ("It is dark.", 0.2),
            ("(2) Floods.", 0.1), ("We go on.", 0.1),
        )  # fmt: skip
        assert found == ["Two things hinder the counting of otters: (1) Night.", "(2) Floods."]


@pytest.mark.parametrize(
    ("question", "things"),
    [
        ("Compare ctree with rpart", ("ctree", "rpart")),
        ("What is the main difference between lme4 and nlme?", ("lme4", "nlme")),
        ("how does fine-grained RLHF differ from ordinary RLHF in cost?", ("fine-grained RLHF", "ordinary RLHF")),
        ("how do adapters and prompt tuning differ?", ("adapters", "prompt tuning")),
        ("HFT vs. full fine-tuning", ("HFT", "full fine-tuning")),
        ("How is pruning different from quantization?", ("pruning", "quantization")),
        ("compare them", ()),
        ("How do methods compare across data sets?", ()),
        ("What is compared in the paper?", ()),
    ],
)
def test_things_compared(question: str, things: tuple[str, ...]) -> None:
    assert things_compared(question) == things


@pytest.mark.parametrize(
    ("topic", "things"),
    [
        ("LoRA for speech recognition", ("LoRA", "speech recognition")),
        ("which papers use LoRA for speech recognition?", ("LoRA", "speech recognition")),
        ("papers on the pruning in language models", ("pruning", "language models")),
        ("how pruning affects fairness", ("pruning", "fairness")),
        ("papers on the effect of pruning on fairness", ("pruning", "fairness")),
        ("Which papers propose new benchmarks for code generation?", ("benchmarks", "code generation")),
        ("cows", ()),
        ("methods to reduce memory", ()),
        ("How does a very long question about many things in one library end?", ()),
    ],
)
def test_things_joined(topic: str, things: tuple[str, ...]) -> None:
    assert things_joined(topic) == things


def test_a_comparison_of_things_in_small_letters_quotes_what_mentions_them() -> None:
    one, other, stranger = (passage(title, 1.0 - place / 10, chance=0.3) for place, title in enumerate("ABC"))
    said = replace(
        one, sentences=(*one.sentences[:3], replace(one.sentences[3], text="Dams differ from lodges in use."))
    )
    said = replace(
        said, chunk=replace(one.chunk, text="Otters swim. Otters eat. Otters sleep. Dams and lodges differ.")
    )
    lodged = replace(other, chunk=replace(other.chunk, text="Otters swim. Otters eat. Otters sleep. A lodge is one."))
    assert quoted("What is the difference between dams and lodges?", said, stranger, lodged) == {"A": 1, "B": 1}
    best = next(iter(extract(read_question("What is the difference between dams and lodges?"), [said, lodged])))
    assert best.citations[0].span.start == 39  # the fourth, which fits least but for what it mentions


def test_a_definition_is_not_what_a_paper_of_another_name_introduces() -> None:
    asked = "What is river drift?"
    said, own = ("Otters suffer from river drift.", 0.6), ("We introduce three functions.", 0.5)
    found = quoted_of_abstract(asked, said, own)
    assert found[0] == said[0]
    assert quoted_of_abstract(asked, said, own, titled=1.0)[0] == own[0]  # of the paper "River Drift: …"


def quoted_of_abstract(question: str, *scored: tuple[str, float], **signals: float) -> list[str]:
    """What an answer of one sentence quotes of an abstract."""
    text = " ".join(sentence for sentence, _ in scored)
    spans = tuple(Span(text.index(one), text.index(one) + len(one)) for one, _ in scored)
    chunk = Chunk("p-0", "p", text, spans, section=0, start=0, tokens=12, heading="Abstract")
    sentences = tuple(Sentence(one, span, score) for (one, score), span in zip(scored, spans, strict=True))
    found = Passage(chunk, Paper("P", text, id="p"), 1.0, sentences, {"chance": 0.99, **signals})
    best = max(weighed(read_question(question), [found]), key=lambda pick: pick.score)
    return [sentences[best.sentence].text]


def test_findings_are_quoted_from_sentences_that_state_some() -> None:
    otters = ("Otterly is a count of otters by the Otterly authors.", 0.9), ("Our results show that most float.", 0.2)
    for question in (
        "What did the Otterly authors find?",
        "What are the main findings of Otterly?",
        "what are the results",
    ):
        assert quotes(question, *otters) == [otters[1][0]], question
    assert quotes("What did the otters find in the river?", *otters)[0] == otters[0][0]


def test_what_one_named_thing_has_is_not_listed_of_papers_that_do_not_mention_it() -> None:
    one, rival = passage("A", 1.0, chance=0.5), passage("B", 0.95, chance=0.45)
    otterly = replace(one, chunk=replace(one.chunk, text="OtterX swim. Otters eat. Otters sleep. Otters dive."))
    assert quoted("On which datasets was OtterX evaluated?", otterly, rival)["B"] == 0
    assert quoted("Which papers use OtterX?", otterly, rival)["B"] == 1
