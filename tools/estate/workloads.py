"""The shop itself: networks and the systems of five teams, in the production account."""

import json

import networks
from company import CANARY, PRODUCTION, allow, code, kv, lower, policy, public_address, spec, tags, trust

MAIN, EUROPE = "us-east-1", "eu-west-1"


def seed(company):
    account = company.production
    keys = encryption(company)
    net = networks.seed(company)
    images = registries(account)
    checkout(company, net, keys, images)
    payments(company, net, keys)
    catalog(company)
    data(company, net, keys)
    platform(company, net, keys)
    if not company.small:
        europe(company, net)
    leftovers_of_daily_life(company, net)
    return net, keys


def encryption(company):
    kms = company.production("kms")
    keys = {}
    for owner, service, data in (
        ("payments", "payments", "restricted"), ("checkout", "checkout", "confidential"), ("data", "lake", "confidential"),
    ):
        made = kms.create_key(
            Description=f"{service} data", Tags=[{"TagKey": k, "TagValue": v} for k, v in tags(owner, service, data).items()]
        )["KeyMetadata"]
        kms.create_alias(AliasName=f"alias/{service}", TargetKeyId=made["KeyId"])
        keys[service] = company.terraform("aws_kms_key", service, arn=made["Arn"], key_id=made["KeyId"])
    kms.enable_key_rotation(KeyId=keys["payments"])
    return keys


def registries(account):
    ecr = account("ecr")
    names = ("storefront/web", "storefront/cart", "payments/api", "catalog/images", "platform/base")
    return {
        name: ecr.create_repository(
            repositoryName=name,
            imageScanningConfiguration={"scanOnPush": name != "platform/base"},
            tags=kv(tags({"storefront": "checkout"}.get(name.split("/")[0], name.split("/")[0]), name.split("/")[1])),
        )["repository"]["repositoryUri"]
        for name in names
    }


def role(account, name, service, owned, *statements, profile=False):
    """A role for a service, with one inline policy; with an instance profile where servers use it."""
    iam = account("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service), Tags=kv(owned))["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=policy(*statements))
    if profile:
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return arn


def function(account, name, role_arn, owned, region=MAIN, secrets=None, log_group=True):
    arn = account("lambda", region).create_function(
        FunctionName=name, Runtime="python3.12", Role=role_arn, Handler="main.handler", Code={"ZipFile": code()},
        Environment={"Variables": {"STAGE": "production", **(secrets or {})}}, Tags=owned, Timeout=30,
    )["FunctionArn"]
    if log_group:
        # Made by the function's first run in real life, so nobody ever tagged it.
        account("logs", region).create_log_group(logGroupName=f"/aws/lambda/{name}")
    return arn


