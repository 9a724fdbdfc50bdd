"""The main job: the library fills itself, answers with verbatim citations, says not found, and takes in more."""

import asyncio
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import assistant
from assistant import Assistant, AssistantError, Paper
from assistant.doctor import diagnose
from assistant.errors import ConfigError, FingerprintError, LibraryBusyError, LibraryError, LoadError, QuestionError
from assistant.files import WriterLock
from assistant.questions.reading import read_question
from assistant.records import Section
from assistant.seeding import seed_files

HALF = "Which method keeps half of the parameters frozen in each tuning round?"
HFT = "HFT: Half Fine-Tuning for Large Language Models"


def test_the_front_door_is_small_and_real() -> None:
    assert sorted(assistant.__all__) == [
        "Answer", "Assistant", "AssistantError", "Citation", "Claim", "Config", "Event", "IngestReport", "Paper",
        "Passage", "Report", "ask", "evaluate",
    ]  # fmt: skip
    assert all(getattr(assistant, name) for name in assistant.__all__)


def test_an_answer_cites_verbatim_sentences(library: Assistant) -> None:
    answer = library.ask(HALF)
    assert answer.status == "answered"
    assert answer.citations[0].paper.title == HFT
    for citation in answer.citations:
        assert citation.paper.abstract[citation.span.start : citation.span.end] == citation.quote
    assert "[1]" in answer.text
    assert answer.mode == "extractive"


def test_the_seeds_are_merged_with_their_richest_metadata(library: Assistant) -> None:
    papers = library.papers()
    assert len(papers) == 456
    (hft,) = [paper for paper in papers if paper.title == HFT]
    assert len(hft.sources) == 2
    assert (hft.author_count, hft.date, hft.year, hft.comment_count) == (6, "Apr 29, 2024", 2024, 1)


@pytest.mark.parametrize(
    "question",
    [
        "How long do I bake sourdough bread?",
        "Who won the football world cup?",
        "Which visa do I need for Brazil?",
        "Does CorDA beat DoRA on math?",
    ],
)
def test_what_the_papers_do_not_answer_is_not_found(library: Assistant, question: str) -> None:
    answer = library.ask(question)
    assert answer.status == "not_found"
    assert not answer.claims
    assert answer.reason
    assert answer.nearest


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("What does S2FT do?", "S^{2}FT"),
        ("What is mu-Bench about?", "μ-Bench"),
        ("jamming detction in 5G netwroks", "Jamming Detection in 5G"),
        ("parmeter efficent fine tuning with patial conections", "Partial Connection Adaptation"),
    ],
    ids=["superscript", "greek", "typing-errors", "more-typing-errors"],
)
def test_odd_names_and_typing_errors_find_the_paper(library: Assistant, question: str, title: str) -> None:
    assert title in library.search(question, k=1)[0].paper.title


def test_printed_metadata_is_answered_from_the_record(library: Assistant) -> None:
    answer = library.ask("When was FedSyn published and how many authors does it have?")
    assert answer.citations[0].section == "record"
    assert answer.citations[0].quote == answer.citations[0].paper.record
    assert "Mar 11, 2022" in answer.text


def test_metadata_that_is_not_printed_is_not_guessed(library: Assistant) -> None:
    bare = next(paper for paper in library.papers() if paper.date is None)
    answer = library.ask(f"When was “{bare.title}” published?", papers=[bare.id])
    assert answer.status == "not_found"
    assert "does not say when it appeared" in answer.reason


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("When was BioBERT published?", "BioBERT: a pre-trained"),
        ("How many authors does “Matryoshka Representation Learning” have?", "Matryoshka Representation Learning"),
        ("when? (about “Pointer Networks”)", "Pointer Networks"),
        ("In which year did fine-tuning language models with just forward passes appear?", "Fine-Tuning Language Models with"),
        ("When did the paper that learns coefficients for merging models appear?", "AdaMerging"),
    ],
)  # fmt: skip
def test_another_papers_date_answers_nothing(library: Assistant, question: str, title: str) -> None:
    answer = library.ask(question)
    assert (answer.status, answer.claims) == ("not_found", ())
    assert answer.reason.startswith(f"The record of “{title}")


