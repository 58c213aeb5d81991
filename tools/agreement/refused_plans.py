"""Writes which Terraform snippets of others Terraform would refuse: by the arguments that the provider knows, and by what they read and
do not declare.

    FATHOM_CASES=CASES cargo test -p fathom --test it agreement
    npm pack @cdktf/provider-aws@21.22.1 && tar -xzf cdktf-provider-aws-21.22.1.tgz
    python3 tools/agreement/refused_plans.py CASES package crates/fathom/tests/it/agreement/refused_plans.tsv

CASES is a folder outside the checkout, to which the test writes what it compares. The package has the schema of the provider as types of
TypeScript: each argument, whether it must be there, and of which form it is. What would be refused proves nothing about a check, whether
answers agree on it or not.
"""

import json
import pathlib
import re
import sys

INTERFACE = re.compile(r"export interface (\w+)[^{]*\{\n(.*?)\n\}", re.S)
MEMBER = re.compile(r"^    readonly (\w+)(\??): ([^;{]+|\{[^}]*\});", re.M)
# Arguments of Terraform itself.
META = {"count", "forEach", "provider", "providers", "dependsOn", "lifecycle", "connection", "provisioner"}
SINGLE = {"string", "number", "boolean"}


def camel(name):
    return re.sub("_(.)", lambda found: found[1].upper(), name)


def schema(package):
    """Of each type the file that declares it."""
    files = {}
    for file in (package / "lib").glob("*/index.d.ts"):
        # What only reads has the same names.
        if file.parent.name.startswith("data-aws-"):
            continue
        text = file.read_text()
        for kind in re.findall(r'static readonly tfResourceType = "(\w+)"', text):
            files.setdefault(kind, text)
    return files


def interfaces(text):
    found = {}
    for name, body in INTERFACE.findall(text):
        found[name] = {member: (kind, mark == "") for member, mark, kind in MEMBER.findall(body)}
    root = re.search(r"export interface (\w+Config) extends cdktf\.TerraformMetaArguments", text)
    return found, root[1]


def of_block(found, name, known, unknown, path):
    """What is wrong with the arguments of a block."""
    members = found.get(name, {})
    written = {camel(key): key for key in [*known, *unknown]}
    for member, (_, is_needed) in members.items():
        if is_needed and member not in written:
            yield f"{path}{member}: it is needed"
    for member, key in written.items():
        if member in META or not members:
            continue
        if member not in members:
            yield f"{path}{member}: there is no such argument"
            continue
        forms = [form.strip() for form in members[member][0].split("|")]
        forms = [form for form in forms if form != "cdktf.IResolvable"]
        if key not in known:
            continue
        value, form = known[key], forms[0]
        block = found.get(form.removesuffix("[]"))
        if block is not None:
            marks = unknown.get(key) or []
            for at, one in enumerate(value if isinstance(value, list) else []):
                mark = marks[at] if at < len(marks) and isinstance(marks[at], dict) else {}
                yield from of_block(found, form.removesuffix("[]"), one, mark, f"{path}{member}.")
        elif form in SINGLE and isinstance(value, (list, dict)):
            yield f"{path}{member}: it is a {form}"
        elif form.removesuffix("[]") in SINGLE and form.endswith("[]") and not isinstance(value, (list, type(None))):
            yield f"{path}{member}: it is a list"


def of_plan(files, plan):
    resources = plan["configuration"]["root_module"]["resources"]
    declared = {one["address"] for one in resources}
    for change in plan["resource_changes"]:
        if change["type"] not in files:
            yield f"{change['type']}: there is no such type"
            continue
        found, root = interfaces(files[change["type"]])
        body = change["change"]
        yield from of_block(found, root, body["after"], body["after_unknown"], "")
    for name in sorted(set(re.findall(r'"((?:data\.)?aws_\w+\.[\w-]+)"', json.dumps([one["expressions"] for one in resources])))):
        if name not in declared:
            yield f"{name} is not declared"


def main(cases, package, out):
    plans = sorted((pathlib.Path(cases) / "plans").iterdir())
    assert plans, f"no plans in {cases}"
    files = schema(pathlib.Path(package))
    told = json.loads((pathlib.Path(package) / "package.json").read_text())
    refused = {}
    for plan in plans:
        why = list(dict.fromkeys(of_plan(files, json.loads(plan.read_text()))))
        if why:
            refused[plan.name] = why
    with open(out, "w") as file:
        file.write(f"# Snippets that Terraform would refuse, by {told['name']} {told['version']}: {len(refused)} of {len(plans)}.\n")
        file.write("# Made by tools/agreement/refused_plans.py. Columns: the plan, why.\n")
        for name, why in refused.items():
            file.write(f"{name}\t{'; '.join(why)}\n")


main(*sys.argv[1:])
