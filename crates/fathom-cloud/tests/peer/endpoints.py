"""Prints where botocore's endpoint rules send each service in each region, one JSON line each.

Input lines: service and region. Output: {"service", "region", "url", "signing_region", "signing_name"}; no line where
the rules need more than a region.
"""

import json
import sys

import botocore.exceptions
import botocore.session

SESSION = botocore.session.Session()
RULES = {}


def rules(service):
    if service not in RULES:
        client = SESSION.create_client(
            service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        RULES[service] = (client._ruleset_resolver._provider, client.meta.service_model.signing_name)
    return RULES[service]


for line in sys.stdin:
    service, region = line.split()
    provider, name = rules(service)
    try:
        found = provider.resolve_endpoint(Region=region, UseFIPS=False, UseDualStack=False)
    except botocore.exceptions.BotoCoreError:
        continue
    scheme = (found.properties.get("authSchemes") or [{}])[0]
    print(
        json.dumps(
            {
                "service": service,
                "region": region,
                "url": found.url,
                "signing_region": scheme.get("signingRegion", region),
                "signing_name": scheme.get("signingName", name),
            }
        )
    )
