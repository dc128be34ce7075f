"""How results are told to people; programs read the same values as JSON."""

import math
from collections import Counter
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDEST_REASON = 300  # characters


def demo(values: dict[str, Any]) -> None:
    """A run: what was written, what it was worth, and where its files lie."""
    console = Console()
    console.print(values["document"], style="bold", markup=False)
    console.print(values["worth"])
    console.print(
        f"{values['n_selections']} selections, {values['n_undos']} undone, {values['seconds']:.0f} s: "
        f"{values['correct_chars_per_min']:.1f} correct characters per minute; "
        f"{values['bits_from_prior']:.0f} bits came from the language model, "
        f"{values['bits_from_person']:.0f} from the person."
    )
    console.print(values["timing_model"], style="dim")
    console.print(f"Files: {values['session']}", soft_wrap=True, highlight=False)


def replay(values: dict[str, Any]) -> None:
    """How a replay compares with its log."""
    for run in values.get("runs", [values]):
        print(
            f"{run['session']}: {run['n_identical']} of {run['n_events']} events identical, "
            f"{run['speed_x']:.0f} times real time. {run['ended']}"
        )


def scores(values: dict[str, Any]) -> None:
    """Decoders beside each other, with intervals."""
    table = Table(title=f"{values['dataset']}, protocol {values['protocol']}")
    for column in ("subject", "decoder", "metric", "value", "95 % interval", "n"):
        table.add_column(column)
    for s in values["scores"]:
        key = s["metric"] if s["at"] is None else f"{s['metric']}@{s['at']:g}"
        interval = "" if s.get("low") is None else f"{s['low']:.3f} to {s['high']:.3f}"
        table.add_row(str(s["subject"]), s["decoder"], key, f"{s['value']:.3f}", interval, str(s["n"]))
    console = Console()
    console.print(table)
    console.print("Mean: " + ", ".join(f"{key} {value:.3f}" for key, value in values["mean"].items()))
    if journey := values.get("over_lsl"):
        console.print(
            f"Over LSL at {journey['speed']:g} times the speed: {journey['samples_lost']} of {journey['n_samples']} "
            f"samples lost, times moved by at most {journey['largest_time_error_ms']:.2f} ms, scores by at most "
            f"{journey['largest_score_difference']:.4f}."
        )


def comparison(values: dict[str, Any]) -> None:
    """Decoders on every data set beside public methods; * marks defaults."""
    table = Table(title="Main protocols beside public methods on the same recordings")
    for column in ("dataset", "decoder", "person", "figure", "value", "95 % interval", "n", "public", "difference"):
        table.add_column(column)
    for row in values["table"]:
        anchor = row["anchor"]
        ends = () if anchor is None else anchor if isinstance(anchor, tuple) else (anchor,)
        table.add_row(
            row["dataset"],
            row["decoder"] + ("*" if row["default"] else ""),
            row["subject"] or "mean",
            row["figure"],
            f"{row['value']:.3f}",
            "" if row["low"] is None else f"{row['low']:.3f} to {row['high']:.3f}",
            str(row["n"]),
            " to ".join(f"{end:.3f}" for end in ends),
            "" if row["difference"] is None else f"{row['difference']:+z.3f}",
        )
    console = Console()
    console.print(table)
    for name, anchor in values["anchors"].items():
        if anchor is not None:
            console.print(f"{name}: {anchor['method']}. {anchor['note']}".rstrip(), style="dim")
    if values["mean_difference"] is not None:
        mean, n = values["mean_difference"], len(values["differences"])
        console.print(f"Defaults less public methods: {mean:+z.3f}, mean over {n} data set{'' if n == 1 else 's'}.")


def bench(values: dict[str, Any]) -> None:
    """A table of measurements."""
    rows = values["table"]
    table = Table(title=values["bench"], box=box.SIMPLE)
    for column in rows[0]:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(f"{v:.2g}" if isinstance(v, float) else str(v) for v in row.values()))
    console = Console()
    console.print(table)
    console.print(values["notes"], style="dim")
    for part in values.get("parts", {}).values():
        bench(part)


def models(values: dict[str, Any]) -> None:
    """The models that ship."""
    table = Table()
    for column in ("name", "kind", "MB", "licence", "made by"):
        table.add_column(column)
    for m in values["models"]:
        table.add_row(m["name"], m["kind"], f"{m['bytes'] / 1e6:.1f}", m["licence"], m["made"])
    Console().print(table)


