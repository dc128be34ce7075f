"""Mappings that learn, and take the latest rows back: a page that was only tried must leave no trace."""

from collections.abc import Hashable, MutableMapping
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_ABSENT = object()


class Journal:
    """Writes into mappings, and remembers what stood there, unless it is told that what it writes is final."""

    def __init__(self) -> None:
        self.final = False
        self._entries: list[tuple[MutableMapping[Any, Any], Hashable, object]] = []

    def put(self, store: MutableMapping[K, V], key: K, value: V) -> None:
        """Set a key, so that it can be taken back."""
        if not self.final:
            self._entries.append((store, key, store.get(key, _ABSENT)))
        store[key] = value

    def mark(self) -> int:
        """Where the journal stands."""
        return len(self._entries)

    def rewind(self, mark: int) -> None:
        """Take back all that was put since a mark; the order of keys is as it was, too."""
        while len(self._entries) > mark:
            store, key, before = self._entries.pop()
            if before is _ABSENT:
                del store[key]
            else:
                store[key] = before

    def forget(self, mark: int) -> None:
        """Make what was put before a mark final; later marks move down by as much."""
        del self._entries[:mark]
