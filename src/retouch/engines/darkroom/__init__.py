"""The embedded engine: an instruction becomes a recipe of photographic operations, done on the CPU."""
