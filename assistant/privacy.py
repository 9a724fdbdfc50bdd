"""Switches off what dependencies would send from the machine: telemetry, analytics, tracing and version checks."""

import os

_OFF = {
    "ANONYMIZED_TELEMETRY": "False",  # Chroma
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",  # Gradio's dependency
    "LANGSMITH_TRACING": "false",  # LangChain sends every prompt to a tracing service where these are set
    "LANGSMITH_TRACING_V2": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime's official builds keep a device id and send events from native code
    "DO_NOT_TRACK": "1",
}


def silence() -> None:
    """Sets every off switch in this process's environment. Call before the dependency is imported."""
    os.environ.update(_OFF)