def checkout(company, net, keys, images):
    account, owned = company.production, tags("checkout", "storefront", "confidential")
    ec2, elb = account("ec2"), account("elbv2")
    role_arn = role(account, "storefront-task", "ecs-tasks.amazonaws.com", owned, allow(["dynamodb:*Item", "sqs:SendMessage"]))
    balancer = elb.create_load_balancer(
        Name="storefront", Subnets=net["main"]["public"], SecurityGroups=[net["main"]["groups"]["web"]],
        Scheme="internet-facing", Tags=kv(owned),
    )["LoadBalancers"][0]["LoadBalancerArn"]
    company.terraform("aws_lb", "storefront", arn=balancer, id=balancer)
    certificate = account("acm").request_certificate(
        DomainName="shop.northwind.example", ValidationMethod="DNS", Tags=kv(owned)
    )["CertificateArn"]
    groups = {}
    for name, port in (("web", 8080), ("cart", 8081)):
        groups[name] = elb.create_target_group(
            Name=f"storefront-{name}", Protocol="HTTP", Port=port, VpcId=net["main"]["vpc"], TargetType="ip", Tags=kv(owned)
        )["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": groups["web"]}],
    )
    elb.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}],
    )
    ecs = account("ecs")
    ecs.create_cluster(clusterName="storefront", tags=lower(owned))
    for name in ("web", "cart"):
        group = f"/ecs/storefront-{name}"
        account("logs").create_log_group(logGroupName=group, tags=owned)
        task = ecs.register_task_definition(
            family=f"storefront-{name}", networkMode="awsvpc", taskRoleArn=role_arn, executionRoleArn=role_arn,
            requiresCompatibilities=["FARGATE"], cpu="512", memory="1024", tags=lower(owned),
            containerDefinitions=[
                {
                    "name": name, "image": f"{images[f'storefront/{name}']}:2026.11", "memory": 512, "essential": True,
                    "environment": [{"name": "SESSION_KEY", "value": CANARY}, {"name": "STAGE", "value": "production"}],
                    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": group, "awslogs-region": MAIN}},
                }
            ],
        )["taskDefinition"]["taskDefinitionArn"]
        ecs.create_service(
            cluster="storefront", serviceName=name, taskDefinition=task, desiredCount=2, launchType="FARGATE", tags=lower(owned),
            networkConfiguration={"awsvpcConfiguration": {"subnets": net["main"]["private"], "securityGroups": [net["main"]["groups"]["app"]]}},
            loadBalancers=[{"targetGroupArn": groups[name], "containerName": name, "containerPort": 8080}],
        )
    rds = account("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="storefront", DBSubnetGroupDescription="storefront", SubnetIds=net["main"]["data"], Tags=kv(owned)
    )
    for name, extra in (("storefront", {}), ("storefront-reports", {})):
        made = rds.create_db_instance(
            DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.r6g.large", AllocatedStorage=200,
            MasterUsername="shop", MasterUserPassword=CANARY, DBSubnetGroupName="storefront", StorageEncrypted=True,
            KmsKeyId=keys["checkout"], VpcSecurityGroupIds=[net["main"]["groups"]["db"]], PubliclyAccessible=False,
            BackupRetentionPeriod=7, Tags=kv(owned), **extra,
        )["DBInstance"]["DBInstanceArn"]
        company.terraform("aws_db_instance", name.replace("-", "_"), arn=made, id=name)
    rds.create_db_snapshot(DBInstanceIdentifier="storefront", DBSnapshotIdentifier="storefront-before-2026-10")
    sns, sqs = account("sns"), account("sqs")
    orders = sns.create_topic(Name="orders", Tags=kv(owned))["TopicArn"]
    for name in ("order-mails", "order-stock", "order-fraud"):
        dead = sqs.create_queue(QueueName=f"{name}-dead", tags=owned)["QueueUrl"]
        dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        url = sqs.create_queue(
            QueueName=name, tags=owned, Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 5})}
        )["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=orders, Protocol="sqs", Endpoint=arn)
    lambda_role = role(account, "storefront-workers", "lambda.amazonaws.com", owned, allow(["sqs:ReceiveMessage", "ses:SendEmail"]))
    for name in ("order-mailer", "stock-keeper", "cart-cleaner"):
        function(account, f"storefront-{name}", lambda_role, owned, secrets={"DB_PASSWORD": CANARY} if name == "order-mailer" else None)
    account("lambda").create_event_source_mapping(
        EventSourceArn=f"arn:aws:sqs:{MAIN}:{PRODUCTION}:order-mails", FunctionName="storefront-order-mailer", BatchSize=10
    )
    table(account, "carts", owned)
    account("secretsmanager").create_secret(Name="storefront/database", SecretString=CANARY, KmsKeyId=keys["checkout"], Tags=kv(owned))
    settings(account, "/storefront", owned, ("search-url", "free-shipping-from", "session-minutes", "cart-size-max"))
    account("elasticache").create_cache_cluster(
        CacheClusterId="storefront-sessions", Engine="redis", CacheNodeType="cache.r6g.large", NumCacheNodes=1, Tags=kv(owned)
    )
    account("cloudwatch").put_metric_alarm(
        AlarmName="storefront-errors", Namespace="AWS/ApplicationELB", MetricName="HTTPCode_ELB_5XX_Count", Statistic="Sum",
        Period=60, EvaluationPeriods=3, Threshold=20, ComparisonOperator="GreaterThanThreshold", AlarmActions=[orders], Tags=kv(owned),
    )


def table(account, name, owned, region=MAIN, key=None):
    encryption_setting = {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}} if key else {}
    account("dynamodb", region).create_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST", Tags=kv(owned), **encryption_setting,
    )


