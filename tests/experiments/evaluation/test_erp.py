"""What a decoder of flashes has learnt from when it is judged."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from acquisition.files import RecordedSignals
from experiments.evaluation import erp
from experiments.evaluation.datasets import choose_protocol, load_dataset
from experiments.evaluation.erp import erp_scores

DATASET = load_dataset("p300_emotiv_groups")
PROTOCOL = choose_protocol(DATASET, None)
SFREQ, CHANNELS = 256.0, ("Fz", "Cz", "Pz")


class Listener(BaseEstimator):
    """Notes what it is fitted to."""

    heard: ClassVar[list[tuple[int, list[int]]]] = []

    def fit(self, X, y, groups):
        self.heard.append((len(y), np.unique(groups, return_counts=True)[1].tolist()))
        return self

    def decision_function(self, X):
        return X[:, 0, 0]


def run(name, n_flashes, cells=""):
    rng = np.random.default_rng(n_flashes)
    times = np.arange(round((n_flashes * 0.2 + 3) * SFREQ)) / SFREQ
    labels = tuple(f"flash/{cells}{'target' if i % 8 == 0 else 'nontarget'}" for i in range(n_flashes))
    data = (1e-5 * rng.normal(size=(len(times), len(CHANNELS)))).astype(np.float32)
    onsets = 1 + 0.2 * np.arange(n_flashes)
    return RecordedSignals(Path(name), SFREQ, CHANNELS, "V", times, data, onsets, labels)


@pytest.fixture
def heard(monkeypatch):
    monkeypatch.setattr(Listener, "heard", [])
    monkeypatch.setattr(erp, "build", lambda _: Listener())
    return Listener.heard


def judged(tested, training=(), besides=()):
    return erp_scores("1", tested, training, DATASET.markers, PROTOCOL, PROTOCOL.decoders[0], besides)


TESTED = [run("run-1", 40, "cells/1-2/"), run("run-2", 48, "cells/3-4/")]


def test_the_run_tested_is_left_out_and_decisions_are_told(heard):
    assert [score.n for score in judged(TESTED)] == [88]
    assert heard == [(48, [48]), (40, [40])]


def test_runs_that_are_never_tested_are_learnt_from_besides(heard):
    assert [score.n for score in judged(TESTED, besides=[run("nocells-1", 56), run("nocells-2", 64)])] == [88]
    assert heard == [(168, [56, 64, 48]), (160, [56, 64, 40])]


def test_nothing_tested_is_learnt_where_training_lies_apart(heard):
    judged(TESTED, training=[run("run-3", 72, "cells/1-2/")], besides=[run("nocells-1", 56)])
    assert heard == [(128, [72, 56])]


def test_training_with_channels_in_another_order_is_refused():
    turned = replace(run("nocells-1", 56), channels=CHANNELS[::-1])
    with pytest.raises(ValueError, match="must have the channels of run-1 in the same order"):
        judged(TESTED, besides=[turned])
