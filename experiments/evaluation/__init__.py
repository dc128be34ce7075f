"""Rooms of the evaluation: data sets, recordings, tasks and scores; `experiments.evaluate` is the door."""
