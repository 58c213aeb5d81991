"""How long PMapper takes to find who can become whom, on the estate that `escalate_scale` writes as JSON lines.

Reads the lines from standard input and prints a row of a table. It is run as a program of its own, on the principals and
policies alone: its model of an organisation's policies is per account and is left out.
"""

import collections
import collections.abc
import json
import sys
import time

# The last release was written for Python 3.9; these names have moved since.
for name in ("Mapping", "MutableMapping", "Iterable"):
    setattr(collections, name, getattr(collections.abc, name))

from principalmapper.common import Node, Policy  # noqa: E402
from principalmapper.graphing import (  # noqa: E402
    autoscaling_edges, cloudformation_edges, codebuild_edges, ec2_edges, gathering, iam_edges, lambda_edges,
    sagemaker_edges, ssm_edges, sts_edges,
)


def policies(found, arn, document):
    inline = document.get("UserPolicyList") or document.get("RolePolicyList") or []
    own = [Policy(arn, one["PolicyName"], one["PolicyDocument"]) for one in inline]
    return own + [found[one["PolicyArn"]] for one in document.get("AttachedManagedPolicies", []) if one["PolicyArn"] in found]


def nodes(lines):
    managed = {}
    for line in lines:
        if line["type"] == "AWS::IAM::ManagedPolicy":
            text = line["document"]["PolicyVersionList"][0]["Document"]
            managed[line["arn"]] = Policy(line["arn"], line["document"]["PolicyName"], text)
    found = []
    for number, line in enumerate(lines):
        arn, document = line["arn"], line["document"]
        boundary = managed.get(document.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"))
        tags = {tag["Key"]: tag["Value"] for tag in document.get("Tags", [])}
        if line["type"] == "AWS::IAM::User":
            found.append(Node(arn, f"AIDA{number}", policies(managed, arn, document), [], None, None, 1, False, False, boundary, False, tags))
        elif line["type"] == "AWS::IAM::Role":
            trust, profile = document["AssumeRolePolicyDocument"], [arn.replace(":role/", ":instance-profile/")]
            found.append(Node(arn, f"AROA{number}", policies(managed, arn, document), [], trust, profile, 0, False, False, boundary, False, tags))
    return found


def main():
    lines = [json.loads(line) for line in sys.stdin]
    everybody = nodes(lines)
    begun = time.perf_counter()
    gathering.update_admin_status(everybody)
    edges = []
    edges += iam_edges.generate_edges_locally(everybody)
    edges += sts_edges.generate_edges_locally(everybody)
    edges += ec2_edges.generate_edges_locally(everybody)
    edges += lambda_edges.generate_edges_locally(everybody, [])
    edges += ssm_edges.generate_edges_locally(everybody)
    edges += sagemaker_edges.generate_edges_locally(everybody)
    edges += autoscaling_edges.generate_edges_locally(everybody, None, [])
    edges += cloudformation_edges.generate_edges_locally(everybody, [])
    edges += codebuild_edges.generate_edges_locally(everybody, None, [])
    took = time.perf_counter() - begun
    print(f"| PMapper 1.1.5 (pip), nine of its kinds of edges: {len(edges)} of {len(everybody)} principals | {took:.2f} s |")


if __name__ == "__main__":
    main()
