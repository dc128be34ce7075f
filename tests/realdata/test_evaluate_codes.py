from pathlib import Path

import pytest

from experiments.evaluate import evaluate

pytestmark = pytest.mark.realdata


def test_codes_never_trained_reach_the_anchor(data_root: Path) -> None:
    mean = evaluate("cvep_biosemi", data_root / "recordings").mean
    assert mean["accuracy@2.1"] == mean["accuracy@4.2"] == 1.0
    assert mean["accuracy@1.05"] > 0.85
    assert mean["from_onset@1.05"] > 0.625 - 1.5 / 16


def test_noise_tags_reach_the_anchor(data_root: Path) -> None:
    mean = evaluate("cvep_mindaffect", data_root / "recordings").mean
    for key, anchor in {"accuracy@1": 0.60, "accuracy@2.1": 0.84, "accuracy@4.2": 0.89}.items():
        assert mean[key] >= anchor


def test_one_electrode_reaches_the_anchor_on_average(data_root: Path) -> None:
    result = evaluate("ssvep_avi", data_root / "recordings", decoder="cca")
    for key, anchor in {"accuracy@1": 0.355, "accuracy@2": 0.52, "accuracy@5": 0.76}.items():
        assert result.mean[key] > anchor - 0.03


def test_tangent_space_of_other_runs_reaches_the_anchor(data_root: Path) -> None:
    mean = evaluate("ssvep_exo", data_root / "recordings", protocol="leave_run_out", decoder="ssvep-ts").mean
    assert mean["accuracy@3"] > 0.799 - 1 / 288


def test_looks_of_both_trackers_reach_the_anchors(data_root: Path) -> None:
    mean = evaluate("gaze_gp3_eyelink", data_root / "recordings").mean
    assert min(value for condition, value in mean.items() if condition.startswith("eyelink")) >= 0.95
    assert all(value >= 0.57 for condition, value in mean.items() if condition.startswith("gp3"))


def test_selections_let_stand_lift_the_cheap_tracker_above_its_nearest_cells(data_root: Path, tmp_path: Path) -> None:
    for person in sorted((data_root / "recordings" / "gaze_gp3_eyelink").iterdir())[:3]:
        (tmp_path / person.name).mkdir()
        for path in person.glob("gp3_*.csv"):
            (tmp_path / person.name / path.name).symlink_to(path)
    nearest, learnt = (evaluate("gaze_gp3_eyelink", tmp_path, protocol=name).pooled for name in ("causal", "confirmed"))
    assert all(learnt[condition]["value"] > nearest[condition]["value"] for condition in nearest)
    assert sum(learnt[condition]["value"] - nearest[condition]["value"] for condition in nearest) / 4 > 0.04
