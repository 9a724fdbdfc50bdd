"""Follow-ups: which papers they are asked of. A larger table is in benchmarks/followups.py."""

import time
from pathlib import Path

import pytest

from assistant import Assistant, Paper
from assistant.questions.again import asked_again
from assistant.questions.followups import needs_history, question_before, standalone, titles_in, without_start
from assistant.questions.orders import in_another_order
from assistant.questions.pronouns import points_back
from assistant.questions.reading import read_question

HALF = "Which method keeps half of the parameters frozen in each tuning round?"
LST, MACEDONIAN = "What is LST?", "Which model was trained for Macedonian?"


def chat(library: Assistant, *questions: str) -> tuple[str, list[str]]:
    """The last question as it was understood, and the titles of the papers that its answer cites."""
    history: list[dict[str, str]] = []
    for question in questions:
        answer = library.ask(question, history=history)
        history += [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]
    return answer.standalone_question, list(dict.fromkeys(citation.paper.title for citation in answer.citations))


@pytest.mark.parametrize(
    ("first", "question", "title"),
    [
        (LST, "And which model was trained for Macedonian?", "Towards Open Foundation Language Model"),
        (LST, "Also, which papers study drones in haze?", "HazyDet"),
        (LST, "What about drone detection in haze?", "HazyDet"),
        (LST, "And what are model soups?", "Model soups"),
        (MACEDONIAN, "genomic sequences", "HyenaDNA"),
        ("Which papers study drones in haze?", "lameness of cows", "A Model Generalization Study"),
        ("What is DyLoRA?", "cyberbullying?", "Improving Classifier Training Efficiency"),
        (HALF, "Which papers prune large language models?", "To prune, or not"),
        ("papers on drones", "Which papers are about unlearning?", ""),
    ],
)
def test_a_question_on_another_topic_leaves_the_paper_before(
    library: Assistant, first: str, question: str, title: str
) -> None:
    understood, cited = chat(library, first, question)
    assert understood == without_start(question)
    assert cited[0].startswith(title)


@pytest.mark.parametrize("question", ["which paper is newer?", "which papers do that?", "Which paper says this?"])
def test_what_is_asked_of_which_paper_may_mean_those_before(library: Assistant, question: str) -> None:
    assert "(about “" in chat(library, "papers on continual learning", question)[0]


def test_after_a_refusal_the_paper_before_is_still_meant(library: Assistant) -> None:
    for question in ("is there code?", "and who wrote it?"):
        understood, _ = chat(library, "What is LaMDA?", "what are its limitations?", question)
        assert "LaMDA" in understood
    understood, _ = chat(library, "What is LaMDA?", "How is bread baked?", "is there code?")
    assert "LaMDA" not in understood


@pytest.mark.parametrize(
    "question", ["what are the disadvantages?", "any drawbacks?", "pros and cons?", "which data sets?"]
)
def test_what_can_be_asked_of_any_paper_is_asked_of_the_one_before(library: Assistant, question: str) -> None:
    understood, cited = chat(library, "What is DyLoRA?", question)
    assert "DyLoRA" in understood and all(title.startswith("DyLoRA") for title in cited)


LISTED = "papers on continual learning"


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("who wrote the second one?", 1),
        ("and the first one?", 0),
        ("what does the third propose?", 2),
        ("when was the last one published?", -1),
    ],
)
def test_a_place_in_a_list_is_meant_of_that_list(library: Assistant, question: str, place: int) -> None:
    _, listed = chat(library, LISTED)
    for between in ((), ("who wrote the second one?",), ("summarize the first paper",)):
        understood, _ = chat(library, LISTED, *between, question)
        assert understood.endswith(f"(about “{listed[place]}”)")


@pytest.mark.parametrize(
    ("question", "places"),
    [
        ("compare the first two", (0, 1)),
        ("how do the first and the third paper differ?", (0, 2)),
        ("what do the last two papers have in common?", (2, 3)),
    ],
)
def test_several_places_in_a_list_are_meant_of_that_list(
    library: Assistant, question: str, places: tuple[int, int]
) -> None:
    _, listed = chat(library, LISTED)
    understood, cited = chat(library, LISTED, question)
    wanted = [listed[place] for place in places]
    assert " and ".join(f"“{title}”" for title in wanted) in understood
    assert set(cited) == set(wanted)


