"""What all parts of the sample company share: accounts, clients, tags, policies."""

import io
import json
import urllib.request
import zipfile

import boto3
from botocore.config import Config

MANAGEMENT = "123456789012"  # moto's own account: management and security
PRODUCTION = "908249470583"  # made by organizations:CreateAccount after the seed
OUTSIDER = "999988887777"  # belongs to nobody we know
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
SEED = 21  # changes every id there is
CANARY = "CANARY-7f3a9c"  # planted as a secret value; nothing may ever show it


def kv(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def lower(tags):
    return [{"key": key, "value": value} for key, value in tags.items()]


def spec(kind, tags):
    return [{"ResourceType": kind, "Tags": kv(tags)}]


def tags(owner, service, data=None, env="production", **more):
    """Tags as the company writes them when it does so well."""
    out = {"owner": owner, "service": service, "env": env, "repository": f"northwind/{owner}-infra"}
    if data:
        out["data-class"] = data
    return {**out, **more}


def trust(*services):
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def code():
    """A zip file whose bytes never change."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("main.py", (2026, 1, 1, 0, 0, 0)), "def handler(event, context):\n    return 'ok'\n")
    return buffer.getvalue()


def public_address(ec2, server):
    """Gives a server an address in the internet."""
    ec2.associate_address(AllocationId=ec2.allocate_address(Domain="vpc")["AllocationId"], InstanceId=server)


def post(endpoint, path, body=None):
    data = b"" if body is None else json.dumps(body).encode()
    request = urllib.request.Request(endpoint + path, method="POST", data=data, headers={"Content-Type": "application/json"} if data else {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


class Account:
    """Clients of one account. Before each change the server's random numbers start anew from a number of their own,
    so that what came before, on this server or in this run, has no say in the ids."""

    changes = 0
    session = boto3.Session()  # One for all, because it keeps the service models it has read.

    def __init__(self, endpoint, account, credentials=None):
        self.endpoint = endpoint
        self.id = account
        self.keys = credentials or {"AccessKeyId": "sample", "SecretAccessKey": "sample", "SessionToken": None}
        self.clients = {}

    def __call__(self, service, region="us-east-1"):
        if (service, region) not in self.clients:
            config = Config(
                retries={"mode": "standard", "max_attempts": 1},
                s3={"addressing_style": "path"},
                inject_host_prefix=False,
                read_timeout=60,
            )
            self.clients[service, region] = Account.session.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                config=config,
                aws_access_key_id=self.keys["AccessKeyId"],
                aws_secret_access_key=self.keys["SecretAccessKey"],
                aws_session_token=self.keys["SessionToken"],
            )
            self.clients[service, region].meta.events.register("before-call", self.reseed)
        return self.clients[service, region]

    def in_account(self, number):
        """The same in another account, by a role there."""
        role = self("sts").assume_role(RoleArn=f"arn:aws:iam::{number}:role/OrganizationAccountAccessRole", RoleSessionName="seed")
        return Account(self.endpoint, number, role["Credentials"])

    def reseed(self, model, **_):
        if not model.name.startswith(("Describe", "List", "Get")):
            Account.changes += 1
            post(self.endpoint, f"/moto-api/seed?a={SEED * 100_000 + Account.changes}")


class Company:
    """What the parts of the estate share: accounts, and what Terraform declares."""

    def __init__(self, endpoint, small):
        self.endpoint = endpoint
        self.small = small
        self.management = Account(endpoint, MANAGEMENT)
        self.production = None
        self.forgotten_disk = None
        self.declared = []

    def terraform(self, kind, name, **attributes):
        """Notes that Terraform declares a resource; gives back its id or ARN."""
        self.declared.append((kind, name, attributes))
        return attributes.get("id") or attributes.get("arn")

    def state(self):
        """A Terraform state, version 4, of what was noted."""
        resources = [
            {
                "mode": "managed",
                "type": kind,
                "name": name,
                "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
                "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
            }
            for kind, name, attributes in self.declared
        ]
        return {
            "version": 4,
            "terraform_version": "1.9.8",
            "serial": 412,
            "lineage": "5d1c7a52-20c4-4f0e-9c1b-6f6a2f3b8e11",
            "outputs": {},
            "resources": resources,
            "check_results": None,
        }
