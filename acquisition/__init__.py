"""Signals in: clocks, streams, devices, simulated and recorded participants, recordings. Knows no text."""
