"""Retouch: the image-edit API on your own machine."""

__version__ = "0.1.0"