def test_of_two_papers_asked_about_it_is_said_which_prints_no_date(library: Assistant) -> None:
    answer = library.ask("When were HFT and BioBERT published?")
    assert [claim.citations[0].paper.title for claim in answer.claims] == [HFT]
    assert answer.status == "partial" and answer.reason.startswith("The record of “BioBERT")


def test_a_name_that_no_paper_mentions_is_named(library: Assistant) -> None:
    assert "“Bulgarian”" in library.ask("How well does domestic-yak handle Bulgarian?").reason
    assert library.ask("How well does domestic-yak handle Macedonian?").status == "answered"
    assert library.ask("What does ET-Bench measure?").status == "answered"  # printed as "E.T. Bench"


def test_a_follow_up_finds_the_paper_of_the_turn_before(library: Assistant) -> None:
    first = library.ask(HALF)
    history = [{"role": "user", "content": HALF}, {"role": "assistant", "content": first.text}]
    second = library.ask("and how much training time does it save?", history=history)
    assert second.citations[0].paper.title == HFT
    assert HFT in second.standalone_question
    unrelated = library.ask("How are jammers detected in 5G networks?", history=history)
    assert unrelated.standalone_question == "How are jammers detected in 5G networks?"
    assert unrelated.citations[0].paper.title != HFT


@pytest.mark.parametrize(
    "history",
    [
        ["text"], [{"role": "user"}], [{"role": "user", "content": ["parts"]}], [{"role": "user", "content": None}],
        [("user", "x")], {"role": "user", "content": "x"}, "text", 5,
    ],
    ids=repr,
)  # fmt: skip
def test_a_history_of_another_form_says_what_is_wanted(library: Assistant, history: Any) -> None:
    for asks in (
        lambda: library.ask("and why?", history=history),
        lambda: list(library.stream("and why?", history=history)),
        lambda: library.chain.invoke({"question": "and why?", "history": history}),  # type: ignore[arg-type]
    ):
        with pytest.raises(QuestionError, match="history must hold turns"):
            asks()


def test_scope_by_paper_and_year(library: Assistant) -> None:
    assert {p.paper.title for p in library.search("fine-tuning", papers=[HFT])} == {HFT}
    assert {p.paper.year for p in library.search("fine-tuning", years=[2022])} == {2022}
    with pytest.raises(LibraryError, match="assistant papers"):
        library.search("fine-tuning", papers=["No such paper"])
    assert library.ask("fine-tuning", years=[1850]).status == "not_found"


def test_scope_by_source(library: Assistant) -> None:
    source = library.sources()[0]
    scope = library.ask(HALF, sources=source).scope
    assert scope.startswith(f"sources {source}: ") and " 0 of " not in scope
    assert scope == library.ask(HALF, sources=[source]).scope
    both = library.ask(HALF, sources=library.sources()[:2], years=[2024])
    assert both.scope.startswith("years 2024 · sources ")
    for unknown in ("a.txt", [source, "a.txt"]):
        with pytest.raises(LibraryError, match=r"'a\.txt'; 'assistant papers --json'"):
            library.ask(HALF, sources=unknown)
    assert library.ask(HALF, sources=[]).scope.startswith("sources none: 0 of")


def test_one_of_a_scope_may_stand_alone(library: Assistant) -> None:
    assert library.ask(HALF, papers=HFT).scope.startswith("1 chosen paper:")
    assert library.ask(HALF, years=2024).scope == library.ask(HALF, years=[2024]).scope  # type: ignore[arg-type]


def test_streaming_is_the_same_answer(library: Assistant) -> None:
    events = list(library.stream(HALF))
    assert [event.kind for event in events[:2]] == ["retrieved", "claim"]
    assert events[-1].kind == "done"
    assert events[-1].answer == library.ask(HALF)
    assert [event.claim for event in events if event.claim] == list(library.ask(HALF).claims)


def test_it_composes_as_langchain(library: Assistant) -> None:
    documents = library.retriever.invoke(HALF)
    assert documents[0].metadata["title"] == HFT
    assert documents[0].page_content in next(p for p in library.papers() if p.title == HFT).abstract


