"""Prints the examples of the documentation of Terraform's provider for AWS as Terraform code: a JSON list of texts.

    python tools/examples/documented.py FOLDER_OF_MAPS

The provider's documentation itself is in no package; that of Pulumi's provider for Python (pulumi_aws) is made of it, example by example.
Arguments have the same names there but for two things, which this turns back: a block that can be there once is an object, and the name of
a list of blocks is a plural. Which arguments are blocks, the types in the package say. Examples of types without a map in the folder are
left out; what is no literal and no attribute of another resource is a variable, which nobody knows.
"""

import ast
import json
import pathlib
import re
import sys

CLASS = re.compile(r"^class (\w+)ArgsDict\(TypedDict\):\n(.*?)(?=^@|^class |\Z)", re.S | re.M)
MEMBER = re.compile(r"^    (\w+): (.+)$", re.M)
BLOCK = re.compile(r"'(\w+)Args(?:Dict)?'")
ARGUMENTS = re.compile(r"^class (\w+)Args:\n    def __init__\(__self__, \*,\n(.*?)\):\n", re.S | re.M)
ARGUMENT = re.compile(r"^ +(\w+): (.+?)(?: = None)?,?$", re.M)
EXAMPLE = re.compile(r"```python\n(.*?)```", re.S)
UNKNOWN = "var.unknown"
# Types that are called otherwise there; of EC2 most are called by their class alone.
ALIASES = {
    "cloudtrailtrail": "aws_cloudtrail",
    "codeartifactdomainpermissions": "aws_codeartifact_domain_permissions_policy",
    "directconnectconnection": "aws_dx_connection",
    "rdsinstance": "aws_db_instance",
}
CLASS_ALONE = "ec2"
# The blocks of a policy that is written as data.
POLICY = {
    "Policy": {"statements": ("PolicyStatement", True)},
    "PolicyStatement": {name: ("None", True) for name in ("principals", "not_principals", "conditions")},
}
NO_PLURAL = {"principals", "not_principals"}


def plain(text):
    return re.sub("[^a-z0-9]", "", text.lower())


def singular(name):
    """The name of one block, of the name of their list."""
    if name in NO_PLURAL:
        return name
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def of_class(types, module, name):
    """The type of a class; none of those that are wanted."""
    found = types.get(plain(module + name))
    return found or (types.get(plain(name)) if module == CLASS_ALONE else None)


class Blocks:
    """Which arguments are blocks, by the class of what they are arguments of: its own class, and whether there may be several."""

    def __init__(self, module):
        self.of = dict(POLICY)
        inputs = module / "_inputs.py"
        for name, body in CLASS.findall(inputs.read_text() if inputs.exists() else ""):
            self.of[name] = self.members(MEMBER.findall(body))

    @staticmethod
    def members(pairs):
        found = {}
        for name, kind in pairs:
            block = BLOCK.search(kind)
            if block:
                found[name] = (block[1], "Sequence[" in kind)
        return found