def settings(account, prefix, owned, names, region=MAIN):
    for name in names:
        account("ssm", region).put_parameter(Name=f"{prefix}/{name}", Value="1", Type="String", Tags=kv(owned))


def payments(company, net, keys):
    account, owned = company.production, tags("payments", "payments", "restricted")
    ec2 = account("ec2")
    server_role = role(account, "payments-server", "ec2.amazonaws.com", owned, allow(["kms:Decrypt"], keys["payments"]), profile=True)
    image = ec2.register_image(
        Name="payments-base-2026-09", RootDeviceName="/dev/sda1", Architecture="x86_64", VirtualizationType="hvm",
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3"}}],
    )["ImageId"]
    ec2.create_tags(Resources=[image], Tags=kv(owned))
    key_pair = ec2.create_key_pair(KeyName="payments-2021", TagSpecifications=spec("key-pair", {"owner": "payments", "purpose": "ssh to the payment servers", "env": "production"}))
    company.terraform("aws_ami", "payments_base", arn=f"arn:aws:ec2:{MAIN}::image/{image}", id=image)
    servers = []
    for i, subnet in enumerate(net["main"]["private"]):
        made = ec2.run_instances(
            ImageId=image, InstanceType="m6i.xlarge", MinCount=1, MaxCount=1, SubnetId=subnet, KeyName=key_pair["KeyName"],
            SecurityGroupIds=[net["main"]["groups"]["app"]], IamInstanceProfile={"Name": "payments-server"},
            UserData=f"#!/bin/sh\nexport GATEWAY_TOKEN={CANARY}\n",
            TagSpecifications=spec("instance", {**owned, "Name": f"payments-{i + 1}"}),
        )["Instances"][0]["InstanceId"]
        servers.append(company.terraform("aws_instance", f"payments_{i + 1}", arn=f"arn:aws:ec2:{MAIN}:{PRODUCTION}:instance/{made}", id=made))
    data_volume = ec2.create_volume(
        AvailabilityZone="us-east-1a", Size=200, VolumeType="gp3", Encrypted=True, KmsKeyId=keys["payments"],
        TagSpecifications=spec("volume", {**owned, "Name": "payments-archive"}),
    )["VolumeId"]
    ec2.attach_volume(VolumeId=data_volume, InstanceId=servers[0], Device="/dev/sdf")
    ec2.create_snapshot(VolumeId=data_volume, Description="monthly", TagSpecifications=spec("snapshot", {**owned, "created-by": "backup"}))
    elb = account("elbv2")
    inside = elb.create_load_balancer(
        Name="payments-inside", Subnets=net["main"]["private"], SecurityGroups=[net["main"]["groups"]["app"]], Scheme="internal", Tags=kv(owned)
    )["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="payments", Protocol="HTTP", Port=8443, VpcId=net["main"]["vpc"], Tags=kv(owned))["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": server} for server in servers])
    elb.create_listener(LoadBalancerArn=inside, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
    rds = account("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="payments", DBSubnetGroupDescription="payments", SubnetIds=net["main"]["data"], Tags=kv(owned))
    rds.create_db_cluster(
        DBClusterIdentifier="payments", Engine="aurora-postgresql", MasterUsername="pay", MasterUserPassword=CANARY,
        DBSubnetGroupName="payments", StorageEncrypted=True, KmsKeyId=keys["payments"], VpcSecurityGroupIds=[net["main"]["groups"]["db"]],
        DeletionProtection=True, BackupRetentionPeriod=35, Tags=kv(owned),
    )
    for i in (1, 2):
        # The two servers of the cluster carry no tags of their own.
        rds.create_db_instance(
            DBInstanceIdentifier=f"payments-{i}", Engine="aurora-postgresql", DBInstanceClass="db.r6g.xlarge", DBClusterIdentifier="payments"
        )
    rds.create_db_cluster_snapshot(DBClusterIdentifier="payments", DBClusterSnapshotIdentifier="payments-2026-q3")
    table(account, "ledger", owned, key=keys["payments"])
    table(account, "disputes", owned, key=keys["payments"])
    for name in ("payments/gateway", "payments/database", "payments/fraud-api"):
        account("secretsmanager").create_secret(Name=name, SecretString=CANARY, KmsKeyId=keys["payments"], Tags=kv(owned))
    worker = role(account, "payments-workers", "lambda.amazonaws.com", owned, allow(["dynamodb:*"], f"arn:aws:dynamodb:*:{PRODUCTION}:table/ledger"))
    for name in ("capture", "refund", "settle", "reconcile", "dispute-intake"):
        function(account, f"payments-{name}", worker, owned)
    steps = role(account, "payments-steps", "states.amazonaws.com", owned, allow("lambda:InvokeFunction"))
    account("stepfunctions").create_state_machine(
        name="refunds", roleArn=steps, tags=lower(owned),
        definition=json.dumps({"StartAt": "Refund", "States": {"Refund": {"Type": "Task", "Resource": f"arn:aws:lambda:{MAIN}:{PRODUCTION}:function:payments-refund", "End": True}}}),
    )
    events = account("events")
    events.put_rule(Name="payments-settle-nightly", ScheduleExpression="cron(0 2 * * ? *)", Tags=kv(owned))
    events.put_targets(Rule="payments-settle-nightly", Targets=[{"Id": "1", "Arn": f"arn:aws:lambda:{MAIN}:{PRODUCTION}:function:payments-settle"}])
    for name in ("payments-captures", "payments-webhooks"):
        account("sqs").create_queue(QueueName=name, tags=owned, Attributes={"KmsMasterKeyId": keys["payments"]})
    settings(account, "/payments", owned, ("gateway-url", "currency", "limit-per-day"))
    for name in ("payments-errors", "payments-latency"):
        account("cloudwatch").put_metric_alarm(
            AlarmName=name, Namespace="Northwind/Payments", MetricName=name, Statistic="Sum", Period=60, EvaluationPeriods=1,
            Threshold=5, ComparisonOperator="GreaterThanThreshold", Tags=kv(owned),
        )


STACK = {
    "Resources": {
        "Pictures": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "northwind-catalog-pictures"}},
        "Uploads": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "catalog-uploads"}},
        "Changes": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "catalog-changes"}},
        "Products": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "catalog-products", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "sku", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "sku", "KeyType": "HASH"}],
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": "catalog-resizer", "AssumeRolePolicyDocument": json.loads(trust("lambda.amazonaws.com"))},
        },
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/catalog/resizer"}},
    }
}


