"""Calls and prompt characters a question: ours beside paper-qa's own code, on the same questions, papers and server.

    python -m venv /tmp/pqa && /tmp/pqa/bin/pip install paper-qa     # an environment of its own; no dependency of ours
    python benchmarks/paperqa_calls.py /tmp/pqa/bin/python [questions]

The server is `tests/provider.py` on loopback, so nothing is paid and nothing leaves the machine. paper-qa runs with its default
settings but for the model's name and the address; each abstract is one text of its library, as it is one passage of ours.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

SUMMARY = '{"summary": "The excerpt says so.", "relevance_score": 8}'


def ours_and_theirs(python: str, count: int) -> None:
    """Runs both, and prints a line for each."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from provider import Provider, Reply, faithful

    from assistant import Assistant
    from assistant.evaluation import shipped_testset

    asked = [item.question for item in shipped_testset() if item.answerable and not item.history][:count]
    with Provider([Reply(faithful(3))]) as server:
        settings = {"openai_base_url": server.url, "model": "test", "answer_cache": 0}
        with Assistant(**settings) as library:  # type: ignore[arg-type]
            papers = [{"title": p.title, "text": p.abstract} for p in library.papers()]
            for question in asked:
                library.ask(question)
        show("assistant", server, len(asked))
    with Provider([Reply(SUMMARY)]) as server, tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "given.json"
        given.write_text(json.dumps({"url": server.url, "papers": papers, "questions": asked}), encoding="utf-8")
        run = subprocess.run([python, __file__, "--inside", str(given)], capture_output=True, text=True)
        if run.returncode:
            sys.exit(f"paper-qa did not run to its end:\n{run.stderr[-2000:]}")
        show("paper-qa", server, len(asked))


def show(name: str, server: object, questions: int) -> None:
    """One line of figures."""
    calls, characters = server.calls / questions, server.prompt_characters / questions  # type: ignore[attr-defined]
    print(f"{name:10} {calls:6.2f} calls and {characters:8,.0f} prompt characters a question, {questions} questions")


async def inside(given: dict) -> None:
    """What runs in paper-qa's environment: its library filled, each question asked."""
    from paperqa import Doc, Docs, Settings, Text

    router = {
        "model_list": [
            {
                "model_name": "openai/test",
                "litellm_params": {"model": "openai/test", "api_base": given["url"], "api_key": "k"},
            }
        ]
    }
    settings = Settings(
        llm="openai/test",
        llm_config=router,
        summary_llm="openai/test",
        summary_llm_config=router,
        embedding="openai/test",
        embedding_config={"kwargs": {"api_base": given["url"], "api_key": "k", "encoding_format": "float"}},
    )
    docs = Docs()
    for number, paper in enumerate(given["papers"]):
        doc = Doc(docname=f"paper{number}", dockey=f"paper{number}", citation=paper["title"])
        await docs.aadd_texts([Text(text=paper["text"], name=f"paper{number}", doc=doc)], doc, settings=settings)
    for question in given["questions"]:
        await docs.aquery(question, settings=settings)


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        asyncio.run(inside(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))))
    else:
        ours_and_theirs(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20)
