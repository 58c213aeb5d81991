"""What a company of this size has beside its shop: lines to its warehouse, mail, desktops, queues and stores of every
kind. Few of each, so that every type that the test server can keep is in the estate."""

import json

from company import CANARY, MANAGEMENT, PRODUCTION, allow, kv, lower, policy, spec, tags, trust
from workloads import MAIN, role

PARTNER = "777766665555"  # a firm that photographs products


def seed(company, net, keys):
    main = net["main"]
    lines(company, main)
    names(company, main)
    firewalls(company)
    interfaces(company, main)
    streams(company, main, keys)
    stores(company, main, keys)
    data_work(company, main, keys)
    learning(company, main, keys)
    delivery(company)
    watching(company)
    people(company, main)
    devices(company)
    sharing(company)
    audit(company)
    doors(company, main)


def lines(company, main):
    """Lines to the warehouse, and what connects networks."""
    account, owned = company.production, tags("platform", "network", env="shared")
    ec2 = account("ec2")
    warehouse = ec2.create_customer_gateway(
        Type="ipsec.1", PublicIp="203.0.113.20", BgpAsn=65010, TagSpecifications=spec("customer-gateway", {**owned, "Name": "warehouse"})
    )["CustomerGateway"]["CustomerGatewayId"]
    gateway = ec2.create_vpn_gateway(Type="ipsec.1", TagSpecifications=spec("vpn-gateway", {**owned, "Name": "warehouse"}))["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=gateway, VpcId=main["vpc"])
    ec2.create_vpn_connection(
        Type="ipsec.1", CustomerGatewayId=warehouse, VpnGatewayId=gateway, TagSpecifications=spec("vpn-connection", {**owned, "Name": "warehouse"})
    )
    ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=5, AddressFamily="IPv4", Entries=[{"Cidr": "203.0.113.0/28", "Description": "head office"}],
        TagSpecifications=spec("prefix-list", owned),
    )
    ec2.create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name", "Values": ["inside.northwind.example"]}], TagSpecifications=spec("dhcp-options", {**owned, "Name": "inside"})
    )
    transit = ec2.create_transit_gateway(Description="all networks", TagSpecifications=spec("transit-gateway", {**owned, "Name": "hub"}))["TransitGateway"]["TransitGatewayId"]
    table = ec2.create_transit_gateway_route_table(
        TransitGatewayId=transit, TagSpecifications=spec("transit-gateway-route-table", {**owned, "Name": "hub"})
    )["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"]
    attachment = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit, VpcId=main["vpc"], SubnetIds=[main["private"][0]],
        TagSpecifications=spec("transit-gateway-attachment", {**owned, "Name": "main"}),
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    ec2.create_transit_gateway_route(DestinationCidrBlock="10.20.0.0/16", TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=attachment)
    inside = account("elbv2").create_load_balancer(
        Name="partners-inside", Type="network", Scheme="internal", Subnets=[main["private"][0]], Tags=kv(tags("catalog", "partner feed", "internal"))
    )["LoadBalancers"][0]["LoadBalancerArn"]
    service = ec2.create_vpc_endpoint_service_configuration(
        NetworkLoadBalancerArns=[inside], AcceptanceRequired=True, TagSpecifications=spec("vpc-endpoint-service", tags("catalog", "partner feed", "internal"))
    )["ServiceConfiguration"]["ServiceId"]
    ec2.modify_vpc_endpoint_service_permissions(ServiceId=service, AddAllowedPrincipals=[f"arn:aws:iam::{PRODUCTION}:root"])
    ec2.allocate_hosts(AvailabilityZone="us-east-1a", InstanceType="m5.large", Quantity=1, TagSpecifications=spec("dedicated-host", {**owned, "Name": "licences"}))
    account("directconnect").create_connection(location="EqDC2", bandwidth="1Gbps", connectionName="warehouse", tags=lower(owned))
    account("networkmanager").create_global_network(Description="offices and clouds", Tags=kv({**owned, "Name": "northwind"}))
    resolver = account("route53resolver")
    endpoint = resolver.create_resolver_endpoint(
        CreatorRequestId="warehouse", Name="to-warehouse", Direction="OUTBOUND", SecurityGroupIds=[main["groups"]["app"]],
        IpAddresses=[{"SubnetId": subnet} for subnet in main["private"][:2]], Tags=kv(owned),
    )["ResolverEndpoint"]["Id"]
    resolver.create_resolver_rule(
        CreatorRequestId="warehouse", Name="warehouse", RuleType="FORWARD", DomainName="warehouse.northwind.example",
        TargetIps=[{"Ip": "10.99.0.2", "Port": 53}], ResolverEndpointId=endpoint, Tags=kv(owned),
    )
    account("logs").create_log_group(logGroupName="/network/names", tags=owned)
    queries = resolver.create_resolver_query_log_config(
        Name="names", DestinationArn=f"arn:aws:logs:{MAIN}:{PRODUCTION}:log-group:/network/names:*", CreatorRequestId="names", Tags=kv(owned)
    )["ResolverQueryLogConfig"]["Id"]
    resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=queries, ResourceId=main["vpc"])
    lattice = account("vpc-lattice")
    lattice.create_service(name="stock", authType="AWS_IAM", tags=tags("checkout", "stock", "internal"))
    lattice.create_service_network(name="shop", authType="AWS_IAM", tags=owned)


