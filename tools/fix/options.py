"""Holds the commands of fixes against the provider's own command line: that service, operation and options exist, and that none is
missing which must be there. Prints a line for each that is wrong; nothing is called.

    python tools/fix/options.py content
"""

import os
import re
import sys
from pathlib import Path

os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_EC2_METADATA_DISABLED="true")

import yaml
from awscli.clidriver import create_clidriver

# Said by the command line to be needed, where its opposite is as good: `--ingress` for `--egress`, `--no-x` for `--x`.
OPPOSITE = {"--egress": "--ingress"}
# Taken by every command.
COMMON = {"--region", "--cli-input-json"}

services = create_clidriver()._get_command_table()
known = {}


def options(service, operation):
    """The options of an operation, and whether each is needed; none where there is no such operation."""
    if (service, operation) not in known:
        found = None
        if service in services:
            found = services[service]._get_command_table().get(operation)
        known[service, operation] = found and {one.cli_name: one.required for one in found.arg_table.values()}
    return known[service, operation]


def runs(cli):
    """The texts of `cli`: one, or a list of texts and steps."""
    if isinstance(cli, str):
        return [cli]
    return [one if isinstance(one, str) else one["run"] for one in cli or []]


def commands(text):
    """The words of each command. Of a place, options that its expression may choose stay."""
    plain = re.sub(r"<[^>]*>", lambda place: " ".join(re.findall(r"'(--[a-z0-9-]+)", place.group(0))) or "X", text)
    return [command.split() for command in re.split(r";\s+", plain)]


count = 0
for file in sorted(Path(sys.argv[1]).glob("checks/aws/*/*.yaml")):
    check = yaml.safe_load(file.read_text())
    fix = check["fix"]
    for text in runs(fix["cli"]) + runs((fix.get("undo") or {}).get("cli")):
        for words in commands(text):
            count += 1
            _, service, operation, *rest = words
            wanted = options(service, operation)
            if wanted is None:
                print(f"{check['id']}: there is no `aws {service} {operation}`")
                continue
            given = {word.split("=")[0] for word in rest if word.startswith("--")}
            for option in sorted(given - set(wanted) - COMMON):
                print(f"{check['id']}: `aws {service} {operation}` has no {option}")
            if "--cli-input-json" in given:
                continue
            for option, is_needed in wanted.items():
                opposite = OPPOSITE.get(option, "--no-" + option.removeprefix("--"))
                if is_needed and not {option, opposite} & given:
                    print(f"{check['id']}: `aws {service} {operation}` needs {option}")
print(f"looked at {count} commands", file=sys.stderr)
