"""Runs the command line by `python -m experiments.cli`."""

from experiments.cli import main

main()