def test_asking_works_inside_a_running_event_loop(library: Assistant) -> None:
    async def both() -> None:
        assert (await library.aask(HALF)).status == library.ask(HALF).status == "answered"

    asyncio.run(both())


@pytest.mark.parametrize("question", ["", "  \n", "\x00\x07", "x " * 60_000], ids=["empty", "blank", "control", "huge"])
def test_questions_that_cannot_be_asked_say_why(library: Assistant, question: str) -> None:
    with pytest.raises(QuestionError):
        library.ask(question)


@pytest.mark.parametrize(
    "question", ["the of and is", "🙂", "Wie wird das Wetter morgen in Köln?", "\ud800 x", '"(a:b*~^ AND']
)
def test_odd_questions_get_an_answer_of_some_kind(library: Assistant, question: str) -> None:
    assert library.ask(question).status in ("answered", "not_found")


def test_adding_to_an_empty_library_adds_only_what_is_given(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path / "own") as own:
        report = own.add(Paper(title="Zebra crossings", abstract="Zebras cross roads in herds of seven. Lions wait."))
        assert (report.papers, report.added) == (1, 1)
        assert [paper.title for paper in own.papers()] == ["Zebra crossings"]
        assert own.search("zebras")[0].paper.title == "Zebra crossings"
        again = own.add(Paper(title="Zebra crossings", abstract="Zebras cross roads in herds of seven. Lions wait."))
        assert again.files[0].unchanged == 1
        own.remove(["Zebra crossings"])
        assert own.papers() == []
        assert own.ask("zebras").status == "not_found"


ZEBRAS = Paper(title="Zebra crossings", abstract="Zebras cross roads in herds of seven. Lions wait.")


def test_a_question_beside_the_first_add_does_not_fill_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Assistant(data_dir=tmp_path) as own, Assistant(data_dir=tmp_path) as beside:
        adding = iter([ZEBRAS])

        class Late(WriterLock):
            def __enter__(self) -> None:
                for paper in adding:  # the other process has the lock first
                    beside.add(paper)
                super().__enter__()

        monkeypatch.setattr("assistant.holdings.WriterLock", Late)
        assert own.search("zebras")[0].paper.title == ZEBRAS.title
        assert [paper.title for paper in own.papers()] == [ZEBRAS.title]


@pytest.mark.parametrize(("files", "papers"), [(0, 1), (2, None)], ids=["before-the-first", "after-two-files"])
def test_an_add_after_a_filling_that_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, papers: int | None
) -> None:
    """Where no seed was stored, the library was never filled and is the reader's own; else it is filled to the end."""
    monkeypatch.setattr("assistant.seeding.seed_files", lambda: seed_files()[:3])

    def stop(label: str, done: int, total: int) -> None:
        if done == files:
            raise KeyboardInterrupt

    with Assistant(data_dir=tmp_path / "own", progress=stop) as own:
        with pytest.raises(KeyboardInterrupt):
            own.ask("zebras")
        own.progress = None
        assert bool(own.counts()[0]) == bool(files)
        own.add(ZEBRAS)
        with Assistant(data_dir=tmp_path / "whole") as whole:
            expected = papers or len(whole.papers()) + 1
        assert len(own.papers()) == expected
        assert ZEBRAS.title in {paper.title for paper in own.papers()}


def test_an_edited_abstract_replaces_its_old_sentences(tmp_path: Path) -> None:
    old = Paper(
        title="Zebras", abstract="Zebras cross roads in herds of seven. Lions wait for them.", sources=("a.txt",)
    )
    new = Paper(
        title="Zebras", abstract="Zebras cross roads in herds of nine. Lions wait for them.", sources=("a.txt",)
    )
    with Assistant(data_dir=tmp_path / "own") as own:
        own.add(old)
        own.add(new)
        assert [p.text for p in own.search("zebras")] == [new.abstract]


