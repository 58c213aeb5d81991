"""The security team's part: audit, guards and sign-in, in both accounts."""

import json

from company import MANAGEMENT, PRODUCTION, allow, kv, policy, tags, trust


def seed(company):
    audit_trail(company)
    detectors(company)
    sign_in(company)
    production_people(company)


def audit_trail(company):
    account = company.management
    owned = tags("security", "audit", "confidential", env="shared")
    kms = account("kms")
    key = kms.create_key(Description="audit logs", Tags=[{"TagKey": k, "TagValue": v} for k, v in owned.items()])
    key_arn = company.terraform("aws_kms_key", "audit", arn=key["KeyMetadata"]["Arn"], key_id=key["KeyMetadata"]["KeyId"])
    kms.enable_key_rotation(KeyId=key_arn)
    kms.create_alias(AliasName="alias/audit", TargetKeyId=key["KeyMetadata"]["KeyId"])
    s3 = account("s3")
    for name in ("northwind-audit-trail", "northwind-audit-config", "northwind-audit-access-logs"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": kv(owned)})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True,
            },
        )
        s3.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}}]
            },
        )
        company.terraform("aws_s3_bucket", name.replace("-", "_"), arn=f"arn:aws:s3:::{name}", bucket=name)
    s3.put_bucket_policy(
        Bucket="northwind-audit-trail",
        Policy=policy(
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": "arn:aws:s3:::northwind-audit-trail/*",
                "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            }
        ),
    )
    logs = account("logs")
    logs.create_log_group(logGroupName="/audit/trail", tags=owned)
    logs.put_retention_policy(logGroupName="/audit/trail", retentionInDays=365)
    iam = account("iam")
    role = iam.create_role(
        RoleName="trail-to-logs", AssumeRolePolicyDocument=trust("cloudtrail.amazonaws.com"), Tags=kv(owned)
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName="trail-to-logs", PolicyName="write", PolicyDocument=policy(allow(["logs:PutLogEvents"])))
    sns = account("sns")
    topic = sns.create_topic(Name="security-alerts", Tags=kv(tags("security", "alerts", env="shared")))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="security@northwind.example")
    trail = account("cloudtrail").create_trail(
        Name="organisation",
        S3BucketName="northwind-audit-trail",
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        IncludeGlobalServiceEvents=True,
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:us-east-1:{MANAGEMENT}:log-group:/audit/trail:*",
        CloudWatchLogsRoleArn=role,
        KmsKeyId=key_arn,
        TagsList=kv(owned),
    )["TrailARN"]
    account("cloudtrail").start_logging(Name="organisation")
    company.terraform("aws_cloudtrail", "organisation", arn=trail)


def detectors(company):
    for account in (company.management, company.production):
        bucket = "northwind-audit-config"
        iam = account("iam")
        role = iam.create_role(
            RoleName="config-recorder",
            AssumeRolePolicyDocument=trust("config.amazonaws.com"),
            Tags=kv(tags("security", "audit", env="shared")),
        )["Role"]["Arn"]
        for region in ("us-east-1", "eu-west-1"):
            guard = account("guardduty", region).create_detector(
                Enable=True, Tags=tags("security", "threat detection", env="shared")
            )["DetectorId"]
            company.terraform(
                "aws_guardduty_detector", f"{account.id}_{region}",
                arn=f"arn:aws:guardduty:{region}:{account.id}:detector/{guard}", id=guard,
            )
            config = account("config", region)
            config.put_configuration_recorder(
                ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": region == "us-east-1"}}
            )
            config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": bucket})
            config.start_configuration_recorder(ConfigurationRecorderName="default")
        if account is company.management or not company.small:
            account("securityhub").enable_security_hub(Tags=tags("security", "findings", env="shared"))


def sign_in(company):
    account = company.management
    iam = account("iam")
    shared = kv(tags("security", "sign-in", env="shared"))
    iam.update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True, MaxPasswordAge=365, PasswordReusePrevention=24)
    iam.create_saml_provider(
        Name="workforce", SAMLMetadataDocument="<EntityDescriptor>" + "northwind " * 110 + "</EntityDescriptor>", Tags=shared
    )
    iam.create_group(GroupName="auditors")
    iam.put_group_policy(
        GroupName="auditors", PolicyName="look", PolicyDocument=policy(allow(["config:Get*", "cloudtrail:LookupEvents"]))
    )
    for name, purpose in (("break-glass-1", "break glass"), ("break-glass-2", "break glass"), ("l.moreau", "auditor")):
        iam.create_user(UserName=name, Tags=kv({"owner": "security", "purpose": purpose, "env": "shared"}))
        iam.create_login_profile(UserName=name, Password="a-Long-Pass-word-1")
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
        iam.enable_mfa_device(UserName=name, SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321")
    iam.add_user_to_group(GroupName="auditors", UserName="l.moreau")
    iam.create_role(
        RoleName="security-audit",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}, "Action": "sts:AssumeRole"}
                ],
            }
        ),
        Tags=shared,
    )


def production_people(company):
    iam = company.production("iam")
    iam.update_account_password_policy(MinimumPasswordLength=10)
    oidc = iam.create_open_id_connect_provider(
        Url="https://ci.northwind.example", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40],
        Tags=kv(tags("platform", "ci", env="shared")),
    )["OpenIDConnectProviderArn"]
    iam.create_role(
        RoleName="ci-deploy",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": oidc},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {"StringLike": {"ci.northwind.example:sub": "repo:northwind/*"}},
                    }
                ],
            }
        ),
        Tags=kv(tags("platform", "ci", env="shared")),
    )
    boundary = iam.create_policy(
        PolicyName="workload-boundary", PolicyDocument=policy(allow("*"), {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}),
        Description="No workload may change identities", Tags=kv(tags("security", "guard rails", env="shared")),
    )["Policy"]["Arn"]
    company.terraform("aws_iam_policy", "workload_boundary", arn=boundary, id=boundary)
    iam.create_group(GroupName="developers")
    iam.create_group(GroupName="operators")
    people = (
        ("a.silva", "developers", {"owner": "checkout", "purpose": "developer"}),
        ("j.okafor", "developers", {"owner": "payments", "purpose": "developer"}),
        ("t.nguyen", "operators", {"owner": "platform", "purpose": "on call"}),
        ("svc-backup", "operators", {"owner": "platform", "purpose": "backup agent of the old data centre"}),
        # A contractor who left; nobody took the user away.
        ("m.kowalski", "developers", {}),
    )
    for name, group, about in people:
        iam.create_user(UserName=name, Tags=kv({**about, "env": "production"} if about else {}))
        iam.add_user_to_group(GroupName=group, UserName=name)
    for name in ("a.silva", "t.nguyen"):
        iam.create_login_profile(UserName=name, Password="a-Long-Pass-word-1")
    iam.create_access_key(UserName="svc-backup")
