"""A small memory of what was computed last."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


class Recent(Generic[_K, _V]):
    """Holds the `limit` entries that were asked for or kept last. Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries = OrderedDict[_K, _V]()
        self._lock = threading.Lock()

    def find(self, keys: Iterable[_K]) -> dict[_K, _V]:
        """The entries of those of `keys` that are held."""
        with self._lock:
            found = {key: self._entries[key] for key in keys if key in self._entries}
            for key in found:
                self._entries.move_to_end(key)
        return found

    def keep(self, entries: Mapping[_K, _V]) -> None:
        """Takes entries in, and forgets what was not used for longest."""
        with self._lock:
            self._entries.update(entries)
            for key in entries:
                self._entries.move_to_end(key)
            while len(self._entries) > self._limit:
                self._entries.popitem(last=False)
