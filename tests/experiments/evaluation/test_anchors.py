"""What public methods reached stands where a decoder's figures can find it."""

import pytest
from pydantic import ValidationError

from experiments.evaluation.anchors import Anchor
from experiments.evaluation.datasets import known_datasets, load_dataset


def figures(dataset, protocol):
    """Keys of the figures that a protocol's decoders get."""
    if dataset.task == "fixations":
        return {f"{tracker}_{how}" for tracker in ("gp3", "eyelink") for how in CONDITIONS}
    if dataset.task == "erp":
        characters = protocol.characters.repetitions if protocol.characters else ()
        cells = protocol.cells.flashes if protocol.cells else ()
        return {"auc", *(f"characters@{at}" for at in (*characters, *cells))}
    keys = {"accuracy" if at == "all" else f"accuracy@{at:g}" for at in protocol.windows}
    return keys | {key.replace("accuracy", "from_onset") for key in keys}


CONDITIONS = ("near_chinrest", "mid_chinrest", "far_chinrest", "mid_unrestricted")


@pytest.mark.parametrize("name", known_datasets())
def test_every_main_protocol_has_anchors_for_figures_that_it_gives(name):
    dataset = load_dataset(name)
    anchor = dataset.protocols[0].anchor
    told = {*anchor.values, *(key for person in anchor.each.values() for key in person)}
    assert told
    assert told <= figures(dataset, dataset.protocols[0])


def test_a_mean_is_of_the_people_it_was_measured_on():
    anchor = Anchor(method="m", people=("01", "03"), values={"auc": 0.9})
    assert anchor.mean("auc", ["03", "01"]) == 0.9
    assert anchor.mean("auc", ["01", "05"]) is None
    assert Anchor(method="m", values={"auc": 0.9}).mean("auc", ["05"]) == 0.9


def test_people_known_one_by_one_are_averaged_over_those_tested():
    anchor = Anchor(method="m", each={"01": {"auc": 0.8}, "03": {"auc": 0.6}})
    assert anchor.of("03", "auc") == 0.6
    assert anchor.mean("auc", ["01", "03"]) == pytest.approx(0.7)
    assert anchor.mean("auc", ["01"]) == 0.8
    assert anchor.mean("auc", ["01", "05"]) is None
    assert anchor.mean("characters@1", ["01"]) is None


@pytest.mark.parametrize("values", [{"auc": 1.2}, {"auc": (0.9, 0.8)}, {"auc": (0.9, 1.1)}])
def test_figures_that_cannot_be_are_refused(values):
    with pytest.raises(ValidationError):
        Anchor(method="m", values=values)