def catalog(company):
    account, owned = company.production, tags("catalog", "catalog", "internal")
    stack_tags = kv(tags("catalog", "product pictures", "internal"))
    account("cloudformation").create_stack(StackName="catalog-pictures", TemplateBody=json.dumps(STACK), Tags=stack_tags)
    worker = role(account, "catalog-workers", "lambda.amazonaws.com", owned, allow(["s3:GetObject", "s3:PutObject"]))
    for name in ("import", "search-index", "prices"):
        function(account, f"catalog-{name}", worker, owned)
    api = account("apigatewayv2").create_api(Name="catalog", ProtocolType="HTTP", Tags=owned)["ApiId"]
    account("apigatewayv2").create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", PayloadFormatVersion="2.0",
        IntegrationUri=f"arn:aws:lambda:{MAIN}:{PRODUCTION}:function:catalog-prices",
    )
    rest = account("apigateway").create_rest_api(
        name="partners", endpointConfiguration={"types": ["REGIONAL"]}, tags=tags("catalog", "partner feed", "internal")
    )["id"]
    company.terraform("aws_api_gateway_rest_api", "partners", arn=f"arn:aws:apigateway:{MAIN}::/restapis/{rest}", id=rest)
    account("s3").create_bucket(Bucket="northwind-catalog-site")
    account("s3").put_bucket_tagging(Bucket="northwind-catalog-site", Tagging={"TagSet": kv(tags("catalog", "site", "public"))})
    account("s3").put_bucket_website(Bucket="northwind-catalog-site", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    account("cloudfront").create_distribution_with_tags(
        DistributionConfigWithTags={
            "DistributionConfig": {
                "CallerReference": "catalog-site", "Comment": "catalog site", "Enabled": True,
                "Origins": {"Quantity": 1, "Items": [{"Id": "site", "DomainName": "northwind-catalog-site.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}]},
                "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "redirect-to-https", "MinTTL": 0, "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}},
            },
            "Tags": {"Items": kv(tags("catalog", "site", "public"))},
        }
    )
    account("cognito-idp").create_user_pool(PoolName="customers", UserPoolTags=tags("checkout", "customer sign-in", "confidential"))
    settings(account, "/catalog", owned, ("language", "page-size", "currency-feed"))


def data(company, net, keys):
    account, owned = company.production, tags("data", "lake", "confidential")
    s3 = account("s3")
    for zone in ("raw", "curated", "exports"):
        name = f"northwind-lake-{zone}"
        s3.create_bucket(Bucket=name)
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": kv(owned)})
        s3.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": keys["lake"]}}]},
        )
        company.terraform("aws_s3_bucket", f"lake_{zone}", arn=f"arn:aws:s3:::{name}", bucket=name)
    writer = {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject"}
    s3.put_bucket_policy(Bucket="northwind-lake-exports", Policy=policy({**writer, "Resource": "arn:aws:s3:::northwind-lake-exports/access/*"}))
    s3.put_bucket_logging(
        Bucket="northwind-lake-raw", BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "northwind-lake-exports", "TargetPrefix": "access/"}}
    )
    for name in ("clicks", "orders"):
        account("kinesis").create_stream(StreamName=name, ShardCount=1)
        account("kinesis").add_tags_to_stream(StreamName=name, Tags=owned)
    worker = role(account, "lake-jobs", "glue.amazonaws.com", owned, allow("s3:*", "arn:aws:s3:::northwind-lake-*"))
    account("glue").create_database(DatabaseInput={"Name": "lake"}, Tags=owned)
    account("glue").create_job(Name="curate-orders", Role=worker, Command={"Name": "glueetl", "ScriptLocation": "s3://northwind-lake-raw/jobs/orders.py"}, DefaultArguments={"--token": CANARY}, Tags=owned)
    account("athena").create_work_group(Name="analysts", Configuration={"ResultConfiguration": {"OutputLocation": "s3://northwind-lake-exports/athena/"}}, Tags=kv(owned))
    account("redshift").create_cluster(
        ClusterIdentifier="reports", NodeType="ra3.xlplus", NumberOfNodes=2, ClusterType="multi-node", MasterUsername="reports",
        MasterUserPassword="Reports-" + CANARY, DBName="reports", Encrypted=True, KmsKeyId=keys["lake"], Tags=kv(owned),
        PubliclyAccessible=False, VpcSecurityGroupIds=[net["main"]["groups"]["db"]],
    )
    account("opensearch").create_domain(DomainName="events", TagList=kv(owned), EncryptionAtRestOptions={"Enabled": True})
    batch = role(account, "lake-servers", "ec2.amazonaws.com", owned, allow("s3:GetObject"), profile=True)
    # The small one starts no servers: what a group starts is made by no call of anybody.
    fleet(company, account, net["main"], "lake-workers", owned, 0 if company.small else 3, "lake-servers")
    if company.small:
        return batch
    worker = role(account, "lake-functions", "lambda.amazonaws.com", owned, allow("kinesis:Get*"))
    for name in ("click-cleaner", "order-joiner", "export-mover", "schema-guard"):
        function(account, f"lake-{name}", worker, owned)
    settings(account, "/lake", owned, ("retention-days", "partition", "timezone"))
    return batch


