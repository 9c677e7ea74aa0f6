"""Results by URL."""