def test_of_two_papers_compared_the_newer_one_is_told(library: Assistant) -> None:
    _, compared = chat(library, LISTED, "compare the first and the third paper")
    understood, cited = chat(library, LISTED, "compare the first and the third paper", "which of the two is newer?")
    assert all(title in understood for title in compared) and len(compared) == 2
    years = {paper.title: paper.date for paper in library.papers()}
    assert years[cited[0]] and set(cited) <= set(compared)


@pytest.mark.parametrize(
    ("first", "question", "understood"),
    [
        (
            "What is the newest paper on pruning?",
            "and the second newest?",
            "What is the second newest paper on pruning?",
        ),
        ("the newest papers on pruning", "what about the three oldest?", "the three oldest papers on pruning"),
        ("What is the second newest paper?", "and the oldest one?", "What is the oldest paper?"),
        ("Which paper has the most authors?", "and the fewest?", "Which paper has the fewest authors?"),
        ("What does HFT propose?", "what is the newest?", "Which paper is the newest?"),
        ("What is the newest paper on pruning?", "and the oldest layers?", ""),
    ],
)
def test_another_place_in_an_order_is_asked_for(library: Assistant, first: str, question: str, understood: str) -> None:
    heard, cited = chat(library, first, question)
    assert (heard == understood and cited) or not understood
    assert not in_another_order(question, first) or understood


def test_an_order_alone_is_of_the_papers_listed_or_of_the_library(library: Assistant) -> None:
    understood, cited = chat(library, LISTED, "what is the oldest?")
    assert understood.startswith("Which is the oldest? (about “") and set(cited) <= set(chat(library, LISTED)[1])
    assert chat(library, "what is the newest?")[1] == chat(library, "What is the newest paper?")[1]


@pytest.mark.parametrize("question", ["who wrote them?", "list the authors of these papers", "and the authors?"])
def test_who_wrote_the_papers_listed_is_told_of_each(library: Assistant, question: str) -> None:
    library_of_two = [{"role": "user", "content": LISTED}, {"role": "assistant", "content": library.ask(LISTED).text}]
    answer = library.ask(question, history=library_of_two)
    assert answer.status == "not_found" and answer.reason.startswith("The record")
    assert "who wrote" in answer.reason


def test_when_the_papers_listed_were_published_is_told_of_each(library: Assistant) -> None:
    _, listed = chat(library, LISTED)
    dated = {paper.title for paper in library.papers() if paper.date} & set(listed)
    assert set(chat(library, LISTED, "when were they published?")[1]) == dated and len(dated) > 1


@pytest.mark.parametrize(
    ("first", "question", "understood"),
    [
        ("What is LoRA?", "who proposed it?", "who proposed LoRA?"),
        ("How does the gradient checkpointing work?", "Who invented it?", "Who invented the gradient checkpointing?"),
        ("How does HFT choose parameters?", "And how does PaCA do it?", "how does PaCA choose parameters?"),
        ("How do drones find cows?", "and why do they do it?", ""),
    ],
)
def test_what_is_asked_of_a_thing_is_not_asked_of_the_paper_on_it(
    library: Assistant, first: str, question: str, understood: str
) -> None:
    heard, _ = chat(library, first, question)
    assert heard == understood or not understood
    assert understood or heard != question


@pytest.mark.parametrize("question", ["What does NOLA achieve?", "and NOLA?", "but what about NOLA?"])
def test_one_of_two_papers_spoken_of_that_is_named_is_meant_alone(library: Assistant, question: str) -> None:
    understood, cited = chat(library, "Compare HFT and NOLA", question)
    assert "HFT" not in understood
    assert cited and all(title.startswith("NOLA") for title in cited)


