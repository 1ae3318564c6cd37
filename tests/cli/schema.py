"""As much of JSON Schema as our schemas use, so that tests can check objects against them."""

from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_KNOWN = {
    *("$schema", "$defs", "$ref", "title", "description", "type", "enum", "anyOf", "required", "properties"),
    *("additionalProperties", "items", "minimum", "maximum"),
}


def problems(schema: dict[str, Any], value: Any, root: dict[str, Any] | None = None, at: str = "it") -> list[str]:
    """Return what is wrong with a value; raises AssertionError where a schema uses more than is known here."""
    root = schema if root is None else root
    assert set(schema) <= _KNOWN, f"the schema of {at} uses {set(schema) - _KNOWN}"
    if "$ref" in schema:
        return problems(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root, at)
    if "anyOf" in schema:
        each = [problems(one, value, root, at) for one in schema["anyOf"]]
        return [] if [] in each else each[0]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at} is {value!r}")
    if "type" in schema and not _has_type(schema["type"], value):
        return [*found, f"{at} is no {schema['type']}"]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{at} is out of bounds")
    if isinstance(value, list) and "items" in schema:
        for number, one in enumerate(value):
            found += problems(schema["items"], one, root, f"{at}[{number}]")
    if isinstance(value, dict):
        found += _object_problems(schema, value, root, at)
    return found


def _has_type(wanted: str | list[str], value: Any) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    return any(isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names)


def _object_problems(schema: dict[str, Any], value: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    found = [f"{at} has no {name}" for name in schema.get("required", ()) if name not in value]
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, one in value.items():
        if name in known:
            found += problems(known[name], one, root, f"{at}.{name}")
        elif others is False:
            found.append(f"{at} has a strange {name}")
        elif isinstance(others, dict):
            found += problems(others, one, root, f"{at}.{name}")
    return found
