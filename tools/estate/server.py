"""A moto server whose accounts have some of the policies that AWS writes.

AWS answers `GetAccountAuthorizationDetails` with those of its policies that the account uses. moto has none, or all 1,500
of them in every answer, 9 MB of text; here it has those that the sample company uses and a few that it does not.

    server.py -H 127.0.0.1 -p 5000 [--every-policy]
"""

import hashlib
import json
import os
import sys
import threading

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


def main():
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    from moto.iam import models
    from moto.server import main as serve

    # AWS names its policies in this answer too; moto leaves the names out.
    models.ManagedPolicy.policy_name = property(lambda policy: policy.name)
    with_ids_of_their_own(models.AWSManagedPolicy.from_data)
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