def test_one_title_with_two_unlike_abstracts_stays_two_papers(tmp_path: Path) -> None:
    first = Paper(title="A Survey", abstract="Deep networks classify images of birds with labels from experts.")
    second = Paper(title="A survey", abstract="Compilers reorder instructions so that registers spill less often.")
    with Assistant(data_dir=tmp_path / "own") as own:
        assert own.add([first, second]).added == 2
        assert own.add([second, first]).added == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Paper("", "Herring swim."), "no title"),
        (Paper(" \u200b\x03", "Herring swim."), "no title"),
        (Paper(None, "Herring swim."), "title"),  # type: ignore[arg-type]
        (Paper("Herring", None), "abstract"),  # type: ignore[arg-type]
        (Paper("Herring", "They swim.", body=["They swim."]), "Herring.*body"),  # type: ignore[arg-type]
        (Paper("Herring", "They swim.", body="They swim."), "body"),  # type: ignore[arg-type]
        (Paper("Herring", "They swim.", authors=5), "authors"),  # type: ignore[arg-type]
        (Paper("Herring \ud800", "They swim."), "ud800"),
        (Paper("Herring", "They swim.", body=(Section("They \udc80."),)), "udc80"),
        ({"title": "Herring", "abstract": "They swim."}, "not dict"),
        (None, "not NoneType"),
    ],
)
def test_what_is_given_and_cannot_be_stored_is_refused_in_one_line(tmp_path: Path, given: Any, message: str) -> None:
    with Assistant(data_dir=tmp_path / "own") as own:
        for sources in (given, [ZEBRAS, given]):
            with pytest.raises(LoadError, match=f"{message}.*nothing was added"):
                own.add(sources)
        assert own.counts() == (0, 0)
        assert own.add(Paper("Herring", "They swim.", authors=["Ada"], id="ours-7")).added == 1  # type: ignore[arg-type]
        assert own.ask("Do herring swim?").citations[0].paper.authors == ("Ada",)


def test_a_library_that_holds_a_paper_without_a_title_opens_and_loses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Assistant(data_dir=tmp_path) as own, monkeypatch.context() as patched:
        patched.setattr("assistant.indexing.checked", lambda paper: paper)  # as it once was
        own.add([Paper("", "Herring swim."), Paper("Zebras", "They cross roads.")])
    with Assistant(data_dir=tmp_path) as own:
        (bad, _) = own.papers()
        (problem,) = [finding for finding in diagnose(data_dir=tmp_path) if not finding.ok]
        assert bad.id in problem.message and "assistant remove" in problem.message
        assert own.ask("Do herring swim?").citations and own.export(tmp_path / "all.jsonl") == 2
        own.rebuild()
        own.remove([bad.id])
        assert [paper.title for paper in own.papers()] == ["Zebras"]
        assert all(finding.ok for finding in diagnose(data_dir=tmp_path))


def test_one_bad_file_does_not_stop_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\x00\x01\x02")
    (tmp_path / "b.jsonl").write_text('{"title": "Good", "abstract": "It is good."}\nnot json\n', encoding="utf-8")
    with Assistant(data_dir=tmp_path / "own") as own:
        report = own.add([tmp_path / "a.txt", tmp_path / "b.jsonl"])
        assert [file.name for file in report.failed] == ["a.txt"]
        assert report.added == 1
        assert "line 2" in report.files[1].problems[0]
        with pytest.raises(LoadError, match="nothing.here"):
            own.add(tmp_path / "nothing.here")


def test_other_settings_name_the_command_that_rebuilds(tmp_path: Path) -> None:
    abstract = " ".join(f"Sentence {number} is about herons and reeds in wet meadows." for number in range(30))
    with Assistant(data_dir=tmp_path) as own:
        own.add(Paper(title="Herons", abstract=abstract))
    with pytest.raises(FingerprintError, match="assistant rebuild"):
        Assistant(data_dir=tmp_path, chunk_tokens=60)
    with Assistant(data_dir=tmp_path, chunk_tokens=60, rebuild=True) as rebuilt:
        assert rebuilt.counts()[1] > 2
        assert rebuilt.search("herons")[0].chunk.tokens <= 60
    with Assistant(data_dir=tmp_path, chunk_tokens=60) as again:
        assert again.ask("Where are herons?").citations


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as own:
        own.add(Paper(title="First", abstract="Otters swim in cold rivers."))
        with WriterLock(tmp_path), pytest.raises(LibraryBusyError, match="another process"):
            Assistant(data_dir=tmp_path).add(Paper(title="Second", abstract="Beavers build dams."))
        assert own.search("otters")[0].paper.title == "First"