def fleet(company, account, net, name, owned, count, profile, region=MAIN):
    """An auto-scaling group over a launch template."""
    ec2 = account("ec2", region)
    template = ec2.create_launch_template(
        LaunchTemplateName=name, TagSpecifications=spec("launch-template", owned),
        LaunchTemplateData={
            "ImageId": "ami-0a1b2c3d4e5f60718", "InstanceType": "m6i.large", "SecurityGroupIds": [net["groups"]["app"]],
            "IamInstanceProfile": {"Name": profile}, "MetadataOptions": {"HttpTokens": "required"},
        },
    )["LaunchTemplate"]["LaunchTemplateId"]
    company.terraform("aws_launch_template", name.replace("-", "_"), arn=f"arn:aws:ec2:{region}:{PRODUCTION}:launch-template/{template}", id=template)
    account("autoscaling", region).create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=count, MaxSize=count * 3, DesiredCapacity=count,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"}, VPCZoneIdentifier=",".join(net["private"]),
        Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in owned.items()],
    )


def platform(company, net, keys):
    account, owned = company.production, tags("platform", "clusters", "internal", env="shared")
    cluster_role = role(account, "clusters-control", "eks.amazonaws.com", owned, allow("ec2:Describe*"))
    node_role = role(account, "clusters-node", "ec2.amazonaws.com", owned, allow("ecr:Get*"), profile=True)
    eks = account("eks")
    eks.create_cluster(
        name="tools", roleArn=cluster_role, tags=owned,
        resourcesVpcConfig={"subnetIds": net["main"]["private"], "securityGroupIds": [net["main"]["groups"]["app"]], "endpointPublicAccess": True},
    )
    eks.create_nodegroup(clusterName="tools", nodegroupName="general", subnets=net["main"]["private"], nodeRole=node_role, tags=owned)
    build = role(account, "ci-build", "codebuild.amazonaws.com", tags("platform", "ci", env="shared"), allow("s3:GetObject"))
    for name in ("storefront", "payments", "catalog"):
        account("codebuild").create_project(
            name=f"build-{name}", serviceRole=build, source={"type": "S3", "location": "northwind-lake-exports/source.zip"},
            artifacts={"type": "NO_ARTIFACTS"}, tags=lower(tags("platform", "ci", env="shared")),
            environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL", "environmentVariables": [{"name": "NPM_TOKEN", "value": CANARY}]},
        )
    backups = tags("platform", "backups", "restricted", env="shared")
    account("backup").create_backup_vault(BackupVaultName="nightly", BackupVaultTags=backups)
    account("backup").create_backup_plan(
        BackupPlan={"BackupPlanName": "nightly", "Rules": [{"RuleName": "all", "TargetBackupVaultName": "nightly", "ScheduleExpression": "cron(0 3 * * ? *)"}]},
        BackupPlanTags=backups,
    )
    zones = account("route53")
    for name, private in (("northwind.example", False), ("inside.northwind.example", True)):
        extra = {"VPC": {"VPCRegion": MAIN, "VPCId": net["main"]["vpc"]}} if private else {}
        zone = zones.create_hosted_zone(Name=name, CallerReference=name, HostedZoneConfig={"PrivateZone": private, "Comment": ""}, **extra)["HostedZone"]["Id"]
        zones.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone.rsplit("/", 1)[-1], AddTags=kv(tags("platform", "names", env="shared")))
    account("efs").create_file_system(CreationToken="shared", Encrypted=True, Tags=kv({**tags("platform", "build cache", "internal", env="shared"), "Name": "build-cache"}))
    account("wafv2").create_web_acl(
        Name="storefront", Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=[], Tags=kv(tags("security", "web firewall", env="shared")),
        VisibilityConfig={"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "storefront"},
    )
    for name in ("disk-full", "backup-failed", "certificate-expires", "queue-grows", "budget"):
        account("cloudwatch").put_metric_alarm(
            AlarmName=f"platform-{name}", Namespace="Northwind/Platform", MetricName=name, Statistic="Maximum", Period=300,
            EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold", Tags=kv(tags("platform", "on call", env="shared")),
        )


def europe(company, net):
    """The same shop, smaller, for Europe."""
    account, owned = company.production, tags("checkout", "storefront-eu", "confidential")
    elb = account("elbv2", EUROPE)
    elb.create_load_balancer(
        Name="storefront-eu", Subnets=net["europe"]["public"], SecurityGroups=[net["europe"]["groups"]["web"]], Scheme="internet-facing", Tags=kv(owned)
    )
    profile = "storefront-eu-server"
    role(account, profile, "ec2.amazonaws.com", owned, allow("dynamodb:GetItem"), profile=True)
    fleet(company, account, net["europe"], "storefront-eu", owned, 4, profile, EUROPE)
    worker = role(account, "storefront-eu-workers", "lambda.amazonaws.com", owned, allow("sqs:ReceiveMessage"))
    for name in ("order-mailer", "stock-keeper", "vat-report", "privacy-requests"):
        function(account, f"storefront-eu-{name}", worker, owned, EUROPE)
    for name in ("order-mails-eu", "order-stock-eu"):
        account("sqs", EUROPE).create_queue(QueueName=name, tags=owned)
    table(account, "carts-eu", owned, EUROPE)
    settings(account, "/storefront-eu", owned, ("search-url", "vat", "session-minutes"), EUROPE)
    rds = account("rds", EUROPE)
    rds.create_db_subnet_group(DBSubnetGroupName="storefront-eu", DBSubnetGroupDescription="storefront", SubnetIds=net["europe"]["data"], Tags=kv(owned))
    rds.create_db_instance(
        DBInstanceIdentifier="storefront-eu", Engine="postgres", DBInstanceClass="db.t4g.large", AllocatedStorage=100, MasterUsername="shop",
        MasterUserPassword=CANARY, DBSubnetGroupName="storefront-eu", StorageEncrypted=True, Tags=kv(owned), PubliclyAccessible=False,
        VpcSecurityGroupIds=[net["europe"]["groups"]["db"]],
    )
    account("secretsmanager", EUROPE).create_secret(Name="storefront-eu/database", SecretString=CANARY, Tags=kv(owned))
    account("s3").create_bucket(Bucket="northwind-eu-invoices", CreateBucketConfiguration={"LocationConstraint": EUROPE})
    account("s3").put_bucket_tagging(Bucket="northwind-eu-invoices", Tagging={"TagSet": kv(tags("checkout", "invoices", "restricted"))})


def leftovers_of_daily_life(company, net):
    """The gaps that every company has."""
    account = company.production
    ec2, s3, logs = account("ec2"), account("s3"), account("logs")
    # Disks that stayed when their servers went.
    for size in (8, 100, 500):
        company.forgotten_disk = ec2.create_volume(AvailabilityZone="us-east-1b", Size=size, VolumeType="gp2")["VolumeId"]
    ec2.allocate_address(Domain="vpc")
    ec2.create_security_group(GroupName="test-tn", Description="test", VpcId=net["main"]["vpc"])
    # A server somebody started by hand, and opened for an agency: owner known, the rest not.
    opened = ec2.create_security_group(GroupName="jenkins-old", Description="for the agency", VpcId=net["main"]["vpc"])["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=opened, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "IpRanges": networks.OPEN}])
    role(account, "jenkins-old", "ec2.amazonaws.com", {"owner": "platform"}, allow(["s3:GetObject", "s3:ListBucket", "ecr:*", "ecs:UpdateService"]), profile=True)
    server = ec2.run_instances(
        ImageId="ami-0a1b2c3d4e5f60718", InstanceType="t3.large", MinCount=1, MaxCount=1, SubnetId=net["main"]["public"][0],
        SecurityGroupIds=[opened], IamInstanceProfile={"Name": "jenkins-old"},
        TagSpecifications=spec("instance", {"Name": "jenkins-old", "Owner": "platform"}),
    )["Instances"][0]["InstanceId"]
    public_address(ec2, server)
    # Buckets of which nobody said what is in them.
    for name, about in (
        ("northwind-marketing-drop", {"team": "catalog", "purpose": "files from agencies", "env": "production"}),
        ("northwind-backup-2019", {"Owner": "platform"}),
        ("northwind-test-bucket-123", {}),
    ):
        s3.create_bucket(Bucket=name)
        if about:
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": kv(about)})
    function(account, "slack-bot-test", f"arn:aws:iam::{PRODUCTION}:role/catalog-workers", {"owner": "catalog"})
    function(account, "copy-of-payments-refund", f"arn:aws:iam::{PRODUCTION}:role/payments-workers", {}, log_group=False)
    account("sqs").create_queue(QueueName="test-queue")
    account("sns").create_topic(Name="dynamodb")
    for name in ("/aws/codebuild/old-site", "/var/log/messages", "API-Gateway-Execution-Logs_x1y2z3/prod"):
        logs.create_log_group(logGroupName=name)
    account("ssm").put_parameter(Name="tmp-token", Value=CANARY, Type="SecureString")
    account("iam").create_role(RoleName="test-role-delete-me", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    account("dynamodb").create_table(
        TableName="terraform-locks-old", AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
    )
