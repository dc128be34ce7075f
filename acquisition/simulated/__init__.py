"""Participants made of numbers: one simulated, one played back from a recording."""
