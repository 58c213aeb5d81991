"""Writes content/manifests/shapes.json: the members of Kubernetes objects, out of the models of the official Python client.

    pip download --no-deps kubernetes==37.0.2 && unzip -q kubernetes-37.0.2-*.whl
    python tools/manifests/shapes.py kubernetes/client/models content/manifests/shapes.json

Version 37 of the client is made from the API of Kubernetes 1.37. Of a member there is its form: `text`, `bool`, `number`, `any`, the
name of a shape, `[form]` for lists of it, `{form}` for values by names. What a cluster adds (`status`) is `any`.
"""

import ast
import json
import pathlib
import re
import sys

ROOTS = """
Pod PodTemplate Deployment StatefulSet DaemonSet ReplicaSet ReplicationController Job CronJob Service Ingress NetworkPolicy ServiceAccount Role
ClusterRole RoleBinding ClusterRoleBinding Secret ConfigMap Namespace PersistentVolume PersistentVolumeClaim ValidatingWebhookConfiguration
MutatingWebhookConfiguration LimitRange ResourceQuota StorageClass PriorityClass PodDisruptionBudget IngressClass EphemeralContainer
""".split()
SCALARS = {"str": "text", "bytes": "text", "datetime": "text", "bool": "bool", "int": "number", "float": "number", "object": "any"}
# Amounts, which may be written as numbers: the client says that they are texts.
AMOUNTS = {
    "limits", "requests", "overhead", "capacity", "hard", "used", "max", "min", "default", "defaultRequest", "maxLimitRequestRatio",
    "sizeLimit", "divisor", "allocatedResources",
}


def models(folder):
    found = {}
    for path in sorted(pathlib.Path(folder).glob("*.py")):
        text = path.read_text()
        name = re.search(r"^class (\w+)\(", text, re.M)
        types = re.search(r"openapi_types: ClassVar\[Dict\[str, str\]\] = (\{.*?\})", text, re.S)
        names = re.search(r"attribute_map: ClassVar\[Dict\[str, str\]\] = (\{.*?\})", text, re.S)
        if name and types and names:
            names = ast.literal_eval(names[1])
            found[name[1]] = {names[k]: v for k, v in ast.literal_eval(types[1]).items()}
    return found


def short(name):
    return re.sub(r"V\d+((alpha|beta)\d+)?", "", name, count=1)


def form(kind, wanted):
    if kind in SCALARS:
        return SCALARS[kind]
    if inner := re.fullmatch(r"List\[(.*)\]", kind):
        return f"[{form(inner[1], wanted)}]"
    if inner := re.fullmatch(r"Dict\[str, (.*)\]", kind):
        return f"{{{form(inner[1], wanted)}}}"
    wanted.append(kind)
    return short(kind)


def main(folder, out):
    all_models, shapes, wanted = models(folder), {}, [f"V1{name}" for name in ROOTS]
    while wanted:
        name = wanted.pop()
        if short(name) in shapes:
            continue
        members = {}
        for member, kind in sorted(all_models[name].items()):
            if member in ("status", "managedFields"):
                members[member] = "any"
            elif member in AMOUNTS:
                members[member] = "{any}" if kind.startswith("Dict") else "any"
            else:
                members[member] = form(kind, wanted)
        shapes[short(name)] = members
    # What no API has: an image taken apart, as checks read it.
    shapes["Image"] = {"text": "text", "registry": "text", "tag": "text", "digest": "text"}
    lines = [f"  {json.dumps(name)}: {json.dumps(shapes[name])}" for name in sorted(shapes)]
    pathlib.Path(out).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
