"""Open-weight generative models as an engine."""
