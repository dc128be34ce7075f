from importlib.resources import files
from pathlib import Path

import pytest

from experiments.evaluate import evaluate

pytestmark = pytest.mark.realdata


@pytest.mark.parametrize(("protocol", "goal"), [("others", 0.89), ("own_and_others", 0.92)])
def test_what_people_teach_each_other_pays(data_root: Path, tmp_path: Path, protocol: str, goal: float) -> None:
    text = (files("experiments") / "datasets" / "ssvep_exo.toml").read_text(encoding="utf-8")
    (tmp_path / "short.toml").write_text(text.replace("windows = [1.0, 2.0, 3.0]", "windows = [2.0]"), encoding="utf-8")
    mean = evaluate(str(tmp_path / "short.toml"), data_root / "recordings", protocol=protocol).mean
    assert mean["accuracy@2"] >= goal