def test_who_wrote_of_a_thing_did_not_propose_it(tmp_path: Path) -> None:
    river = "The Den-Ray model counts otters by their dens. It was proposed by Ann Den and Bo Ray (1999) for lakes."
    with Assistant(data_dir=tmp_path) as own:
        own.add(
            [
                Paper(title="Counting Otters in Rivers", abstract=river, authors=("Cy Fox",), year=2020),
                Paper(
                    title="OtterNet: Dens from Drones", abstract="OtterNet finds dens from drones.", authors=("Di Elk",)
                ),
                Paper(
                    title="Sleep of Otters", abstract="The Hay-Lee model tells how otters sleep.", authors=("Ed Hen",)
                ),
            ]
        )
        assert own.ask("Who proposed the Den-Ray model?").claims[0].text.startswith("It was proposed by Ann Den")
        assert "Di Elk" in own.ask("Who proposed OtterNet?").text
        assert own.ask("Who proposed the Hay-Lee model?").status == "not_found"
        asked = [{"role": "user", "content": "What is the Hay-Lee model?"}]
        asked.append({"role": "assistant", "content": own.ask("What is the Hay-Lee model?").text})
        assert "Ed Hen" not in own.ask("Who proposed it?", history=asked).text
        assert "Ed Hen" in own.ask("Who wrote it?", history=asked).text


def test_others_go_on_with_what_was_asked_last(library: Assistant) -> None:
    _, first = chat(library, "What is HyenaDNA?", "papers on quantization")
    shown = [first]
    for more in range(1, 4):
        understood, cited = chat(library, "What is HyenaDNA?", "papers on quantization", *["any others?"] * more)
        assert understood == "papers on quantization"
        assert cited and not set(cited) & {title for titles in shown for title in titles}
        shown.append(cited)
    understood, cited = chat(library, "What does HFT propose?", "similar papers?", "any others?")
    assert understood.startswith("similar papers? (about “HFT") and len(cited) == 4
    assert (
        chat(library, "papers on pruning", "only from 2023", "any others?")[0] == "papers on pruning (only from 2023)"
    )


@pytest.mark.parametrize("question", ["which has the most authors?", "which of them has the most authors?"])
def test_the_most_authors_are_those_of_the_papers_spoken_of(library: Assistant, question: str) -> None:
    _, listed = chat(library, LISTED)
    understood, cited = chat(library, LISTED, question)
    assert "(about “" in understood and set(cited) <= set(listed)
    counts = {paper.title: paper.author_count for paper in library.papers()}
    assert [counts[title] for title in cited] == sorted((counts[title] for title in cited), reverse=True)
    assert chat(library, LISTED, "which paper has the most authors?")[0] == "which paper has the most authors?"


def test_a_question_for_an_expansion_stands_alone(library: Assistant) -> None:
    assert chat(library, "What is HFT?", "What does MoE stand for?")[0] == "What does MoE stand for?"


def test_long_answers_are_read_for_titles_at_once() -> None:
    start = time.perf_counter()
    for text in ("a: " * 100_000, "[1] " * 100_000, "“" * 100_000, " " * 200_000 + "x", "x\n" * 100_000):
        titles_in(text)
    assert time.perf_counter() - start < 2
    assert {"HFT: Half", "PaCA", "LST (2)"} <= titles_in("HFT: Half: It is. [1]\nPaCA · 3 authors [2] See “LST (2)”.")


def test_a_doubt_is_told_where_the_evidence_is(library: Assistant) -> None:
    for doubt in ("are you sure?", "Is that really true?", "But how do you know that?"):
        answer = library.ask(
            doubt, history=[{"role": "user", "content": LST}, {"role": "assistant", "content": "LST saves. [1]"}]
        )
        assert (answer.status, answer.claims) == ("not_found", ())
        assert answer.reason.startswith("Each sentence of an answer cites")
    assert not read_question("Are you sure that pruning helps?").doubts


