"""Makes pairs in an account of a moto server: of each kind one as it should be and one as it should not, so that checks of ours
and of others have something to differ about. What was there before stays.

    twins.py --endpoint http://127.0.0.1:5000 [--account NUMBER]
"""

import argparse
import json
import sys
import time

from company import MANAGEMENT, Account, code, kv, lower, policy, trust

REGION = "us-east-1"
OUTSIDER = "999988887777"  # belongs to nobody we know
EVERYBODY = {"Effect": "Allow", "Principal": "*"}


class Twins:
    """An account, and what others of its things refer to."""

    def __init__(self, account):
        self.account = account
        self.id = account.id
        ec2 = account("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        zones = [one["ZoneName"] for one in ec2.describe_availability_zones()["AvailabilityZones"]]
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.77.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
            for number, zone in enumerate(zones[:2])
        ]
        door = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=door, VpcId=self.vpc)
        self.public = ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.77.9.0/24", AvailabilityZone=zones[0])["Subnet"]["SubnetId"]
        ec2.modify_subnet_attribute(SubnetId=self.public, MapPublicIpOnLaunch={"Value": True})
        table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=door)
        ec2.associate_route_table(RouteTableId=table, SubnetId=self.public)
        self.group = ec2.create_security_group(GroupName="twin-closed", Description="closed", VpcId=self.vpc)["GroupId"]
        self.key = account("kms").create_key(Description="twins")["KeyMetadata"]["Arn"]
        self.role = account("iam").create_role(
            RoleName="twin-worker", AssumeRolePolicyDocument=trust("lambda.amazonaws.com", "ecs-tasks.amazonaws.com", "states.amazonaws.com")
        )["Role"]["Arn"]
        self.logs = account("s3")
        self.logs.create_bucket(Bucket="twin-logs-7a31")
        account("logs").create_log_group(logGroupName="/twins/kept", kmsKeyId=self.key)
        account("logs").put_retention_policy(logGroupName="/twins/kept", retentionInDays=400)
        account("logs").create_log_group(logGroupName="/twins/short")
        self.group_arn = f"arn:aws:logs:{REGION}:{self.id}:log-group:/twins/kept"
        self.topic = account("sns").create_topic(Name="twin-good", Attributes={"KmsMasterKeyId": self.key})["TopicArn"]

    def __call__(self, service):
        return self.account(service)


def networks(at):
    ec2 = at("ec2")
    ec2.create_flow_logs(
        ResourceIds=[at.vpc], ResourceType="VPC", TrafficType="REJECT", LogDestinationType="cloud-watch-logs", LogGroupName="/twins/kept",
        DeliverLogsPermissionArn=at.role,
    )
    bad = ec2.create_vpc(CidrBlock="10.78.0.0/16")["Vpc"]["VpcId"]

    def opened(name, port, v6=False, proto="tcp", to=None):
        group = ec2.create_security_group(GroupName=name, Description=name, VpcId=bad)["GroupId"]
        rule = {"IpProtocol": proto}
        if proto != "-1":
            rule.update(FromPort=port, ToPort=to or port)
        rule.update({"Ipv6Ranges": [{"CidrIpv6": "::/0"}]} if v6 else {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]})
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        return group

    opened("twin-ssh", 22)
    opened("twin-rdp-v6", 3389, v6=True)
    opened("twin-mysql", 3306)
    opened("twin-all", 0, proto="-1")
    opened("twin-web", 443)
    opened("twin-telnet", 23)
    inside = ec2.create_security_group(GroupName="twin-inside", Description="inside", VpcId=at.vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=inside, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
    )
    # One default group that lets nothing through.
    mine = [{"Name": "vpc-id", "Values": [at.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    default = ec2.describe_security_groups(Filters=mine)["SecurityGroups"][0]
    for rules, take in ((default["IpPermissions"], ec2.revoke_security_group_ingress), (default["IpPermissionsEgress"], ec2.revoke_security_group_egress)):
        if rules:
            take(GroupId=default["GroupId"], IpPermissions=rules)
    acl = ec2.create_network_acl(VpcId=bad)["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=100, Protocol="6", RuleAction="allow", Egress=False, CidrBlock="0.0.0.0/0", PortRange={"From": 22, "To": 22}
    )
    ec2.create_network_acl(VpcId=at.vpc)
    ec2.allocate_address(Domain="vpc")
    for name, accept in (("twin-good", "disable"), ("twin-bad", "enable")):
        ec2.create_transit_gateway(Description=name, Options={"AutoAcceptSharedAttachments": accept})
    narrow = policy({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{at.id}:root"}, "Action": "s3:*", "Resource": "*"})
    ec2.create_vpc_endpoint(VpcId=at.vpc, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway", PolicyDocument=narrow)
    ec2.create_vpc_endpoint(VpcId=bad, ServiceName=f"com.amazonaws.{REGION}.dynamodb", VpcEndpointType="Gateway")
    ec2.create_vpc_endpoint(VpcId=at.vpc, ServiceName=f"com.amazonaws.{REGION}.ec2", VpcEndpointType="Interface", SubnetIds=at.subnets)
    resolver = at("route53resolver")
    queries = resolver.create_resolver_query_log_config(Name="twins", DestinationArn=at.group_arn + ":*", CreatorRequestId="twins")
    resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=queries["ResolverQueryLogConfig"]["Id"], ResourceId=at.vpc)


def servers(at):
    ec2, iam = at("ec2"), at("iam")
    iam.create_instance_profile(InstanceProfileName="twin")
    iam.add_role_to_instance_profile(InstanceProfileName="twin", RoleName="twin-worker")
    image = ec2.describe_images(Owners=["amazon"])["Images"]
    image = image[0]["ImageId"] if image else "ami-12c6146b"
    good = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro", SubnetId=at.subnets[0], SecurityGroupIds=[at.group],
        IamInstanceProfile={"Name": "twin"}, MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
    )["Instances"][0]["InstanceId"]
    ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro", MetadataOptions={"HttpTokens": "optional", "HttpPutResponseHopLimit": 3},
        NetworkInterfaces=[
            {"DeviceIndex": 0, "SubnetId": at.public, "AssociatePublicIpAddress": True, "Groups": [at.group]},
            {"DeviceIndex": 1, "SubnetId": at.public, "Groups": [at.group]},
        ],
    )
    zone = ec2.describe_subnets(SubnetIds=[at.subnets[0]])["Subnets"][0]["AvailabilityZone"]
    for encrypted in (True, False):
        volume = ec2.create_volume(AvailabilityZone=zone, Size=8, Encrypted=encrypted, **({"KmsKeyId": at.key} if encrypted else {}))["VolumeId"]
        snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        if not encrypted:
            ec2.modify_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"])
    for name in ("twin-good", "twin-bad"):
        made = ec2.create_image(InstanceId=good, Name=name)["ImageId"]
        if name == "twin-bad":
            ec2.modify_image_attribute(ImageId=made, LaunchPermission={"Add": [{"Group": "all"}]})
    ec2.create_launch_template(
        LaunchTemplateName="twin-good",
        LaunchTemplateData={"ImageId": image, "MetadataOptions": {"HttpTokens": "required"}, "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": False}]},
    )
    ec2.create_launch_template(
        LaunchTemplateName="twin-bad", LaunchTemplateData={"ImageId": image, "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}]}
    )
    scaling = at("autoscaling")
    for name, address, tokens, disk in (("twin-good", False, "required", True), ("twin-bad", True, "optional", False)):
        scaling.create_launch_configuration(
            LaunchConfigurationName=name, ImageId=image, InstanceType="t3.micro", AssociatePublicIpAddress=address,
            MetadataOptions={"HttpTokens": tokens, "HttpPutResponseHopLimit": 1 if tokens == "required" else 3},
            BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8, "Encrypted": disk}}],
        )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="twin-bad", LaunchConfigurationName="twin-bad", MinSize=0, MaxSize=1, VPCZoneIdentifier=at.subnets[0]
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="twin-good", MinSize=0, MaxSize=1, VPCZoneIdentifier=",".join(at.subnets), HealthCheckType="ELB", HealthCheckGracePeriod=60,
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateName": "twin-good", "Version": "$Latest"},
                "Overrides": [{"InstanceType": "t3.micro"}, {"InstanceType": "t3.small"}],
            }
        },
    )


