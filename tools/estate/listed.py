"""Where boto3 lists what `breadth.py` makes: the second half of the oracle's tables, in the same form."""

# type: (service, operation, parameters, where the items are, the member that is the id; none for plain texts)
REGIONAL = {
    "AWS::InspectorV2::Finding": (
        "inspector2", "list_findings", {"filterCriteria": {"findingStatus": [{"comparison": "EQUALS", "value": one} for one in ("ACTIVE", "SUPPRESSED")]}},
        "findings[]", "findingArn",
    ),
    "AWS::EC2::DHCPOptions": ("ec2", "describe_dhcp_options", {}, "DhcpOptions[]", "DhcpOptionsId"),
    "AWS::EC2::PrefixList": ("ec2", "describe_managed_prefix_lists", {}, "PrefixLists[]", "PrefixListId"),
    "AWS::EC2::TransitGateway": ("ec2", "describe_transit_gateways", {}, "TransitGateways[]", "TransitGatewayId"),
    "AWS::EC2::TransitGatewayAttachment": ("ec2", "describe_transit_gateway_attachments", {}, "TransitGatewayAttachments[]", "TransitGatewayAttachmentId"),
    "AWS::EC2::TransitGatewayRouteTable": ("ec2", "describe_transit_gateway_route_tables", {}, "TransitGatewayRouteTables[]", "TransitGatewayRouteTableId"),
    "AWS::EC2::VPNConnection": ("ec2", "describe_vpn_connections", {}, "VpnConnections[]", "VpnConnectionId"),
    "AWS::EC2::VPNGateway": ("ec2", "describe_vpn_gateways", {}, "VpnGateways[]", "VpnGatewayId"),
    "AWS::EC2::CustomerGateway": ("ec2", "describe_customer_gateways", {}, "CustomerGateways[]", "CustomerGatewayId"),
    "AWS::EC2::VPCEndpointService": ("ec2", "describe_vpc_endpoint_service_configurations", {}, "ServiceConfigurations[]", "ServiceId"),
    "AWS::EC2::EgressOnlyInternetGateway": ("ec2", "describe_egress_only_internet_gateways", {}, "EgressOnlyInternetGateways[]", "EgressOnlyInternetGatewayId"),
    "AWS::EC2::Host": ("ec2", "describe_hosts", {}, "Hosts[]", "HostId"),
    "AWS::AutoScaling::LaunchConfiguration": ("autoscaling", "describe_launch_configurations", {}, "LaunchConfigurations[]", "LaunchConfigurationName"),
    "AWS::ACMPCA::CertificateAuthority": ("acm-pca", "list_certificate_authorities", {}, "CertificateAuthorities[]", "Arn"),
    "AWS::Batch::ComputeEnvironment": ("batch", "describe_compute_environments", {}, "computeEnvironments[]", "computeEnvironmentName"),
    "AWS::Batch::JobQueue": ("batch", "describe_job_queues", {}, "jobQueues[]", "jobQueueName"),
    "AWS::Batch::JobDefinition": ("batch", "describe_job_definitions", {}, "jobDefinitions[]", "jobDefinitionArn"),
    "AWS::DMS::ReplicationInstance": ("dms", "describe_replication_instances", {}, "ReplicationInstances[]", "ReplicationInstanceIdentifier"),
    "AWS::DMS::Endpoint": ("dms", "describe_endpoints", {}, "Endpoints[]", "EndpointIdentifier"),
    "AWS::Neptune::DBCluster": ("neptune", "describe_db_clusters", {"Filters": [{"Name": "engine", "Values": ["neptune"]}]}, "DBClusters[]", "DBClusterIdentifier"),
    "AWS::RDS::DBProxy": ("rds", "describe_db_proxies", {}, "DBProxies[]", "DBProxyName"),
    "AWS::Redshift::ClusterSnapshot": ("redshift", "describe_cluster_snapshots", {}, "Snapshots[]", "SnapshotIdentifier"),
    "AWS::RDS::EventSubscription": ("rds", "describe_event_subscriptions", {}, "EventSubscriptionsList[]", "CustSubscriptionId"),
    "AWS::RDS::DBParameterGroup": ("rds", "describe_db_parameter_groups", {}, "DBParameterGroups[]", "DBParameterGroupName"),
    "AWS::ElastiCache::User": ("elasticache", "describe_users", {}, "Users[]", "UserId"),
    "AWS::ElastiCache::SubnetGroup": ("elasticache", "describe_cache_subnet_groups", {}, "CacheSubnetGroups[]", "CacheSubnetGroupName"),
    "AWS::FSx::FileSystem": ("fsx", "describe_file_systems", {}, "FileSystems[]", "FileSystemId"),
    "AWS::EFS::AccessPoint": ("efs", "describe_access_points", {}, "AccessPoints[]", "AccessPointId"),
    "AWS::DAX::Cluster": ("dax", "describe_clusters", {}, "Clusters[]", "ClusterName"),
    "AWS::OpenSearchServerless::Collection": ("opensearchserverless", "list_collections", {}, "collectionSummaries[]", "id"),
    "AWS::Timestream::Database": ("timestream-write", "list_databases", {}, "Databases[]", "DatabaseName"),
    "AWS::Timestream::Table": ("timestream-write", "list_tables", {}, "Tables[]", "TableName"),
    "AWS::Glacier::Vault": ("glacier", "list_vaults", {"accountId": "-"}, "VaultList[]", "VaultName"),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", "list_delivery_streams", {}, "DeliveryStreamNames[]", None),
    "AWS::MSK::Cluster": ("kafka", "list_clusters_v2", {}, "ClusterInfoList[]", "ClusterArn"),
    "AWS::AmazonMQ::Broker": ("mq", "list_brokers", {}, "BrokerSummaries[]", "BrokerId"),
    "AWS::Scheduler::Schedule": ("scheduler", "list_schedules", {}, "Schedules[]", "Arn"),
    "AWS::Scheduler::ScheduleGroup": ("scheduler", "list_schedule_groups", {}, "ScheduleGroups[]", "Name"),
    "AWS::Pipes::Pipe": ("pipes", "list_pipes", {}, "Pipes[]", "Name"),
    "AWS::KinesisVideo::Stream": ("kinesisvideo", "list_streams", {}, "StreamInfoList[]", "StreamName"),
    "AWS::StepFunctions::Activity": ("stepfunctions", "list_activities", {}, "activities[]", "activityArn"),
    "AWS::ApiGateway::DomainName": ("apigateway", "get_domain_names", {}, "items[]", "domainName"),
    "AWS::ApiGateway::UsagePlan": ("apigateway", "get_usage_plans", {}, "items[]", "id"),
    "AWS::ApiGateway::VpcLink": ("apigateway", "get_vpc_links", {}, "items[]", "id"),
    "AWS::ApiGatewayV2::VpcLink": ("apigatewayv2", "get_vpc_links", {}, "Items[]", "VpcLinkId"),
    "AWS::AppSync::GraphQLApi": ("appsync", "list_graphql_apis", {}, "graphqlApis[]", "apiId"),
    "AWS::Route53Resolver::ResolverEndpoint": ("route53resolver", "list_resolver_endpoints", {}, "ResolverEndpoints[]", "Id"),
    "AWS::Route53Resolver::ResolverRule": ("route53resolver", "list_resolver_rules", {}, "ResolverRules[]", "Id"),
    "AWS::Route53Resolver::ResolverQueryLoggingConfig": ("route53resolver", "list_resolver_query_log_configs", {}, "ResolverQueryLogConfigs[]", "Id"),
    "AWS::ServiceDiscovery::Namespace": ("servicediscovery", "list_namespaces", {}, "Namespaces[]", "Id"),
    "AWS::VpcLattice::Service": ("vpc-lattice", "list_services", {}, "items[]", "id"),
    "AWS::VpcLattice::ServiceNetwork": ("vpc-lattice", "list_service_networks", {}, "items[]", "id"),
    "AWS::DirectConnect::Connection": ("directconnect", "describe_connections", {}, "connections[]", "connectionId"),
    "AWS::WAFv2::RuleGroup": ("wafv2", "list_rule_groups", {"Scope": "REGIONAL"}, "RuleGroups[]", "Id"),
    "AWS::Glue::Connection": ("glue", "get_connections", {}, "ConnectionList[]", "Name"),
    "AWS::Glue::Crawler": ("glue", "get_crawlers", {}, "Crawlers[]", "Name"),
    "AWS::Glue::SecurityConfiguration": ("glue", "get_security_configurations", {}, "SecurityConfigurations[]", "Name"),
    "AWS::Athena::DataCatalog": ("athena", "list_data_catalogs", {}, "DataCatalogsSummary[]", "CatalogName"),
    "AWS::EMRServerless::Application": ("emr-serverless", "list_applications", {}, "applications[]", "id"),
    "AWS::DataSync::Task": ("datasync", "list_tasks", {}, "Tasks[]", "TaskArn"),
    "AWS::DataSync::Location": ("datasync", "list_locations", {}, "Locations[]", "LocationArn"),
    "AWS::SageMaker::NotebookInstance": ("sagemaker", "list_notebook_instances", {}, "NotebookInstances[]", "NotebookInstanceName"),
    "AWS::SageMaker::Model": ("sagemaker", "list_models", {}, "Models[]", "ModelName"),
    "AWS::SageMaker::Endpoint": ("sagemaker", "list_endpoints", {}, "Endpoints[]", "EndpointName"),
    "AWS::SageMaker::EndpointConfig": ("sagemaker", "list_endpoint_configs", {}, "EndpointConfigs[]", "EndpointConfigName"),
    "AWS::AmazonMQ::Configuration": ("mq", "list_configurations", {}, "Configurations[]", "Id"),
    "AWS::SageMaker::Domain": ("sagemaker", "list_domains", {}, "Domains[]", "DomainId"),
    "AWS::Bedrock::Agent": ("bedrock-agent", "list_agents", {}, "agentSummaries[]", "agentId"),
    "AWS::Bedrock::KnowledgeBase": ("bedrock-agent", "list_knowledge_bases", {}, "knowledgeBaseSummaries[]", "knowledgeBaseId"),
    "AWS::CodePipeline::Pipeline": ("codepipeline", "list_pipelines", {}, "pipelines[]", "name"),
    "AWS::CodeDeploy::Application": ("codedeploy", "list_applications", {}, "applications[]", None),
    "AWS::ElasticBeanstalk::Application": ("elasticbeanstalk", "describe_applications", {}, "Applications[]", "ApplicationName"),
    "AWS::CloudFormation::StackSet": ("cloudformation", "list_stack_sets", {"Status": "ACTIVE"}, "Summaries[]", "StackSetName"),
    "AWS::ServiceCatalog::Portfolio": ("servicecatalog", "list_portfolios", {}, "PortfolioDetails[]", "Id"),
    "AWS::Synthetics::Canary": ("synthetics", "describe_canaries", {}, "Canaries[]", "Name"),
    "AWS::Logs::MetricFilter": ("logs", "describe_metric_filters", {}, "metricFilters[]", "filterName"),
    "AWS::Logs::ResourcePolicy": ("logs", "describe_resource_policies", {}, "resourcePolicies[]", "policyName"),
    "AWS::Logs::Destination": ("logs", "describe_destinations", {}, "destinations[]", "destinationName"),
    "AWS::ResourceGroups::Group": ("resource-groups", "list_groups", {}, "GroupIdentifiers[]", "GroupName"),
    "AWS::SSM::MaintenanceWindow": ("ssm", "describe_maintenance_windows", {}, "WindowIdentities[]", "WindowId"),
    "AWS::SSO::Instance": ("sso-admin", "list_instances", {}, "Instances[]", "InstanceArn"),
    "AWS::DirectoryService::Directory": ("ds", "describe_directories", {}, "DirectoryDescriptions[]", "DirectoryId"),
    "AWS::WorkSpaces::Workspace": ("workspaces", "describe_workspaces", {}, "Workspaces[]", "WorkspaceId"),
    "AWS::WorkSpaces::Directory": ("workspaces", "describe_workspace_directories", {}, "Directories[]", "DirectoryId"),
    "AWS::Transfer::Server": ("transfer", "list_servers", {}, "Servers[]", "ServerId"),
    "AWS::SES::EmailIdentity": ("sesv2", "list_email_identities", {}, "EmailIdentities[]", "IdentityName"),
    "AWS::SES::ReceiptRuleSet": ("ses", "list_receipt_rule_sets", {}, "RuleSets[]", "Name"),
    "AWS::IoT::Thing": ("iot", "list_things", {}, "things[]", "thingName"),
    "AWS::IoT::Policy": ("iot", "list_policies", {}, "policies[]", "policyName"),
    "AWS::IoT::Certificate": ("iot", "list_certificates", {}, "certificates[]", "certificateId"),
    "AWS::IoT::TopicRule": ("iot", "list_topic_rules", {}, "rules[]", "ruleName"),
    "AWS::RAM::ResourceShare": ("ram", "get_resource_shares", {"resourceOwner": "SELF"}, "resourceShares[]", "name"),
    "AWS::Config::ConfigurationAggregator": ("config", "describe_configuration_aggregators", {}, "ConfigurationAggregators[]", "ConfigurationAggregatorName"),
    "AWS::Events::Archive": ("events", "list_archives", {}, "Archives[]", "ArchiveName"),
    "AWS::Events::Connection": ("events", "list_connections", {}, "Connections[]", "Name"),
    "AWS::Events::ApiDestination": ("events", "list_api_destinations", {}, "ApiDestinations[]", "Name"),
}

