"""What generation is worth: coverage, ranks, key presses, cost and time."""
