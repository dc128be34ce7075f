"""Draw a run from its files: one trial from signal to selection, and the document that grew."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acquisition.recording import Recording
from acquisition.stimulus import StimulusBlock
from experiments.config import load
from experiments.folder import RunFolder
from experiments.rig import signals, wiring

_INK, _FAINT, _SIGNAL, _PRIOR = "#222222", "#b8b8b8", "#0b6e99", "#d98c00"
_VISIBLE = str.maketrans({" ": "␣", "\n": "⏎", "\t": "⇥"})
_OTHERS = ("#7a7a7a", "#d98c00", "#4f9a4a", "#b5523b", "#8a5fa8")


def draw_run(folder: RunFolder, path: Path) -> None:
    """Draw a run into a file.

    Parameters
    ----------
    folder : RunFolder
    path : Path
        Ends in .svg, .png or .pdf.

    Raises
    ------
    ValueError
        If the file's ending is another, or the run holds no selection.
    """
    if path.suffix not in (".svg", ".png", ".pdf"):
        raise ValueError(f"Argument '--picture' must end in .svg, .png or .pdf (got {path.name!r}).")
    events = [json.loads(line) for line in folder.read_events()]
    trial = _telling_trial(events)
    if trial is None:
        raise ValueError(f"{folder.path} holds no selection that could be drawn.")
    with mpl.rc_context(
        {"font.family": "DejaVu Sans", "font.size": 9, "svg.fonttype": "path", "svg.hashsalt": "assent"}
    ):
        figure = Figure(figsize=(9, 7.2), layout="constrained")
        signal, belief, document = figure.subplots(3, 1, height_ratios=(1.2, 1.2, 1.6))
        _draw_signal(signal, folder, events, trial)
        _draw_posterior(belief, events, trial)
        _draw_document(document, events)
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)


def _telling_trial(events: Sequence[dict[str, Any]]) -> int | None:
    """The selected candidate with most text: the trial that says most."""
    pages = {e["trial"]: e for e in events if e["kind"] == "page"}
    taken = [e for e in events if e["kind"] == "selection" and e["slot"] is not None]
    if not taken:
        return None
    return int(max(taken, key=lambda e: len(_text(pages[e["trial"]], e["slot"])))["trial"])


def _of_trial(events: Sequence[dict[str, Any]], trial: int) -> list[dict[str, Any]]:
    """All events from a trial's page up to its selection."""
    first = next(i for i, e in enumerate(events) if e["kind"] == "page" and e["trial"] == trial)
    last = next(i for i, e in enumerate(events) if e["kind"] == "selection" and e["trial"] == trial)
    return list(events[first : last + 1])


def _draw_signal(axes: Axes, folder: RunFolder, events: Sequence[dict[str, Any]], trial: int) -> None:
    """The stream that decided, and the flashes of the slot that was selected."""
    mine = _of_trial(events, trial)
    start, end = mine[0]["t"], mine[-1]["t"]
    slot = mine[-1]["slot"]
    config, recording = load(folder.config), Recording(folder.signals)
    held = signals(config, recording.streams, keep_s=np.inf)
    held.append(recording.pull(end))
    eeg = wiring(config).stream == "eeg"
    times, data = held.times("eeg" if eeg else "gaze"), held.data("eeg" if eeg else "gaze")
    window = (times >= start) & (times <= end)
    if eeg:
        channels = held.streams["eeg"].channels
        channel = channels.index("Pz") if "Pz" in channels else len(channels) // 2
        axes.plot(times[window] - start, 1e6 * data[window, channel], color=_INK, linewidth=0.7)
        axes.set_ylabel(f"{channels[channel]} (µV)")
        flashes = _flashes(mine)
        for time, slots in flashes:
            lit = bool(slots[slot])
            axes.axvline(time - start, ymax=0.12, color=_SIGNAL if lit else _FAINT, linewidth=2.0 if lit else 0.8)
        axes.set_title(
            "1  Signals: EEG, and the flashes (blue: those that lit the slot selected in the end)", loc="left"
        )
    else:
        for column, label in enumerate(("x", "y")):
            axes.plot(times[window] - start, data[window, column], linewidth=0.8, label=label)
        axes.set_ylabel("gaze (px)")
        axes.legend(frameon=False)
        axes.set_title("1  Signals: where the person looks", loc="left")
    axes.set_xlim(0, end - start)


