"""Measurements. Each module prints its own table: ``python -m benchmarks.NAME``."""