def names(company, main):
    account, owned = company.production, tags("platform", "names", env="shared")
    zones = account("route53")
    zone = zones.create_hosted_zone(Name="shop.northwind.example", CallerReference="shop", HostedZoneConfig={"PrivateZone": False, "Comment": ""})["HostedZone"]["Id"]
    zones.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone.rsplit("/", 1)[-1], AddTags=kv(owned))
    check = zones.create_health_check(
        CallerReference="shop", HealthCheckConfig={"Type": "HTTPS", "FullyQualifiedDomainName": "shop.northwind.example", "Port": 443}
    )["HealthCheck"]["Id"]
    zones.change_tags_for_resource(ResourceType="healthcheck", ResourceId=check, AddTags=kv({**owned, "Name": "shop"}))
    records = [
        {"Name": "api.shop.northwind.example", "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": "storefront.northwind.example"}], "HealthCheckId": check, "SetIdentifier": "one", "Weight": 10},
        {"Name": "api.shop.northwind.example", "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": "storefront-eu.northwind.example"}], "SetIdentifier": "two", "Weight": 1},
        {"Name": "old.shop.northwind.example", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "198.51.100.9"}]},
    ]
    zones.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": one} for one in records]})
    account("servicediscovery").create_http_namespace(Name="shop", Tags=kv(tags("checkout", "storefront", "internal")))
    cdn = account("cloudfront")
    cdn.create_origin_access_control(
        OriginAccessControlConfig={"Name": "catalog-site", "SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
    )


def firewalls(company):
    account, owned = company.production, tags("security", "web firewall", env="shared")
    waf = account("wafv2")
    shown = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "shop"}
    bad = waf.create_ip_set(Name="bad-addresses", Scope="REGIONAL", IPAddressVersion="IPV4", Addresses=["198.51.100.0/24"], Tags=kv(owned))["Summary"]["ARN"]
    waf.create_rule_group(
        Name="shop-rules", Scope="REGIONAL", Capacity=10, VisibilityConfig=shown, Tags=kv(owned),
        Rules=[{"Name": "bad", "Priority": 1, "Action": {"Block": {}}, "VisibilityConfig": shown, "Statement": {"IPSetReferenceStatement": {"ARN": bad}}}],
    )
    waf.create_ip_set(Name="press", Scope="CLOUDFRONT", IPAddressVersion="IPV4", Addresses=["192.0.2.0/24"], Tags=kv(owned))
    waf.create_web_acl(Name="site", Scope="CLOUDFRONT", DefaultAction={"Allow": {}}, Rules=[], VisibilityConfig=shown, Tags=kv(owned))
    tools = waf.create_regex_pattern_set(
        Name="scanners", Scope="REGIONAL", RegularExpressionList=[{"RegexString": "sqlmap|nikto"}, {"RegexString": "^$"}], Tags=kv(owned)
    )["Summary"]["ARN"]
    agent = {"FieldToMatch": {"SingleHeader": {"Name": "user-agent"}}, "TextTransformations": [{"Priority": 0, "Type": "LOWERCASE"}]}
    managed = {"VendorName": "AWS", "Name": "AWSManagedRulesAmazonIpReputationList"}
    statements = [
        ("bad-addresses", {"Action": {"Block": {}}}, {"IPSetReferenceStatement": {"ARN": bad}}),
        ("reputation", {"OverrideAction": {"Count": {}}}, {"ManagedRuleGroupStatement": managed}),
        ("scanners", {"Action": {"Count": {}}}, {"RegexPatternSetReferenceStatement": {"ARN": tools, **agent}}),
        ("too-many", {"Action": {"Count": {}}}, {"RateBasedStatement": {"Limit": 1000, "AggregateKeyType": "IP"}}),
        ("countries", {"Action": {"Count": {}}}, {"NotStatement": {"Statement": {"GeoMatchStatement": {"CountryCodes": ["AU", "DE", "FR", "US"]}}}}),
    ]
    rules = [
        {"Name": name, "Priority": number, **does, "Statement": statement, "VisibilityConfig": {**shown, "MetricName": name}}
        for number, (name, does, statement) in enumerate(statements)
    ]
    shop = waf.create_web_acl(Name="shop", Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=rules, VisibilityConfig=shown, Tags=kv(owned))
    front = account("elbv2").describe_load_balancers(Names=["storefront"])["LoadBalancers"][0]["LoadBalancerArn"]
    waf.associate_web_acl(WebACLArn=shop["Summary"]["ARN"], ResourceArn=front)
    shield = account("shield")
    shield.create_subscription()
    address = account("ec2").allocate_address(Domain="vpc", TagSpecifications=spec("elastic-ip", tags("checkout", "storefront", "public")))["AllocationId"]
    shield.create_protection(Name="shop", ResourceArn=f"arn:aws:ec2:{MAIN}:{PRODUCTION}:eip-allocation/{address}", Tags=kv(owned))


