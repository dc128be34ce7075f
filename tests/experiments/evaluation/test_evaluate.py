"""Decoders are judged on recordings made here: what is there is found, and what is not is chance."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.evaluate import evaluate
from experiments.registry import DECODERS


@pytest.mark.parametrize("protocol", ["causal", "zero_phase"])
def test_strong_responses_are_told_apart(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str], protocol: str
) -> None:
    made.save_speller(tmp_path / "sub-a_raw.fif", snr=4.0, seed=1)
    result = evaluate(described(made.ERP), tmp_path, protocol=protocol)
    assert result.mean["auc"] > 0.95
    assert result.scores[0].n == 4 * 3 * 16
    if protocol == "causal":
        assert result.mean["characters@1"] > 0.8
        assert [score.n for score in result.scores] == [192, 12, 4]


def test_no_response_gives_chance(made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]) -> None:
    made.save_speller(tmp_path / "sub-a_raw.fif", snr=0.0, seed=2, n_characters=5)
    mean = evaluate(described(made.ERP), tmp_path).mean
    assert 0.35 < mean["auc"] < 0.65
    assert mean["characters@1"] < 0.15


class _Memoriser:
    """Knows what it has seen, and nothing else."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> "_Memoriser":
        self.seen = {epoch.tobytes(): 2.0 * target - 1 for epoch, target in zip(X, y, strict=True)}
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        return np.array([self.seen.get(epoch.tobytes(), 0.0) for epoch in X])


def test_what_is_tested_was_never_learnt_and_a_tie_is_no_hit(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "memoriser", SimpleNamespace(Memoriser=_Memoriser))
    monkeypatch.setitem(DECODERS, "memoriser", "memoriser:Memoriser")
    text = made.ERP.replace('{ name = "xdawn-ts", options = { n_filters = 2 } }', '{ name = "memoriser" }')
    made.save_speller(tmp_path / "sub-a_raw.fif", snr=4.0, seed=3)
    mean = evaluate(described(text), tmp_path).mean
    assert mean == {"auc": 0.5, "characters@1": 0.0, "characters@3": 0.0}
    assert evaluate(described(text), tmp_path, train_root=tmp_path).mean["auc"] == 1.0


def test_same_seed_gives_the_same_figures(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    made.save_speller(tmp_path / "sub-a_raw.fif", snr=1.0, seed=4)
    first, second = (evaluate(described(made.ERP), tmp_path).to_dict() for _ in range(2))
    assert first == second


def test_flicker_is_found_and_rest_left_out(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    for subject in "ab":
        made.save_flicker(tmp_path / f"sub-{subject}_run-1_raw.fif", snr=1.0, seed=ord(subject))
    told: list[tuple[str, int, int]] = []
    result = evaluate(described(made.SSVEP), tmp_path, progress=lambda *step: told.append(step))
    assert result.mean == {"accuracy@1": 1.0, "accuracy@2.5": 1.0}
    assert [score.subject for score in result.scores] == ["a", "a", "b", "b"]
    assert {score.n for score in result.scores} == {11}
    assert result.pooled["accuracy@1"]["n"] == 22
    assert told == [("ssvep_small", 0, 2), ("ssvep_small", 1, 2), ("ssvep_small", 2, 2)]


def test_gaze_is_decoded_with_its_offset_learnt_elsewhere(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    made.save_gaze(tmp_path)
    result = evaluate(described(made.GAZE), tmp_path)
    assert result.mean == {"accuracy": 1.0, "accuracy@0.5": 1.0}
    assert result.scores[0].n == 9
    assert evaluate(described(made.GAZE), tmp_path, train_root=tmp_path).mean["accuracy"] == 1.0


def test_inquiry_without_gaze_is_a_miss(made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]) -> None:
    made.save_gaze(tmp_path, lost=4)
    assert evaluate(described(made.GAZE), tmp_path).mean["accuracy"] == pytest.approx(8 / 9)


def test_dictionary_follows_the_command_lines_contract(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    made.save_flicker(tmp_path / "sub-a_run-1_raw.fif", snr=1.0, seed=5)
    values = json.loads(json.dumps(evaluate(described(made.SSVEP), tmp_path, decoder="all").to_dict()))
    assert {"dataset", "protocol", "scores", "mean"} <= values.keys()
    assert {"subject", "decoder", "metric", "at", "value", "n", "low", "high", "minutes"} == values["scores"][0].keys()
    assert values["mean"].keys() == {"accuracy@1", "accuracy@2.5"}


def test_from_disk_nothing_is_said_of_lsl(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    made.save_gaze(tmp_path)
    assert evaluate(described(made.GAZE), tmp_path).to_dict()["over_lsl"] is None