GLOBAL = {
    "AWS::Route53::HealthCheck": ("route53", "list_health_checks", {}, "HealthChecks[]", "Id"),
    "AWS::CloudFront::OriginAccessControl": ("cloudfront", "list_origin_access_controls", {}, "OriginAccessControlList.Items[]", "Id"),
    "AWS::CloudFront::KeyGroup": ("cloudfront", "list_key_groups", {}, "KeyGroupList.Items[].KeyGroup", "Id"),
    "AWS::NetworkManager::GlobalNetwork": ("networkmanager", "describe_global_networks", {}, "GlobalNetworks[]", "GlobalNetworkId"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch", "list_dashboards", {}, "DashboardEntries[]", "DashboardName"),
    "AWS::Shield::Protection": ("shield", "list_protections", {}, "Protections[]", "Id"),
}

ORGANIZATION = {
    "AWS::Organizations::DelegatedAdministrator": ("organizations", "list_delegated_administrators", {}, "DelegatedAdministrators[]", "Id"),
    "AWS::Organizations::AIServicesOptOutPolicy": ("organizations", "list_policies", {"Filter": "AISERVICES_OPT_OUT_POLICY"}, "Policies[]", "Id"),
    "AWS::Organizations::TagPolicy": ("organizations", "list_policies", {"Filter": "TAG_POLICY"}, "Policies[]", "Id"),
}


def children(account, region):
    """What is listed for each parent, by type."""
    rest, http, pools = account("apigateway", region), account("apigatewayv2", region), account("cognito-idp", region)
    deploy, logs, files = account("codedeploy", region), account("logs", region), account("transfer", region)
    elb = account("elbv2", region)
    found = {
        "AWS::ElasticLoadBalancingV2::ListenerRule": [
            rule["RuleArn"]
            for balancer in elb.describe_load_balancers()["LoadBalancers"]
            for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
            for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        ],
        "AWS::CodeDeploy::DeploymentGroup": [
            name for app in deploy.list_applications()["applications"] for name in deploy.list_deployment_groups(applicationName=app)["deploymentGroups"]
        ],
        "AWS::Logs::SubscriptionFilter": [
            one["filterName"]
            for page in logs.get_paginator("describe_log_groups").paginate()
            for group in page["logGroups"]
            for one in logs.describe_subscription_filters(logGroupName=group["logGroupName"])["subscriptionFilters"]
        ],
    }
    covered = account("inspector2", region).list_coverage()["coveredResources"]
    found["AWS::InspectorV2::Coverage"] = [f"{one['scanType']}/{one['resourceId']}" for one in covered]
    ecr = account("ecr", region)
    found["AWS::ECR::Image"] = [
        one["imageDigest"] for repository in ecr.describe_repositories()["repositories"]
        for one in ecr.describe_images(repositoryName=repository["repositoryName"])["imageDetails"]
    ]
    apis = [api["id"] for api in rest.get_rest_apis()["items"]]
    found["AWS::ApiGateway::Stage"] = [f"{api}/{one['stageName']}" for api in apis for one in rest.get_stages(restApiId=api)["item"]]
    found["AWS::ApiGateway::Resource"] = [f"{api}/{one['id']}" for api in apis for one in rest.get_resources(restApiId=api)["items"]]
    found["AWS::ApiGateway::Authorizer"] = [f"{api}/{one['id']}" for api in apis for one in rest.get_authorizers(restApiId=api)["items"]]
    apis = [api["ApiId"] for api in http.get_apis()["Items"]]
    found["AWS::ApiGatewayV2::Stage"] = [f"{api}/{one['StageName']}" for api in apis for one in http.get_stages(ApiId=api)["Items"]]
    found["AWS::ApiGatewayV2::Route"] = [f"{api}/{one['RouteId']}" for api in apis for one in http.get_routes(ApiId=api)["Items"]]
    users = [pool["Id"] for pool in pools.list_user_pools(MaxResults=60)["UserPools"]]
    found["AWS::Cognito::UserPoolClient"] = [
        one["ClientId"] for pool in users for one in pools.list_user_pool_clients(UserPoolId=pool, MaxResults=60)["UserPoolClients"]
    ]
    found["AWS::Cognito::UserPoolIdentityProvider"] = [
        f"{pool}/{one['ProviderName']}" for pool in users for one in pools.list_identity_providers(UserPoolId=pool)["Providers"]
    ]
    centre, people = account("sso-admin", region), account("identitystore", region)
    for instance in centre.list_instances()["Instances"]:
        arn, store = instance["InstanceArn"], instance["IdentityStoreId"]
        sets = centre.list_permission_sets(InstanceArn=arn)["PermissionSets"]
        found.setdefault("AWS::SSO::PermissionSet", []).extend(sets)
        found.setdefault("AWS::SSO::Assignment", []).extend(
            f"{number}/{one.rsplit('/', 1)[-1]}/{given['PrincipalId']}"
            for one in sets
            for number in centre.list_accounts_for_provisioned_permission_set(InstanceArn=arn, PermissionSetArn=one)["AccountIds"]
            for given in centre.list_account_assignments(InstanceArn=arn, PermissionSetArn=one, AccountId=number)["AccountAssignments"]
        )
        found.setdefault("AWS::IdentityStore::User", []).extend(one["UserId"] for one in people.list_users(IdentityStoreId=store)["Users"])
        found.setdefault("AWS::IdentityStore::Group", []).extend(one["GroupId"] for one in people.list_groups(IdentityStoreId=store)["Groups"])
    waf = account("wafv2", region)
    scopes = ("REGIONAL", "CLOUDFRONT") if region == "us-east-1" else ("REGIONAL",)
    found["AWS::WAFv2::WebACL"] = [one["Id"] for scope in scopes for one in waf.list_web_acls(Scope=scope)["WebACLs"]]
    found["AWS::WAFv2::IPSet"] = [one["Id"] for scope in scopes for one in waf.list_ip_sets(Scope=scope)["IPSets"]]
    found["AWS::WAFv2::RegexPatternSet"] = [one["Id"] for scope in scopes for one in waf.list_regex_pattern_sets(Scope=scope)["RegexPatternSets"]]
    found["AWS::SSM::Document"] = [
        one["Name"] for one in account("ssm", region).list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])["DocumentIdentifiers"]
    ]
    found["AWS::QuickSight::DataSource"] = [
        one["DataSourceId"] for one in account("quicksight", region).list_data_sources(AwsAccountId=account.id)["DataSources"]
    ]
    # The server knows this service in one region only.
    if region == "us-east-1":
        found["AWS::DSQL::Cluster"] = [one["identifier"] for one in account("dsql", region).list_clusters()["clusters"]]
    found.update(settings(account, region))
    return {kind: sorted(names) for kind, names in found.items()}


