"""Drawings of things that can be put into a picture: the bundled ones, and a user's own cut-outs."""

from retouch.engines.darkroom.assets.catalogue import Thing, find, load, names, phrases, plural, thing
from retouch.engines.darkroom.assets.folder import use_folder

__all__ = ["Thing", "find", "load", "names", "phrases", "plural", "thing", "use_folder"]