class Writer:
    def __init__(self, blocks, types):
        self.blocks = blocks
        self.types = types
        self.declared = {}

    def kind(self, call):
        """The type that a call makes one of; none where it makes nothing that is known."""
        steps = []
        while isinstance(call, ast.Attribute):
            steps.append(call.attr)
            call = call.value
        if not (isinstance(call, ast.Name) and call.id == "aws" and len(steps) == 2):
            return None
        name, module = steps
        return of_class(self.types, module, name)

    def text(self, value):
        """An expression of Terraform."""
        match value:
            case ast.Constant(value=None):
                return "null"
            case ast.Constant(value=bool(known)):
                return "true" if known else "false"
            case ast.Constant(value=str(known)):
                return json.dumps(known).replace("${", "$${").replace("%{", "%%{")
            case ast.Constant(value=known):
                return json.dumps(known)
            case ast.List(elts=items):
                return "[" + ", ".join(self.text(item) for item in items) + "]"
            case ast.Dict(keys=keys, values=values):
                pairs = zip(keys, values)
                return "{" + ", ".join(f"{self.text(key)} = {self.text(one)}" for key, one in pairs) + "}"
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in self.declared:
                return f"{self.declared[name]}.{attribute}"
            case ast.JoinedStr(values=parts):
                return '"' + "".join(self.part(part) for part in parts) + '"'
            case ast.Call(func=ast.Attribute(attr="dumps" | "json_dumps"), args=[given]):
                return f"jsonencode({self.text(given)})"
        return UNKNOWN

    def part(self, part):
        if isinstance(part, ast.FormattedValue):
            return "${" + self.text(part.value) + "}"
        return self.text(part)[1:-1]

    def body(self, members, name, depth):
        lines, pad = [], "  " * depth
        blocks = self.blocks.of.get(name, {})
        for key, value in members:
            inner, several = blocks.get(key, (None, False))
            items = value.elts if several and isinstance(value, ast.List) else [value]
            if inner is None or not all(isinstance(item, ast.Dict) for item in items):
                lines.append(f"{pad}{key} = {self.text(value)}")
                continue
            for item in items:
                known = [(member.value, one) for member, one in zip(item.keys, item.values)]
                lines.append(f"{pad}{singular(key) if several else key} {{")
                lines += self.body(known, inner, depth + 1)
                lines.append(f"{pad}}}")
        return lines

    def policy(self, statement, call):
        """A policy document that is written as data."""
        match call:
            case ast.Call(func=ast.Attribute(attr="get_policy_document" | "get_policy_document_output")):
                [target] = statement.targets
                self.declared[target.id] = f"data.aws_iam_policy_document.{target.id}"
                members = [(one.arg, one.value) for one in call.keywords]
                lines = self.body(members, "Policy", 1)
                return "\n".join([f'data "aws_iam_policy_document" "{target.id}" {{', *lines, "}"])
        return None

    def resources(self, tree):
        for statement in tree.body:
            call = statement.value if isinstance(statement, (ast.Assign, ast.Expr)) else None
            policy = self.policy(statement, call)
            if policy:
                yield policy
                continue
            kind = self.kind(call.func) if isinstance(call, ast.Call) else None
            if kind is None or not (call.args and isinstance(call.args[0], ast.Constant)):
                continue
            name = re.sub("[^A-Za-z0-9_-]", "_", str(call.args[0].value))
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                self.declared[statement.targets[0].id] = f"{kind}.{name}"
            members = [(one.arg, one.value) for one in call.keywords if one.arg not in (None, "opts")]
            yield "\n".join([f'resource "{kind}" "{name}" {{', *self.body(members, call.func.attr, 1), "}"])


def examples(package, types):
    for file in sorted(package.glob("*/*.py")):
        if file.name.startswith(("_", "get_", "outputs")):
            continue
        text = file.read_text()
        found = dict.fromkeys(EXAMPLE.findall(text))
        if not (found and of_class(types, file.parent.name, file.stem)):
            continue
        blocks = Blocks(file.parent)
        for name, arguments in ARGUMENTS.findall(text):
            blocks.of[name] = blocks.members(ARGUMENT.findall(arguments))
        for example in found:
            try:
                lines = example.split("\n")
                pad = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
                tree = ast.parse("\n".join(line[pad:] for line in lines).replace("\\\\", "\\"))
            except SyntaxError:
                continue
            made = list(Writer(blocks, types).resources(tree))
            if made:
                yield "\n".join(made)


def main():
    import importlib.util

    [maps] = sys.argv[1:]
    types = {}
    for file in pathlib.Path(maps).glob("aws_*.yaml"):
        types[plain(file.stem.removeprefix("aws_"))] = file.stem
    types |= {name: kind for name, kind in ALIASES.items() if kind in types.values()}
    package = pathlib.Path(importlib.util.find_spec("pulumi_aws").origin).parent
    json.dump(sorted(set(examples(package, types))), sys.stdout)


if __name__ == "__main__":
    main()
