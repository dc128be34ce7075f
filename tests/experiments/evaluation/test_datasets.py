"""Data sets' files: those that come along are valid, and a mistake is named."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments.evaluate import evaluate
from experiments.evaluation.datasets import known_datasets, load_dataset
from experiments.registry import DECODERS


@pytest.mark.parametrize("name", known_datasets())
def test_data_sets_that_come_along_are_valid(name: str) -> None:
    dataset = load_dataset(name)
    names = [protocol.name for protocol in dataset.protocols]
    assert dataset.name == name
    assert len(set(names)) == len(names)
    assert all(choice.name in DECODERS for protocol in dataset.protocols for choice in protocol.decoders)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tmin = 0.0", "tmni = 0.0", r"key 'protocols\.0\.tmni' is unknown"),
        ("tmin = 0.0", "", r"key 'protocols\.0\.tmin' is missing"),
        ("tmin = 0.0", "tmin = 0.0\ncolour = 1", r"key 'protocols\.0\.colour' is unknown"),
        ("tmin = 0.0", "tmin = 0.7", r"'tmin' \(got 0\.7\) must be less than 'tmax'"),
        ("draws = 5", "draws = 0", r"key 'protocols\.0\.characters\.draws' \(got 0\) is not valid"),
        ("'flash/target'", "'flash/(target'", r"no regular expression"),
        ('task = "erp"', 'task = "emg"', r"key 'task' \(got 'emg'\) must be one of 'erp', 'ssvep', 'cvep'"),
        ('task = "erp"', "", r"key 'task' is missing"),
        ("name = ", "name: ", r"is not a TOML file"),
    ],
)
def test_mistake_in_a_data_sets_file_is_named(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str], old: str, new: str, said: str
) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        evaluate(described(made.ERP.replace(old, new)), tmp_path)
    assert "described.toml" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dataset": "p300"}, r"must be one of .*p300_gtec8ch, .*ssvep_exo.* \(got 'p300'\)"),
        ({"protocol": "noncausal"}, r"must be one of causal, zero_phase for erp_small \(got 'noncausal'\)"),
        ({"decoder": "fbcca"}, r"must be one of xdawn-ts or all .* \(got 'fbcca'\)"),
    ],
)
def test_unknown_names_list_the_known_ones(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str], changes: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        evaluate(**{"dataset": described(made.ERP), "root": tmp_path, **changes})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("n_harmonics", "n_overtones", r"'fbcca' cannot be made from .*n_overtones: .*unexpected"),
        ('"fbcca"', '"xdawn-ts"', r"'xdawn-ts' cannot be made from frequencies"),
        ('"fbcca"', '"fbca"', r"must be one of .*fbcca, .*xdawn-ts \(got 'fbca'\)"),
    ],
)
def test_decoder_that_does_not_fit_is_named(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str], old: str, new: str, said: str
) -> None:
    made.save_flicker(tmp_path / "sub-a_run-1_raw.fif", snr=1.0, seed=11)
    with pytest.raises(ValueError, match=said):
        evaluate(described(made.SSVEP.replace(old, new)), tmp_path)