def test_a_page_sees_what_a_shell_adds_beside_it(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as page, Assistant(data_dir=tmp_path) as shell:
        page.add(Paper(title="Otters", abstract="Otters swim in cold rivers."))
        assert page.search("beavers dams")[0].paper.title == "Otters"
        shell.add(Paper(title="Beavers", abstract="Beavers build dams of wood."))
        assert page.search("beavers dams")[0].paper.title == "Beavers"


def test_settings_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="unknown setting 'colour'"):
        Assistant(data_dir=tmp_path, colour="red")
    monkeypatch.setenv("CHROMA_PORT", "many")
    with pytest.raises(ConfigError, match=r"CHROMA_PORT.*\.env\.example"):
        Assistant(data_dir=tmp_path)
    monkeypatch.delenv("CHROMA_PORT")
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL"):
        Assistant(data_dir=tmp_path, model="gpt-x")
    with pytest.raises(ConfigError, match="assistant-static"):
        Assistant(data_dir=tmp_path, embedding="word2vec")


def test_a_file_that_is_no_catalogue_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "catalogue.sqlite").write_bytes(b"not a database at all, " * 50)
    with pytest.raises(LibraryError, match="ASSISTANT_DATA_DIR"):
        Assistant(data_dir=tmp_path)


@pytest.mark.parametrize(
    "call",
    [
        lambda library: library.ask(None),
        lambda library: library.search("otters", k=0),
        lambda library: library.ask("otters", years="soon"),
        lambda library: library.ask("otters", papers=[7]),
        lambda library: library.find_papers(order="bogus"),
        lambda library: library.chain.invoke(7),
        lambda library: library.chain.invoke({"query": "otters"}),
    ],
)
def test_wrong_arguments_are_named(library: Assistant, call: Any) -> None:
    with pytest.raises(AssistantError):
        call(library)


def test_the_chain_takes_plain_text_and_mappings(library: Assistant) -> None:
    text = library.ask(HALF).text
    assert library.chain.invoke(HALF)["answer"].text == text
    assert library.chain.invoke({"question": HALF})["answer"].text == text
    assert library.ask("otters", years="2021").scope.startswith("years 2021")  # type: ignore[arg-type]


def test_a_closed_library_says_so(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as library:
        library.add([Paper("Otters", "Otters swim.")])
    with pytest.raises(LibraryError, match="is closed"):
        library.papers()


def test_a_paper_is_known_by_its_name_in_small_letters_where_no_other_paper_writes_the_word(
    tmp_path: Path, seeds_folder: Path
) -> None:
    states = "Optimiser states are projected to a low rank, which lowers the memory of training."
    caches = "We keep only the largest keys of the cache. This saves memory at decoding."
    with Assistant(data_dir=shutil.copytree(seeds_folder, tmp_path / "data")) as library:
        library.add([Paper("Gandalf: Low-rank states", states), Paper("Compass: Sparse caches", caches)])
        for question, name in (("how does gandalf work", "Gandalf"), ("what is gandalf?", "Gandalf")):
            answer = library.ask(question)
            assert (answer.status, answer.citations[0].paper.title.split(":")[0]) == ("answered", name)
        named = library._holdings.papers_named
        assert named("how does gandalf do it") and not named("how does merlins compass rose look")
        both = library.ask("How do Compass and Gandalf save memory?")  # in capitals alone, as Greek and Spanish
        assert {"Gandalf: Low-rank states", "Compass: Sparse caches"} <= {c.paper.title for c in both.citations}


def test_what_is_mistyped_is_asked_of_the_models_as_it_is_meant(library: Assistant) -> None:
    answer = library.ask("Which method keeps half of the parameeters frozn in each tuning round?")
    assert answer.citations[0].paper.title == HFT
    assert library.ask("teacing a chatbot to admitt ignorence").citations[0].paper.title.startswith("R-Tuning")


def test_a_name_and_a_word_of_its_own_are_no_typing_errors(library: Assistant) -> None:
    library.search("warm")
    mended = library._holdings._search._finder.mender.mended
    for text in ("Does Mambe ski?", "how do tuners help", "which horses win", "what subnets of nodes are"):
        asked = read_question(text)
        assert mended(asked).topic == asked.topic
        assert library.ask(text).standalone_question == text
    assert (
        mended(read_question("how do netwroks lern")).topic == "how do networks lern"
    )  # short words are too near to others


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("How can catastrofic forgetting be reduced?", "How can catastrophic forgetting be reduced?"),
        ("How does pruneing help inference?", "How does pruning help inference?"),
        ("How are reward modles trained?", "How are reward models trained?"),
        ("What is knowlege distilation?", "What is knowledge distillation?"),
    ],
)
def test_what_is_mistyped_is_answered_as_what_is_meant_and_says_so(library: Assistant, typed: str, meant: str) -> None:
    answer, right = library.ask(typed), library.ask(meant)
    assert answer.standalone_question == meant
    assert (answer.status, answer.text, answer.probability) == (right.status, right.text, right.probability)
    assert answer.status == "answered"


