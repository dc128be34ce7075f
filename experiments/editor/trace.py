"""The way of a block, from who wrote it over every stage's score and verdict to who chose it."""

import math
from collections.abc import Mapping
from typing import Any

from rich.text import Text

from experiments.editor.draft import Draft
from experiments.editor.views import visible
from experiments.suggest import Offer


def trace_of(offer: Offer, seconds: Mapping[str, float]) -> dict[str, Any]:
    """What is kept of an offer once it stands in the document, as plain values."""
    return {**offer.to_dict(), "seconds": dict(seconds)}


def offer_trace(offer: Offer | None) -> Text:
    """The way of an offer in two lines."""
    if offer is None:
        return Text("Nothing is offered here.", "dim")
    return _way(visible(offer.candidate.text), offer.to_dict(), "")


def block_trace(draft: Draft) -> Text:
    """The way of the block at the cursor."""
    block = draft.block_at_cursor()
    if block is None:
        return Text("The text at the cursor stood there before.", "dim")
    shown = visible(draft.text[block.begin : block.end])
    if block.writer == "keyboard":
        forced = block.trace.get("forced")
        told = f", although: {forced}" if forced else ""
        return Text.assemble("At the cursor: ", (shown, "bold green"), f", typed by the {block.chooser}{told}")
    return Text("At the cursor: ") + _way(shown, block.trace, f", chosen by the {block.chooser}")


def _way(shown: str, trace: Mapping[str, Any], chosen: str) -> Text:
    stages = ", ".join(f"{name} {math.exp(log_p):.2g}" for name, log_p in trace["stages"].items())
    way = Text.assemble((shown, "bold"), f" by {trace['source']}: p {math.exp(trace['log_p']):.2g}")
    if stages:
        way.append(f" ({stages})", "dim")
    for verdict in trace["verdicts"]:
        sign, style = ("✓", "green") if verdict["ok"] else ("✗", "red")
        told = f" {verdict['rule']}: {verdict['reason']}" if verdict["rule"] else ""
        way.append(f"\n  {sign} {verdict['stage']} {verdict['ms']:.2f} ms{told}", style)
    return way + Text(chosen)
