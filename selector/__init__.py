"""Signals to slot: paradigms, decoders, fusion and stopping. Knows numbers, never text."""