def faults(values: dict[str, Any]) -> None:
    """What is wrong with the models, if anything."""
    for name, fault in values["faults"].items():
        print(fault or f"Model {name} is whole.")


def model(values: dict[str, Any]) -> None:
    """Where a model that was made lies."""
    print(values["file"])


def notes(values: dict[str, Any]) -> None:
    """What came of fitting, kind by kind."""
    for kind, said in values["kinds"].items():
        print(f"{kind}:", *said, sep="\n  ")
    print(values["file"])


def devices(values: dict[str, Any]) -> None:
    """Streams and devices that there are."""
    from experiments.streams.devices import device_table

    console = Console()
    if values["streams"]:
        console.print(device_table(values["streams"]))
    for device in values["devices"]:
        console.print(device["sentence"])
    console.print(values["sentence"])


def points(values: dict[str, Any]) -> None:
    """What speaks for and against an experiment with this set-up."""
    console = Console()
    for point in values["points"]:
        console.print("[green]yes[/]" if point["ok"] else "[bold red]NO [/]", point["sentence"])
    console.print(values["sentence"], style="bold")


def played(values: dict[str, Any]) -> None:
    """What was played."""
    print(f"{sum(values['n_samples'].values())} samples and {values['n_markers']} markers were played.")


def suggestions(values: dict[str, Any]) -> None:
    """What may come next, best first, and how many were dropped for which reason."""
    console = Console()
    before, after = values["context"]["before"], values["context"]["after"]
    console.print(before.rpartition("\n")[2] + "▏" + after.partition("\n")[0], style="bold", markup=False)
    table = Table(box=box.SIMPLE_HEAD)
    for column, justify in (("candidate", "left"), ("p", "right"), ("source", "left"), ("scores", "left")):
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    table.add_column("verdicts", overflow="fold")
    table.add_column("ms", justify="right")
    for c in values["candidates"]:
        told = [f"{v['stage']}: {v['reason'] or v['rule']}" for v in c["verdicts"] if v["rule"]]
        scores = ", ".join(f"{name} {log_p:.1f}" for name, log_p in c["stages"].items())
        shown = Text(c["text"].replace("\n", "⏎").replace("\t", "⇥"), "bold")
        p = f"{math.exp(c['log_p']):.2g}"
        table.add_row(shown, p, c["source"], Text(scores, "dim"), Text("; ".join(told) or "✓"), f"{c['ms']:.2f}")
    console.print(table)
    for reason, n in Counter(c["verdicts"][-1]["reason"] for c in values["dropped"]).most_common(5):
        console.print(f"{n} dropped: {reason}", style="dim", markup=False)
    for fault in values["faults"]:
        console.print(fault, style="red", markup=False)
    console.print(", ".join(f"{stage} {1e3 * s:.0f} ms" for stage, s in values["seconds"].items()), style="dim")


def verdicts(values: dict[str, Any]) -> None:
    """What was found in files: errors in red, matters of style dim, and how many there are."""
    console = Console(highlight=False, soft_wrap=True)
    for file in values["files"]:
        for v in file["verdicts"]:
            if v["rule"]:
                place = ":".join(str(part) for part in (file["file"], v.get("cell"), v["line"]) if part is not None)
                reason = _cut(visible(v["reason"].removeprefix(f"Line {v['line']}: ")))
                told = f"{visible(place)}: {v['stage']} {v['rule']}: {reason}"
                console.print(Text(told, "dim" if v["ok"] else "red"))
    n, n_invalid = len(values["files"]), sum(not file["ok"] for file in values["files"])
    counts = (n, "file"), (n_invalid, "invalid"), (values["n_errors"], "error"), (values["n_style"], "matter of style")
    print(", ".join(f"{n} {_plural(what, n)}" for n, what in counts) + ".")


def visible(text: str) -> str:
    """A text in one line, in which what a terminal would obey rather than show is written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST_REASON else text[: _WIDEST_REASON - 1] + "…"


def _plural(what: str, n: int) -> str:
    forms = {"file": "files", "error": "errors", "matter of style": "matters of style"}
    return what if n == 1 else forms.get(what, what)
