"""What flashes when."""
