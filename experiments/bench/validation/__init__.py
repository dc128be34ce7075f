"""What validation is worth: what it refuses wrongly, what it lets through, and what it costs."""
