"""Signals to log-likelihoods over slots."""