def interfaces(company, main):
    account, owned = company.production, tags("catalog", "partner feed", "internal")
    rest, http = account("apigateway"), account("apigatewayv2")
    api = rest.get_rest_apis()["items"][0]["id"]
    top = rest.get_resources(restApiId=api)["items"][0]["id"]
    rest.put_method(restApiId=api, resourceId=top, httpMethod="GET", authorizationType="AWS_IAM")
    rest.put_integration(restApiId=api, resourceId=top, httpMethod="GET", type="MOCK", requestTemplates={"application/json": "{}"})
    # A method that was forgotten: it asks nobody who comes.
    feed = rest.create_resource(restApiId=api, parentId=top, pathPart="feed")["id"]
    rest.put_method(restApiId=api, resourceId=feed, httpMethod="GET", authorizationType="NONE")
    rest.put_integration(restApiId=api, resourceId=feed, httpMethod="GET", type="MOCK", requestTemplates={"application/json": json.dumps({"key": CANARY})})
    deployment = rest.create_deployment(restApiId=api)["id"]
    rest.create_stage(restApiId=api, stageName="live", deploymentId=deployment, variables={"token": CANARY}, tags=owned)
    rest.create_authorizer(
        restApiId=api, name="partners", type="TOKEN", identitySource="method.request.header.Authorization",
        authorizerUri=f"arn:aws:apigateway:{MAIN}:lambda:path/2015-03-31/functions/arn:aws:lambda:{MAIN}:{PRODUCTION}:function:catalog-prices/invocations",
    )
    rest.create_usage_plan(name="partners", apiStages=[{"apiId": api, "stage": "live"}], throttle={"rateLimit": 10, "burstLimit": 20}, tags=owned)
    rest.create_domain_name(domainName="partners.northwind.example", endpointConfiguration={"types": ["REGIONAL"]}, securityPolicy="TLS_1_2", tags=owned)
    second = http.get_apis()["Items"][0]["ApiId"]
    http.create_stage(ApiId=second, StageName="live", StageVariables={"key": CANARY}, Tags=owned)
    http.create_route(ApiId=second, RouteKey="GET /prices", AuthorizationType="NONE")
    http.create_vpc_link(Name="inside", SubnetIds=main["private"], SecurityGroupIds=[main["groups"]["app"]], Tags=owned)
    pool = account("cognito-idp").list_user_pools(MaxResults=10)["UserPools"][0]["Id"]
    account("cognito-idp").create_user_pool_client(UserPoolId=pool, ClientName="web-shop", GenerateSecret=True, CallbackURLs=["https://shop.northwind.example/back"])
    account("cognito-idp").create_identity_provider(
        UserPoolId=pool, ProviderName="social", ProviderType="OIDC",
        ProviderDetails={"client_id": "shop", "client_secret": CANARY, "oidc_issuer": "https://id.example", "authorize_scopes": "openid"},
    )
    account("appsync").create_graphql_api(name="catalog", authenticationType="API_KEY", tags=tags("catalog", "catalog", "public"))


def streams(company, main, keys):
    account, owned = company.production, tags("data", "clicks", "internal")
    writer = role(account, "clicks-delivery", "firehose.amazonaws.com", owned, allow("s3:PutObject", "arn:aws:s3:::northwind-lake-raw/*"))
    account("firehose").create_delivery_stream(
        DeliveryStreamName="clicks-to-lake", DeliveryStreamType="DirectPut", Tags=kv(owned),
        ExtendedS3DestinationConfiguration={"RoleARN": writer, "BucketARN": "arn:aws:s3:::northwind-lake-raw"},
    )
    nodes = {"ClientSubnets": main["data"], "InstanceType": "kafka.m5.large", "SecurityGroups": [main["groups"]["app"]]}
    account("kafka").create_cluster_v2(
        ClusterName="orders-log", Tags=tags("checkout", "orders log", "confidential"),
        Provisioned={"BrokerNodeGroupInfo": nodes, "KafkaVersion": "3.6.0", "NumberOfBrokerNodes": 2},
    )
    account("mq").create_broker(
        BrokerName="warehouse", EngineType="ACTIVEMQ", EngineVersion="5.18", DeploymentMode="SINGLE_INSTANCE", HostInstanceType="mq.m5.large",
        PubliclyAccessible=False, AutoMinorVersionUpgrade=True, Users=[{"Username": "warehouse", "Password": CANARY + "-mq"}],
        SubnetIds=[main["private"][0]], SecurityGroups=[main["groups"]["app"]], Tags=tags("checkout", "warehouse orders", "confidential"),
    )
    worker = role(account, "clock", "scheduler.amazonaws.com", tags("platform", "clock", env="shared"), allow("lambda:InvokeFunction"))
    clock = account("scheduler")
    clock.create_schedule_group(Name="nightly", Tags=kv(tags("platform", "clock", env="shared")))
    clock.create_schedule(
        Name="clean-carts", GroupName="nightly", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:lambda:{MAIN}:{PRODUCTION}:function:storefront-cart-cleaner", "RoleArn": worker, "Input": json.dumps({"token": CANARY})},
    )
    mover = role(account, "mail-pipe", "pipes.amazonaws.com", tags("checkout", "storefront", "confidential"), allow("sqs:ReceiveMessage"))
    account("pipes").create_pipe(
        Name="fraud-orders", Source=f"arn:aws:sqs:{MAIN}:{PRODUCTION}:order-fraud", RoleArn=mover, Tags=tags("checkout", "storefront", "confidential"),
        Target=f"arn:aws:lambda:{MAIN}:{PRODUCTION}:function:storefront-stock-keeper",
    )
    account("kinesisvideo").create_stream(StreamName="warehouse-door", DataRetentionInHours=24)
    account("stepfunctions").create_activity(name="manual-refund", tags=lower(tags("payments", "payments", "restricted")))
    account("events").create_archive(ArchiveName="orders", EventSourceArn=f"arn:aws:events:{MAIN}:{PRODUCTION}:event-bus/default", RetentionDays=30)
    connection = account("events").create_connection(
        Name="courier", AuthorizationType="API_KEY", AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": CANARY}}
    )["ConnectionArn"]
    account("events").create_api_destination(
        Name="courier", ConnectionArn=connection, InvocationEndpoint="https://courier.example/hooks", HttpMethod="POST"
    )


