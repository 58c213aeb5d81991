"""A moto server whose accounts have some of the policies that AWS writes, and that makes reports of last use.

AWS answers `GetAccountAuthorizationDetails` with those of its policies that the account uses. moto has none, or all 1,500
of them in every answer, 9 MB of text; here it has those that the sample company uses and a few that it does not.

moto makes no reports of when a user or role tried which service last; here it makes them of what it knows: the services that
policies name, and the last use of access keys. Nor does it say what Amazon Inspector looks at; here it does. Elastic addresses
are addresses of the internet.

    server.py -H 127.0.0.1 -p 5000 [--every-policy]
"""

import functools
import hashlib
import json
import logging
import os
import sys
import threading
import uuid

USED = (
    "AdministratorAccess", "AmazonEC2ContainerRegistryReadOnly", "AmazonECSTaskExecutionRolePolicy", "AmazonEKSClusterPolicy",
    "AmazonEKSWorkerNodePolicy", "AmazonS3ReadOnlyAccess", "AmazonSSMManagedInstanceCore", "AWSLambdaBasicExecutionRole",
    "AWSLambdaVPCAccessExecutionRole", "AWS_ConfigRole", "PowerUserAccess", "ReadOnlyAccess", "SecurityAudit",
)
# What nobody in the company attaches.
UNUSED = ("AmazonS3FullAccess", "IAMFullAccess", "ViewOnlyAccess")


def watch():
    """Ends this process with the one that started it, whose end of our standard input closes, even if it is killed."""
    sys.stdin.buffer.read()
    os._exit(0)


def with_ids_of_their_own(made):
    """AWS gives a policy the same id in all accounts. None is drawn, so that others stay what they are."""
    from moto.iam import models

    being_made, drawn = threading.local(), models.random_policy_id

    def from_data(name, *arguments):
        being_made.id = "ANPA" + hashlib.sha256(name.encode()).hexdigest()[:17].upper()
        try:
            return made(name, *arguments)
        finally:
            being_made.id = None

    models.random_policy_id = lambda: getattr(being_made, "id", None) or drawn()
    models.AWSManagedPolicy.from_data = from_data


