"""The networks of the production account: one in America, one in Europe."""

from company import PRODUCTION, allow, kv, policy, spec, tags, trust

OPEN = [{"CidrIp": "0.0.0.0/0"}]


def seed(company):
    nets = {"main": network(company, "us-east-1", "main", 20, ("a", "b", "c"))}
    nets["europe"] = network(company, "eu-west-1", "europe", 30, ("a",) if company.small else ("a", "b"))
    connect(company, nets)
    return nets


def network(company, region, name, block, zones):
    account, ec2 = company.production, company.production("ec2", region)
    owned = tags("platform", "network")

    def declared(kind, label, number):
        arn_kind = {"aws_nat_gateway": "natgateway", "aws_eip": "elastic-ip"}.get(kind, kind.removeprefix("aws_").replace("_", "-"))
        company.terraform(kind, f"{name}_{label}", arn=f"arn:aws:ec2:{region}:{PRODUCTION}:{arn_kind}/{number}", id=number)
        return number

    vpc = ec2.create_vpc(CidrBlock=f"10.{block}.0.0/16", TagSpecifications=spec("vpc", {**owned, "Name": name}))["Vpc"]["VpcId"]
    declared("aws_vpc", "vpc", vpc)
    subnets = {"public": [], "private": [], "data": []}
    for i, tier in enumerate(subnets):
        for j, zone in enumerate(zones):
            made = ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.{block}.{i * 16 + j}.0/24", AvailabilityZone=region + zone,
                TagSpecifications=spec("subnet", {**owned, "Name": f"{name}-{tier}-{zone}", "tier": tier}),
            )["Subnet"]["SubnetId"]
            subnets[tier].append(declared("aws_subnet", f"{tier}_{zone}", made))
    door = ec2.create_internet_gateway(TagSpecifications=spec("internet-gateway", {**owned, "Name": name}))["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=door, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=spec("elastic-ip", {**owned, "Name": f"{name}-nat"}))["AllocationId"]
    declared("aws_eip", "nat", address)
    nat = ec2.create_nat_gateway(
        SubnetId=subnets["public"][0], AllocationId=address, TagSpecifications=spec("natgateway", {**owned, "Name": name})
    )["NatGateway"]["NatGatewayId"]
    declared("aws_nat_gateway", "nat", nat)
    # In real life the service owns this interface; here it has to be told whose it is.
    for one in ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["NatGatewayAddresses"]:
        ec2.create_tags(Resources=[one["NetworkInterfaceId"]], Tags=kv(owned))
    tables = {}
    for tier in subnets:
        table = ec2.create_route_table(VpcId=vpc, TagSpecifications=spec("route-table", {**owned, "Name": f"{name}-{tier}"}))["RouteTable"]["RouteTableId"]
        tables[tier] = declared("aws_route_table", tier, table)
        for subnet in subnets[tier]:
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.create_route(RouteTableId=tables["public"], DestinationCidrBlock="0.0.0.0/0", GatewayId=door)
    ec2.create_route(RouteTableId=tables["private"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.create_network_acl(VpcId=vpc, TagSpecifications=spec("network-acl", {**owned, "Name": f"{name}-data"}))
    groups = {}
    for label, ports, source in (("web", (80, 443), None), ("app", (8080, 8443), "web"), ("db", (5432,), "app")):
        group = ec2.create_security_group(
            GroupName=f"{name}-{label}", Description=f"{label} tier", VpcId=vpc, TagSpecifications=spec("security-group", owned)
        )["GroupId"]
        for port in ports:
            rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
            rule |= {"UserIdGroupPairs": [{"GroupId": groups[source]}]} if source else {"IpRanges": OPEN}
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        groups[label] = declared("aws_security_group", label, group)
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{region}.s3", VpcEndpointType="Gateway", RouteTableIds=[tables["private"]],
        TagSpecifications=spec("vpc-endpoint", {**owned, "Name": f"{name}-s3"}),
    )
    flow_logs(account, region, vpc, name)
    return {"vpc": vpc, "groups": groups, "tables": tables, **subnets}


def flow_logs(account, region, vpc, name):
    owned = tags("security", "network records", "internal")
    account("logs", region).create_log_group(logGroupName=f"/network/{name}", tags=owned)
    iam = account("iam")
    role = f"network-records-{name}"
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust("vpc-flow-logs.amazonaws.com"), Tags=kv(owned))["Role"]["Arn"]
    iam.put_role_policy(RoleName=role, PolicyName="write", PolicyDocument=policy(allow("logs:PutLogEvents")))
    account("ec2", region).create_flow_logs(
        ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName=f"/network/{name}", DeliverLogsPermissionArn=arn,
        TagSpecifications=spec("vpc-flow-log", {**owned, "Name": name, "created-by": "terraform"}),
    )


def connect(company, nets):
    """A line from America to Europe; it was never tagged."""
    ec2 = company.production("ec2")
    line = ec2.create_vpc_peering_connection(VpcId=nets["main"]["vpc"], PeerVpcId=nets["europe"]["vpc"], PeerRegion="eu-west-1")
    number = line["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    company.production("ec2", "eu-west-1").accept_vpc_peering_connection(VpcPeeringConnectionId=number)
    ec2.create_route(RouteTableId=nets["main"]["tables"]["private"], DestinationCidrBlock="10.30.0.0/16", VpcPeeringConnectionId=number)