def stores(company, main, keys):
    account = company.production
    rds = account("rds")
    account("neptune").create_db_cluster(DBClusterIdentifier="fraud-graph", Engine="neptune", StorageEncrypted=True, Tags=kv(tags("payments", "fraud", "restricted")))
    secret = account("secretsmanager").describe_secret(SecretId="storefront/database")["ARN"]
    proxy = role(account, "storefront-proxy", "rds.amazonaws.com", tags("checkout", "storefront", "confidential"), allow("secretsmanager:GetSecretValue", secret))
    rds.create_db_proxy(
        DBProxyName="storefront", EngineFamily="POSTGRESQL", RoleArn=proxy, VpcSubnetIds=main["data"], VpcSecurityGroupIds=[main["groups"]["db"]],
        Auth=[{"AuthScheme": "SECRETS", "SecretArn": secret, "IAMAuth": "DISABLED"}], RequireTLS=True, Tags=kv(tags("checkout", "storefront", "confidential")),
    )
    rds.create_event_subscription(
        SubscriptionName="databases", SnsTopicArn=f"arn:aws:sns:{MAIN}:{PRODUCTION}:orders", SourceType="db-instance", EventCategories=["failure"],
        Enabled=True, Tags=kv(tags("platform", "on call", env="shared")),
    )
    rds.create_db_parameter_group(
        DBParameterGroupName="storefront", DBParameterGroupFamily="postgres16", Description="storefront", Tags=kv(tags("checkout", "storefront", "confidential"))
    )
    account("elasticache").create_user(
        UserId="sessions", UserName="sessions", Engine="redis", AccessString="on ~* +@all", Passwords=[CANARY + "-sixteen-long"], Tags=kv(tags("checkout", "storefront", "confidential"))
    )
    account("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName="sessions", CacheSubnetGroupDescription="sessions", SubnetIds=main["data"], Tags=kv(tags("checkout", "storefront", "confidential"))
    )
    account("fsx").create_file_system(
        FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=[main["data"][0]], SecurityGroupIds=[main["groups"]["app"]],
        Tags=kv({**tags("data", "lake scratch", "internal"), "Name": "scratch"}),
    )
    account("dax").create_cluster(
        ClusterName="carts", NodeType="dax.t3.small", ReplicationFactor=1, IamRoleArn=f"arn:aws:iam::{PRODUCTION}:role/storefront-task",
        Tags=kv(tags("checkout", "storefront", "confidential")),
    )
    # It is being made until somebody has looked a few times.
    while account("dax").describe_clusters(ClusterNames=["carts"])["Clusters"][0]["Status"] != "available":
        pass
    account("opensearchserverless").create_security_policy(
        name="search-key", type="encryption", policy=json.dumps({"Rules": [{"Resource": ["collection/search"], "ResourceType": "collection"}], "AWSOwnedKey": False, "KmsARN": keys["lake"]})
    )
    account("opensearchserverless").create_collection(name="search", type="SEARCH", tags=lower(tags("catalog", "search", "public")))
    times = account("timestream-write")
    times.create_database(DatabaseName="warehouse", Tags=kv(tags("data", "warehouse sensors", "internal")))
    times.create_table(DatabaseName="warehouse", TableName="cold-room", Tags=kv(tags("data", "warehouse sensors", "internal")))
    account("dsql").create_cluster(deletionProtectionEnabled=True, tags={**tags("checkout", "returns", "confidential"), "Name": "returns"})
    account("glacier").create_vault(accountId="-", vaultName="invoices-before-2020")


