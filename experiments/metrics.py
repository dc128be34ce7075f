"""What a run was worth, from its event log alone."""

import json
from collections.abc import Sequence
from os.path import commonprefix
from typing import Any


def summarise(lines: Sequence[str]) -> dict[str, Any]:
    """Figures of a run.

    Parameters
    ----------
    lines : sequence of str
        Its event log.

    Returns
    -------
    dict
        ``seconds`` counts from the first page to the last event by the session's clock, plus, where that clock stands
        still while the machine works out a page, the measured seconds of that work (``compute_s``).
        ``bits_from_prior`` is what the prior gave the selected slots against even odds, ``bits_from_person`` what the
        signals added, in bits, summed over selections. ``correct_chars_per_min`` counts the characters of the document
        up to its first mistake.
    """
    events = [json.loads(line) for line in lines]
    session = events[0]
    pages = {e["trial"]: e for e in events if e["kind"] == "page"}
    selections = [e for e in events if e["kind"] == "selection"]
    taken = [e for e in selections if e["slot"] is not None]
    commands = [pages[e["trial"]]["slots"][e["slot"]].get("command") for e in taken]
    document = next((e["text"] for e in reversed(events) if e["kind"] == "document"), session["document"])
    target = session["target"]
    compute_s = sum(sum(page["seconds"].values()) for page in pages.values())
    start = next((e["t"] for e in events if e["kind"] == "page"), session["t"])
    seconds = events[-1]["t"] - start + (0.0 if session["clock"]["counts_compute"] else compute_s)
    correct = len(commonprefix((document, target))) - len(commonprefix((session["document"], target)))  # noqa: RUF071
    return {
        "target": target,
        "document": document,
        "exact": document == target,
        "n_pages": len(pages),
        "n_selections": len(taken),
        "n_undos": commands.count("undo"),
        "seconds": seconds,
        "compute_s": compute_s,
        "correct_chars_per_min": 60.0 * correct / seconds if seconds > 0 else 0.0,
        "bits_from_prior": sum(e["bits_from_prior"] for e in taken),
        "bits_from_person": sum(e["bits_from_person"] for e in taken),
        "control": session["config"]["control"],
        "faults": sum(e["kind"] == "fault" for e in events),
        "timing_model": timing_model(session),
        "worth": _worth(document, target, correct, len(pages), len(taken), session["config"]["control"]),
    }


def timing_model(session: dict[str, Any]) -> str:
    """In words, what a second of this session was made of."""
    layout, stopping = session["config"]["layout"], session["config"]["stopping"]
    compute = (
        "computing time passes on the session's own clock"
        if session["clock"]["counts_compute"]
        else "the measured computing time of each page is added, since the clock stands still meanwhile"
    )
    return (
        f"Each page is shown for {layout['gap_s']:g} s (feedback and finding the next target) plus "
        f"{layout['read_word_s']:g} s per word of its candidates before anything counts; letters stand in fixed places "
        f"and take no reading. Stimulation runs in real durations at {session['screen']['refresh_hz']:g} Hz until the "
        f"posterior reaches {stopping['p']:g} (at most {stopping['max_blocks']} blocks and {stopping['tail_s']:g} s "
        f"for the last epochs); {compute}."
    )


def _worth(document: str, target: str, correct: int, n_pages: int, n_taken: int, control: str) -> str:
    """One sentence on what came of it."""
    under = "" if control == "none" else f" under the control '{control}'"
    if document == target:
        return f"The target was written{under} in {n_pages} pages."
    n_wanted = len(target)
    return (
        f"The target was not written{under}: after {n_pages} pages and {n_taken} selections, "
        f"{correct} of {n_wanted} characters are right."
    )
