"""Checks resource definitions against the service models that botocore ships.

Every operation, parameter and member path that a definition names must exist in the models, every required parameter
must be given, and every path must lead to something of a fitting kind (a scalar for an id, a list for items).

Reads the definitions as JSON (a list, as the Rust test prints them) from a file or standard input; or, given a
directory, the YAML files in it, where PyYAML is installed. Prints one line a problem; ends with 1 where there is one.
"""

import json
import pathlib
import re
import sys

import botocore.session
from botocore.exceptions import UnknownServiceError

SESSION = botocore.session.get_session()
ANY = object()  # A place below which the models say nothing, like JSON kept as text.
VARIABLES = {"account", "region", "partition"}
SCALARS = {"string", "integer", "long", "boolean", "timestamp", "double", "float", "blob", "character"}
HOLE = re.compile(r"\{([^}]*)\}")


class Document:
    """A structure shape with the members that enrichments add."""

    def __init__(self, shape, json_paths=()):
        self.shape = shape
        self.added = {}
        self.json_paths = {tuple(steps(path)) for path in json_paths}


class Listed:
    """A list of something that is no list in the model (`many: true`)."""

    def __init__(self, element):
        self.element = element


def steps(path):
    """Splits a path into member names, `[]` for each element and numbers; `@` is no step."""
    out = []
    if path == "@":
        return out
    for segment in path.split("."):
        name, _, brackets = segment.partition("[")
        if name and name != "@":
            out.append(name.strip('"'))
        for inside in re.findall(r"\[([^\]]*)\]", "[" + brackets if brackets else ""):
            out.append("[]" if inside in ("", "*") else int(inside))
    return out


def walk(place, path_steps, json_paths=(), done=()):
    """Follows steps through shapes; raises LookupError with what is missing."""
    for i, step in enumerate(path_steps):
        if place is ANY:
            return ANY
        if isinstance(place, Document):
            json_paths = place.json_paths
            place = place.added[step] if step in place.added else member(place.shape, step)
        elif isinstance(place, Listed):
            if not (step == "[]" or isinstance(step, int)):
                raise LookupError(f"`{step}` on a list")
            place = place.element
        else:
            place = member(place, step)
        done = (*done, step)
        if done in json_paths:
            kind = getattr(place, "type_name", "string")
            if kind not in ("string", "structure", "map", "blob"):
                raise LookupError(f"JSON is kept as text, and this is a {kind}")
            if i + 1 < len(path_steps):
                return ANY
    return place


def member(shape, step):
    if shape is None:
        raise LookupError("the operation answers nothing")
    kind = shape.type_name
    if step == "[]" or isinstance(step, int):
        if kind != "list":
            raise LookupError(f"`[{'' if step == '[]' else step}]` on a {kind} ({shape.name})")
        return shape.member
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return ANY
        if step not in shape.members:
            raise LookupError(f"{shape.name} has no member `{step}`")
        return shape.members[step]
    if kind == "map":
        names = getattr(shape.key, "enum", None)
        if names and step not in names:
            raise LookupError(f"{shape.name} has no key `{step}`")
        return shape.value
    raise LookupError(f"`{step}` on a {kind} ({shape.name})")


def kind_of(place):
    if place is ANY:
        return "any"
    if isinstance(place, Document):
        return place.shape.type_name if place.shape is not None else "structure"
    if isinstance(place, Listed):
        return "list"
    return place.type_name