def services_of(documents):
    """The services whose actions some policies name; `*` alone names none here, for moto has no list of all."""
    found = set()
    for document in documents:
        statements = (json.loads(document) if isinstance(document, str) else document)["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            actions = statement.get("Action", [])
            for action in actions if isinstance(actions, list) else [actions]:
                found.add(action.split(":")[0])
    return sorted(found - {"*"})


def with_reports_of_use():
    """Answers GenerateServiceLastAccessedDetails and GetServiceLastAccessedDetails, the report done at once. One asked for again
    keeps its time, so that two scans of the same estate find the same."""
    from moto.core.responses import ActionResult
    from moto.core.utils import utcnow
    from moto.iam.exceptions import NotFoundException
    from moto.iam.responses import IamResponse

    made = {}

    def holder(backend, arn):
        found = [one for one in (*backend.users.values(), *backend.roles.values()) if one.arn == arn]
        if not found:
            raise NotFoundException(f"ARN {arn} does not exist.")
        return found[0]

    def generate(self):
        arn = self._get_param("Arn")
        holder(self.backend, arn)
        job = str(uuid.uuid5(uuid.NAMESPACE_URL, arn))
        made.setdefault(job, utcnow())
        return ActionResult({"JobId": job})

    def read(self):
        job, backend = self._get_param("JobId"), self.backend
        known = (*backend.users.values(), *backend.roles.values())
        of = [one for one in known if str(uuid.uuid5(uuid.NAMESPACE_URL, one.arn)) == job]
        if not of or job not in made:
            raise NotFoundException(f"There is no report {job}.")
        groups = [group for group in backend.groups.values() if of[0] in group.users]
        holders = [of[0], *groups]
        documents = [document for one in holders for document in one.policies.values()]
        attached = [policy for one in holders for policy in one.managed_policies.values()]
        documents += [one.document for policy in attached for one in policy.versions if one.is_default]
        used = {key.last_used.service: key.last_used for key in getattr(of[0], "access_keys", ()) if key.last_used}
        services = []
        for name in services_of(documents):
            service = {"ServiceName": name, "ServiceNamespace": name, "TotalAuthenticatedEntities": int(name in used)}
            if name in used:
                service["LastAuthenticated"] = used[name].timestamp
                service["LastAuthenticatedEntity"] = of[0].arn
                service["LastAuthenticatedRegion"] = used[name].region
            services.append(service)
        return ActionResult({
            "JobStatus": "COMPLETED", "JobType": "ACTION_LEVEL", "JobCreationDate": made[job], "JobCompletionDate": made[job],
            "ServicesLastAccessed": services, "IsTruncated": False,
        })

    IamResponse.generate_service_last_accessed_details = generate
    IamResponse.get_service_last_accessed_details = read


def with_coverage():
    """Answers ListCoverage of Amazon Inspector, which moto does not: functions, and servers with a name. What has none is left
    out of its agent's management, and so is what stands still."""
    from moto.awslambda.models import lambda_backends
    from moto.ec2.models import ec2_backends
    from moto.inspector2 import urls
    from moto.inspector2.responses import Inspector2Response

    def row(account, kind, thing, reason):
        was = reason == "SUCCESSFUL"
        status = {"statusCode": "ACTIVE" if was else "INACTIVE", "reason": reason}
        return {"accountId": account, "resourceType": kind, "resourceId": thing, "scanType": "PACKAGE", "scanStatus": status}

    def list_coverage(self):
        account, region = self.current_account, self.region
        status = self.inspector2_backend.account_status.get(account)
        rows = []
        if status and status.ec2 == "ENABLED":
            for one in ec2_backends[account][region].all_instances():
                if one.state == "running":
                    named = any(tag["key"] == "Name" for tag in one.get_tags())
                    rows.append(row(account, "AWS_EC2_INSTANCE", one.id, "SUCCESSFUL" if named else "UNMANAGED_EC2_INSTANCE"))
                elif one.state == "stopped":
                    rows.append(row(account, "AWS_EC2_INSTANCE", one.id, "EC2_INSTANCE_STOPPED"))
        if status and status._lambda == "ENABLED":
            for one in lambda_backends[account][region].list_functions():
                rows.append(row(account, "AWS_LAMBDA_FUNCTION", f"{one.function_arn}:$LATEST", "SUCCESSFUL"))
        return json.dumps({"coveredResources": rows})

    urls.url_paths["{0}/coverage/list$"] = Inspector2Response.dispatch
    Inspector2Response.list_coverage = list_coverage


def look_once():
    """What does not change while it runs is looked up once: moto lists its own folder and tries the addresses of all its
    services in each request, behind a lock, and botocore lists its folder of models for each service anew."""
    from moto import backends
    from moto.core import responses, utils
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication as Dispatcher

    modules = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    utils.create_loader = functools.cache(utils.create_loader)
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    Dispatcher.get_backend_for_host = functools.cache(Dispatcher.get_backend_for_host)
    # A line for each request, which nobody reads.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)


def with_addresses_of_the_internet():
    """moto takes elastic addresses from those of the machine itself, which nobody outside reaches; here they are drawn from the ranges
    that are there for documentation."""
    from moto.ec2.models import elastic_ip_addresses
    from moto.moto_api._internal import mock_random

    ranges = ("192.0.2", "198.51.100", "203.0.113")
    elastic_ip_addresses.random_ip = lambda: f"{mock_random.choice(ranges)}.{mock_random.randint(1, 254)}"


def with_types_of_answers():
    """moto says of the policy of a layer that it is a page for people."""
    from moto.awslambda.responses import LambdaResponse

    policy = LambdaResponse.get_layer_version_policy
    LambdaResponse.get_layer_version_policy = lambda self: (200, {"Content-Type": "application/json"}, policy(self))


def main():
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    look_once()
    from moto.iam import models
    from moto.server import main as serve

    # AWS names its policies in this answer too; moto leaves the names out.
    models.ManagedPolicy.policy_name = property(lambda policy: policy.name)
    with_ids_of_their_own(models.AWSManagedPolicy.from_data)
    with_reports_of_use()
    with_coverage()
    with_addresses_of_the_internet()
    with_types_of_answers()
    arguments = sys.argv[1:]
    if "--every-policy" in arguments:
        arguments.remove("--every-policy")
    else:
        known = json.loads(models.aws_managed_policies_data)
        models.aws_managed_policies_data = json.dumps({name: known[name] for name in sorted(USED + UNUSED)})
    if not sys.stdin.isatty():
        threading.Thread(target=watch, daemon=True).start()
    serve(arguments)


if __name__ == "__main__":
    main()