def test_british_spelling_is_asked_of_the_models_in_american(library: Assistant) -> None:
    for british, american in (("quantisation", "quantization"), ("tokenisation", "tokenization")):
        answer, right = (library.ask(f"What is {word} good for?") for word in (british, american))
        assert not answer.was_rewritten
        assert (answer.text, answer.probability) == (right.text, right.probability)


def test_an_answer_in_part_says_so_in_markdown_too(library: Assistant) -> None:
    answer = library.ask("How many papers are in the library?")
    assert answer.status == "partial"
    assert "*Partly answered: 456 papers in all" in answer.to_markdown()
    assert "Partly answered" not in library.ask("What is HFT?").to_markdown()


def test_the_report_of_adding_has_the_time_that_one_waited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.holdings import Holdings

    follow = Holdings.follow
    monkeypatch.setattr(Holdings, "follow", lambda *given: time.sleep(0.5) or follow(*given))
    with Assistant(data_dir=tmp_path, reranker="off") as library:
        assert library.add(Paper("Otters", "Otters swim in cold rivers.")).seconds > 0.5


def test_an_embedding_without_its_key_names_it_and_a_library_of_another_one_says_that_first(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs OPENAI_API_KEY or OPENAI_BASE_URL"):
        Assistant(data_dir=tmp_path / "new", embedding="openai:small")
    with Assistant(data_dir=tmp_path / "own", reranker="off") as library:
        library.add(Paper("Otters", "Otters swim in cold rivers."))
    with pytest.raises(FingerprintError, match="assistant-static.* -> 'openai:small'"):
        Assistant(data_dir=tmp_path / "own", embedding="openai:small")


def test_a_title_that_two_papers_have_names_neither(tmp_path: Path) -> None:
    first = Paper(title="A Survey", abstract="Deep networks classify images of birds with labels from experts.")
    second = Paper(title="A survey", abstract="Compilers reorder instructions so that registers spill less often.")
    with Assistant(data_dir=tmp_path) as own:
        own.add([first, second])
        for call in (own.remove, lambda papers: own.ask("What is classified?", papers=papers)):
            with pytest.raises(LibraryError, match="2 papers are called 'A Survey'"):
                call(["A Survey"])
        birds = next(paper for paper in own.papers() if "birds" in paper.abstract)
        assert own.ask("What is classified?", papers=[birds]).citations[0].paper.id == birds.id
        assert [paper.id for paper in own.remove([birds.id])] == [birds.id]


def test_a_doi_that_was_corrected_brings_no_other_paper_in(tmp_path: Path) -> None:
    def written(name: str, title: str, doi: str, abstract: str) -> Path:
        file = tmp_path / name
        file.write_text(json.dumps({"title": title, "doi": doi, "abstract": abstract}), encoding="utf-8")
        return file

    diving = "Otters dive to twenty metres in the sea and stay below for a minute."
    with Assistant(data_dir=tmp_path / "own") as own:
        own.add(written("a.json", "Otter diving depths", "10.1000/wrong", diving))
        own.add(written("a.json", "Otter diving depths", "10.1000/right", diving))
        own.add(
            written(
                "b.json",
                "Diving depths of otters in lakes",
                "10.1000/wrong",
                "Lakes of the north hold few otters, as ice keeps them.",
            )
        )
        held = {paper.title: paper.abstract for paper in own.papers()}
    assert held["Otter diving depths"] == diving and "ice" in held["Diving depths of otters in lakes"]


def test_threads_that_ask_first_open_one_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Assistant(data_dir=tmp_path) as own:
        own.add(Paper(title="Otters", abstract="Otters dive to twenty metres."))
    opened = []

    class Counted(Assistant):
        def __init__(self) -> None:
            opened.append(self)
            time.sleep(0.1)
            super().__init__(data_dir=tmp_path)

    monkeypatch.setattr("assistant.library.Assistant", Counted)
    assistant.library._opened.cache_clear()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(assistant.ask, ["How deep do otters dive?"] * 4))
    assert len(opened) == 1 and {answer.status for answer in answers} == {"answered"}
    assistant.library._opened.cache_clear()
    opened[0].close()