@pytest.mark.parametrize(
    ("first", "question", "title"),
    [
        (MACEDONIAN, "how many examples are in the instruction data?", "Towards Open Foundation Language Model"),
        (MACEDONIAN, "is the data open?", "Towards Open Foundation Language Model"),
        ("What is HyenaDNA?", "context length?", "HyenaDNA"),
        (LST, "on which data sets?", "LST"),
        (LST, "compared with LoRA?", "LST"),
        (LST, "but how much slower?", "LST"),
        ("What is Lawma?", "and on images?", "Lawma"),
    ],
)
def test_a_short_question_that_no_other_paper_answers_better_keeps_the_paper(
    library: Assistant, first: str, question: str, title: str
) -> None:
    assert f"{question} (about “{title}" in chat(library, first, question)[0]


def test_the_paper_is_kept_from_turn_to_turn(library: Assistant) -> None:
    turns = ("What is HyenaDNA?", "context length?", "how long sequences can it read", "and on GenomicBenchmarks?")
    assert chat(library, *turns)[1] == [
        "HyenaDNA: Long-Range Genomic Sequence Modeling at Single Nucleotide Resolution"
    ]


def test_what_no_paper_answers_is_refused_as_it_is_after_an_answer_too(library: Assistant) -> None:
    history = [{"role": "user", "content": LST}, {"role": "assistant", "content": library.ask(LST).text}]
    answer = library.ask("but which football team won?", history=history)
    assert answer.status == "not_found"
    assert "“football”" in answer.reason


def test_a_question_about_the_library_is_not_asked_of_the_paper_before(library: Assistant) -> None:
    assert chat(library, LST, "How many papers are there?")[0] == "How many papers are there?"


def test_others_are_those_that_were_not_shown(library: Assistant) -> None:
    shown = [
        chat(library, "papers about model merging", *more)[1]
        for more in ((), ("any others?",), ("any others?", "MORE"))
    ]
    assert all(shown)
    assert len({title for titles in shown for title in titles}) == sum(map(len, shown))


@pytest.mark.parametrize("wrong", ["no, I meant the other paper", "not that one", "wrong paper", "no"])
def test_a_paper_that_was_not_meant_is_not_shown_again(library: Assistant, wrong: str) -> None:
    question = "How are small language models trained on little data?"
    understood, cited = chat(library, question, wrong)
    assert understood == question
    assert cited and not set(cited) & set(chat(library, question)[1])


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("Not PaCA, I mean LST", "What is LST?"),
        ("I mean LST", "What is LST?"),
        ("no, I meant training cost", "What is PaCA? (training cost)"),
        ("i meant for fine-tuning", "What is PaCA? (for fine-tuning)"),
        ("I mean how does pruning work", "how does pruning work"),
        ("no, I meant LoRA+", "What is LoRA+?"),
        ("I meant the retraining paper", "the retraining paper"),
        ("only 2023", "What is PaCA? (from 2023)"),
        ("2023 only", "What is PaCA? (from 2023)"),
        ("and 2023?", "What is PaCA? (from 2023)"),
        ("only those on images", "What is PaCA? (only those on images)"),
        ("the ones that use influence functions", "What is PaCA? (the ones that use influence functions)"),
        ("without reinforcement learning", "What is PaCA?"),
        ("in one sentence please", "What is PaCA?"),
        ("shorter", "What is PaCA?"),
    ],
)
def test_a_follow_up_changes_the_question_before(text: str, understood: str) -> None:
    history = [{"role": "user", "content": "What is PaCA?"}, {"role": "assistant", "content": "It tunes connections."}]
    assert needs_history(text)
    assert standalone(text, history, []) == understood


@pytest.mark.parametrize(
    ("last", "meant", "understood"),
    [
        ("how much memory does it save?", "not PaCA, I mean LST", "how much memory does LST save?"),
        ("what are its limits?", "no, I meant LST", "what are LST's limits?"),
        ("how does that compare with LoRA?", "I meant LST", "how does that compare with LoRA? (about “LST”)"),
        ("How much memory does HFT save?", "I meant LST", "How much memory does LST save?"),
        ("in one sentence", "I meant LST", "What is LST?"),
    ],
)
def test_what_is_meant_is_asked_what_was_asked_last(last: str, meant: str, understood: str) -> None:
    said = [("user", "What is PaCA?"), ("assistant", "It tunes."), ("user", last), ("assistant", "It does.")]
    history = [{"role": role, "content": content} for role, content in said]
    assert standalone(meant, history, []) == understood


