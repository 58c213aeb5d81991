"""Writes what CloudTrail would have logged of the calls that seed the company, and says who made what.

The server keeps no log, so the calls themselves are caught: real parameters, real answers, real ids, in the form in
which CloudTrail writes them. Each part of the company is made by somebody else, in another way to be somebody: a person
of the identity centre, a pipeline with a token, an IAM user through two roles, an IAM user with a leaked key. Who made
which resource is found without looking at any event: by reading the estate back between the parts.
"""

import datetime
import gzip
import hashlib
import json
import pathlib

import oracle
from company import MANAGEMENT, REGIONS, Account

SSO = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Administrator_0123456789abcdef"
GITHUB = "repo:northwind/security-infra:ref:refs/heads/main"
FILE_RECORDS = 200

# Operations whose parameters and answers EC2 wraps in `<Operation>Request` and `<Operation>Response`.
WRAPPED = {
    "CreateEgressOnlyInternetGateway", "CreateFlowLogs", "CreateLaunchTemplate", "CreateLaunchTemplateVersion", "CreateNatGateway",
    "CreateTransitGateway", "CreateTransitGatewayVpcAttachment", "CreateVpcEndpoint", "AssociateIamInstanceProfile",
    "DeleteEgressOnlyInternetGateway", "DeleteFlowLogs", "DeleteLaunchTemplate", "DeleteNatGateway", "DeleteTransitGateway",
    "DeleteVpcEndpoints", "ModifyVpcEndpoint",
}
# Names that differ from the operation's.
NAMES = {
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3control", "PutPublicAccessBlock"): "PutAccountPublicAccessBlock",
    ("s3", "PutBucketLifecycleConfiguration"): "PutBucketLifecycle",
    ("s3", "PutBucketNotificationConfiguration"): "PutBucketNotification",
}
# Services that add the version of their interface.
VERSIONS = {"lambda": "20150331", "cloudfront": "2020_05_31"}
SOURCES = {"s3control": "s3", "elbv2": "elasticloadbalancing", "elb": "elasticloadbalancing", "apigatewayv2": "apigateway"}
GLOBAL = {"iam", "organizations", "cloudfront", "route53", "sts"}
READS = ("Describe", "List", "Get", "Head", "Search", "Lookup", "BatchGet")
SECRET = ("password", "secretstring", "secretbinary", "authtoken")


def small(name):
    return name[:1].lower() + name[1:]


def plain(value):
    """As the log writes values of most services: members with a small first letter, no bytes, no secrets."""
    if isinstance(value, dict):
        return {
            small(key): "HIDDEN_DUE_TO_SECURITY_REASONS" if key.lower().endswith(SECRET) else plain(one)
            for key, one in value.items()
            if key != "ResponseMetadata" and not isinstance(one, (bytes, bytearray))
        }
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, datetime.datetime):
        return value.strftime("%b %d, %Y %I:%M:%S %p")
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return str(value)


def like_ec2(value, shape):
    """As EC2 writes them: names of the query protocol, lists in `items`."""
    if shape is None or value is None:
        return None
    if shape.type_name == "structure":
        return {
            small(member.serialization.get("name", name)): like_ec2(value[name], member)
            for name, member in shape.members.items()
            if name in value
        }
    if shape.type_name == "list":
        return {"items": [like_ec2(one, shape.member) for one in value]}
    return plain(value)


def like_new_ec2(value, shape, answer):
    """As its newer operations write them: a lone list element as itself, texts of requests with their number."""
    if shape.type_name == "structure":
        named = (lambda name, member: small(member.serialization.get("name", name))) if answer else (lambda name, _: name.removesuffix("s") if name in ("VpcEndpointIds", "FlowLogIds") else name)
        return {named(name, member): like_new_ec2(value[name], member, answer) for name, member in shape.members.items() if name in value}
    if shape.type_name == "list":
        some = [like_new_ec2(one, shape.member, answer) for one in value]
        if answer:
            return {"item": some[0] if len(some) == 1 else some}
        some = [{"content": one, "tag": number} if isinstance(one, str) else one for number, one in enumerate(some, 1)]
        return some[0] if len(some) == 1 else some
    return plain(value)


