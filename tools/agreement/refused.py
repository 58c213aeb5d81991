"""Writes which templates of other tools CloudFormation would refuse, as cfn-lint says: its errors E1xxx, of
functions and references, and E3xxx, of resources and properties.

    FATHOM_CASES=CASES cargo test -p fathom --test it agreement
    python3 -m venv LINT && LINT/bin/pip install -r tools/python/cfn-lint.txt
    LINT/bin/python tools/agreement/refused.py CASES crates/fathom/tests/it/agreement/refused.tsv

CASES is a folder outside the checkout, to which the test writes the templates that it compares. A template that would be refused proves
nothing about a check, whether answers agree on it or not.
"""

import collections
import importlib.metadata
import json
import pathlib
import subprocess
import sys

# Types and values may differ from region to region; without a word of a template it is this one.
REGION = "us-east-1"


def main(cases, out):
    files = sorted(path for path in pathlib.Path(cases).iterdir() if path.suffix in (".json", ".yaml"))
    assert files, f"no templates in {cases}"
    tool = pathlib.Path(sys.executable).with_name("cfn-lint")
    command = [str(tool), "--format", "json", "--regions", REGION, "--", *map(str, files)]
    # The exit code says that something was found.
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout)
    refused = collections.defaultdict(set)
    for one in told:
        if one["Rule"]["Id"].startswith(("E1", "E3")):
            refused[pathlib.Path(one["Filename"]).name].add(one["Rule"]["Id"])
    with open(out, "w") as file:
        file.write(f"# Templates that CloudFormation would refuse, by cfn-lint {importlib.metadata.version('cfn-lint')}: ")
        file.write(f"{len(refused)} of {len(files)}.\n")
        file.write("# Made by tools/agreement/refused.py. Columns: the template, the rules of cfn-lint.\n")
        for name, rules in sorted(refused.items()):
            file.write(f"{name}\t{','.join(sorted(rules))}\n")


main(*sys.argv[1:])