@pytest.mark.parametrize(
    "text", ["without labels?", "Only one label in a hundred images is needed", "Not solving but finding errors"]
)
def test_a_question_that_only_begins_so_does_not(text: str) -> None:
    assert not asked_again(text, "What is PaCA?")


def test_what_is_excluded_is_not_quoted(library: Assistant) -> None:
    question = "How can models be taught to reason?"
    history = [{"role": "user", "content": question}, {"role": "assistant", "content": library.ask(question).text}]
    assert any("reinforcement learning" in passage.text for passage in library.ask(question).passages)
    passages = library.ask("without reinforcement learning", history=history).passages
    assert passages and not any("reinforcement learning" in passage.text.lower() for passage in passages)


def test_the_titles_of_the_last_answer_are_listed(library: Assistant) -> None:
    cited = chat(library, "papers about model merging")[1]
    assert set(chat(library, "papers about model merging", "can you list the titles?")[1]) == set(cited)


def test_a_set_is_kept_after_one_of_it_was_spoken_of(library: Assistant) -> None:
    cited = chat(library, "papers about model merging")[1]
    turns = ("papers about model merging", "Which of them is the newest?", "Which is the oldest?")
    understood = chat(library, *turns)[0]
    assert all(title in understood for title in cited)
    assert f"“{cited[3]}”" in chat(library, *turns, "the fourth one")[0]


def test_two_papers_of_two_turns_are_compared(library: Assistant) -> None:
    cited = chat(library, "What is DyLoRA?", "and NOLA?", "how do they differ?")[1]
    assert [title.split(":")[0] for title in cited] == ["DyLoRA", "NOLA"]


def test_another_name_and_what_is_that_ask_of_another_paper(library: Assistant) -> None:
    understood, cited = chat(library, "What is HFT?", "ok, and what about LST, what is that?")
    assert "HFT" not in understood
    assert {title.split(":")[0] for title in cited} == {"LST"}


def test_papers_on_the_thing_asked_before_are_asked_of_the_library(library: Assistant) -> None:
    understood, cited = chat(library, "What is GRPO?", "which papers improve it?")
    assert understood == "which papers improve GRPO?"
    assert len(set(cited)) > 1


@pytest.mark.parametrize("question", ["How does it compare to PaCA?", "How does it differ from PaCA?"])
def test_it_is_compared_with_what_is_named(library: Assistant, question: str) -> None:
    cited = chat(library, "What is HFT?", question)[1]
    assert {title.split(":")[0] for title in cited} == {"HFT", "PaCA"}


def test_which_of_them_names_those_that_say_it(library: Assistant) -> None:
    cited = chat(library, "Papers on time series forecasting?", "Which of them uses diffusion?")[1]
    assert len(set(cited)) == 1 and "Diffusion" in cited[0]


def test_positions_are_read_in_short(library: Assistant) -> None:
    turns = ("List papers on federated learning.", "When was the second one published?")
    cited = chat(library, *turns[:1])[1]
    for text, place in (("And the first?", 0), ("And the last?", -1)):
        assert f"“{cited[place]}”" in chat(library, *turns, text)[0]
    assert f"“{cited[1]}”" in chat(library, turns[0], "who wrote the second?")[0]


def test_others_are_asked_for_on_the_same(library: Assistant) -> None:
    first = chat(library, "How does reinforcement fine-tuning affect forgetting?")[1]
    for text in ("Any other papers on that?", "Is there another paper on it?", "other papers about this?"):
        assert not {*first} & {*chat(library, "How does reinforcement fine-tuning affect forgetting?", text)[1]}


def test_papers_on_another_thing_are_asked_of_the_library(library: Assistant) -> None:
    assert len({*chat(library, "What is NOLA?", "Which LoRA papers do you have?")[1]}) > 1


def test_a_question_is_turned_to_in_many_words(library: Assistant) -> None:
    understood, _ = chat(library, "What is HFT?", "great, and its cost?")
    assert "HFT" in understood
    understood, cited = chat(library, "What is HFT?", "thanks! now, which paper is the newest?")
    assert understood == "thanks! now, which paper is the newest?"
    assert len(cited) > 1


