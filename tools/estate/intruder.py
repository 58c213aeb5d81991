"""What somebody left behind who should not have been there. None of it is explained, and none of it may seem so."""

import json

from company import OUTSIDER, PRODUCTION, allow, code, policy, public_address, trust


def seed(company):
    account = company.production
    ec2 = account("ec2", "ap-southeast-2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    # A large machine in a region nobody uses, open to the world.
    group = ec2.create_security_group(GroupName="launch-wizard-1", Description="launch-wizard-1 created 2026-10-31T03:12:44Z", VpcId=subnet["VpcId"])["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    ec2.create_key_pair(KeyName="k1")
    server = ec2.run_instances(
        ImageId="ami-0f1e2d3c4b5a69788", InstanceType="p4d.24xlarge", MinCount=1, MaxCount=1, KeyName="k1",
        NetworkInterfaces=[{"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Groups": [group], "SubnetId": subnet["SubnetId"]}],
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 500, "VolumeType": "gp3"}}],
    )["Instances"][0]["InstanceId"]
    public_address(ec2, server)
    # Ways back in.
    iam = account("iam")
    iam.create_access_key(UserName="m.kowalski")
    stranger = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OUTSIDER}:root"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="SupportAccess", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [stranger]}))
    iam.put_role_policy(RoleName="SupportAccess", PolicyName="a", PolicyDocument=policy(allow("*")))
    iam.create_role(RoleName="telemetry-sync", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    iam.put_role_policy(RoleName="telemetry-sync", PolicyName="a", PolicyDocument=policy(allow(["s3:*", "secretsmanager:GetSecretValue"])))
    functions = account("lambda", "eu-west-1")
    functions.create_function(
        FunctionName="telemetry-sync", Runtime="python3.12", Role=f"arn:aws:iam::{PRODUCTION}:role/telemetry-sync",
        Handler="main.handler", Code={"ZipFile": code()},
    )
    functions.create_function_url_config(FunctionName="telemetry-sync", AuthType="NONE")
    # Ways out for data.
    s3 = account("s3")
    bucket = "northwind-tmp-export-7731"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=policy({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}),
    )
    home = account("ec2")
    copy = home.create_snapshot(VolumeId=company.forgotten_disk, Description="tmp")["SnapshotId"]
    home.modify_snapshot_attribute(SnapshotId=copy, Attribute="createVolumePermission", OperationType="add", UserIds=[OUTSIDER])
