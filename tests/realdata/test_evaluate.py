from pathlib import Path

import pytest

from experiments.evaluate import evaluate

pytestmark = pytest.mark.realdata


@pytest.mark.parametrize("protocol", ["causal", "zero_phase"])
def test_p300_reaches_the_anchors_on_average(data_root: Path, protocol: str) -> None:
    mean = evaluate("p300_gtec8ch", data_root / "recordings", protocol=protocol).mean
    assert mean["auc"] >= 0.945
    assert mean["characters@1"] >= 0.65
    assert mean["characters@3"] >= 0.91
    assert mean["characters@5"] >= 0.96


def test_fbcca_reaches_the_anchors_within_one_decision(data_root: Path) -> None:
    mean = evaluate("ssvep_exo", data_root / "recordings").mean
    for key, anchor in {"accuracy@1": 0.788, "accuracy@2": 0.875, "accuracy@3": 0.920}.items():
        assert mean[key] > anchor - 1 / 288


def test_gaze_misses_at_most_one_key(data_root: Path) -> None:
    result = evaluate("gaze_bcipy_tobii", data_root / "recordings")
    assert all(score.value * score.n > score.n - 1.5 for score in result.scores)


@pytest.mark.lsl
@pytest.mark.parametrize(
    ("dataset", "files"),
    [
        ("p300_gtec8ch", ["sub-03.bdf"]),
        ("ssvep_exo", ["sub-05_run-1.bdf"]),
        ("gaze_bcipy_tobii", ["eyetracker_data_tobii-p0.csv.gz", "triggers.txt", "stimuli_positions.json"]),
    ],
)
def test_recordings_played_over_lsl_score_as_from_disk(
    data_root: Path, tmp_path: Path, dataset: str, files: list[str]
) -> None:
    for name in files:
        (tmp_path / name).symlink_to(data_root / "recordings" / dataset / name)
    over_lsl = evaluate(dataset, tmp_path, over_lsl=40.0).over_lsl
    assert over_lsl is not None
    assert over_lsl.samples_lost == over_lsl.markers_lost == over_lsl.largest_sample_difference == 0
    assert over_lsl.largest_score_difference == 0
