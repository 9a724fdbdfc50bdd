"""Answers in the chat, as Markdown: claims with their marks, the status where it is not simply answered, the scope."""

from collections.abc import Sequence
from typing import Any

from assistant.answers import Answer, Claim, Status
from assistant.conversations import Conversation
from assistant.markup import escape_markdown

STATUS: dict[Status, str] = {"answered": "Answered", "partial": "Partly answered", "not_found": "Not found"}
UNANSWERED = "*There is no answer: it was interrupted, or is still being written. Retry, below, asks again.*"
Message = dict[str, Any]


def quote_key(turn: int, claim: int, number: int) -> str:
    """What a chip in the chat and the marked sentences in the evidence panel share: turn, claim and paper."""
    return f"quote-{turn}-{claim}-{number}"


def claims_markdown(claims: Sequence[Claim], turn: int) -> str:
    """Supported claims as Markdown, one paragraph each; marks become chips that point at their sentences in the panel."""
    lines = [
        f"{_lead(claim)}{escape_markdown(claim.text)}{_chips(claim, turn, index)}"
        for index, claim in enumerate(claims)
        if claim.verdict == "supported"
    ]
    return "\n\n".join(lines)


def _lead(claim: Claim) -> str:
    return f"**{escape_markdown(claim.lead.rstrip(': '))}**\n\n" if claim.lead else ""


def _chips(claim: Claim, turn: int, index: int) -> str:
    """The marks are ours, and never read from a paper's text."""
    numbers = dict.fromkeys(citation.number for citation in claim.citations)
    return "".join(f" [\\[{number}\\]](#{quote_key(turn, index, number)})" for number in numbers)


def answer_markdown(answer: Answer, turn: int) -> str:
    """The finished answer: what was understood and asked in, the status where it is not simply answered, the claims."""
    parts = []
    if answer.was_rewritten:
        parts.append(f"*Understood as: {escape_markdown(answer.standalone_question)}*")
    if answer.scope:
        parts.append(f"*Asked in {escape_markdown(answer.scope)}*")
    if answer.status == "not_found":
        reason = answer.reason.removeprefix("Not found: ")
        status = f"**{STATUS[answer.status]}.** " if answer.passages else ""  # a greeting is not looked for
        parts.append(f"{status}{escape_markdown(reason[:1].upper() + reason[1:])}")
    else:
        if answer.status == "partial":
            parts.append(f"**{STATUS[answer.status]}:** {escape_markdown(answer.reason)}")
        parts.append(claims_markdown(answer.claims, turn))
    return "\n\n".join(parts)


def user_message(question: str) -> Message:
    """A question as a chat message."""
    return {"role": "user", "content": escape_markdown(question)}


def assistant_message(markdown: str) -> Message:
    """Markdown that is escaped already as a chat message."""
    return {"role": "assistant", "content": markdown}


def messages(conversation: Conversation) -> list[Message]:
    """The whole conversation as chat messages: turn n, from 0, is messages 2n and 2n + 1."""
    answered = [
        message
        for number, turn in enumerate(conversation.turns, 1)
        for message in (user_message(turn.question), assistant_message(answer_markdown(turn.answer, number)))
    ]
    if not conversation.unanswered:
        return answered
    return [*answered, user_message(conversation.unanswered), assistant_message(UNANSWERED)]
