"""The settings tab: what is in use, and what to set to change it. Secrets are never shown."""

import gradio as gr

from assistant.doctor import in_use
from assistant.library import Assistant
from assistant.page import papers as shown


def build(library: Assistant) -> None:
    """Lays the tab out. Call inside a gr.Tab."""
    gr.Markdown("Settings come from the environment or from `.env`; restart the page after a change.")
    gr.HTML(shown.settings_html(in_use(library.config)), elem_id="settings", label="Settings")
