"""Reads the estate back with boto3, call by call: what a scanner must find, said by another program.

The table names, for each type, the boto3 call that lists it and where the ids are in the answer. It is kept apart from
the resource definitions on purpose, so that the two can disagree.
"""

import listed

# The account that owns what every account is shown, as ARNs name it.
PROVIDER = "aws"
IAM_FILTER = {"Filter": ["User", "Role", "Group", "LocalManagedPolicy"]}

# type: (service, operation, parameters, where the items are, the member that is the id; none for plain texts)
REGIONAL = {
    "AWS::EC2::Instance": ("ec2", "describe_instances", {}, "Reservations[].Instances[]", "InstanceId"),
    "AWS::EC2::Volume": ("ec2", "describe_volumes", {}, "Volumes[]", "VolumeId"),
    "AWS::EC2::Snapshot": ("ec2", "describe_snapshots", {"OwnerIds": ["self"]}, "Snapshots[]", "SnapshotId"),
    "AWS::EC2::Image": ("ec2", "describe_images", {"Owners": ["self"]}, "Images[]", "ImageId"),
    "AWS::EC2::VPC": ("ec2", "describe_vpcs", {}, "Vpcs[]", "VpcId"),
    "AWS::EC2::Subnet": ("ec2", "describe_subnets", {}, "Subnets[]", "SubnetId"),
    "AWS::EC2::RouteTable": ("ec2", "describe_route_tables", {}, "RouteTables[]", "RouteTableId"),
    "AWS::EC2::InternetGateway": ("ec2", "describe_internet_gateways", {}, "InternetGateways[]", "InternetGatewayId"),
    "AWS::EC2::NatGateway": ("ec2", "describe_nat_gateways", {}, "NatGateways[]", "NatGatewayId"),
    "AWS::EC2::SecurityGroup": ("ec2", "describe_security_groups", {}, "SecurityGroups[]", "GroupId"),
    "AWS::EC2::NetworkAcl": ("ec2", "describe_network_acls", {}, "NetworkAcls[]", "NetworkAclId"),
    "AWS::EC2::NetworkInterface": ("ec2", "describe_network_interfaces", {}, "NetworkInterfaces[]", "NetworkInterfaceId"),
    "AWS::EC2::EIP": ("ec2", "describe_addresses", {}, "Addresses[]", "AllocationId"),
    "AWS::EC2::VPCEndpoint": ("ec2", "describe_vpc_endpoints", {}, "VpcEndpoints[]", "VpcEndpointId"),
    "AWS::EC2::VPCPeeringConnection": ("ec2", "describe_vpc_peering_connections", {}, "VpcPeeringConnections[]", "VpcPeeringConnectionId"),
    "AWS::EC2::KeyPair": ("ec2", "describe_key_pairs", {}, "KeyPairs[]", "KeyPairId"),
    "AWS::EC2::FlowLog": ("ec2", "describe_flow_logs", {}, "FlowLogs[]", "FlowLogId"),
    "AWS::EC2::LaunchTemplate": ("ec2", "describe_launch_templates", {}, "LaunchTemplates[]", "LaunchTemplateId"),
    "AWS::KMS::Key": ("kms", "list_keys", {}, "Keys[]", "KeyId"),
    "AWS::KMS::Alias": ("kms", "list_aliases", {}, "Aliases[]", "AliasName"),
    "AWS::RDS::DBInstance": ("rds", "describe_db_instances", {}, "DBInstances[]", "DBInstanceIdentifier"),
    "AWS::RDS::DBSnapshot": ("rds", "describe_db_snapshots", {}, "DBSnapshots[]", "DBSnapshotIdentifier"),
    "AWS::RDS::DBClusterSnapshot": ("rds", "describe_db_cluster_snapshots", {}, "DBClusterSnapshots[]", "DBClusterSnapshotIdentifier"),
    "AWS::RDS::DBSubnetGroup": ("rds", "describe_db_subnet_groups", {}, "DBSubnetGroups[]", "DBSubnetGroupName"),
    "AWS::Lambda::Function": ("lambda", "list_functions", {}, "Functions[]", "FunctionName"),
    "AWS::Lambda::EventSourceMapping": ("lambda", "list_event_source_mappings", {}, "EventSourceMappings[]", "UUID"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("elbv2", "describe_load_balancers", {}, "LoadBalancers[]", "LoadBalancerName"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("elbv2", "describe_target_groups", {}, "TargetGroups[]", "TargetGroupName"),
    "AWS::DynamoDB::Table": ("dynamodb", "list_tables", {}, "TableNames[]", None),
    "AWS::SQS::Queue": ("sqs", "list_queues", {}, "QueueUrls[]", None),
    "AWS::SNS::Topic": ("sns", "list_topics", {}, "Topics[]", "TopicArn"),
    "AWS::SNS::Subscription": ("sns", "list_subscriptions", {}, "Subscriptions[]", "SubscriptionArn"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "list_secrets", {}, "SecretList[]", "Name"),
    "AWS::SSM::Parameter": ("ssm", "describe_parameters", {}, "Parameters[]", "Name"),
    "AWS::CloudTrail::Trail": ("cloudtrail", "describe_trails", {"includeShadowTrails": False}, "trailList[]", "Name"),
    "AWS::GuardDuty::Detector": ("guardduty", "list_detectors", {}, "DetectorIds[]", None),
    "AWS::Config::ConfigurationRecorder": ("config", "describe_configuration_recorders", {}, "ConfigurationRecorders[]", "name"),
    "AWS::Config::DeliveryChannel": ("config", "describe_delivery_channels", {}, "DeliveryChannels[]", "name"),
    "AWS::ECR::Repository": ("ecr", "describe_repositories", {}, "repositories[]", "repositoryName"),
    "AWS::ECS::Cluster": ("ecs", "list_clusters", {}, "clusterArns[]", None),
    "AWS::ECS::TaskDefinition": ("ecs", "list_task_definitions", {}, "taskDefinitionArns[]", None),
    "AWS::EKS::Cluster": ("eks", "list_clusters", {}, "clusters[]", None),
    "AWS::Logs::LogGroup": ("logs", "describe_log_groups", {}, "logGroups[]", "logGroupName"),
    "AWS::CloudFormation::Stack": ("cloudformation", "describe_stacks", {}, "Stacks[]", "StackName"),
    "AWS::AutoScaling::AutoScalingGroup": ("autoscaling", "describe_auto_scaling_groups", {}, "AutoScalingGroups[]", "AutoScalingGroupName"),
    "AWS::CertificateManager::Certificate": ("acm", "list_certificates", {}, "CertificateSummaryList[]", "CertificateArn"),
    "AWS::EFS::FileSystem": ("efs", "describe_file_systems", {}, "FileSystems[]", "FileSystemId"),
    "AWS::ElastiCache::CacheCluster": ("elasticache", "describe_cache_clusters", {}, "CacheClusters[]", "CacheClusterId"),
    "AWS::ApiGateway::RestApi": ("apigateway", "get_rest_apis", {}, "items[]", "id"),
    "AWS::ApiGatewayV2::Api": ("apigatewayv2", "get_apis", {}, "Items[]", "ApiId"),
    "AWS::Cognito::UserPool": ("cognito-idp", "list_user_pools", {"MaxResults": 60}, "UserPools[]", "Id"),
    "AWS::Events::EventBus": ("events", "list_event_buses", {}, "EventBuses[]", "Name"),
    "AWS::Events::Rule": ("events", "list_rules", {}, "Rules[]", "Name"),
    "AWS::StepFunctions::StateMachine": ("stepfunctions", "list_state_machines", {}, "stateMachines[]", "name"),
    "AWS::Kinesis::Stream": ("kinesis", "list_streams", {}, "StreamNames[]", None),
    "AWS::Redshift::Cluster": ("redshift", "describe_clusters", {}, "Clusters[]", "ClusterIdentifier"),
    "AWS::OpenSearchService::Domain": ("opensearch", "list_domain_names", {}, "DomainNames[]", "DomainName"),
    "AWS::Backup::BackupVault": ("backup", "list_backup_vaults", {}, "BackupVaultList[]", "BackupVaultName"),
    "AWS::Backup::BackupPlan": ("backup", "list_backup_plans", {}, "BackupPlansList[]", "BackupPlanId"),
    "AWS::Athena::WorkGroup": ("athena", "list_work_groups", {}, "WorkGroups[]", "Name"),
    "AWS::Glue::Database": ("glue", "get_databases", {}, "DatabaseList[]", "Name"),
    "AWS::Glue::Job": ("glue", "get_jobs", {}, "Jobs[]", "Name"),
    "AWS::CodeBuild::Project": ("codebuild", "list_projects", {}, "projects[]", None),
    **listed.REGIONAL,
    "AWS::CloudWatch::Alarm": ("cloudwatch", "describe_alarms", {}, "MetricAlarms[]", "AlarmName"),
}

GLOBAL = {
    "AWS::IAM::User": ("iam", "get_account_authorization_details", IAM_FILTER, "UserDetailList[]", "UserName"),
    "AWS::IAM::Group": ("iam", "get_account_authorization_details", IAM_FILTER, "GroupDetailList[]", "GroupName"),
    "AWS::IAM::Role": ("iam", "get_account_authorization_details", IAM_FILTER, "RoleDetailList[]", "RoleName"),
    "AWS::IAM::ManagedPolicy": ("iam", "list_policies", {"Scope": "Local"}, "Policies[]", "Arn"),
    "AWS::IAM::InstanceProfile": ("iam", "list_instance_profiles", {}, "InstanceProfiles[]", "InstanceProfileName"),
    "AWS::IAM::VirtualMFADevice": ("iam", "list_virtual_mfa_devices", {}, "VirtualMFADevices[]", "SerialNumber"),
    "AWS::IAM::SAMLProvider": ("iam", "list_saml_providers", {}, "SAMLProviderList[]", "Arn"),
    "AWS::IAM::OIDCProvider": ("iam", "list_open_id_connect_providers", {}, "OpenIDConnectProviderList[]", "Arn"),
    "AWS::Route53::HostedZone": ("route53", "list_hosted_zones", {}, "HostedZones[]", "Id"),
    "AWS::CloudFront::Distribution": ("cloudfront", "list_distributions", {}, "DistributionList.Items[]", "Id"),
    **listed.GLOBAL,
}

ORGANIZATION = {
    "AWS::Organizations::Account": ("organizations", "list_accounts", {}, "Accounts[]", "Id"),
    "AWS::Organizations::Root": ("organizations", "list_roots", {}, "Roots[]", "Id"),
    "AWS::Organizations::Policy": ("organizations", "list_policies", {"Filter": "SERVICE_CONTROL_POLICY"}, "Policies[]", "Id"),
    "AWS::Organizations::ResourceControlPolicy": ("organizations", "list_policies", {"Filter": "RESOURCE_CONTROL_POLICY"}, "Policies[]", "Id"),
    **listed.ORGANIZATION,
}


def items(answer, where):
    found = [answer]
    for step in where.split("."):
        name = step.removesuffix("[]")
        found = [one[name] for one in found if one.get(name) is not None]
        if step.endswith("[]"):
            found = [one for many in found for one in many]
    return found


def ids(client, call):
    _, operation, parameters, where, member = call
    if client.can_paginate(operation):
        pages = client.get_paginator(operation).paginate(**parameters)
    else:
        pages = [getattr(client, operation)(**parameters)]
    return sorted(one if member is None else one[member] for page in pages for one in items(page, where))


def children(account, region):
    """What is listed for each parent."""
    elb, ecs, eks = account("elbv2", region), account("ecs", region), account("eks", region)
    listeners = [
        listener["ListenerArn"]
        for balancer in elb.describe_load_balancers()["LoadBalancers"]
        for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    ]
    services = [
        arn for cluster in ecs.list_clusters()["clusterArns"] for arn in ecs.list_services(cluster=cluster)["serviceArns"]
    ]
    nodes = [
        name for cluster in eks.list_clusters()["clusters"] for name in eks.list_nodegroups(clusterName=cluster)["nodegroups"]
    ]
    return {
        "AWS::ElasticLoadBalancingV2::Listener": sorted(listeners),
        "AWS::ECS::Service": sorted(services),
        "AWS::EKS::Nodegroup": sorted(nodes),
    }


def clusters(account, region):
    """The relational ones; the same call lists graph and document databases too."""
    pages = account("rds", region).get_paginator("describe_db_clusters").paginate()
    return sorted(
        one["DBClusterIdentifier"] for page in pages for one in page["DBClusters"] if one["Engine"] not in ("docdb", "neptune")
    )


def hub(account, region):
    client = account("securityhub", region)
    try:
        return [client.describe_hub()["HubArn"]]
    except (client.exceptions.InvalidAccessException, client.exceptions.ResourceNotFoundException):
        return []


def buckets(account):
    """Bucket names by region."""
    client, out = account("s3"), {}
    for bucket in client.list_buckets()["Buckets"]:
        place = client.get_bucket_location(Bucket=bucket["Name"])["LocationConstraint"] or "us-east-1"
        out.setdefault(place, []).append(bucket["Name"])
    return out


def settings(account):
    """Sheets and settings of which an account has one, and keys of its users."""
    client = account("iam")
    out = {"AWS::IAM::AccountSummary": [account.id]}
    try:
        client.get_account_password_policy()
        out["AWS::IAM::PasswordPolicy"] = [account.id]
    except client.exceptions.NoSuchEntityException:
        pass
    keys = [
        key["AccessKeyId"]
        for user in client.list_users()["Users"]
        for key in client.list_access_keys(UserName=user["UserName"])["AccessKeyMetadata"]
    ]
    return {**out, "AWS::IAM::AccessKey": sorted(keys)}


def written_by_provider(accounts):
    """Policies that AWS writes and any of the accounts has attached."""
    call = ("iam", "list_policies", {"Scope": "AWS", "OnlyAttached": True}, "Policies[]", "Arn")
    return sorted({arn for account in accounts.values() for arn in ids(account("iam"), call)})


def organisation(account):
    client = account("organizations")
    found = {kind: ids(client, call) for kind, call in ORGANIZATION.items()}
    found["AWS::Organizations::Organization"] = [client.describe_organization()["Organization"]["Id"]]
    found["AWS::Organizations::OrganizationalUnit"] = sorted(
        unit["Id"]
        for root in found["AWS::Organizations::Root"]
        for unit in client.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    )
    return found


def read_back(accounts, regions, management):
    """Ids by account, region and type; `counts` has their numbers and `total` the sum."""
    found = {}
    for number, account in accounts.items():
        places = found[number] = {region: {} for region in (*regions, "global")}
        for region in regions:
            here = places[region]
            for kind, call in REGIONAL.items():
                here[kind] = ids(account(call[0], region), call)
            here.update(children(account, region))
            here.update(listed.children(account, region))
            here["AWS::RDS::DBCluster"] = clusters(account, region)
            here["AWS::SecurityHub::Hub"] = hub(account, region)
        for region, names in buckets(account).items():
            places.setdefault(region, {})["AWS::S3::Bucket"] = sorted(names)
        for kind, call in GLOBAL.items():
            places["global"][kind] = ids(account(call[0]), call)
        places["global"].update(settings(account))
        places["global"].update(listed.of_account(account))
        if number == management:
            places["global"].update(organisation(account))
    found[PROVIDER] = {"global": {"AWS::IAM::ManagedPolicy": written_by_provider(accounts)}}
    found = {
        number: {region: {kind: list_ for kind, list_ in kinds.items() if list_} for region, kinds in places.items()}
        for number, places in found.items()
    }
    counts = {
        number: {region: {kind: len(list_) for kind, list_ in kinds.items()} for region, kinds in places.items()}
        for number, places in found.items()
    }
    total = sum(count for places in counts.values() for kinds in places.values() for count in kinds.values())
    return {"ids": found, "counts": counts, "total": total}
