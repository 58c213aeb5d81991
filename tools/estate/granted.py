"""Policies that AWS writes, attached as companies do. Made last, so that no id of what came before changes."""

import json

from company import MANAGEMENT, kv, tags

WRITTEN = "arn:aws:iam::aws:policy/"
# Roles of production by what their service needs; a small estate has some of them.
ROLES = {
    "service-role/AmazonECSTaskExecutionRolePolicy": ("storefront-task",),
    "service-role/AWSLambdaBasicExecutionRole": ("storefront-workers", "payments-workers", "catalog-workers", "lake-functions", "storefront-eu-workers"),
    "AmazonSSMManagedInstanceCore": ("payments-server", "lake-servers", "clusters-node"),
    "AmazonEKSClusterPolicy": ("clusters-control",),
    "AmazonEKSWorkerNodePolicy": ("clusters-node",),
    "AmazonEC2ContainerRegistryReadOnly": ("clusters-node",),
}


def seed(company):
    people, shop = company.management("iam"), company.production("iam")
    for iam in (people, shop):
        iam.attach_role_policy(RoleName="config-recorder", PolicyArn=WRITTEN + "service-role/AWS_ConfigRole")
    people.attach_group_policy(GroupName="auditors", PolicyArn=WRITTEN + "SecurityAudit")
    people.attach_role_policy(RoleName="security-audit", PolicyArn=WRITTEN + "SecurityAudit")
    shop.attach_group_policy(GroupName="developers", PolicyArn=WRITTEN + "ReadOnlyAccess")
    shop.attach_user_policy(UserName="svc-backup", PolicyArn=WRITTEN + "AmazonS3ReadOnlyAccess")
    there = {role["RoleName"] for page in shop.get_paginator("list_roles").paginate() for role in page["Roles"]}
    for policy, roles in ROLES.items():
        for role in roles:
            if role in there:
                shop.attach_role_policy(RoleName=role, PolicyArn=WRITTEN + policy)
    # For the night when nothing else works: who holds one of two sealed keys, and a second factor.
    holders = {"AWS": [f"arn:aws:iam::{MANAGEMENT}:user/break-glass-{number}" for number in (1, 2)]}
    statement = {
        "Effect": "Allow", "Principal": holders, "Action": "sts:AssumeRole", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    shop.create_role(
        RoleName="break-glass", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        Tags=kv(tags("security", "break glass", env="shared")),
    )
    shop.attach_role_policy(RoleName="break-glass", PolicyArn=WRITTEN + "AdministratorAccess")
