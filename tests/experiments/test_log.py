"""The event log and the run's folder."""

import json

import pytest

from experiments.folder import RunFolder, unfinished_run
from experiments.log import FileLog, MemoryLog, how_it_ended


def test_file_and_memory_hold_the_same_lines(tmp_path):
    folder = RunFolder.create(tmp_path)
    file, memory = FileLog(folder.events), MemoryLog()
    for log in (file, memory):
        log.now = 0.1 + 0.2
        log.write("page", mass=[1 / 3])
        log.write("document", text="µ\n ")
    file.close()
    assert folder.read_events() == memory.lines
    assert json.loads(memory.lines[0])["mass"] == [1 / 3]


def test_every_event_is_announced_with_its_number(tmp_path):
    heard = []
    log = FileLog(tmp_path / "events.jsonl", announce=lambda *event: heard.append(event))
    log.write("session")
    log.now = 2.5
    log.write("page")
    assert [(json.loads(line)["seq"], kind, time) for line, kind, time in heard] == [
        (0, "session", 0.0),
        (1, "page", 2.5),
    ]


def test_a_line_cut_off_is_left_out_and_a_damaged_one_is_named(tmp_path):
    folder = RunFolder.create(tmp_path)
    log = FileLog(folder.events)
    for _ in range(3):
        log.write("selection")
    log.close()
    whole = folder.events.read_bytes()
    for cut in range(len(whole)):
        folder.events.write_bytes(whole[:cut])
        assert len(folder.read_events()) == whole[:cut].count(b"\n")
    folder.events.write_bytes(whole.replace(b'"seq": 1', b'"seq": 7'))
    with pytest.raises(ValueError, match="damaged: line 2"):
        folder.read_events()


def test_a_run_never_gets_the_folder_of_another(tmp_path):
    paths = [RunFolder.create(tmp_path).path for _ in range(3)]
    assert [path.name[-2:] for path in paths] == ["01", "02", "03"]


def test_an_unfinished_run_is_told_of_in_one_sentence(tmp_path):
    assert unfinished_run(tmp_path) is None
    folder = RunFolder.create(tmp_path)
    log = FileLog(folder.events)
    log.write("session")
    log.write("selection")
    told = unfinished_run(tmp_path)
    assert told is not None
    assert "1 selection on disk" in told
    log.write("end", reason="written")
    assert unfinished_run(tmp_path) is None


def test_a_full_disk_is_named_and_what_was_written_stays(small_disk):
    log = FileLog(small_disk / "events.jsonl")

    def fill() -> None:
        for _ in range(10_000):
            log.write("selection", filler="x" * 100)

    with pytest.raises(OSError, match=r"takes no more events \(No space left on device\)"):
        fill()
    log.close()
    lines = (small_disk / "events.jsonl").read_text().split("\n")[:-1]
    assert [json.loads(line)["seq"] for line in lines] == list(range(len(lines)))


def test_the_end_is_told_in_words():
    log = MemoryLog()
    assert "cut off" in how_it_ended(log.lines)
    log.write("selection")
    log.write("end", reason="interrupted")
    assert how_it_ended(log.lines) == "The run ended (interrupted), with 1 selection on disk."
