"""Seeds the sample company into a moto server: Northwind Outfitters, two accounts, three regions.

The company is invented. It has systems that are well explained, things that only rules explain, gaps as real
companies have them, and what an intruder left behind. Everything is made in a fixed order after the server's random
numbers are seeded, so that ids are the same in every run. All former state of the server is thrown away.

    seed.py --endpoint http://127.0.0.1:5000 [--small] [--summary FILE] [--terraform-out FILE] [--trail DIR]
"""

import argparse
import contextlib
import json
import sys
import time

from botocore.exceptions import ClientError

import breadth
import granted
import intruder
import oracle
import security
import trail
import weaknesses
import workloads
from company import MANAGEMENT, PRODUCTION, REGIONS, Company, kv, policy, post


def organisation(company):
    organizations = company.management("organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(
        AccountName="northwind-production", Email="aws-production@northwind.example"
    )["CreateAccountStatus"]["AccountId"]
    if made != PRODUCTION:
        raise SystemExit(f"the server made account {made} and not {PRODUCTION}: another release of moto?")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit_tags = kv({"owner": "platform", "purpose": "landing zone", "env": "shared"})
    units = {
        name: organizations.create_organizational_unit(ParentId=root, Name=name, Tags=unit_tags)["OrganizationalUnit"]["Id"]
        for name in ("Security", "Workloads")
    }
    organizations.move_account(AccountId=made, SourceParentId=root, DestinationParentId=units["Workloads"])
    organizations.tag_resource(ResourceId=root, Tags=unit_tags)
    organizations.tag_resource(
        ResourceId=made, Tags=kv({"owner": "platform", "purpose": "runs the shop", "env": "production"})
    )
    organizations.tag_resource(
        ResourceId=MANAGEMENT, Tags=kv({"owner": "security", "purpose": "management and audit", "env": "shared"})
    )
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    organizations.enable_policy_type(RootId=root, PolicyType="RESOURCE_CONTROL_POLICY")
    for name, kind, statement in (
        ("keep-in-organisation", "SERVICE_CONTROL_POLICY", {"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}),
        ("keep-the-trail", "SERVICE_CONTROL_POLICY", {"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"], "Resource": "*"}),
        ("only-over-tls", "RESOURCE_CONTROL_POLICY", {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}),
    ):
        made_policy = organizations.create_policy(
            Name=name, Type=kind, Description=name.replace("-", " "), Content=policy(statement),
            Tags=kv({"owner": "security", "purpose": "guard rails", "env": "shared"}),
        )["Policy"]["PolicySummary"]["Id"]
        organizations.attach_policy(PolicyId=made_policy, TargetId=units["Workloads"])
    company.production = company.management.in_account(made)


def remove_default_network(account, region):
    """What a landing zone does first in each region."""
    ec2 = account("ec2", region)
    for vpc in ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]:
        mine = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        for acl in ec2.describe_network_acls(Filters=mine)["NetworkAcls"]:
            for one in acl["Associations"]:
                # The server never ends an association; asked for a list that is not there it drops it and complains.
                with contextlib.suppress(ClientError):
                    ec2.replace_network_acl_association(AssociationId=one["NetworkAclAssociationId"], NetworkAclId="acl-00000000")
            ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"])
        for subnet in ec2.describe_subnets(Filters=mine)["Subnets"]:
            ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        attached = [{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
        for gateway in ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]:
            ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc["VpcId"])
            ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
        ec2.delete_vpc(VpcId=vpc["VpcId"])


def landing_zone(company):
    for account in (company.management, company.production):
        regions = REGIONS
        if not company.small:
            regions = sorted(one["RegionName"] for one in account("ec2").describe_regions()["Regions"])
        for region in regions:
            remove_default_network(account, region)
    # In one region it came back; somebody found it.
    ec2 = company.production("ec2", "ap-southeast-2")
    vpc = ec2.create_default_vpc()["Vpc"]["VpcId"]
    # In real life its door to the internet comes with it; here it has to be made.
    door = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=door, VpcId=vpc)
    main = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    table = ec2.describe_route_tables(Filters=main)["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=door)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--endpoint", required=True, help="address of a moto server whose state may be thrown away")
    parser.add_argument("--small", action="store_true", help="a part of the estate, for quick tests")
    parser.add_argument("--summary", help="write what boto3 reads back as JSON to this file")
    parser.add_argument("--terraform-out", help="write a Terraform state of what it declares to this file")
    parser.add_argument("--trail", help="write what CloudTrail would log of all this, and who made what, to this directory")
    arguments = parser.parse_args()
    endpoint = arguments.endpoint.rstrip("/")

    started = time.monotonic()
    post(endpoint, "/moto-api/reset")
    recorder = trail.Recorder() if arguments.trail else None
    company = Company(endpoint, arguments.small)

    @contextlib.contextmanager
    def part(name):
        """A part of the company, and for the trail somebody who makes it."""
        if recorder:
            recorder.begin(name)
        yield
        if recorder:
            accounts = {company.management.id: company.management, company.production.id: company.production}
            recorder.end(accounts)

    with part("landing zone"):
        organisation(company)
        landing_zone(company)
    with part("security"):
        security.seed(company)
    with part("workloads"):
        net, keys = workloads.seed(company)
    with part("intruder"):
        intruder.seed(company)
    # Last, so that it changes no id of what came before.
    with part("workloads"):
        breadth.seed(company, net, keys)
    with part("security"):
        granted.seed(company)
        weaknesses.seed(company)
    seeded = time.monotonic()
    if recorder:
        recorder.write(arguments.trail)
    if arguments.terraform_out:
        with open(arguments.terraform_out, "w", encoding="utf-8") as file:
            json.dump(company.state(), file, indent=2)
            file.write("\n")
    accounts = {company.management.id: company.management, company.production.id: company.production}
    summary = oracle.read_back(accounts, REGIONS, MANAGEMENT)
    if arguments.summary:
        with open(arguments.summary, "w", encoding="utf-8") as file:
            json.dump(summary, file, indent=1, sort_keys=True)
            file.write("\n")
    json.dump({"total": summary["total"], "counts": summary["counts"]}, sys.stdout, indent=1, sort_keys=True)
    print()
    print(
        f"{summary['total']} resources; seeded in {seeded - started:.1f} s, read back in {time.monotonic() - seeded:.1f} s",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
