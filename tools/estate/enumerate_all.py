"""Says what an enumeration without any knowledge of types finds: every ARN in every answer to every read call that needs
no parameter, of every service that the server answers. What a scan does not have of it has to be explained.

    enumerate_all.py --endpoint http://127.0.0.1:5000 [--account NUMBER ...] [--region NAME ...] [--out FILE]

Prints JSON: for each ARN the calls that show it; for each subscription its topic, protocol and target; and how many calls
were answered.
"""

import argparse
import importlib
import json
import pkgutil
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import botocore.session
import moto
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores

from company import MANAGEMENT, Account

READS = re.compile(r"(BatchGet|Describe|Get|List)[A-Z]")
ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:[^:\s]*:\S+")
PAGES_MAX = 5
# What the provider offers: thousands of rows without an ARN of anybody's.
OFFERS = {("ec2", "DescribeInstanceTypes"), ("ec2", "DescribeSpotPriceHistory")}


def answered():
    """What the server implements: the names of operations as methods, by the name of its package."""
    found = {}
    for module in pkgutil.iter_modules(moto.__path__):
        try:
            responses = importlib.import_module(f"moto.{module.name}.responses")
        except ImportError:
            continue
        names = found.setdefault(module.name, set())
        for thing in vars(responses).values():
            if isinstance(thing, type) and issubclass(thing, BaseResponse) and thing is not BaseResponse:
                names.update(name for name in dir(thing) if not hasattr(BaseResponse, name))
    return found


def package(service):
    return {"lambda": "awslambda"}.get(service, service.replace("-", ""))


def calls(session):
    """Service and operation of every read that needs no parameter and that the server implements."""
    implemented = answered()
    for service in session.get_available_services():
        names = implemented.get(package(service))
        if not names:
            continue
        model = session.get_service_model(service)
        for operation in model.operation_names:
            shape = model.operation_model(operation).input_shape
            needs = shape is not None and shape.required_members
            offers = (service, operation) in OFFERS
            if READS.match(operation) and not needs and not offers and camelcase_to_underscores(operation) in names:
                yield service, operation


def arns(value):
    if isinstance(value, dict):
        for name, one in value.items():
            if name != "ResponseMetadata":
                yield from arns(one)
    elif isinstance(value, list):
        for one in value:
            yield from arns(one)
    elif isinstance(value, str) and value.startswith("arn:") and ARN.fullmatch(value):
        yield value


def subscriptions(value):
    """What stands beside the ARNs of subscriptions, which say nothing of it themselves."""
    if isinstance(value, dict):
        if "SubscriptionArn" in value and "TopicArn" in value:
            yield value["SubscriptionArn"], [value.get(name) for name in ("TopicArn", "Protocol", "Endpoint")]
        for one in value.values():
            yield from subscriptions(one)
    elif isinstance(value, list):
        for one in value:
            yield from subscriptions(one)


def ask(client, operation):
    """The ARNs and subscriptions of an answer, and whether there was one."""
    name = camelcase_to_underscores(operation)
    found, beside, answers = set(), {}, False
    try:
        pages = client.get_paginator(name).paginate() if client.can_paginate(name) else [getattr(client, name)()]
        for number, page in enumerate(pages):
            answers = True
            found.update(arns(page))
            beside.update(subscriptions(page))
            if number + 1 == PAGES_MAX:
                break
    except (ClientError, BotoCoreError, ResponseParserError):
        # The server stumbles over many of these; what it does not say it does not know.
        pass
    return found, beside, answers


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--endpoint", required=True, help="address of a seeded moto server")
    parser.add_argument("--account", action="append", help="an account to ask; more than one may be given")
    parser.add_argument("--region", action="append", help="a region to ask; more than one may be given")
    parser.add_argument("--out", help="write to this file instead of standard output")
    arguments = parser.parse_args()
    session = botocore.session.get_session()
    wanted = list(calls(session))
    management = Account(arguments.endpoint.rstrip("/"), MANAGEMENT)
    found, beside, answered_calls = {}, {}, set()
    for number in arguments.account or [MANAGEMENT]:
        account = management if number == MANAGEMENT else management.in_account(number)
        for region in arguments.region or ["us-east-1"]:
            clients = {service: account(service, region) for service in sorted({service for service, _ in wanted})}
            with ThreadPoolExecutor(8) as pool:
                answers = pool.map(lambda call: (call, ask(clients[call[0]], call[1])), wanted)
                for (service, operation), (names, subscribed, was_answered) in answers:
                    if was_answered:
                        answered_calls.add((service, operation))
                    beside.update(subscribed)
                    for name in names:
                        found.setdefault(name, set()).add(f"{service}:{operation}")
    text = json.dumps(
        {
            "answered": len(answered_calls),
            "arns": {name: sorted(by) for name, by in sorted(found.items())},
            "subscriptions": dict(sorted(beside.items())),
        },
        indent=1,
    )
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    else:
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
