"""The turns of a conversation: asked, asked again, stopped, taken away, and shown with all that depends on them."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from assistant.answers import Claim, Event
from assistant.app.common import guarded
from assistant.conversations import Conversation, Turn
from assistant.errors import AssistantError
from assistant.library import Assistant
from assistant.markup import unescape_markdown
from assistant.page import answers, evidence
from assistant.questions.reading import read_question
from assistant.records import counted

_SEARCHING, _WRITING = "Searching the papers …", "The model is writing …"
_CHIP = re.compile(r" \[\\\[(\d+)\\\]\]\(#quote-[\w-]*\)")  # of an answer that was stopped no evidence is shown

Update = tuple[Any, ...]  # chatbot, evidence, conversation id, conversations, the frame and the text of the rewrite box
_OUTPUTS = 6


class Turns:
    """The callbacks that change or show turns. None of them raises: an exception would lock Gradio's input until a reload."""

    def __init__(self, library: Assistant) -> None:
        self._library = library
        self._stored = library.conversations

    def ask(
        self, question: str, conversation_id: str, papers: list[str], years: list[int], sources: list[str]
    ) -> Iterator[Update]:
        """Streams the answer to a question into the conversation."""
        if not question.strip():
            yield (gr.skip(),) * _OUTPUTS
            return
        yield from self._answer(question, self._stored.get(conversation_id), (papers, years, sources))

    def ask_typed(self, question: str, *chosen: Any) -> Iterator[tuple[Any, ...]]:
        """Streams the answer to what is typed, and empties the box."""
        for number, update in enumerate(self.ask(question, *chosen)):
            yield (*update, gr.skip() if number else "")

    def again(
        self,
        conversation_id: str,
        papers: list[str],
        years: list[int],
        sources: list[str],
        rewritten: str | None = None,
    ) -> Iterator[Update]:
        """Asks the last question again, as the reader words it where it is `rewritten`; the answer takes the old one's place
        once it is done, and what stops or fails before leaves that standing."""
        conversation = self._stored.get(conversation_id)
        if not conversation.turns or conversation.unanswered:  # of the last question there is no answer
            yield (gr.skip(),) * _OUTPUTS
            return
        *earlier, last = conversation.turns
        before = replace(conversation, turns=tuple(earlier))
        yield from self._answer(last.question, before, (papers, years, sources), last, rewritten)

    def retry(
        self, shown: list[Any], conversation_id: str, papers: list[str], years: list[int], sources: list[str]
    ) -> Iterator[Update]:
        """Asks the last question of the chat again."""
        if unanswered := self._unanswered(shown, self._stored.get(conversation_id)):
            yield from self.ask(unanswered, conversation_id, papers, years, sources)
        else:
            yield from self.again(conversation_id, papers, years, sources)

    def _answer(
        self,
        question: str,
        before: Conversation,
        scope: tuple[list[str], list[int], list[str]],
        standing: Turn | None = None,
        rewritten: str | None = None,
    ) -> Iterator[Update]:
        """Streams an answer after the turns of `before` and stores it there, in the place of `standing` where that is given."""
        before = replace(before, unanswered="")
        shown = [*answers.messages(before), answers.user_message(question)]
        number = len(before.turns) + 1
        papers, years, sources = scope
        claims: list[Claim] = []
        searching = self._saying(shown, _SEARCHING)
        # What is asked anew has no understanding yet that could be reworded: the form would change the answer before.
        yield searching if standing else (*searching[:-2], gr.Accordion(visible=False), gr.skip())
        try:
            if not standing:
                read_question(question)  # what cannot be asked need not be kept
                before = replace(before, id=self._stored.ask(before.id, question).id)
                if not before.turns:  # it is listed from now on
                    yield (gr.skip(), gr.skip(), before.id, self.newest(before.id), gr.skip(), gr.skip())
            for event in self._library.stream(
                question, before.history, papers or None, years or None, rewritten, sources or None
            ):
                if not self._stored.holds(before.id):
                    return  # it was deleted meanwhile, which may come before Gradio can cancel this
                if event.kind == "done" and event.answer:
                    yield self.show(self._stored.append(before.id, event.answer, standing))
                else:
                    yield from self._update(event, shown, claims, number)
            return
        except AssistantError as error:
            said = str(error)
        except Exception:  # anything that escapes would lock the page; the log has the details
            logging.getLogger(__name__).exception("the page could not answer")
            said = "Something went wrong. Ask again; the terminal shows the details."
        gr.Warning(said)
        if standing:
            yield self._showing(answers.messages(self._stored.get(before.id)))
        else:
            yield self._saying(shown, answers.escape_markdown(said))

    def stopped(self, shown: list[Any], typed: str, conversation_id: str) -> tuple[Any, Any]:
        """Says that the answer was stopped; what was asked goes back into the box where nothing was answered yet. Of a question
        asked again, the answer that stands is shown."""
        stored = self._stored.get(conversation_id)
        if sum(message.get("role") == "user" for message in shown) <= len(stored.turns):
            return answers.messages(stored), gr.skip()
        *before, last = shown
        if last.get("role") != "user" and not _plain_text(last).startswith((_SEARCHING, _WRITING)):
            begun = _CHIP.sub(r" \\[\1\\]", _content(last))  # it stays as far as it came
            return [*before, answers.assistant_message(f"{begun}\n\n*Stopped.*")], gr.skip()
        if last.get("role") == "user":
            before = shown
        asked = typed if typed.strip() else _plain_text(before[-1])
        return [*before, answers.assistant_message("*Stopped.*")], asked

    def _unanswered(self, shown: list[Any], conversation: Conversation) -> str:
        """The question at the end of the chat whose answer is not stored, as one that was stopped or failed; "" where there is
        none."""
        asked = [message for message in shown if message.get("role") == "user"]
        return _plain_text(asked[-1]) if len(asked) > len(conversation.turns) else ""

    def _showing(self, messages: list[answers.Message]) -> Update:
        return (messages, *(gr.skip(),) * (_OUTPUTS - 1))

    def _saying(self, shown: list[answers.Message], markdown: str) -> Update:
        return self._showing([*shown, answers.assistant_message(markdown)])

    def _update(self, event: Event, shown: list[answers.Message], claims: list[Claim], number: int) -> Iterator[Update]:
        """What one event of a streamed answer, before it is done, changes on the page."""
        if event.kind == "claim" and event.claim:
            claims.append(event.claim)
        elif event.kind == "withdrawn" and event.claim:
            claims.remove(event.claim)
        elif event.kind != "writing":  # Gradio lets go of a reader who left when it is handed something
            return
        yield self._saying(shown, answers.claims_markdown(claims, number) if claims else _WRITING)

    @guarded
    def undo(self, shown: list[Any], conversation_id: str) -> Update:
        """Takes the last question of the chat away, with the answer that is stored of it, and puts it back into the box."""
        conversation = self._stored.get(conversation_id)
        if unanswered := self._unanswered(shown, conversation):
            return (*self.show(self._stored.drop_unanswered(conversation.id)), unanswered)
        if not conversation.turns:
            return (gr.skip(),) * (_OUTPUTS + 1)
        return (*self.show(self._stored.drop_last(conversation.id)), conversation.turns[-1].question)

    def open(self, conversation_id: str | None) -> Update:
        """Shows a stored conversation, or a new one where there is none of this id."""
        return self.show(self._stored.get(conversation_id or ""))

    def show(self, conversation: Conversation) -> Update:
        """Everything on the page that depends on the conversation."""
        last = conversation.turns[-1].answer if conversation.turns else None
        return (
            answers.messages(conversation),
            evidence.evidence_html(conversation),
            conversation.id,
            self.newest(conversation.id),
            gr.Accordion(visible=bool(last and last.was_rewritten and not conversation.unanswered), open=False),
            last.standalone_question if last else "",
        )

    def newest(self, current: str = "") -> Any:
        """The stored conversations, newest first."""
        found = [
            (f"{title} ({counted(turns, 'answer') if turns else 'no answer yet'})", name)
            for name, title, turns in self._stored.newest()
        ]
        return gr.Radio(choices=found, value=current if current in {name for _, name in found} else None)


def _plain_text(message: Any) -> str:
    """The text of a chat message as it was typed."""
    return unescape_markdown(_content(message))


def _content(message: Any) -> str:
    """The Markdown of a chat message, which Gradio hands back in parts."""
    content = message.get("content", "")
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return str(content)
