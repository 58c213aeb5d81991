"""Saves answers as the AWS command line prints them: one file an operation and thing, in folders by account and region.

Reads a list of calls (JSON lines: account, region, service, operation, params, things) and asks each with boto3, pages
merged. A refusal is saved as {"Error": {...}}; what the endpoint does not answer at all is left out.

usage: cli_dump.py --endpoint URL --calls FILE --output DIR
"""

import argparse
import base64
import concurrent.futures
import datetime
import json
import pathlib
import urllib.parse

import boto3
import botocore.exceptions
import botocore.parsers
from botocore import xform_name
from botocore.config import Config

# What moto says of operations that it does not have; the front answers the same with a page.
NOT_ANSWERED = {"NotImplemented", "404", "405", "500", "501", "InternalFailure", "UnknownOperation"}


def printed(value):
    """A value as the command line prints it."""
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "read"):
        return base64.b64encode(value.read()).decode()
    raise TypeError(type(value))


class Dump:
    def __init__(self, endpoint, output):
        self.endpoint = endpoint
        self.output = pathlib.Path(output)
        self.clients = {}

    def client(self, service, region):
        key = (service, region)
        if key not in self.clients:
            self.clients[key] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                aws_access_key_id="AKIATESTING",
                aws_secret_access_key="testing",
                config=Config(
                    retries={"max_attempts": 1}, max_pool_connections=16, parameter_validation=False,
                    inject_host_prefix=False,
                ),
            )
        return self.clients[key]

    def save(self, call):
        client = self.client(call["service"], call["region"])
        method = xform_name(call["operation"])
        try:
            if client.can_paginate(method):
                answer = client.get_paginator(method).paginate(**call["params"]).build_full_result()
                if not answer:
                    answer = getattr(client, method)(**call["params"])
            else:
                answer = getattr(client, method)(**call["params"])
        except botocore.exceptions.ClientError as error:
            if error.response["Error"].get("Code") in NOT_ANSWERED:
                return False
            answer = {"Error": error.response["Error"]}
        except (botocore.exceptions.BotoCoreError, botocore.parsers.ResponseParserError):
            return False
        answer.pop("ResponseMetadata", None)
        command = {"s3": "s3api", "config": "configservice"}.get(call["service"], call["service"])
        path = self.output / call["account"] / call["region"]
        name = f"{command}-{xform_name(call['operation'], '-')}"
        things = [urllib.parse.quote(thing, safe="") for thing in call["things"]]
        for part in [name, *things][:-1]:
            path = path / part
        path.mkdir(parents=True, exist_ok=True)
        path = path / f"{[name, *things][-1]}.json"
        path.write_text(json.dumps(answer, default=printed, indent=4) + "\n")
        return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--calls", required=True)
    parser.add_argument("--output", required=True)
    args = parser.parse_args()
    dump = Dump(args.endpoint, args.output)
    calls = [json.loads(line) for line in open(args.calls, encoding="utf-8") if line.strip()]
    for call in calls:
        dump.client(call["service"], call["region"])
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(dump.save, calls))
    print(json.dumps({"calls": len(calls), "saved": sum(saved)}))


if __name__ == "__main__":
    main()
