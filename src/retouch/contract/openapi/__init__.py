"""The contract as an OpenAPI 3.1 document, generated from the profiles and the tree of errors.

What a model takes is read from its profile, so that a change of data is a change of the document.
"""

from retouch.contract.openapi.document import document

__all__ = ["document"]