def data_work(company, main, keys):
    account, owned = company.production, tags("data", "lake", "confidential")
    glue = account("glue")
    jobs = f"arn:aws:iam::{PRODUCTION}:role/lake-jobs"
    glue.create_connection(
        ConnectionInput={
            "Name": "storefront-database", "ConnectionType": "JDBC",
            "ConnectionProperties": {"JDBC_CONNECTION_URL": "jdbc:postgresql://storefront:5432/shop", "USERNAME": "lake", "PASSWORD": CANARY},
            "PhysicalConnectionRequirements": {"SubnetId": main["data"][0], "SecurityGroupIdList": [main["groups"]["app"]]},
        },
        Tags=owned,
    )
    glue.create_security_configuration(
        Name="lake", EncryptionConfiguration={"S3Encryption": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": keys["lake"]}]}
    )
    glue.create_crawler(Name="orders", Role=jobs, DatabaseName="lake", Targets={"S3Targets": [{"Path": "s3://northwind-lake-raw/orders"}]}, Tags=owned)
    account("athena").create_data_catalog(Name="partners", Type="GLUE", Parameters={"catalog-id": PRODUCTION}, Tags=kv(owned))
    account("emr-serverless").create_application(name="exports", releaseLabel="emr-7.2.0", type="SPARK", tags=owned)
    batch_role = role(account, "lake-batch", "batch.amazonaws.com", owned, allow("ecs:RunTask"))
    batch = account("batch")
    environment = batch.create_compute_environment(computeEnvironmentName="exports", type="UNMANAGED", state="ENABLED", serviceRole=batch_role, tags=owned)["computeEnvironmentArn"]
    batch.create_job_queue(jobQueueName="exports", state="ENABLED", priority=1, computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}], tags=owned)
    batch.register_job_definition(
        jobDefinitionName="export", type="container", tags=owned,
        containerProperties={"image": "northwind/export:1", "vcpus": 1, "memory": 512, "jobRoleArn": jobs, "environment": [{"name": "TOKEN", "value": CANARY}]},
    )
    dms = account("dms")
    dms.create_replication_instance(
        ReplicationInstanceIdentifier="storefront-to-lake", ReplicationInstanceClass="dms.t3.medium", PubliclyAccessible=False,
        KmsKeyId=keys["lake"], VpcSecurityGroupIds=[main["groups"]["app"]], Tags=kv(owned),
    )
    dms.create_endpoint(
        EndpointIdentifier="storefront", EndpointType="source", EngineName="postgres", ServerName="storefront", Port=5432, DatabaseName="shop",
        Username="lake", Password=CANARY, SslMode="require", Tags=kv(owned),
    )
    sync = account("datasync")
    reader = {"BucketAccessRoleArn": jobs}
    source = sync.create_location_s3(S3BucketArn="arn:aws:s3:::northwind-lake-raw", S3Config=reader, Tags=kv(owned))["LocationArn"]
    target = sync.create_location_s3(S3BucketArn="arn:aws:s3:::northwind-lake-exports", S3Config=reader, Tags=kv(owned))["LocationArn"]
    sync.create_task(SourceLocationArn=source, DestinationLocationArn=target, Name="raw-to-exports", Tags=kv(owned))
    account("quicksight").create_data_source(
        AwsAccountId=PRODUCTION, DataSourceId="lake", Name="lake", Type="ATHENA",
        DataSourceParameters={"AthenaParameters": {"WorkGroup": "analysts"}}, Tags=kv(owned),
    )


