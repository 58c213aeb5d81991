"""Says what there is to test definitions against: which of the given operations moto implements, and which are in the
recorded answers of real accounts.

Reads `service:Operation` lines from standard input; the archive of recordings may be given as an argument. Prints JSON:
`moto`, the operations that moto implements, and `recorded`, the operations with a recorded answer (null without archive).
"""

import importlib
import json
import re
import subprocess
import sys

import botocore.session
from moto.core.base_backend import BaseBackend
from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores

PACKAGES = {"lambda": "awslambda", "docdb": "rds", "neptune": "rds"}
RECORDED = re.compile(r"/([A-Za-z0-9.-]+)\.([A-Za-z0-9]+)_\d+\.json$")
# The recordings name a service by its endpoint; two services share an endpoint with another.
ALSO = {"elbv2": ["elasticloadbalancing"], "elb": ["elasticloadbalancing"], "docdb": ["rds"], "neptune": ["rds"]}


def methods(service):
    """Names of what moto's package of a service has: its handlers, and behind them its backends."""
    names = set()
    for part, base in (("responses", BaseResponse), ("models", BaseBackend)):
        try:
            module = importlib.import_module(f"moto.{PACKAGES.get(service, service.replace('-', ''))}.{part}")
        except ImportError:
            continue
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, base) and thing is not base:
                names.update(name for name in dir(thing) if not hasattr(base, name))
    return names


def recorded(archive):
    listing = subprocess.run(["tar", "-I", "zstd", "-tf", archive], capture_output=True, text=True, check=True).stdout
    return {match.groups() for match in map(RECORDED.search, listing.splitlines()) if match}


def main():
    wanted = sorted({tuple(line.strip().split(":")) for line in sys.stdin if line.strip()})
    session = botocore.session.get_session()
    found = recorded(sys.argv[1]) if len(sys.argv) > 1 else None
    known = {service: methods(service) for service, _ in wanted}
    prefixes = {}
    for service in known:
        model = session.get_service_model(service)
        prefixes[service] = {service, model.endpoint_prefix, model.signing_name, *ALSO.get(service, [])}
    of_moto = [f"{service}:{name}" for service, name in wanted if camelcase_to_underscores(name) in known[service]]
    seen = None
    if found is not None:
        seen = [f"{service}:{name}" for service, name in wanted if any((prefix, name) in found for prefix in prefixes[service])]
    json.dump({"moto": of_moto, "recorded": seen}, sys.stdout, indent=0)
    print()


if __name__ == "__main__":
    main()