def test_several_threads_open_a_folder_at_once(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as own:
        own.add(Paper(title="Otters", abstract="Otters dive to twenty metres."))

    def opened(_: int) -> str:
        with Assistant(data_dir=tmp_path) as one:
            return one.ask("How deep do otters dive?").status

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(opened, range(8))) == ["answered"] * 8
    assert sum(folder.name.startswith("gen-") for folder in (tmp_path / "chroma").iterdir()) == 1


def test_an_answer_as_json_has_no_bodies_that_nothing_quotes(tmp_path: Path) -> None:
    sections = tuple(
        Section(f"Lake {number} holds {number + 3} otters. " * 20, f"Lake {number}") for number in range(30)
    )
    with Assistant(data_dir=tmp_path) as own:
        own.add(Paper(title="Otters of lakes", abstract="We count otters in lakes.", body=sections))
        answer = own.ask("How many otters does lake 7 hold?")
    found = answer.to_dict()
    assert found == json.loads(json.dumps(found))
    assert found["citations"] and len(found["citations"][0]["paper"]["body"]) < 5


def test_a_file_s_name_in_a_follow_up_keeps_the_conversation(tmp_path: Path) -> None:
    file = tmp_path / "lakes.md"
    file.write_text(
        "# Otters in Lakes\n\nOtters of lakes dive to nine metres, as lakes are shallow.\n", encoding="utf-8"
    )
    with Assistant(data_dir=tmp_path / "own") as own:
        own.add([Paper(title="SeaOtter: Diving", abstract="SeaOtter finds otters that dive to twenty metres."), file])
        asked = own.ask("What does SeaOtter find?")
        turns = [{"role": "user", "content": asked.question}, {"role": "assistant", "content": asked.text}]
        answer = own.ask("how does it differ from lakes.md?", history=turns)
        assert "SeaOtter" in answer.standalone_question and "Otters in Lakes" in answer.standalone_question
        assert own.chain.invoke("What is lakes.md about?")["answer"].citations[0].paper.title == "Otters in Lakes"


def test_a_pasted_text_looks_for_papers_by_its_first_words_in_no_long_time(library: Assistant) -> None:
    title = library.papers()[7].title
    assert library.find_papers(title)[1] >= 1
    start = time.process_time()
    assert library.find_papers(" ".join([title] * 200))[1] >= 1  # said twice is said once
    assert library.find_papers(" ".join(f"{title} w{number}" for number in range(3000)))[1] == 0
    assert time.process_time() - start < 1


def test_threads_of_one_library_wait_for_each_other_to_write(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path, reranker="off") as library:
        library.add(Paper("Otters", "Otters swim in cold rivers."))

        def write(name: str) -> None:
            for number in range(4):
                library.add(Paper(f"{name} {number}", f"{name} swim in river number {number}."))
                assert library.search(name)
            library.remove([f"{name} 0"])

        with ThreadPoolExecutor(3) as threads:
            for done in [threads.submit(write, name) for name in ("Beavers", "Newts", "Frogs")]:
                done.result()
        assert library.counts()[0] == 1 + 3 * 3
