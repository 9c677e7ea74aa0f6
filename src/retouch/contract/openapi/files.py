"""Uploaded files: their addresses, what those take and give."""

from __future__ import annotations

from retouch.contract.file_objects import ANCHOR, ANCHORS, LONGEST, MOST, ORDERS, PURPOSES, SECONDS, SHORTEST
from retouch.contract.openapi.answers import answer, errors, of_json, reference
from retouch.contract.openapi.parameters import Schema

_STRING: Schema = {"type": "string"}
_TIME: Schema = {"type": "integer", "minimum": 0, "description": "Unix time in seconds."}
_ID: Schema = {
    "in": "path",
    "name": "file_id",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "examples": ["file-0000000000" + "0" * 22]},
}


def paths(prefix: str) -> dict[str, Schema]:
    """The operations on files."""
    suffix = "" if prefix else "Unprefixed"
    body = {"multipart/form-data": {"schema": reference("FileForm")}}
    upload = _operation(f"createFile{suffix}", "Upload a file", "File", 400, 401, 408, 413, 429, 503, 507)
    upload["requestBody"] = {"required": True, "content": body}
    listing = _operation(f"listFiles{suffix}", "Your files", "FileList", 400, 401, 404)
    listing["parameters"] = [
        _query("after", {"type": "string"}, "The id of the last file seen."),
        _query("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": MOST}, "Files at most."),
        _query("order", {"type": "string", "enum": list(ORDERS), "default": "desc"}, "By the time of upload."),
        _query("purpose", {"type": "string", "enum": list(PURPOSES)}, "Only files of this purpose."),
    ]
    one = _operation(f"getFile{suffix}", "One file", "File", 401, 404)
    gone = _operation(f"deleteFile{suffix}", "Delete a file", "FileDeleted", 401, 404)
    content = _operation(f"getFileContent{suffix}", "A file's bytes", None, 401, 404)
    for operation in (one, gone, content):
        operation["parameters"] = [_ID]
    return {
        f"{prefix}/files": {"get": listing, "post": upload},
        f"{prefix}/files/{{file_id}}": {"get": one, "delete": gone},
        f"{prefix}/files/{{file_id}}/content": {"get": content},
    }


def schemas() -> dict[str, Schema]:
    """The components that the operations refer to."""
    file: dict[str, Schema] = {
        "object": {"const": "file"},
        "id": _STRING,
        "purpose": {"type": "string", "enum": list(PURPOSES)},
        "filename": _STRING,
        "bytes": {"type": "integer", "minimum": 1},
        "created_at": _TIME,
        "expires_at": {**_TIME, "type": ["integer", "null"], "description": "Unix time in seconds; null: never."},
        "status": {"const": "processed"},
        "status_details": {"type": "null"},
    }
    listed: dict[str, Schema] = {
        "object": {"const": "list"},
        "data": {"type": "array", "items": reference("File")},
        "has_more": {"type": "boolean"},
        "first_id": {"type": ["string", "null"]},
        "last_id": {"type": ["string", "null"]},
    }
    return {
        "File": _object(file),
        "FileList": _object(listed),
        "FileDeleted": _object({"object": {"const": "file"}, "id": _STRING, "deleted": {"const": True}}),
        "FileForm": _form(),
    }


def _form() -> Schema:
    seconds = {"type": "integer", "minimum": SHORTEST, "maximum": LONGEST, "description": "How long it is kept."}
    return {
        "type": "object",
        "required": ["file", "purpose"],
        "properties": {
            "file": {"type": "string", "format": "binary", "description": "The file."},
            "purpose": {"type": "string", "enum": list(PURPOSES), "description": "What it is for."},
            ANCHOR: {"type": "string", "enum": list(ANCHORS), "description": "From when it is kept."},
            SECONDS: seconds,
        },
        "dependentRequired": {ANCHOR: [SECONDS], SECONDS: [ANCHOR]},
        "additionalProperties": False,
    }


def _operation(name: str, summary: str, schema: str | None, *statuses: int) -> Schema:
    """An operation that gives the JSON of that schema, bytes if it is None."""
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    done = answer(f"{summary}.", content if schema is None else of_json(schema))
    return {"operationId": name, "summary": summary, "responses": {"200": done, **errors(403, 500, *statuses)}}


def _query(name: str, schema: Schema, description: str) -> Schema:
    return {"in": "query", "name": name, "schema": schema, "description": description}


def _object(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}