def _flashes(events: Sequence[dict[str, Any]]) -> list[tuple[float, np.ndarray]]:
    """Measured onsets of a trial, and which slots lit up."""
    flashes: list[tuple[float, np.ndarray]] = []
    block: StimulusBlock | None = None
    shown = 0
    for event in events:
        if event["kind"] == "block":
            block, shown = StimulusBlock.from_dict(event, np.zeros((len(event["codes"]), 4))), 0
        elif event["kind"] == "flips" and block is not None and event["flips"]:
            times = event["flips"]
            flashes += [(times[f - shown], slots) for f, slots in block.flashes if shown <= f < shown + len(times)]
            shown += len(times)
    return flashes


def _draw_posterior(axes: Axes, events: Sequence[dict[str, Any]], trial: int) -> None:
    """How the probability of the likeliest slots grew while the signals spoke."""
    mine = _of_trial(events, trial)
    page, start, end = mine[0], mine[0]["t"], mine[-1]["t"]
    growth = [(e["t"], e["p"]) for e in mine if e["kind"] == "posterior"]
    times = np.array([start, *(t for t, _ in growth)]) - start
    p = np.array([page["mass"], *(p for _, p in growth)])
    chosen = mine[-1]["slot"]
    rivals = [slot for slot in np.argsort(p[:, :-1].max(axis=0))[::-1] if slot != chosen][: len(_OTHERS)]
    for slot, color, width in zip([chosen, *rivals], (_SIGNAL, *_OTHERS), (2.2, *[1.0] * len(rivals)), strict=True):
        label = _text(page, slot).translate(_VISIBLE)
        axes.step(times, p[:, slot], where="post", color=color, linewidth=width, label=label)
    threshold = events[0]["config"]["stopping"]["p"]
    axes.axhline(threshold, color=_FAINT, linestyle="--", linewidth=0.8)
    axes.axvspan(0, page["read_s"], color="#f2f2f2")
    axes.text(page["read_s"] / 2, 0.5, "reading", ha="center", color="#777777")
    axes.set(xlim=(0, end - start), ylim=(0, 1), xlabel="s since the page appeared", ylabel="probability")
    axes.legend(frameon=False, loc="center left", ncols=1)
    axes.set_title(
        "2  Posterior: prior of the language model times what the signals say, up to the threshold", loc="left"
    )


def _draw_document(axes: Axes, events: Sequence[dict[str, Any]]) -> None:
    """What each selection added, when, and how many bits came from where."""
    pages = {e["trial"]: e for e in events if e["kind"] == "page"}
    taken = [e for e in events if e["kind"] == "selection" and e["slot"] is not None]
    start = pages[0]["t"]
    for e in taken:
        time = e["t"] - start
        person, prior = e["bits_from_person"], e["bits_from_prior"]
        axes.bar(
            time, person, width=0.9, color=_SIGNAL, align="edge", label="from the person" if e is taken[0] else None
        )
        axes.bar(
            time + 1.0, prior, width=0.9, color=_PRIOR, align="edge", label="from the prior" if e is taken[0] else None
        )
        label = _text(pages[e["trial"]], e["slot"]).translate(_VISIBLE)
        axes.annotate(label, (time + 1.0, max(person, prior, 0.0) + 0.3), rotation=60, fontsize=8)
    axes.axhline(0, color=_INK, linewidth=0.6)
    axes.margins(y=0.35)
    axes.set(xlabel="s since the first page", ylabel="bits per selection")
    axes.legend(frameon=False, loc="lower right", ncols=2)
    document = next((e["text"] for e in reversed(events) if e["kind"] == "document"), "")
    axes.set_title(f"3  Document: “{document.translate(_VISIBLE) if len(document) < 80 else '…'}”", loc="left")


def _text(page: dict[str, Any], slot: int) -> str:
    chosen = page["slots"][slot]
    return str(chosen.get("text") or chosen["command"])