class Recorder:
    """Catches the calls of all clients that are made from now on."""

    def __init__(self):
        self.records = {}
        self.made = {}
        self.before = {}
        self.number = 0
        self.identity = None
        self.agent = None
        self.part = None
        wrapped = Account.__call__

        def client(account, service, region="us-east-1"):
            fresh = (service, region) not in account.clients
            one = wrapped(account, service, region)
            if fresh:
                events = one.meta.events
                events.register("before-parameter-build", lambda params, context, **_: context.update(trail=dict(params)))
                events.register(
                    "after-call",
                    lambda http_response, parsed, model, context, **_: self.call(account, region, service, model, context, http_response, parsed),
                )
            return one

        Account.__call__ = client

    # Who

    def key(self, name):
        return "ASIA" + hashlib.sha256(name.encode()).hexdigest()[:16].upper()

    def role(self, account, path, session, access_key, began=None, **context):
        name = path.split("/")[-1]
        unique = "AROA" + hashlib.sha256(path.encode()).hexdigest()[:17].upper()
        return {
            "type": "AssumedRole",
            "principalId": f"{unique}:{session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
            "accountId": account,
            "accessKeyId": access_key,
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": unique, "arn": f"arn:aws:iam::{account}:role/{path}", "accountId": account, "userName": name},
                "attributes": {"creationDate": began or "2020-01-01T00:00:00Z", "mfaAuthenticated": "false"},
                **context,
            },
        }

    def user(self, name, access_key):
        return {
            "type": "IAMUser", "principalId": "AIDA" + hashlib.sha256(name.encode()).hexdigest()[:17].upper(),
            "arn": f"arn:aws:iam::{MANAGEMENT}:user/{name}", "accountId": MANAGEMENT, "accessKeyId": access_key, "userName": name,
        }

    def took(self, operation, caller, account, path, session, access_key, **more):
        """The event in which somebody took a role."""
        name = path.split("/")[-1]
        self.add(MANAGEMENT, "us-east-1", {
            "eventSource": "sts.amazonaws.com", "eventName": operation, "readOnly": True, "userIdentity": caller,
            "requestParameters": {"roleArn": f"arn:aws:iam::{account}:role/{path}", "roleSessionName": session},
            "responseElements": {
                "credentials": {"accessKeyId": access_key, "sessionToken": "PLANTED-SESSION-TOKEN", "expiration": "Jan 1, 2030, 1:00:00 AM"},
                "assumedRoleUser": {"assumedRoleId": f"AROA{hashlib.sha256(path.encode()).hexdigest()[:17].upper()}:{session}", "arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}"},
                **more,
            },
        })

    def begin(self, part):
        """From here on another somebody makes the calls."""
        self.part = part
        if part == "landing zone":
            self.who = "ada.okafor@northwind.example"
            self.agent = "Mozilla/5.0 (X11; Linux x86_64)"
            self.identity = lambda account: {**self.role(account, SSO, self.who, self.key("sso")), "sessionCredentialFromConsole": "true"}
        elif part == "security":
            self.who = GITHUB
            self.agent = "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) aws-sdk-go-v2/1.30"
            token = {"type": "WebIdentityUser", "principalId": f"arn:aws:iam::{MANAGEMENT}:oidc-provider/token.actions.githubusercontent.com:sts.amazonaws.com:{GITHUB}", "userName": GITHUB, "identityProvider": f"arn:aws:iam::{MANAGEMENT}:oidc-provider/token.actions.githubusercontent.com"}
            self.took("AssumeRoleWithWebIdentity", token, MANAGEMENT, "ci-deploy", "GitHubActions", self.key("ci"), subjectFromWebIdentityToken=GITHUB)
            self.identity = lambda account: self.role(account, "ci-deploy", "GitHubActions", self.key("ci"))
        elif part == "workloads":
            self.who = f"arn:aws:iam::{MANAGEMENT}:user/bo.lindqvist"
            self.agent = "aws-cli/2.17.0 md/prompt#off"
            first, second = self.key("deployer"), self.key("workload-admin")
            self.took("AssumeRole", self.user("bo.lindqvist", "AKIABOLINDQVIST00001"), MANAGEMENT, "deployer", "bo", first)
            self.took("AssumeRole", self.role(MANAGEMENT, "deployer", "bo", first), MANAGEMENT, "workload-admin", "deploy-session", second)
            self.identity = lambda account: self.role(account, "workload-admin", "deploy-session", second)
        else:
            self.who = f"arn:aws:iam::{MANAGEMENT}:user/build-bot"
            self.agent = "Boto3/1.34 md/Botocore#1.34"
            self.identity = lambda account: self.user("build-bot", "AKIALEAKEDBUILDBOT01")

    def end(self, accounts):
        """Reads back what the part has added."""
        self.identity = None
        now = oracle.read_back(accounts, REGIONS, MANAGEMENT)["ids"]
        for account, places in now.items():
            if account == oracle.PROVIDER:
                continue
            for region, kinds in places.items():
                for kind, ids in kinds.items():
                    known = set(self.before.get(account, {}).get(region, {}).get(kind, []))
                    for one in ids:
                        if one not in known:
                            self.made.setdefault(account, {}).setdefault(region, {}).setdefault(kind, {})[one] = self.who
        self.before = now

    # What

    def call(self, account, region, service, model, context, http_response, parsed):
        if self.identity is None or (service, model.name) == ("sts", "AssumeRole"):
            return
        name = NAMES.get((service, model.name), model.name)
        params, answer = context.get("trail", {}), {key: one for key, one in parsed.items() if key != "ResponseMetadata"}
        read_only = model.name.startswith(READS)
        if service == "ec2" and model.name in WRAPPED:
            request = {f"{model.name}Request": like_new_ec2(params, model.input_shape, False)}
            response = {f"{model.name}Response": like_new_ec2(answer, model.output_shape, True)}
        elif service == "ec2":
            request, response = like_ec2(params, model.input_shape), like_ec2(answer, model.output_shape)
        else:
            request, response = plain(params), plain(answer)
        if service in ("s3", "s3control"):
            request = {"bucketName" if key == "bucket" else key: one for key, one in request.items()}
            response = None
        # These answer with one structure, and the log leaves its name out.
        if service in ("rds", "redshift", "elasticache", "kinesis") and response and len(response) == 1 and isinstance(next(iter(response.values())), dict):
            response = next(iter(response.values()))
        source = SOURCES.get(service, model.service_model.endpoint_prefix.removeprefix("api."))
        record = {
            "eventSource": f"{source}.amazonaws.com", "eventName": name + VERSIONS.get(service, ""), "readOnly": read_only,
            "userIdentity": self.identity(account.id), "requestParameters": request or None, "responseElements": None if read_only else response or None,
        }
        if http_response.status_code >= 300:
            record["errorCode"] = parsed.get("Error", {}).get("Code", "Failure")
            record["errorMessage"] = parsed.get("Error", {}).get("Message", "")
            record["responseElements"] = None
        self.add(account.id, "us-east-1" if service in GLOBAL else region, record)

    def add(self, account, region, record):
        self.number += 1
        now = datetime.datetime.now(datetime.timezone.utc)
        digest = hashlib.sha256(f"{self.number}".encode()).hexdigest()
        self.records.setdefault((account, region), []).append({
            "eventVersion": "1.10",
            "eventTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "awsRegion": region,
            "sourceIPAddress": "203.0.113.4",
            "userAgent": self.agent,
            "requestID": digest[32:64],
            "eventID": f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}",
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": account,
            "eventCategory": "Management",
            **record,
        })

    def write(self, directory):
        """The files as a trail of an organisation puts them into its bucket, and beside them who made what."""
        root = pathlib.Path(directory)
        day = datetime.datetime.now(datetime.timezone.utc)
        for (account, region), records in self.records.items():
            folder = root / "AWSLogs" / "o-northwind1" / account / "CloudTrail" / region / day.strftime("%Y/%m/%d")
            folder.mkdir(parents=True, exist_ok=True)
            for start in range(0, len(records), FILE_RECORDS):
                name = f"{account}_CloudTrail_{region}_{day.strftime('%Y%m%dT%H%MZ')}_{start:016d}.json.gz"
                # The newest first: the service promises no order either.
                content = {"Records": records[start : start + FILE_RECORDS][::-1]}
                (folder / name).write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))
        with open(root / "creators.txt", "w", encoding="utf-8") as file:
            json.dump(self.made, file, indent=1, sort_keys=True)
