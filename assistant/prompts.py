"""Loads, validates and renders `prompts/*.md`, without a model.

A prompt file holds an HTML comment that says what it is for, then `## system` and `## user` parts with `$name`
placeholders (`string.Template`: braces need no escape, and text put in place of a name is never read again).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from string import Template

from assistant.errors import PromptError
from assistant.resources import resource


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt's two templates and the variables that they need."""

    name: str
    system: Template
    user: Template

    @property
    def variables(self) -> set[str]:
        """The names that `render` must be given."""
        return set(self.system.get_identifiers()) | set(self.user.get_identifiers())

    def render(self, **values: str) -> list[tuple[str, str]]:
        """Messages as (role, text), ready for a chat model. Raises PromptError where names are missing or unknown."""
        if values.keys() != self.variables:
            raise PromptError(
                f"prompts/{self.name}.md needs {sorted(self.variables)} but was given {sorted(values)}; "
                "restore the file or change its $names"
            )
        return [("system", self.system.substitute(values)), ("user", self.user.substitute(values))]


@lru_cache
def load_prompt(name: str) -> Prompt:
    """The prompt of file `prompts/<name>.md`. Raises PromptError where it is missing or lacks a part."""
    path = resource("prompts", f"{name}.md")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise PromptError(f"the prompt file {path} cannot be read; install assistant again") from None
    parts = re.split(
        r"^## (system|user)[ \t]*$", re.sub(r"\A\s*<!--.*?-->", "", text, flags=re.DOTALL), flags=re.MULTILINE
    )
    found = dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
    if not found.get("system") or not found.get("user"):
        raise PromptError(f"{path} must hold a '## system' and a '## user' part, each with text")
    templates = {part: Template(text) for part, text in found.items()}
    invalid = [part for part, template in templates.items() if not template.is_valid()]
    if invalid:
        raise PromptError(f"{path}: a '$' in the {invalid[0]} part starts no name; write '$$' for a dollar sign")
    return Prompt(name, templates["system"], templates["user"])
