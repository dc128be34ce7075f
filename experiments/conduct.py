"""Conduct a run from its first event to its last, and leave whole files whatever happens."""

import contextlib
import errno
import logging
import signal
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from acquisition.stream import StreamLost
from experiments.document import Document
from experiments.loop import assemble
from experiments.session import Session

logger = logging.getLogger(__name__)


def conduct(session: Session, document: Document, opening: Mapping[str, Any], max_pages: int) -> Document:
    """Open the log, write the target, and close the log with the reason.

    Parameters
    ----------
    session : Session
    document : Document
        What there is already.
    opening : mapping
        Fields of the first event; "target" and "document" among them.
    max_pages : int

    Raises
    ------
    StreamLost, OSError, KeyboardInterrupt
        What ended the run early; everything up to then is on disk, and the log says why it ends.
    """
    session.log.write("session", **opening)
    reason = "failed"
    try:
        with _interrupts_between_ticks(session):
            document = assemble(session, document, opening["target"], max_pages)
        reason = "written" if document.text == opening["target"] else "pages used up"
    except KeyboardInterrupt:
        reason = "interrupted"
        raise
    except StreamLost:
        reason = "stream lost"
        raise
    except OSError as error:
        full = errno.ENOSPC in (error.errno, getattr(error.__cause__, "errno", None))
        reason = "disk full" if full else "failed"
        raise
    finally:
        try:
            session.log.write("end", reason=reason)
            session.log.sync()
        except OSError as error:
            logger.warning("%s", error)
    return document


@contextlib.contextmanager
def _interrupts_between_ticks(session: Session) -> Iterator[None]:
    """Let Ctrl-C and a polite kill take effect between two ticks, where every file is whole; twice means at once."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's form
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    def check() -> None:
        if asked:
            raise KeyboardInterrupt

    try:
        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # Not the main thread: signals are somebody else's.
        yield
        return
    session.interrupt = check
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