def learning(company, main, keys):
    account, owned = company.production, tags("data", "recommendations", "confidential")
    sagemaker = account("sagemaker")
    learner = role(account, "recommendations", "sagemaker.amazonaws.com", owned, allow("s3:GetObject"))
    sagemaker.create_notebook_instance(
        NotebookInstanceName="try-outs", InstanceType="ml.t3.medium", RoleArn=learner, SubnetId=main["private"][0], SecurityGroupIds=[main["groups"]["app"]],
        DirectInternetAccess="Enabled", KmsKeyId=keys["lake"], Tags=kv(owned),
    )
    sagemaker.create_model(
        ModelName="also-bought", ExecutionRoleArn=learner, Tags=kv(owned),
        PrimaryContainer={"Image": f"{PRODUCTION}.dkr.ecr.{MAIN}.amazonaws.com/recommend:1", "ModelDataUrl": "s3://northwind-lake-curated/m.tar.gz", "Environment": {"TOKEN": CANARY}},
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName="also-bought", KmsKeyId=keys["lake"], Tags=kv(owned),
        ProductionVariants=[{"VariantName": "all", "ModelName": "also-bought", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large", "InitialVariantWeight": 1}],
    )
    sagemaker.create_endpoint(EndpointName="also-bought", EndpointConfigName="also-bought", Tags=kv(owned))
    sagemaker.create_domain(
        DomainName="studio", AuthMode="IAM", DefaultUserSettings={"ExecutionRole": learner}, SubnetIds=main["private"], VpcId=main["vpc"],
        AppNetworkAccessType="PublicInternetOnly", Tags=kv(owned),
    )
    agents = account("bedrock-agent")
    helper = role(account, "shop-helper", "bedrock.amazonaws.com", tags("catalog", "shop helper", "internal"), allow("bedrock:InvokeModel"))
    agents.create_agent(agentName="shop-helper", agentResourceRoleArn=helper, tags=tags("catalog", "shop helper", "internal"))
    agents.create_knowledge_base(
        name="product-texts", roleArn=helper, tags=tags("catalog", "shop helper", "internal"),
        knowledgeBaseConfiguration={"type": "VECTOR", "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": f"arn:aws:bedrock:{MAIN}::foundation-model/amazon.titan-embed-text-v2:0"}},
        storageConfiguration={"type": "OPENSEARCH_SERVERLESS", "opensearchServerlessConfiguration": {"collectionArn": f"arn:aws:aoss:{MAIN}:{PRODUCTION}:collection/search", "vectorIndexName": "texts", "fieldMapping": {"vectorField": "v", "textField": "t", "metadataField": "m"}}},
    )
    account("logs").create_log_group(logGroupName="/models/asked", tags=owned)
    account("bedrock").put_model_invocation_logging_configuration(
        loggingConfig={"cloudWatchConfig": {"logGroupName": "/models/asked", "roleArn": helper}, "textDataDeliveryEnabled": True}
    )


def delivery(company):
    account, owned = company.production, tags("platform", "ci", env="shared")
    builder = role(account, "delivery", "codepipeline.amazonaws.com", owned, allow("codebuild:StartBuild"))
    # The server looks for one text here, not for a list of them.
    account("iam").update_assume_role_policy(
        RoleName="delivery",
        PolicyDocument=policy({"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}),
    )
    account("codepipeline").create_pipeline(
        pipeline={
            "name": "storefront", "roleArn": builder, "artifactStore": {"type": "S3", "location": "northwind-lake-exports"},
            "stages": [
                {"name": "Source", "actions": [{"name": "code", "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"}, "configuration": {"S3Bucket": "northwind-lake-exports", "S3ObjectKey": "source.zip"}, "outputArtifacts": [{"name": "code"}]}]},
                {"name": "Build", "actions": [{"name": "build", "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"}, "configuration": {"ProjectName": "build-storefront"}, "inputArtifacts": [{"name": "code"}]}]},
            ],
        },
        tags=lower(owned),
    )
    deploy = account("codedeploy")
    deploy.create_application(applicationName="storefront", computePlatform="Server", tags=kv(owned))
    deploy.create_deployment_group(applicationName="storefront", deploymentGroupName="live", serviceRoleArn=builder, tags=kv(owned))
    account("elasticbeanstalk").create_application(ApplicationName="intranet", Tags=kv(tags("platform", "intranet", "internal")))
    account("cloudformation").create_stack_set(
        StackSetName="guard-rails", Description="what every account gets", TemplateBody=json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}),
        Tags=kv(tags("security", "guard rails", env="shared")),
    )
    account("servicecatalog").create_portfolio(DisplayName="building blocks", ProviderName="platform", IdempotencyToken="blocks", Tags=kv(owned))
    account("synthetics").create_canary(
        Name="shop-front", Code={"Handler": "front.handler", "ZipFile": b"zip"}, ArtifactS3Location="s3://northwind-lake-exports/canary/", ExecutionRoleArn=builder,
        Schedule={"Expression": "rate(5 minutes)"}, RuntimeVersion="syn-nodejs-puppeteer-9.0", Tags=tags("platform", "on call", env="shared"),
    )
    scaling = account("autoscaling")
    scaling.create_launch_configuration(
        LaunchConfigurationName="old-reports", ImageId="ami-0a1b2c3d4e5f60718", InstanceType="t3.small", UserData=f"export TOKEN={CANARY}"
    )


def watching(company):
    account, owned = company.production, tags("platform", "on call", env="shared")
    logs = account("logs")
    logs.put_metric_filter(
        logGroupName="/ecs/storefront-web", filterName="errors", filterPattern="ERROR",
        metricTransformations=[{"metricName": "errors", "metricNamespace": "Northwind/Shop", "metricValue": "1"}],
    )
    logs.put_subscription_filter(
        logGroupName="/ecs/storefront-web", filterName="to-lake", filterPattern="",
        destinationArn=f"arn:aws:lambda:{MAIN}:{PRODUCTION}:function:storefront-stock-keeper",
    )
    logs.put_resource_policy(
        policyName="names", policyDocument=policy({"Effect": "Allow", "Principal": {"Service": "route53.amazonaws.com"}, "Action": "logs:PutLogEvents", "Resource": "*"})
    )
    logs.put_destination(
        destinationName="audit", targetArn=f"arn:aws:kinesis:{MAIN}:{PRODUCTION}:stream/clicks", roleArn=f"arn:aws:iam::{PRODUCTION}:role/clicks-delivery", tags=owned
    )
    watch = account("cloudwatch")
    watch.put_dashboard(DashboardName="shop", DashboardBody=json.dumps({"widgets": []}))
    account("resource-groups").create_group(
        Name="payments", ResourceQuery={"Type": "TAG_FILTERS_1_0", "Query": json.dumps({"ResourceTypeFilters": ["AWS::AllSupported"], "TagFilters": [{"Key": "owner", "Values": ["payments"]}]})},
        Tags=tags("payments", "payments", env="production"),
    )
    ssm = account("ssm")
    ssm.create_document(
        Name="restart-shop", DocumentType="Command", Tags=kv(owned),
        Content=json.dumps({"schemaVersion": "2.2", "description": "restart", "mainSteps": [{"action": "aws:runShellScript", "name": "go", "inputs": {"runCommand": ["true"]}}]}),
    )
    ssm.create_maintenance_window(Name="sunday", Schedule="cron(0 2 ? * SUN *)", Duration=3, Cutoff=1, AllowUnassociatedTargets=False, Tags=kv(owned))
    ssm.create_patch_baseline(Name="servers", OperatingSystem="AMAZON_LINUX_2023")
    company.management("budgets").create_budget(
        AccountId=MANAGEMENT,
        Budget={"BudgetName": "whole-company", "BudgetLimit": {"Amount": "90000", "Unit": "USD"}, "TimeUnit": "MONTHLY", "BudgetType": "COST", "TimePeriod": {"Start": 1767225600, "End": 3706473600}},
    )