def buckets(at):
    s3 = at("s3")
    s3.create_bucket(Bucket="twin-good-7a31")
    s3.create_bucket(Bucket="twin-bad-7a31")
    blocked = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
    for bucket in ("twin-good-7a31", "twin-logs-7a31"):
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocked)
    s3.put_bucket_versioning(Bucket="twin-good-7a31", VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"})
    s3.put_bucket_encryption(
        Bucket="twin-good-7a31",
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": at.key}}]},
    )
    s3.put_bucket_acl(
        Bucket="twin-logs-7a31",
        AccessControlPolicy={
            "Grants": [
                {"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}, "Permission": permission}
                for permission in ("READ_ACP", "WRITE")
            ],
            "Owner": {"DisplayName": "owner", "ID": "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"},
        },
    )
    s3.put_bucket_logging(Bucket="twin-good-7a31", BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "twin-logs-7a31", "TargetPrefix": "a/"}})
    s3.put_bucket_lifecycle_configuration(
        Bucket="twin-good-7a31", LifecycleConfiguration={"Rules": [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 400}}]}
    )
    refuse = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::twin-good-7a31", "arn:aws:s3:::twin-good-7a31/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="twin-good-7a31", Policy=policy(refuse))
    s3.put_bucket_policy(Bucket="twin-bad-7a31", Policy=policy({**EVERYBODY, "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::twin-bad-7a31/*"}))
    s3.put_bucket_acl(Bucket="twin-bad-7a31", ACL="public-read")
    s3.put_bucket_notification_configuration(
        Bucket="twin-good-7a31", NotificationConfiguration={"TopicConfigurations": [{"TopicArn": at.topic, "Events": ["s3:ObjectCreated:*"]}]}
    )
    s3.create_bucket(Bucket="twin-listed-7a31")
    s3.put_bucket_policy(
        Bucket="twin-listed-7a31",
        Policy=policy({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OUTSIDER}:root"}, "Action": "s3:PutBucketPolicy", "Resource": "arn:aws:s3:::twin-listed-7a31"}),
    )
    control = at("s3control")
    # The account stands before the host's name, which no server on this machine has.
    control.meta.events.register("before-send", lambda request, **_: setattr(request, "url", request.url.replace(f"//{at.id}.", "//")))
    control.create_access_point(AccountId=at.id, Name="twin-good", Bucket="twin-good-7a31", PublicAccessBlockConfiguration=blocked)
    control.create_access_point(
        AccountId=at.id, Name="twin-bad", Bucket="twin-bad-7a31", PublicAccessBlockConfiguration={**blocked, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
    )
    control.put_public_access_block(AccountId=at.id, PublicAccessBlockConfiguration={**blocked, "BlockPublicPolicy": False, "RestrictPublicBuckets": False})


def identities(at):
    iam = at("iam")
    iam.update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True, RequireNumbers=True, RequireUppercaseCharacters=True, RequireLowercaseCharacters=False, PasswordReusePrevention=5, MaxPasswordAge=60)
    for name in ("twin-good", "twin-bad"):
        iam.create_user(UserName=name)
        iam.create_login_profile(UserName=name, Password="Twin-7a31-Twin!x")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="twin")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(UserName="twin-good", SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321")
    for _ in range(2):
        iam.create_access_key(UserName="twin-bad")
    everything = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    decrypts = policy({"Effect": "Allow", "Action": ["kms:Decrypt", "kms:ReEncryptFrom"], "Resource": "*"})
    little = policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::twin-good-7a31/*"})
    iam.put_user_policy(UserName="twin-bad", PolicyName="all", PolicyDocument=everything)
    iam.put_user_policy(UserName="twin-bad", PolicyName="keys", PolicyDocument=decrypts)
    for name, document in (("twin-good", little), ("twin-bad", everything)):
        iam.create_group(GroupName=name)
        iam.put_group_policy(GroupName=name, PolicyName="inline", PolicyDocument=document)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document)
        made = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
        iam.attach_group_policy(GroupName=name, PolicyArn=made)
    iam.add_user_to_group(GroupName="twin-good", UserName="twin-good")
    made = iam.create_policy(PolicyName="twin-decrypts", PolicyDocument=decrypts)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="twin-bad", PolicyArn=made)
    trails = policy({"Effect": "Allow", "Action": "cloudtrail:*", "Resource": "*"})
    made = iam.create_policy(PolicyName="twin-trails", PolicyDocument=trails)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="twin-bad", PolicyArn=made)
    anybody = policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName="twin-anybody", AssumeRolePolicyDocument=anybody)


def keys(at):
    kms = at("kms")
    kms.enable_key_rotation(KeyId=at.key)
    whole = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{at.id}:root"}, "Action": "kms:*", "Resource": "*"}
    open_key = kms.create_key(Description="twin-bad", Policy=policy(whole, {**EVERYBODY, "Action": "kms:Decrypt", "Resource": "*"}))["KeyMetadata"]["KeyId"]
    kms.disable_key_rotation(KeyId=open_key)
    going = kms.create_key(Description="twin-going")["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=going, PendingWindowInDays=7)
    secrets = at("secretsmanager")
    secrets.create_secret(Name="twin-good", SecretString="a", KmsKeyId=at.key)
    secrets.create_secret(Name="twin-bad", SecretString="b")
    secrets.put_resource_policy(SecretId="twin-bad", ResourcePolicy=policy({**EVERYBODY, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}))
    ssm = at("ssm")
    ssm.put_parameter(Name="twin-good", Value="a", Type="SecureString", KeyId=at.key)
    ssm.put_parameter(Name="twin-bad", Value="a", Type="SecureString")
    content = json.dumps({"schemaVersion": "2.2", "description": "twin", "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": ["true"]}}]})
    for name in ("twin-good", "twin-bad"):
        ssm.create_document(Name=name, Content=content, DocumentType="Command", DocumentFormat="JSON")
    ssm.modify_document_permission(Name="twin-bad", PermissionType="Share", AccountIdsToAdd=["all"])
    pca = at("acm-pca")
    subject = {"KeyAlgorithm": "RSA_2048", "SigningAlgorithm": "SHA256WITHRSA", "Subject": {"CommonName": "twins.example"}}
    for name, revoked in (("good", True), ("bad", False)):
        crl = {"CrlConfiguration": {"Enabled": revoked, **({"S3BucketName": "twin-good-7a31", "ExpirationInDays": 7} if revoked else {})}}
        made = pca.create_certificate_authority(
            CertificateAuthorityType="ROOT", CertificateAuthorityConfiguration=subject, RevocationConfiguration=crl, IdempotencyToken=name
        )["CertificateAuthorityArn"]
        request = pca.get_certificate_authority_csr(CertificateAuthorityArn=made)["Csr"]
        certificate = pca.issue_certificate(
            CertificateAuthorityArn=made, Csr=request.encode(), SigningAlgorithm="SHA256WITHRSA", Validity={"Type": "YEARS", "Value": 10},
            TemplateArn="arn:aws:acm-pca:::template/RootCACertificate/V1",
        )["CertificateArn"]
        body = pca.get_certificate(CertificateAuthorityArn=made, CertificateArn=certificate)["Certificate"]
        pca.import_certificate_authority_certificate(CertificateAuthorityArn=made, Certificate=body.encode())


def messages(at):
    sns, sqs = at("sns"), at("sqs")
    sns.create_topic(Name="twin-bad")
    bad = f"arn:aws:sns:{REGION}:{at.id}:twin-bad"
    sns.set_topic_attributes(TopicArn=bad, AttributeName="Policy", AttributeValue=policy({**EVERYBODY, "Action": "sns:Publish", "Resource": bad}))
    good = sqs.create_queue(QueueName="twin-good", Attributes={"KmsMasterKeyId": at.key})["QueueUrl"]
    sqs.get_queue_attributes(QueueUrl=good, AttributeNames=["All"])
    queue = f"arn:aws:sqs:{REGION}:{at.id}:twin-bad"
    sqs.create_queue(
        QueueName="twin-bad",
        Attributes={"Policy": policy({**EVERYBODY, "Action": "sqs:SendMessage", "Resource": queue}), "SqsManagedSseEnabled": "false"},
    )
    kinesis = at("kinesis")
    for name in ("twin-good", "twin-bad"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.start_stream_encryption(StreamName="twin-good", EncryptionType="KMS", KeyId=at.key)
    kinesis.increase_stream_retention_period(StreamName="twin-good", RetentionPeriodHours=240)
    stream = f"arn:aws:kinesis:{REGION}:{at.id}:stream/twin-bad"
    shared = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OUTSIDER}:root"}, "Action": "kinesis:GetRecords", "Resource": stream}
    kinesis.put_resource_policy(ResourceARN=stream, Policy=policy(shared))
    firehose = at("firehose")
    target = {"RoleARN": at.role, "BucketARN": "arn:aws:s3:::twin-logs-7a31"}
    firehose.create_delivery_stream(DeliveryStreamName="twin-bad", DeliveryStreamType="DirectPut", ExtendedS3DestinationConfiguration=target)
    firehose.create_delivery_stream(DeliveryStreamName="twin-good", DeliveryStreamType="DirectPut", ExtendedS3DestinationConfiguration=target)
    firehose.start_delivery_stream_encryption(DeliveryStreamName="twin-good", DeliveryStreamEncryptionConfigurationInput={"KeyType": "AWS_OWNED_CMK"})
    events = at("events")
    for name in ("twin-good", "twin-bad"):
        events.create_event_bus(Name=name)
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{at.id}:root"}, "Action": "events:PutEvents", "Resource": f"arn:aws:events:{REGION}:{at.id}:event-bus/twin-good"}
    events.put_permission(EventBusName="twin-good", Policy=policy({"Sid": "own", **own}))
    events.put_permission(EventBusName="twin-bad", Policy=policy({"Sid": "all", **EVERYBODY, "Action": "events:PutEvents", "Resource": f"arn:aws:events:{REGION}:{at.id}:event-bus/twin-bad"}))


def functions(at):
    run = at("lambda")
    common = {"Role": at.role, "Handler": "main.handler", "Code": {"ZipFile": code()}}
    run.create_function(
        FunctionName="twin-good", Runtime="python3.13", VpcConfig={"SubnetIds": at.subnets, "SecurityGroupIds": [at.group]},
        TracingConfig={"Mode": "Active"}, DeadLetterConfig={"TargetArn": f"arn:aws:sqs:{REGION}:{at.id}:twin-good"}, **common,
    )
    run.create_function(FunctionName="twin-bad", Runtime="python3.7", **common)
    run.create_function(
        FunctionName="twin-one-zone", Runtime="python3.13", VpcConfig={"SubnetIds": at.subnets[:1], "SecurityGroupIds": [at.group]}, **common
    )
    run.add_permission(FunctionName="twin-bad", StatementId="all", Action="lambda:InvokeFunction", Principal="*")
    run.add_permission(FunctionName="twin-one-zone", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::twin-bad-7a31")
    run.create_function_url_config(FunctionName="twin-good", AuthType="AWS_IAM", Cors={"AllowOrigins": ["https://shop.northwind.example"]})
    run.create_function_url_config(FunctionName="twin-bad", AuthType="NONE", Cors={"AllowOrigins": ["*"]})
    for name in ("twin-good", "twin-bad"):
        run.publish_layer_version(LayerName=name, Content={"ZipFile": code()}, CompatibleRuntimes=["python3.13"])
    run.add_layer_version_permission(LayerName="twin-good", VersionNumber=1, StatementId="one", Action="lambda:GetLayerVersion", Principal=OUTSIDER)
    run.add_layer_version_permission(LayerName="twin-bad", VersionNumber=1, StatementId="all", Action="lambda:GetLayerVersion", Principal="*")
    steps = at("stepfunctions")
    machine = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}})
    steps.create_state_machine(
        name="twin-good", definition=machine, roleArn=at.role, type="STANDARD",
        loggingConfiguration={"level": "ALL", "includeExecutionData": False, "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": at.group_arn + ":*"}}]},
    )
    steps.create_state_machine(name="twin-bad", definition=machine, roleArn=at.role)


def databases(at):
    rds = at("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="twins", DBSubnetGroupDescription="twins", SubnetIds=at.subnets)
    rds.create_db_instance(
        DBInstanceIdentifier="twin-good", DBInstanceClass="db.t3.medium", Engine="postgres", AllocatedStorage=20, MasterUsername="warden", MasterUserPassword="Twin-7a31-Twin",
        StorageEncrypted=True, KmsKeyId=at.key, BackupRetentionPeriod=14, MultiAZ=True, PubliclyAccessible=False, DeletionProtection=True, CopyTagsToSnapshot=True,
        EnableIAMDatabaseAuthentication=True, EnableCloudwatchLogsExports=["postgresql", "upgrade"], MonitoringInterval=60, MonitoringRoleArn=at.role, AutoMinorVersionUpgrade=True,
        DBSubnetGroupName="twins", VpcSecurityGroupIds=[at.group], Port=6432,
    )
    rds.create_db_instance(
        DBInstanceIdentifier="twin-bad", DBInstanceClass="db.t3.medium", Engine="mysql", AllocatedStorage=20, MasterUsername="admin", MasterUserPassword="Twin-7a31-Twin",
        BackupRetentionPeriod=0, PubliclyAccessible=True, AutoMinorVersionUpgrade=False,
    )
    for name in ("twin-good", "twin-bad"):
        rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-copy")
    rds.modify_db_snapshot_attribute(DBSnapshotIdentifier="twin-bad-copy", AttributeName="restore", ValuesToAdd=["all"])
    rds.create_db_cluster(
        DBClusterIdentifier="twin-aurora-good", Engine="aurora-mysql", MasterUsername="warden", MasterUserPassword="Twin-7a31-Twin", StorageEncrypted=True, KmsKeyId=at.key,
        BackupRetentionPeriod=14, DeletionProtection=True, EnableCloudwatchLogsExports=["audit"], CopyTagsToSnapshot=True, DBSubnetGroupName="twins",
        EnableIAMDatabaseAuthentication=True, BacktrackWindow=86400,
    )
    rds.create_db_cluster(
        DBClusterIdentifier="twin-aurora-bad", Engine="aurora-mysql", MasterUsername="admin", MasterUserPassword="Twin-7a31-Twin", BackupRetentionPeriod=1
    )
    for twin in ("good", "bad"):
        rds.create_db_cluster_snapshot(DBClusterIdentifier=f"twin-aurora-{twin}", DBClusterSnapshotIdentifier=f"twin-aurora-{twin}-copy")
    neptune = at("neptune")
    neptune.create_db_cluster(
        DBClusterIdentifier="twin-neptune-good", Engine="neptune", StorageEncrypted=True, BackupRetentionPeriod=14, DeletionProtection=True,
        EnableCloudwatchLogsExports=["audit"], CopyTagsToSnapshot=True,
    )
    neptune.create_db_cluster(DBClusterIdentifier="twin-neptune-bad", Engine="neptune", BackupRetentionPeriod=1)
    table = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
    dynamo = at("dynamodb")
    dynamo.create_table(
        TableName="twin-good", BillingMode="PAY_PER_REQUEST", DeletionProtectionEnabled=True, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": at.key}, **table
    )
    dynamo.update_continuous_backups(TableName="twin-good", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    dynamo.create_table(TableName="twin-bad", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}, **table)
    shared = f"arn:aws:dynamodb:{REGION}:{at.id}:table/twin-bad"
    dynamo.put_resource_policy(ResourceArn=shared, Policy=policy({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OUTSIDER}:root"}, "Action": "dynamodb:GetItem", "Resource": shared}))
    dax = at("dax")
    for name, more in (("twin-good", {"SSESpecification": {"Enabled": True}, "ClusterEndpointEncryptionType": "TLS", "ReplicationFactor": 3}), ("twin-bad", {"ReplicationFactor": 1})):
        dax.create_cluster(ClusterName=name, NodeType="dax.t3.small", IamRoleArn=at.role, **more)
    cache = at("elasticache")
    cache.create_replication_group(
        ReplicationGroupId="twin-good", ReplicationGroupDescription="good", Engine="redis", EngineVersion="7.1", CacheNodeType="cache.t3.micro", NumCacheClusters=2, AutomaticFailoverEnabled=True,
        MultiAZEnabled=True, AtRestEncryptionEnabled=True, TransitEncryptionEnabled=True, AuthToken="Twin-7a31-Twin-7a31", SnapshotRetentionLimit=7,
    )
    cache.create_replication_group(ReplicationGroupId="twin-bad", ReplicationGroupDescription="bad", Engine="redis", EngineVersion="5.0.6", CacheNodeType="cache.t3.micro", NumCacheClusters=1)
    cache.create_cache_cluster(CacheClusterId="twin-plain", Engine="redis", CacheNodeType="cache.t3.micro", NumCacheNodes=1, AutoMinorVersionUpgrade=False)
    redshift = at("redshift")
    redshift.create_cluster(
        ClusterIdentifier="twin-good", NodeType="ra3.xlplus", MasterUsername="warden", MasterUserPassword="Twin-7a31-Twin", DBName="sales", Encrypted=True, KmsKeyId=at.key,
        PubliclyAccessible=False, EnhancedVpcRouting=True, AllowVersionUpgrade=True, AutomatedSnapshotRetentionPeriod=14,
    )
    redshift.enable_logging(ClusterIdentifier="twin-good", BucketName="twin-logs-7a31", S3KeyPrefix="redshift/")
    redshift.create_cluster(
        ClusterIdentifier="twin-bad", NodeType="ra3.xlplus", MasterUsername="awsuser", MasterUserPassword="Twin-7a31-Twin", PubliclyAccessible=True, AllowVersionUpgrade=False,
        AutomatedSnapshotRetentionPeriod=0,
    )
    memory = at("memorydb")
    memory.create_subnet_group(SubnetGroupName="twins", SubnetIds=at.subnets)
    for name, more in (("twin-good", {"TLSEnabled": True, "SnapshotRetentionLimit": 7}), ("twin-bad", {"TLSEnabled": False})):
        memory.create_cluster(ClusterName=name, NodeType="db.t4g.small", ACLName="open-access", SubnetGroupName="twins", **more)


def containers(at):
    ecr, ecs = at("ecr"), at("ecs")
    ecr.create_repository(repositoryName="twin-good", imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True})
    ecr.create_repository(repositoryName="twin-bad")
    ecr.set_repository_policy(repositoryName="twin-bad", policyText=policy({**EVERYBODY, "Action": "ecr:BatchGetImage"}))
    ecs.create_cluster(clusterName="twin-good", settings=[{"name": "containerInsights", "value": "enabled"}])
    ecs.create_cluster(clusterName="twin-bad", settings=[{"name": "containerInsights", "value": "disabled"}])
    logged = {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/twins/kept", "awslogs-region": REGION, "awslogs-stream-prefix": "a", "mode": "non-blocking"}}}
    ecs.register_task_definition(
        family="twin-good", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512", executionRoleArn=at.role, taskRoleArn=at.role,
        containerDefinitions=[{"name": "a", "image": "twins/a:1", "memory": 128, "user": "1000", "privileged": False, "readonlyRootFilesystem": True, **logged}],
        volumes=[{"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678", "transitEncryption": "ENABLED"}}],
    )
    ecs.register_task_definition(
        family="twin-bad", networkMode="host", pidMode="host",
        containerDefinitions=[{"name": "a", "image": "twins/a:latest", "memory": 128, "privileged": True, "environment": [{"name": "AWS_SECRET_ACCESS_KEY", "value": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00"}]}],
        volumes=[{"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678", "transitEncryption": "DISABLED"}}],
    )
    ecs.register_task_definition(
        family="twin-host", networkMode="host", containerDefinitions=[{"name": "a", "image": "twins/a:1", "memory": 128, "user": "root", "privileged": False}]
    )
    for name, address in (("twin-good", "DISABLED"), ("twin-bad", "ENABLED")):
        ecs.create_service(
            cluster=name, serviceName=name, taskDefinition="twin-good", desiredCount=1, launchType="FARGATE", platformVersion="LATEST" if name == "twin-good" else "1.3.0",
            networkConfiguration={"awsvpcConfiguration": {"subnets": at.subnets, "securityGroups": [at.group], "assignPublicIp": address}},
        )
    ecs.run_task(
        cluster="twin-good", taskDefinition="twin-good", launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": at.subnets[:1], "securityGroups": [at.group], "assignPublicIp": "DISABLED"}},
    )
    eks = at("eks")
    every = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    eks.create_cluster(
        name="twin-good", roleArn=at.role, version="1.33", encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": at.key}}],
        resourcesVpcConfig={"subnetIds": at.subnets, "endpointPublicAccess": False, "endpointPrivateAccess": True},
        logging={"clusterLogging": [{"types": every, "enabled": True}]},
    )
    eks.create_cluster(
        name="twin-bad", roleArn=at.role, version="1.21", resourcesVpcConfig={"subnetIds": at.subnets, "endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}
    )
    efs = at("efs")
    files = efs.create_file_system(CreationToken="twin-good", Encrypted=True, KmsKeyId=at.key)["FileSystemId"]
    efs.create_access_point(
        ClientToken="twin-good", FileSystemId=files, PosixUser={"Uid": 1000, "Gid": 1000},
        RootDirectory={"Path": "/a", "CreationInfo": {"OwnerUid": 1000, "OwnerGid": 1000, "Permissions": "750"}},
    )
    plain = efs.create_file_system(CreationToken="twin-bad", Encrypted=False)["FileSystemId"]
    efs.create_access_point(ClientToken="twin-bad", FileSystemId=plain)
    batch = at("batch")
    for name, privileged in (("twin-good", False), ("twin-bad", True)):
        batch.register_job_definition(
            jobDefinitionName=name, type="container", containerProperties={"image": "twins/a:1", "vcpus": 1, "memory": 128, "privileged": privileged}
        )


def doors(at):
    elb, two = at("elb"), at("elbv2")
    iam, acm = at("iam"), at("acm")
    certificate = acm.request_certificate(DomainName="twins.example", ValidationMethod="DNS")["CertificateArn"]
    acm.request_certificate(DomainName="mail.twins.example", ValidationMethod="EMAIL", Options={"CertificateTransparencyLoggingPreference": "DISABLED"})
    elb.create_load_balancer(
        LoadBalancerName="twin-good", Subnets=at.subnets, Scheme="internal",
        Listeners=[{"Protocol": "HTTPS", "LoadBalancerPort": 443, "InstanceProtocol": "HTTP", "InstancePort": 80, "SSLCertificateId": certificate}],
    )
    elb.modify_load_balancer_attributes(
        LoadBalancerName="twin-good",
        LoadBalancerAttributes={
            "CrossZoneLoadBalancing": {"Enabled": True}, "ConnectionDraining": {"Enabled": True, "Timeout": 300},
            "AccessLog": {"Enabled": True, "S3BucketName": "twin-logs-7a31", "EmitInterval": 5, "S3BucketPrefix": "elb"},
        },
    )
    elb.create_load_balancer(
        LoadBalancerName="twin-bad", Subnets=at.subnets[:1], Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstanceProtocol": "HTTP", "InstancePort": 80}]
    )
    good = two.create_load_balancer(Name="twin-good", Subnets=at.subnets, Scheme="internal", Type="application")["LoadBalancers"][0]["LoadBalancerArn"]
    two.modify_load_balancer_attributes(
        LoadBalancerArn=good,
        Attributes=[
            {"Key": key, "Value": value}
            for key, value in (
                ("deletion_protection.enabled", "true"), ("access_logs.s3.enabled", "true"), ("access_logs.s3.bucket", "twin-logs-7a31"),
                ("routing.http.drop_invalid_header_fields.enabled", "true"), ("routing.http.desync_mitigation_mode", "strictest"),
            )
        ],
    )
    group = two.create_target_group(Name="twin", Protocol="HTTP", Port=80, VpcId=at.vpc)["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    two.create_listener(
        LoadBalancerArn=good, Protocol="HTTPS", Port=443, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06", Certificates=[{"CertificateArn": certificate}], DefaultActions=forward
    )
    away = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    two.create_listener(LoadBalancerArn=good, Protocol="HTTP", Port=80, DefaultActions=[away])
    bad = two.create_load_balancer(Name="twin-bad", Subnets=[at.subnets[0], at.subnets[1]], Type="application")["LoadBalancers"][0]["LoadBalancerArn"]
    two.modify_load_balancer_attributes(LoadBalancerArn=bad, Attributes=[{"Key": "routing.http.desync_mitigation_mode", "Value": "monitor"}])
    two.create_listener(LoadBalancerArn=bad, Protocol="HTTP", Port=80, DefaultActions=forward)
    two.create_listener(
        LoadBalancerArn=bad, Protocol="HTTPS", Port=443, SslPolicy="ELBSecurityPolicy-2016-08", Certificates=[{"CertificateArn": certificate}], DefaultActions=forward
    )
    waf = at("wafv2")
    shown = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "twins"}
    rate = {"Name": "rate", "Priority": 1, "Action": {"Block": {}}, "VisibilityConfig": shown, "Statement": {"RateBasedStatement": {"Limit": 1000, "AggregateKeyType": "IP"}}}
    acl = waf.create_web_acl(Name="twin-good", Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=[rate], VisibilityConfig=shown)["Summary"]["ARN"]
    waf.put_logging_configuration(LoggingConfiguration={"ResourceArn": acl, "LogDestinationConfigs": [f"arn:aws:logs:{REGION}:{at.id}:log-group:aws-waf-logs-twins"]})
    waf.create_web_acl(Name="twin-bad", Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=[], VisibilityConfig={**shown, "CloudWatchMetricsEnabled": False})
    front = at("cloudfront")

    def distribution(name, good):
        origin = {"Id": "one", "DomainName": "shop.twins.example", "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only" if good else "http-only", "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2" if good else "SSLv3"]}}}
        config = {
            "CallerReference": name, "Comment": name, "Enabled": True, "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "one", "ViewerProtocolPolicy": "redirect-to-https" if good else "allow-all", "MinTTL": 0, "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}},
        }
        if good:
            config["DefaultRootObject"] = "index.html"
            config["WebACLId"] = acl
            config["Logging"] = {"Enabled": True, "IncludeCookies": False, "Bucket": "twin-logs-7a31.s3.amazonaws.com", "Prefix": "cdn/"}
            config["ViewerCertificate"] = {"ACMCertificateArn": certificate, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"}
        front.create_distribution(DistributionConfig=config)

    distribution("twin-good", True)
    distribution("twin-bad", False)
    rest = at("apigateway")
    for name, good_one in (("twin-good", True), ("twin-bad", False)):
        api = rest.create_rest_api(name=name, endpointConfiguration={"types": ["REGIONAL"]})["id"]
        top = rest.get_resources(restApiId=api)["items"][0]["id"]
        rest.put_method(restApiId=api, resourceId=top, httpMethod="GET", authorizationType="AWS_IAM" if good_one else "NONE")
        rest.put_integration(restApiId=api, resourceId=top, httpMethod="GET", type="MOCK", requestTemplates={"application/json": "{}"})
        made = rest.create_deployment(restApiId=api)["id"]
        rest.create_stage(restApiId=api, stageName="live", deploymentId=made, cacheClusterEnabled=True, cacheClusterSize="0.5", tracingEnabled=good_one)
        changes = [("/*/*/caching/enabled", "true"), ("/*/*/caching/dataEncrypted", "true" if good_one else "false")]
        if good_one:
            changes += [("/*/*/logging/loglevel", "INFO")]
        rest.update_stage(restApiId=api, stageName="live", patchOperations=[{"op": "replace", "path": path, "value": value} for path, value in changes])
    http = at("apigatewayv2")
    for name, cors in (("twin-good", "https://shop.northwind.example"), ("twin-bad", "*")):
        api = http.create_api(Name=name, ProtocolType="HTTP", CorsConfiguration={"AllowOrigins": [cors]})["ApiId"]
        http.create_route(ApiId=api, RouteKey="GET /a", AuthorizationType="AWS_IAM" if name == "twin-good" else "NONE")
        more = {"AccessLogSettings": {"DestinationArn": at.group_arn, "Format": "$context.requestId"}} if name == "twin-good" else {}
        http.create_stage(ApiId=api, StageName="live", **more)
    graph = at("appsync")
    graph.create_graphql_api(name="twin-good", authenticationType="AWS_IAM", logConfig={"fieldLogLevel": "ALL", "cloudWatchLogsRoleArn": at.role})
    graph.create_graphql_api(name="twin-bad", authenticationType="API_KEY")
    transfer = at("transfer")
    transfer.create_server(Protocols=["SFTP"])
    transfer.create_server(Protocols=["FTP"], EndpointType="VPC", IdentityProviderType="API_GATEWAY")


def watching(at):
    trails = at("cloudtrail")
    at("s3").put_bucket_policy(
        Bucket="twin-logs-7a31",
        Policy=policy({"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::twin-logs-7a31/*"}),
    )
    trails.create_trail(
        Name="twin-good", S3BucketName="twin-logs-7a31", IsMultiRegionTrail=True, EnableLogFileValidation=True, KmsKeyId=at.key,
        CloudWatchLogsLogGroupArn=at.group_arn + ":*", CloudWatchLogsRoleArn=at.role,
    )
    trails.put_event_selectors(
        TrailName="twin-good",
        EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}],
    )
    trails.put_insight_selectors(TrailName="twin-good", InsightSelectors=[{"InsightType": "ApiCallRateInsight"}])
    trails.start_logging(Name="twin-good")
    trails.create_trail(Name="twin-bad", S3BucketName="twin-bad-7a31")
    watch = at("cloudwatch")
    at("logs").put_metric_filter(
        logGroupName="/twins/kept", filterName="root", filterPattern='{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
        metricTransformations=[{"metricName": "root", "metricNamespace": "twins", "metricValue": "1"}],
    )
    alarm = {"MetricName": "root", "Namespace": "twins", "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
    watch.put_metric_alarm(AlarmName="twin-good", AlarmActions=[at.topic], **alarm)
    watch.put_metric_alarm(AlarmName="twin-bad", ActionsEnabled=False, **alarm)
    at("guardduty").create_detector(Enable=True, DataSources={"S3Logs": {"Enable": True}})
    at("securityhub").enable_security_hub()
    config = at("config")
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": at.role, "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True}})
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "twin-logs-7a31"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    at("backup").create_backup_vault(BackupVaultName="twin-good", EncryptionKeyArn=at.key)
    at("backup").create_backup_plan(
        BackupPlan={"BackupPlanName": "twin-bad", "Rules": [{"RuleName": "daily", "TargetBackupVaultName": "twin-good", "ScheduleExpression": "cron(0 5 * * ? *)", "Lifecycle": {"DeleteAfterDays": 7}}]}
    )