class Checker:
    def __init__(self, definitions):
        self.definitions = {definition["type"]: definition for definition in definitions}
        self.documents = {}
        self.problems = []
        self.operations = set()

    def problem(self, definition, where, message):
        self.problems.append(f"{definition['type']}: {where}: {message}")

    def operation(self, definition, where, service, name):
        try:
            model = SESSION.get_service_model(service)
        except UnknownServiceError:
            self.problem(definition, where, f"no service `{service}` in the models")
            return None
        if name not in model.operation_names:
            self.problem(definition, where, f"{service} has no operation `{name}`")
            return None
        self.operations.add(f"{service}:{name}")
        return model.operation_model(name)

    def path(self, definition, where, place, path, kinds):
        """Checks each alternative of a path; gives the place the first leads to."""
        first = None
        for alternative in path.split("||"):
            try:
                found = walk(place, steps(alternative.strip()))
            except LookupError as error:
                self.problem(definition, where, f"`{path}`: {error}")
                continue
            if kinds and kind_of(found) not in kinds and kind_of(found) != "any":
                self.problem(definition, where, f"`{path}` leads to a {kind_of(found)}")
            first = found if first is None else first
        return first if first is not None else ANY

    def template(self, definition, where, text, scopes):
        for hole in HOLE.findall(text):
            if hole in VARIABLES:
                continue
            hole = hole.removesuffix("|last").removesuffix("|bare").removesuffix("|number")
            scope, _, rest = hole.partition(".")
            if scope in ("parent", "item", "job"):
                place = scopes.get(scope)
                if place is None:
                    self.problem(definition, where, f"`{{{hole}}}` has nothing to fill it here")
                    continue
                self.path(definition, where, place, rest or "@", SCALARS)
            elif "document" in scopes:
                self.path(definition, where, scopes["document"], hole, SCALARS)
            else:
                self.problem(definition, where, f"`{{{hole}}}` has nothing to fill it here")

    def params(self, definition, where, operation, params, scopes, extra=()):
        shape = operation.input_shape
        given = set(params) | set(extra)
        for name in given:
            if shape is None or name not in shape.members:
                self.problem(definition, where, f"{operation.name} takes no `{name}`")
        for name in shape.required_members if shape is not None else ():
            if name not in given:
                self.problem(definition, where, f"{operation.name} needs `{name}`")
        for name, value in params.items():
            if shape is not None and name in shape.members:
                self.value(definition, f"{where} `{name}`", shape.members[name], value, scopes)

    def value(self, definition, where, shape, value, scopes):
        kind = shape.type_name
        if isinstance(value, list) != (kind == "list") or isinstance(value, dict) != (kind in ("structure", "map")):
            self.problem(definition, where, f"{json.dumps(value)} is no {kind}")
        elif kind == "list":
            for one in value:
                self.value(definition, where, shape.member, one, scopes)
        elif kind == "structure":
            for name, one in value.items():
                if name in shape.members:
                    self.value(definition, where, shape.members[name], one, scopes)
                else:
                    self.problem(definition, where, f"{shape.name} has no member `{name}`")
        elif kind in ("integer", "long") and isinstance(value, str) and value.endswith("|number}"):
            self.template(definition, where, value, scopes)
        elif kind == "boolean" and not isinstance(value, bool) or kind in ("integer", "long") and not isinstance(value, int):
            self.problem(definition, where, f"{json.dumps(value)} is no {kind}")
        elif isinstance(value, str):
            if "{" in value:
                self.template(definition, where, value, scopes)
            elif getattr(shape, "enum", None) and value not in shape.enum:
                self.problem(definition, where, f"`{value}` is none of {', '.join(shape.enum)}")

    def document(self, kind):
        """The document of a type after its enrichments; parents first."""
        if kind in self.documents:
            return self.documents[kind]
        definition = self.definitions[kind]
        scopes = {}
        listing = definition["list"]
        if listing.get("for_each"):
            scopes["parent"] = self.document(listing["for_each"])
        shape = self.listed(definition, scopes)
        document = Document(shape if shape is not ANY else None, definition.get("json", []))
        if shape is ANY:
            document = ANY
        else:
            keep = (listing.get("describe") or {}).get("keep_item")
            if keep:
                document.added[keep] = scopes["item"]
            for into, shape in scopes.pop("beside", {}).items():
                document.added[into] = shape
        self.documents[kind] = document
        for enrich in definition.get("enrich", []):
            self.enrich(definition, enrich, document, scopes)
        self.rest(definition, document, scopes)
        return document

    def listed(self, definition, scopes):
        listing = definition["list"]
        operation = self.operation(definition, "list", definition["service"], listing["operation"])
        if operation is None:
            return ANY
        self.params(definition, "list", operation, listing.get("params", {}), scopes)
        describe = listing.get("describe")
        for again in listing.get("again", []):
            self.params(definition, "list.again", operation, {**listing.get("params", {}), **again["params"]}, scopes)
        item = self.path(definition, "list.items", operation.output_shape, listing["items"], None)
        if not describe:
            if kind_of(item) not in ("structure", "map", "any"):
                self.problem(definition, "list.items", f"items are a {kind_of(item)}, not documents")
            return item
        scopes["item"] = item
        if kind_of(item) == "list":
            self.problem(definition, "list.items", "leads to a list; end it with `[]`")
        operation = self.operation(definition, "describe", definition["service"], describe["operation"])
        if operation is None:
            return ANY
        batch = describe.get("batch")
        self.params(definition, "describe", operation, describe.get("params", {}), scopes, [batch["param"]] if batch else [])
        scopes["beside"] = {
            into: self.path(definition, f"describe.keep.{into}", operation.output_shape, path, None)
            for into, path in describe.get("keep", {}).items()
        }
        return self.path(definition, "describe.items", operation.output_shape, describe["items"], {"structure", "map"})

    def enrich(self, definition, enrich, document, scopes):
        where = f"enrich {enrich['operation']}"
        operation = self.operation(definition, where, enrich.get("service") or definition["service"], enrich["operation"])
        if operation is None or document is ANY:
            return
        inner = {**scopes, "document": document}
        inner.pop("item", None)
        job = enrich.get("job")
        if job:
            self.job(definition, enrich, job, operation, inner)
        self.params(definition, where, operation, enrich.get("params", {}), inner)
        if enrich.get("when"):
            self.condition(definition, where, document, enrich["when"])
        taken = operation.output_shape
        if enrich.get("take"):
            taken = self.path(definition, f"{where} take", operation.output_shape, enrich["take"], None)
        document.added[enrich["into"]] = Listed(taken) if enrich.get("many") else taken

    def job(self, definition, enrich, job, reading, inner):
        where = f"job {job['operation']}"
        operation = self.operation(definition, where, enrich.get("service") or definition["service"], job["operation"])
        if operation is None:
            return
        self.params(definition, where, operation, job.get("params", {}), inner)
        inner["job"] = operation.output_shape
        for when in ("pending", "failed"):
            if job.get(when):
                self.condition(definition, f"{where} {when}", reading.output_shape, job[when])

    def condition(self, definition, where, place, condition):
        found = self.path(definition, where, place, condition["path"], None)
        for inner in condition.get("all", []):
            self.condition(definition, where, found, inner)

    def rest(self, definition, document, scopes):
        if document is ANY:
            return
        check = lambda where, path, kinds: self.path(definition, where, document, path, kinds)
        identity = definition["identity"]
        inner = {"document": document, **{key: value for key, value in scopes.items() if key == "parent"}}
        for name in ("id", "arn"):
            self.template(definition, f"identity.{name}", identity[name], inner)
        if identity.get("name") and not identity["name"].startswith("tag:"):
            check("identity.name", identity["name"].removesuffix("|last"), {"string"})
        if identity.get("created"):
            check("identity.created", identity["created"], {"timestamp", "string", "long"})
        if identity.get("region"):
            check("identity.region", identity["region"]["path"], {"string"})
        if identity.get("account"):
            check("identity.account", identity["account"], {"string"})
        for path in identity.get("also", []):
            check("identity.also", path, {"string"})
        if definition.get("tags"):
            check("tags", definition["tags"], {"list", "map"})
        common = definition.get("common") or {}
        for condition in common.get("unused", []):
            self.condition(definition, "common.unused", document, condition)
        for path in common.get("without", []):
            check("common.without", path, SCALARS)
        for list_name in ("exposed_when", "provider_made"):
            for condition in definition.get(list_name, []):
                self.condition(definition, list_name, document, condition)
        for relation in definition.get("relations", []):
            if relation["path"] == "parent":
                if "parent" not in scopes:
                    self.problem(definition, "relations", "`parent` without `for_each`")
            else:
                # A member may be one text or a list of them (principals in policies), inside JSON only.
                check("relations", relation["path"], {"string"})
        for part, path in definition.get("states", {}).items():
            check(f"states.{part}", path, SCALARS)
        for name in ("json", "secret", "volatile"):
            for path in definition.get(name, []):
                check(name, path, None)
        for name, path in definition.get("columns", {}).items():
            check(f"columns.{name}", path, None)


def read(argument):
    if argument == "-":
        return json.load(sys.stdin)
    path = pathlib.Path(argument)
    if path.is_dir():
        import yaml

        return [yaml.safe_load(file.read_text()) for file in sorted(path.glob("*.yaml"))]
    return json.loads(path.read_text())


def main():
    definitions = read(sys.argv[1] if len(sys.argv) > 1 else "-")
    checker = Checker(definitions)
    for definition in definitions:
        checker.document(definition["type"])
    for line in checker.problems:
        print(line)
    print(
        f"{len(definitions)} definitions, {len(checker.operations)} operations, {len(checker.problems)} problems "
        f"(botocore {botocore.__version__})"
    )
    return 1 if checker.problems else 0


if __name__ == "__main__":
    sys.exit(main())