def test_turns_that_show_nothing_are_passed_over(library: Assistant) -> None:
    blank = [{"role": role, "content": "\u200b"} for role in ("user", "assistant")]
    assert library.ask("And which model was trained for Macedonian?", history=blank).status == "answered"
    assert library.ask("any others?", history=blank).status == "not_found"
    assert standalone("why?", blank, []) == "why?"


def test_a_hostile_history_takes_no_long() -> None:
    start = time.process_time()
    question_before([{"role": "user", "content": "that " * 20_000 + "large model"}])
    assert time.process_time() - start < 2


def test_the_question_before_is_one_that_stood_alone() -> None:
    turns = ["What is LST?", "Also, which papers study drones in haze?", "and how large is it?", "only 2023"]
    history = [{"role": role, "content": turn} for turn in turns for role in ("user", "assistant")]
    assert question_before(history) == "which papers study drones in haze?"
    assert question_before([]) == question_before(history[1:2]) == ""


@pytest.mark.parametrize(
    ("question", "is_own"),
    [
        ("How does the platypus find its prey?", True),
        ("Why does a diffusion model need its noise schedule?", True),
        ("How does speculative decoding keep its accuracy?", True),
        ("What is the size of its vocabulary?", False),
        ("How is its memory used?", False),
        ("Does it need its cache?", False),
        ("What does this paper say about its cost?", False),
        ("and what about LST, how does it save memory?", True),
        ("what about its cost, is that lower?", False),
    ],
)
def test_its_may_stand_for_the_subject_of_its_own_question(question: str, is_own: bool) -> None:
    assert points_back(question) is not is_own


def test_a_place_is_that_in_the_last_answer_with_several_papers(library: Assistant) -> None:
    listed = "Which methods reduce memory in fine-tuning?"
    cited = chat(library, listed)[1]
    assert len(cited) > 2
    turns = (
        "who wrote the second one?",
        "and the first one?",
        "when was the last one published?",
        "and the third one?",
    )
    understood = [chat(library, listed, *turns[: count + 1])[0] for count in range(len(turns))]
    assert understood == [
        f"who wrote it? (about “{cited[1]}”)",
        f"who wrote it? (about “{cited[0]}”)",
        f"when was it published? (about “{cited[-1]}”)",
        f"when was it published? (about “{cited[2]}”)",
    ]
    assert chat(library, listed, turns[2])[1] == [cited[-1]]


def test_a_place_after_others_is_theirs(library: Assistant) -> None:
    turns = ("papers about model merging", "any others?")
    others = chat(library, *turns)[1]
    assert f"“{others[1]}”" in chat(library, *turns, "how many authors does the second one have?")[0]
    assert f"“{others[0]}”" in chat(library, *turns, "What about the second one?", "and the first one?")[0]


def test_papers_on_a_topic_are_asked_for_whatever_was_spoken_of(library: Assistant) -> None:
    asked = "Papers about model merging"
    assert chat(library, "What is NOLA?", asked)[0] == asked
    shown = chat(library, "Papers about pruning", "any others?", "What is NOLA?", asked, "any others?")
    assert shown[0] == asked and not set(shown[1]) & set(chat(library, asked)[1])


def test_which_of_them_is_asked_of_all_that_a_list_named(tmp_path: Path) -> None:
    papers = [
        Paper(
            f"Otters {number}",
            f"Otters swim in river {number}.",
            author_count=number,
            date=f"May {number}, 2022",
            year=2022,
        )
        for number in range(1, 8)
    ]
    with Assistant(data_dir=tmp_path) as library:
        library.add(papers)
        listed = library.ask("List all papers")
        turns = [{"role": "user", "content": "List all papers"}, {"role": "assistant", "content": listed.text}]
        for question, title in (
            ("which of them has the most authors?", "Otters 7"),
            ("which of these has the fewest authors?", "Otters 1"),
        ):
            assert library.ask(question, history=turns).citations[0].paper.title == title
