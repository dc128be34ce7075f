"""Tokens and characters of Python programs."""
