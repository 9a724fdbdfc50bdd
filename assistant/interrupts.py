"""Ctrl-C that cannot get lost: libraries in C may turn the KeyboardInterrupt that reaches them into an error of their own.

Seen with pydantic-core, which answers an interrupt while it builds a schema with SchemaError: the first question to a model
then went on as if its provider had failed. The command line therefore remembers the key, and whoever is about to explain
an unknown error asks first.
"""

import signal
import threading
from types import FrameType

_pressed = threading.Event()


def watch() -> None:
    """Remembers Ctrl-C from now on, and still raises KeyboardInterrupt for it. For the main thread of a command line only."""
    _pressed.clear()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _remember)


def was_interrupted() -> bool:
    """True once Ctrl-C was pressed; never without `watch`."""
    return _pressed.is_set()


def raise_if_interrupted() -> None:
    """Raises KeyboardInterrupt where an error may be nothing but a Ctrl-C in other clothes."""
    if _pressed.is_set():
        raise KeyboardInterrupt


def forget() -> None:
    """The key was heeded, and what follows is wanted: its errors are its own."""
    _pressed.clear()


def _remember(number: int, frame: FrameType | None) -> None:
    _pressed.set()
    raise KeyboardInterrupt