def people(company, main):
    """Sign-in for people, desktops, file transfer and mail."""
    account = company.production
    centre = company.management("sso-admin")
    instance = centre.list_instances()["Instances"][0]
    arn, store = instance["InstanceArn"], instance["IdentityStoreId"]
    identities = company.management("identitystore")
    group = identities.create_group(IdentityStoreId=store, DisplayName="engineers")["GroupId"]
    for given, family in (("Anna", "Berg"), ("Ravi", "Nair")):
        user = identities.create_user(
            IdentityStoreId=store, UserName=f"{given[0]}.{family}".lower(), DisplayName=f"{given} {family}", Name={"GivenName": given, "FamilyName": family},
            Emails=[{"Value": f"{given}.{family}@northwind.example".lower(), "Primary": True}],
        )["UserId"]
        identities.create_group_membership(IdentityStoreId=store, GroupId=group, MemberId={"UserId": user})
    permission_set = centre.create_permission_set(Name="ReadOnly", InstanceArn=arn, SessionDuration="PT4H", Tags=kv(tags("security", "sign-in", env="shared")))["PermissionSet"]["PermissionSetArn"]
    centre.put_inline_policy_to_permission_set(InstanceArn=arn, PermissionSetArn=permission_set, InlinePolicy=policy(allow("s3:ListAllMyBuckets")))
    centre.create_account_assignment(
        InstanceArn=arn, TargetId=PRODUCTION, TargetType="AWS_ACCOUNT", PermissionSetArn=permission_set, PrincipalType="GROUP", PrincipalId=group
    )
    directory = account("ds").create_directory(
        Name="corp.northwind.example", Password="Corp-" + CANARY + "-1a", Size="Small", VpcSettings={"VpcId": main["vpc"], "SubnetIds": main["private"][:2]}, Tags=kv(tags("platform", "desktops", "internal"))
    )["DirectoryId"]
    desktops = account("workspaces")
    desktops.register_workspace_directory(DirectoryId=directory, SubnetIds=main["private"][:2], Tags=kv(tags("platform", "desktops", "internal")))
    desktops.create_workspaces(
        Workspaces=[{"DirectoryId": directory, "UserName": "a.berg", "BundleId": "wsb-bh8rsxt14", "Tags": kv(tags("platform", "desktops", "internal"))}]
    )
    files = account("transfer")
    keeper = role(account, "agency-files", "transfer.amazonaws.com", tags("catalog", "files from agencies", "internal"), allow("s3:PutObject", "arn:aws:s3:::northwind-marketing-drop/*"))
    server = files.create_server(EndpointType="PUBLIC", Protocols=["SFTP"], IdentityProviderType="SERVICE_MANAGED", Tags=kv({**tags("catalog", "files from agencies", "internal"), "Name": "agencies"}))["ServerId"]
    files.create_user(ServerId=server, UserName="agency-one", Role=keeper, HomeDirectory="/northwind-marketing-drop", Tags=kv(tags("catalog", "files from agencies", "internal")))
    mail = account("sesv2")
    mail.create_email_identity(EmailIdentity="northwind.example", Tags=kv(tags("checkout", "order mails", "internal")))
    account("ses").create_receipt_rule_set(RuleSetName="returns")


def devices(company):
    account, owned = company.production, tags("data", "warehouse sensors", "internal")
    iot = account("iot")
    iot.create_thing(thingName="cold-room-1", attributePayload={"attributes": {"place": "warehouse"}})
    sensor = iot.create_policy(policyName="sensors", policyDocument=policy(allow("iot:Publish")), tags=kv(owned))["policyName"]
    certificate = iot.create_keys_and_certificate(setAsActive=True)["certificateArn"]
    iot.attach_policy(policyName=sensor, target=certificate)
    iot.attach_thing_principal(thingName="cold-room-1", principal=certificate)
    iot.create_topic_rule(
        ruleName="too_warm", topicRulePayload={"sql": "SELECT * FROM 'cold'", "actions": [{"sns": {"targetArn": f"arn:aws:sns:{MAIN}:{PRODUCTION}:orders", "roleArn": f"arn:aws:iam::{PRODUCTION}:role/clicks-delivery"}}]}
    )