def settings(account, region):
    """What each region of each account has once, and is read as one resource."""
    account("ec2", region).get_ebs_encryption_by_default()
    account("emr", region).get_block_public_access_configuration()
    account("glue", region).get_data_catalog_encryption_settings()
    account("lakeformation", region).get_data_lake_settings()
    logging = account("bedrock", region).get_model_invocation_logging_configuration()
    return {
        "AWS::EC2::RegionSettings": [region],
        "AWS::EMR::BlockPublicAccessConfiguration": [region],
        "AWS::Glue::DataCatalogEncryptionSettings": [account.id],
        "AWS::LakeFormation::DataLakeSettings": [account.id],
        "AWS::Bedrock::ModelInvocationLoggingConfiguration": [region] if "loggingConfig" in logging else [],
        "AWS::ECR::Registry": [account("ecr", region).describe_registry()["registryId"]],
        "AWS::Macie::Session": [account.id] if account("macie2", region).get_macie_session()["status"] else [],
        "AWS::InspectorV2::AccountStatus": [
            one["accountId"] for one in account("inspector2", region).batch_get_account_status(accountIds=[account.id])["accounts"]
        ],
    }


def of_account(account):
    """What an account has once, or keeps for all regions in calls that want its number."""
    contacts, shield = account("account"), account("shield")
    found = {"AWS::Budgets::Budget": [one["BudgetName"] for one in account("budgets").describe_budgets(AccountId=account.id).get("Budgets", [])]}
    try:
        found["AWS::Account::AlternateContact"] = [contacts.get_alternate_contact(AlternateContactType="SECURITY")["AlternateContact"]["AlternateContactType"]]
    except contacts.exceptions.ResourceNotFoundException:
        pass
    try:
        shield.describe_subscription()
        found["AWS::Shield::Subscription"] = [account.id]
    except shield.exceptions.ResourceNotFoundException:
        pass
    return found
