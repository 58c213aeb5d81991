"""Checks the events of audit logs against the service models that botocore ships.

Reads the files of `content/activity/aws` as JSON (a list) from standard input. Every event must be an operation of one
of the file's models, but those that the file lists itself; and where a path goes into request or response, its first
member must be one of the operation's, in the form in which the log writes it. Prints one line a problem; ends with 1
where there is one.
"""

import json
import re
import sys

import botocore.session

SESSION = botocore.session.get_session()
HOLE = re.compile(r"\{([^}]*)\}")


def logged(name):
    """A member as the log writes it: with a small first letter."""
    return name[:1].lower() + name[1:]


def members(shape):
    """The names under which the members of a structure may stand."""
    if shape is None or shape.type_name != "structure":
        return set()
    names = set()
    for name, member in shape.members.items():
        names.add(logged(name).lower())
        if "name" in member.serialization:
            names.add(member.serialization["name"].lower())
    return names


def paths(reference):
    if "{" in reference:
        return [hole.split("|")[0] for hole in HOLE.findall(reference)]
    return [part.strip() for part in reference.split("||")]


def check(file):
    models = {name: SESSION.get_service_model(name) for name in [file["service"], *file["services"]]}
    for resource in file["resources"]:
        for group in ("creates", "puts", "changes", "deletes"):
            for rule in resource[group]:
                for name, place in [(rule, resource["id"])] if isinstance(rule, str) else rule.items():
                    reference = place["at"] if isinstance(place, dict) else place
                    owners = [model for model in models.values() if name in model.operation_names]
                    if not owners:
                        if name not in file["not_operations"]:
                            yield f"{file['source']}: no model has an operation `{name}`"
                        continue
                    if not any(reachable(model.operation_model(name), reference) for model in owners):
                        yield f"{file['source']}: `{reference}` leads nowhere in {name}"


def reachable(operation, reference):
    """Whether at least one of the alternatives can be there."""
    for path in paths(reference):
        parts = re.split(r"[.\[]", path)
        if parts[0] in ("account", "region", "partition", "resources", "serviceEventDetails"):
            return True
        if len(parts) < 2 or parts[0] not in ("requestParameters", "responseElements"):
            return False
        shape = operation.input_shape if parts[0] == "requestParameters" else operation.output_shape
        # The newer form of EC2 wraps both.
        if parts[1] in (f"{operation.name}Request", f"{operation.name}Response"):
            parts = parts[1:]
        if len(parts) > 1 and parts[1].lower() in members(shape):
            return True
        # S3 names the bucket so, whatever the model calls it; Lambda and others answer with the payload alone.
        if parts[1] in ("bucketName",):
            return True
        payload = shape.serialization.get("payload") if shape is not None else None
        if payload and parts[1].lower() in members(shape.members[payload]):
            return True
    return False


problems = [problem for file in json.load(sys.stdin) for problem in check(file)]
for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