def sharing(company):
    account, owned = company.production, tags("platform", "network", env="shared")
    subnet = account("ec2").describe_subnets()["Subnets"][0]["SubnetArn"]
    account("ram").create_resource_share(
        name="shared-subnet", allowExternalPrincipals=True, resourceArns=[subnet], principals=[PARTNER], tags=lower(owned)
    )
    account("acm-pca").create_certificate_authority(
        CertificateAuthorityType="ROOT", Tags=kv(tags("security", "inside certificates", env="shared")),
        CertificateAuthorityConfiguration={"KeyAlgorithm": "RSA_2048", "SigningAlgorithm": "SHA256WITHRSA", "Subject": {"CommonName": "Northwind Inside Root"}},
    )
    company.management("organizations").register_delegated_administrator(AccountId=PRODUCTION, ServicePrincipal="guardduty.amazonaws.com")
    organizations = company.management("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="TAG_POLICY")
    made = organizations.create_policy(
        Name="owners", Type="TAG_POLICY", Description="every resource names its owner", Tags=kv(tags("security", "guard rails", env="shared")),
        Content=json.dumps({"tags": {"owner": {"tag_key": {"@@assign": "owner"}}}}),
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=made, TargetId=root)


def audit(company):
    account = company.management
    account("config").put_configuration_aggregator(
        ConfigurationAggregatorName="company", AccountAggregationSources=[{"AccountIds": [MANAGEMENT, PRODUCTION], "AllAwsRegions": True}],
        Tags=kv(tags("security", "audit", env="shared")),
    )
    account("macie2").enable_macie(status="ENABLED", findingPublishingFrequency="ONE_HOUR")
    account("account").put_alternate_contact(
        AlternateContactType="SECURITY", EmailAddress="security@northwind.example", Name="Security", PhoneNumber="+1 555 0100", Title="team"
    )
    account("inspector2").enable(accountIds=[MANAGEMENT], resourceTypes=["EC2", "ECR"])


def doors(company, main):
    """Small ways in and out of what is made elsewhere, and an opt-out of the organisation."""
    account, owned = company.production, tags("platform", "network", env="shared")
    account("ec2").create_egress_only_internet_gateway(
        VpcId=main["vpc"], TagSpecifications=spec("egress-only-internet-gateway", {**owned, "Name": "main"})
    )
    files = account("efs")
    photos = tags("catalog", "catalog", "internal")
    disk = files.create_file_system(CreationToken="photos", Encrypted=True, Tags=kv({**photos, "Name": "photos"}))["FileSystemId"]
    files.create_access_point(
        ClientToken="photos", FileSystemId=disk, PosixUser={"Uid": 1000, "Gid": 1000}, RootDirectory={"Path": "/new"},
        Tags=kv({**photos, "Name": "new-photos"}),
    )
    inside = account("elbv2").describe_load_balancers(Names=["partners-inside"])["LoadBalancers"][0]["LoadBalancerArn"]
    account("apigateway").create_vpc_link(name="partners", targetArns=[inside], tags=tags("catalog", "partner feed", "internal"))
    cdn = account("cloudfront")
    # The server keeps the key as it is and never reads it.
    signer = cdn.create_public_key(PublicKeyConfig={"CallerReference": "invoices", "Name": "invoices", "EncodedKey": "a public key"})["PublicKey"]["Id"]
    cdn.create_key_group(KeyGroupConfig={"Name": "invoices", "Items": [signer]})
    # The server says of its own account only that a set is in use there, and only when it was told to put it there.
    centre = company.management("sso-admin")
    instance = centre.list_instances()["Instances"][0]
    arn, store = instance["InstanceArn"], instance["IdentityStoreId"]
    reading = centre.list_permission_sets(InstanceArn=arn)["PermissionSets"][0]
    engineers = company.management("identitystore").list_groups(IdentityStoreId=store)["Groups"][0]["GroupId"]
    centre.create_account_assignment(
        InstanceArn=arn, TargetId=MANAGEMENT, TargetType="AWS_ACCOUNT", PermissionSetArn=reading, PrincipalType="GROUP", PrincipalId=engineers
    )
    centre.provision_permission_set(InstanceArn=arn, PermissionSetArn=reading, TargetId=MANAGEMENT, TargetType="AWS_ACCOUNT")
    organizations = company.management("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="AISERVICES_OPT_OUT_POLICY")
    made = organizations.create_policy(
        Name="learn-nothing", Type="AISERVICES_OPT_OUT_POLICY", Description="no service learns from our customers",
        Tags=kv(tags("security", "guard rails", env="shared")),
        Content=json.dumps({"services": {"default": {"opt_out_policy": {"@@assign": "optOut"}}}}),
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=made, TargetId=root)
