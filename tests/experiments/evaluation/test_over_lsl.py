"""Recordings played over LSL are judged as those from disk."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from types import SimpleNamespace

import pytest

from experiments.evaluate import evaluate


@pytest.mark.lsl
@pytest.mark.parametrize(("text", "speed"), [("ERP", 10.0), ("SSVEP", 30.0), ("GAZE", 15.0)])
def test_scores_are_the_same_over_lsl_as_from_disk(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str], text: str, speed: float
) -> None:
    made.save_speller(tmp_path / "sub-a_raw.fif", snr=1.0, seed=13)
    made.save_flicker(tmp_path / "sub-a_run-1_raw.fif", snr=0.2, seed=14)
    made.save_gaze(tmp_path, lost=4)
    told: dict[str, list[tuple[int, int]]] = {}
    result = evaluate(
        described(getattr(made, text)),
        tmp_path,
        over_lsl=speed,
        progress=lambda what, done, total: told.setdefault(what, []).append((done, total)),
    )
    assert result.scores == evaluate(described(getattr(made, text)), tmp_path).scores
    over_lsl = result.to_dict()["over_lsl"]
    assert (over_lsl["speed"], over_lsl["n_recordings"]) == (speed, 1)
    assert over_lsl["samples_lost"] == over_lsl["markers_lost"] == over_lsl["largest_sample_difference"] == 0
    assert over_lsl["n_scores_identical"] == over_lsl["n_scores"] == len(result.scores)
    assert over_lsl["largest_score_difference"] == 0
    assert over_lsl["largest_time_error_ms"] < 5
    (playing,) = [steps for what, steps in told.items() if what.startswith("playing ")]
    assert playing == sorted(playing)
    assert playing[-1][0] == playing[-1][1] > 30


@pytest.mark.lsl
def test_what_is_learnt_from_is_played_too(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    made.save_gaze(tmp_path)
    result = evaluate(described(made.GAZE), tmp_path, train_root=tmp_path, over_lsl=40.0)
    assert result.over_lsl is not None
    assert result.over_lsl.n_recordings == 2
    assert result.mean["accuracy"] == 1.0


@pytest.mark.lsl
def test_an_interrupt_ends_the_play_at_once(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if what.startswith("playing ") and done >= 1:
            raise KeyboardInterrupt

    made.save_gaze(tmp_path)
    began = monotonic()
    with pytest.raises(KeyboardInterrupt):
        evaluate(described(made.GAZE), tmp_path, over_lsl=1.0, progress=interrupt)
    assert monotonic() - began < 20


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_speed_that_is_not_positive_is_refused(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str], speed: float
) -> None:
    with pytest.raises(ValueError, match="'over_lsl' must be a speed greater than 0"):
        evaluate(described(made.GAZE), tmp_path, over_lsl=speed)
