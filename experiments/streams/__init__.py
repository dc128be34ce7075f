"""What streams and devices there are, and whether they are fit for an experiment."""