def data(at):
    athena = at("athena")
    athena.create_work_group(
        Name="twin-good",
        Configuration={
            "EnforceWorkGroupConfiguration": True, "PublishCloudWatchMetricsEnabled": True,
            "ResultConfiguration": {"OutputLocation": "s3://twin-logs-7a31/a", "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": at.key}},
        },
    )
    athena.create_work_group(Name="twin-bad", Configuration={"EnforceWorkGroupConfiguration": False, "PublishCloudWatchMetricsEnabled": False, "ResultConfiguration": {"OutputLocation": "s3://twin-bad-7a31/a"}})
    build = at("codebuild")
    environment = {"type": "LINUX_CONTAINER", "image": "twins/build:1", "computeType": "BUILD_GENERAL1_SMALL"}
    for name, encrypted, secret in (("twin-good", True, "PARAMETER_STORE"), ("twin-bad", False, "PLAINTEXT")):
        build.create_project(
            name=name, source={"type": "GITHUB", "location": "https://github.com/northwind/shop.git"}, serviceRole=at.role, artifacts={"type": "NO_ARTIFACTS"},
            environment={**environment, "privilegedMode": not encrypted, "environmentVariables": [{"name": "AWS_ACCESS_KEY_ID", "value": "AKIAIOSFODNN7EXAMPLE", "type": secret}]},
            logsConfig={"s3Logs": {"status": "ENABLED", "location": "twin-logs-7a31/build", "encryptionDisabled": not encrypted}, "cloudWatchLogs": {"status": "ENABLED" if encrypted else "DISABLED", "groupName": "/twins/kept"}},
        )
    search = at("opensearch")
    search.create_domain(
        DomainName="twin-good", EngineVersion="OpenSearch_2.19", ClusterConfig={"InstanceType": "m5.large.search", "InstanceCount": 3, "DedicatedMasterEnabled": True, "DedicatedMasterCount": 3, "DedicatedMasterType": "m5.large.search", "ZoneAwarenessEnabled": True, "ZoneAwarenessConfig": {"AvailabilityZoneCount": 3}},
        EncryptionAtRestOptions={"Enabled": True, "KmsKeyId": at.key}, NodeToNodeEncryptionOptions={"Enabled": True}, DomainEndpointOptions={"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
        VPCOptions={"SubnetIds": at.subnets, "SecurityGroupIds": [at.group]}, AdvancedSecurityOptions={"Enabled": True, "InternalUserDatabaseEnabled": False},
        LogPublishingOptions={kind: {"CloudWatchLogsLogGroupArn": at.group_arn, "Enabled": True} for kind in ("AUDIT_LOGS", "ES_APPLICATION_LOGS", "SEARCH_SLOW_LOGS", "INDEX_SLOW_LOGS")},
    )
    search.create_domain(
        DomainName="twin-bad", EngineVersion="OpenSearch_1.3", ClusterConfig={"InstanceType": "t3.small.search", "InstanceCount": 1},
        AccessPolicies=policy({**EVERYBODY, "Action": "es:*", "Resource": f"arn:aws:es:{REGION}:{at.id}:domain/twin-bad/*"}),
    )
    glue = at("glue")
    glue.create_security_configuration(
        Name="twin-good",
        EncryptionConfiguration={
            "S3Encryption": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": at.key}], "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": at.key},
            "JobBookmarksEncryption": {"JobBookmarksEncryptionMode": "CSE-KMS", "KmsKeyArn": at.key},
        },
    )
    for name, more in (("twin-good", {"SecurityConfiguration": "twin-good"}), ("twin-bad", {})):
        glue.create_job(Name=name, Role=at.role, Command={"Name": "glueetl", "ScriptLocation": "s3://twin-good-7a31/a.py"}, **more)
    for name, tls in (("twin-good", "true"), ("twin-bad", "false")):
        glue.create_connection(
            ConnectionInput={"Name": name, "ConnectionType": "JDBC", "ConnectionProperties": {"JDBC_CONNECTION_URL": "jdbc:mysql://db.twins.example:3306/a", "USERNAME": "a", "JDBC_ENFORCE_SSL": tls}}
        )
    sage = at("sagemaker")
    sage.create_notebook_instance(
        NotebookInstanceName="twin-good", InstanceType="ml.t3.medium", RoleArn=at.role, SubnetId=at.subnets[0], SecurityGroupIds=[at.group], DirectInternetAccess="Disabled", RootAccess="Disabled", KmsKeyId=at.key
    )
    sage.create_notebook_instance(NotebookInstanceName="twin-bad", InstanceType="ml.t3.medium", RoleArn=at.role)
    container = {"Image": f"{at.id}.dkr.ecr.{REGION}.amazonaws.com/twin-good:1"}
    sage.create_model(ModelName="twin-good", ExecutionRoleArn=at.role, PrimaryContainer=container, EnableNetworkIsolation=True, VpcConfig={"SecurityGroupIds": [at.group], "Subnets": at.subnets})
    sage.create_model(ModelName="twin-bad", ExecutionRoleArn=at.role, PrimaryContainer=container)
    for name, count in (("twin-good", 2), ("twin-bad", 1)):
        sage.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[{"VariantName": "a", "ModelName": "twin-good", "InitialInstanceCount": count, "InstanceType": "ml.m5.large"}]
        )
    kafka = at("kafka")
    nodes = {"InstanceType": "kafka.m5.large", "ClientSubnets": at.subnets, "SecurityGroups": [at.group]}
    kafka.create_cluster(
        ClusterName="twin-good", KafkaVersion="3.8.x", NumberOfBrokerNodes=2, BrokerNodeGroupInfo=nodes, EnhancedMonitoring="PER_TOPIC_PER_BROKER",
        EncryptionInfo={"EncryptionAtRest": {"DataVolumeKMSKeyId": at.key}, "EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True}},
        ClientAuthentication={"Sasl": {"Iam": {"Enabled": True}}, "Tls": {"Enabled": True, "CertificateAuthorityArnList": []}, "Unauthenticated": {"Enabled": False}},
    )
    kafka.create_cluster(
        ClusterName="twin-bad", KafkaVersion="2.2.1", NumberOfBrokerNodes=2, BrokerNodeGroupInfo=nodes, EncryptionInfo={"EncryptionInTransit": {"ClientBroker": "PLAINTEXT", "InCluster": False}},
        ClientAuthentication={"Unauthenticated": {"Enabled": True}},
    )
    mq = at("mq")
    for name, good in (("twin-good", True), ("twin-bad", False)):
        mq.create_broker(
            BrokerName=name, EngineType="ACTIVEMQ", EngineVersion="5.18", HostInstanceType="mq.m5.large", DeploymentMode="ACTIVE_STANDBY_MULTI_AZ" if good else "SINGLE_INSTANCE",
            AutoMinorVersionUpgrade=good, PubliclyAccessible=not good, Users=[{"Username": "warden", "Password": "Twin-7a31-Twin"}], Logs={"General": good, "Audit": good},
        )
    dms = at("dms")
    for name, good in (("twin-good", True), ("twin-bad", False)):
        dms.create_replication_instance(
            ReplicationInstanceIdentifier=name, ReplicationInstanceClass="dms.t3.micro", PubliclyAccessible=not good, AutoMinorVersionUpgrade=good, MultiAZ=good
        )
        dms.create_endpoint(EndpointIdentifier=name, EndpointType="source", EngineName="mysql", Username="a", Password="b", ServerName="db.twins.example", Port=3306, SslMode="require" if good else "none")
    emr = at("emr")
    emr.put_block_public_access_configuration(
        BlockPublicAccessConfiguration={"BlockPublicSecurityGroupRules": True, "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}]}
    )
    emr.create_security_configuration(Name="twin", SecurityConfiguration=json.dumps({"EncryptionConfiguration": {"EnableInTransitEncryption": False, "EnableAtRestEncryption": False}}))
    servers = {"MasterInstanceType": "m5.xlarge", "SlaveInstanceType": "m5.xlarge", "InstanceCount": 2, "KeepJobFlowAliveWhenNoSteps": True}
    emr.run_job_flow(Name="twin-good", ReleaseLabel="emr-7.5.0", JobFlowRole="EMR_EC2_DefaultRole", ServiceRole="EMR_DefaultRole", SecurityConfiguration="twin", Instances={**servers, "Ec2SubnetId": at.subnets[0]})
    emr.run_job_flow(Name="twin-bad", ReleaseLabel="emr-7.5.0", JobFlowRole="EMR_EC2_DefaultRole", ServiceRole="EMR_DefaultRole", Instances={**servers, "Ec2SubnetId": at.public})
    fsx = at("fsx")
    for name, kind in (("twin-good", "MULTI_AZ_1"), ("twin-bad", "SINGLE_AZ_2")):
        fsx.create_file_system(
            FileSystemType="WINDOWS", StorageCapacity=300, SubnetIds=at.subnets if name == "twin-good" else at.subnets[:1], Tags=kv({"Name": name}),
            WindowsConfiguration={"ThroughputCapacity": 8, "DeploymentType": kind, "ActiveDirectoryId": "d-1234567890", "CopyTagsToBackups": name == "twin-good"},
        )
    at("glacier").create_vault(vaultName="twin-bad")
    workspaces_directory = at("ds").create_directory(Name="twins.example", Password="Twin-7a31-Twin", Size="Small", VpcSettings={"VpcId": at.vpc, "SubnetIds": at.subnets})["DirectoryId"]
    desks = at("workspaces")
    desks.register_workspace_directory(DirectoryId=workspaces_directory)
    for name, encrypted in (("good", True), ("bad", False)):
        desks.create_workspaces(
            Workspaces=[{"DirectoryId": workspaces_directory, "UserName": name, "BundleId": "wsb-bh8rsxt14", "RootVolumeEncryptionEnabled": encrypted, "UserVolumeEncryptionEnabled": encrypted, "VolumeEncryptionKey": at.key}]
        )


def people(at):
    pools = at("cognito-idp")
    pools.create_user_pool(
        PoolName="twin-good", MfaConfiguration="ON", DeletionProtection="ACTIVE", UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"},
        Policies={"PasswordPolicy": {"MinimumLength": 14, "RequireUppercase": True, "RequireLowercase": True, "RequireNumbers": True, "RequireSymbols": True, "TemporaryPasswordValidityDays": 3}},
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
    )
    bad = pools.create_user_pool(
        PoolName="twin-bad", Policies={"PasswordPolicy": {"MinimumLength": 6, "RequireUppercase": False, "RequireLowercase": False, "RequireNumbers": False, "RequireSymbols": False}}
    )["UserPool"]["Id"]
    pools.create_user_pool_client(UserPoolId=bad, ClientName="twin-good", PreventUserExistenceErrors="ENABLED", EnableTokenRevocation=True)
    pools.create_user_pool_client(UserPoolId=bad, ClientName="twin-bad", PreventUserExistenceErrors="LEGACY", EnableTokenRevocation=False)
    guests = at("cognito-identity")
    guests.create_identity_pool(IdentityPoolName="twin-good", AllowUnauthenticatedIdentities=False)
    guests.create_identity_pool(IdentityPoolName="twin-bad", AllowUnauthenticatedIdentities=True)
    stacks = at("cloudformation")
    template = json.dumps({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "twin-stack-NAME"}}}})
    stacks.create_stack(StackName="twin-good", TemplateBody=template.replace("NAME", "good"), EnableTerminationProtection=True, NotificationARNs=[at.topic])
    stacks.create_stack(StackName="twin-bad", TemplateBody=template.replace("NAME", "bad"))
    at("elasticbeanstalk").create_application(ApplicationName="twin")
    at("elasticbeanstalk").create_environment(ApplicationName="twin", EnvironmentName="twin-bad", SolutionStackName="64bit Amazon Linux 2018.03 v2.9.2 running Python 3.6")
    at("network-firewall").create_firewall(
        FirewallName="twin-good", FirewallPolicyArn=f"arn:aws:network-firewall:{REGION}:{at.id}:firewall-policy/twin", VpcId=at.vpc, SubnetMappings=[{"SubnetId": at.subnets[0]}], DeleteProtection=True
    )
    at("network-firewall").create_firewall(
        FirewallName="twin-bad", FirewallPolicyArn=f"arn:aws:network-firewall:{REGION}:{at.id}:firewall-policy/twin", VpcId=at.vpc, SubnetMappings=[{"SubnetId": at.subnets[0]}], DeleteProtection=False
    )
    at("bedrock").put_model_invocation_logging_configuration(
        loggingConfig={"s3Config": {"bucketName": "twin-logs-7a31"}, "textDataDeliveryEnabled": True, "imageDataDeliveryEnabled": False, "embeddingDataDeliveryEnabled": False}
    )


PARTS = (networks, servers, buckets, identities, keys, messages, functions, databases, containers, doors, watching, data, people)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--endpoint", required=True, help="address of a moto server")
    parser.add_argument("--account", default=MANAGEMENT, help="the account to make them in")
    arguments = parser.parse_args()
    began = time.monotonic()
    account = Account(arguments.endpoint.rstrip("/"), MANAGEMENT)
    if arguments.account != MANAGEMENT:
        account = account.in_account(arguments.account)
    twins = Twins(account)
    for part in PARTS:
        part(twins)
    print(f"pairs in {len(PARTS)} parts, {Account.changes} changes, {time.monotonic() - began:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
