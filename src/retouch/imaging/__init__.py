"""Pixels, pure: nothing here knows of requests, engines or processes."""
