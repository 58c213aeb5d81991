"""Seeds a moto, then prints what boto3 reads from it, one JSON line for each operation that it is asked for.

usage: moto_reads.py URL < operations
Each input line names a service and an operation. Each output line is {"service", "operation", "value"} or
{"service", "operation", "error"}; values are in fathom-cloud's value form.
"""

import base64
import datetime
import io
import json
import sys
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

URL = sys.argv[1]
CONFIG = Config(retries={"total_max_attempts": 1}, parameter_validation=False, connect_timeout=5, read_timeout=60)
SESSION = boto3.session.Session(
    aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1"
)
CLIENTS = {}


def client(name):
    if name not in CLIENTS:
        CLIENTS[name] = SESSION.client(name, endpoint_url=URL, config=CONFIG)
    return CLIENTS[name]


def plain(value):
    if isinstance(value, datetime.datetime):
        value = value.astimezone(datetime.timezone.utc)
        text = value.strftime("%Y-%m-%dT%H:%M:%S")
        if value.microsecond:
            text += (".%06d" % value.microsecond).rstrip("0")
        return text + "Z"
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if hasattr(value, "read"):
        return base64.b64encode(value.read()).decode()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if item is not None and key != "ResponseMetadata"}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def seed():
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="web", Description="web & <api>", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "wörld"}],
                "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
            }
        ],
    )
    ec2.run_instances(
        ImageId="ami-12c6146b",
        MinCount=2,
        MaxCount=2,
        SubnetId=subnet,
        SecurityGroupIds=[group],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "a \u2192 b"}]}],
    )
    ec2.create_volume(AvailabilityZone="us-east-1a", Size=8, Encrypted=True)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_key_pair(KeyName="k")
    ec2.allocate_address(Domain="vpc")

    iam = client("iam")
    statement = {"Effect": "Allow", "Action": ["s3:Get*"], "Resource": "*"}
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_user(UserName="alice", Tags=[{"Key": "t", "Value": "v"}])
    iam.create_access_key(UserName="alice")
    iam.put_user_policy(UserName="alice", PolicyName="inline", PolicyDocument=document)
    iam.create_group(GroupName="ops")
    iam.add_user_to_group(GroupName="ops", UserName="alice")
    policy = iam.create_policy(PolicyName="read", PolicyDocument=document)["Policy"]["Arn"]
    role = iam.create_role(
        RoleName="runner",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    iam.attach_role_policy(RoleName="runner", PolicyArn=policy)
    iam.update_account_password_policy(MinimumPasswordLength=14)

    s3 = client("s3")
    s3.create_bucket(Bucket="plain-bucket")
    s3.create_bucket(Bucket="dotted.bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("f.py", "def handler(e, c): pass")
    client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role=role,
        Handler="f.handler",
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"MODE": "fast", "PASSWORD": "canary"}},
    )
    key = client("kms").create_key(Description="d")["KeyMetadata"]["KeyId"]
    client("kms").create_alias(AliasName="alias/k", TargetKeyId=key)
    client("secretsmanager").create_secret(Name="s", SecretString="canary")
    client("ssm").put_parameter(Name="/p", Value="v", Type="String")
    client("sns").create_topic(Name="t")
    client("sqs").create_queue(QueueName="q")
    client("dynamodb").create_table(
        TableName="t",
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client("rds").create_db_instance(
        DBInstanceIdentifier="db",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        MasterUsername="root",
        MasterUserPassword="canary-password",
        AllocatedStorage=20,
    )
    client("cloudtrail").create_trail(Name="trail", S3BucketName="plain-bucket")
    client("logs").create_log_group(logGroupName="/g")
    client("events").put_rule(Name="r", ScheduleExpression="rate(5 minutes)")
    client("route53").create_hosted_zone(Name="example.org", CallerReference="r")
    client("guardduty").create_detector(Enable=True)
    client("organizations").create_organization(FeatureSet="ALL")
    client("organizations").create_account(AccountName="member", Email="member@example.org")
    client("ecr").create_repository(repositoryName="images")
    client("ecs").create_cluster(clusterName="c")
    client("eks").create_cluster(name="c", roleArn=role, resourcesVpcConfig={"subnetIds": [subnet]})
    client("elbv2").create_load_balancer(Name="lb", Subnets=[subnet])
    client("acm").request_certificate(DomainName="example.org")
    client("cloudwatch").put_metric_alarm(
        AlarmName="a",
        MetricName="CPUUtilization",
        Namespace="AWS/EC2",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.5,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Average",
    )
    client("apigateway").create_rest_api(name="api")
    client("backup").create_backup_vault(BackupVaultName="vault")
    client("efs").create_file_system(CreationToken="t")
    client("cloudformation").create_stack(
        StackName="s",
        TemplateBody=json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {}}}}),
    )


def read(service, operation):
    api = client(service)
    methods = {api_name: method for method, api_name in api.meta.method_to_api_mapping.items()}
    try:
        return {"value": plain(getattr(api, methods[operation])())}
    except ClientError as error:
        answer = error.response
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        return {"error": answer["Error"].get("Code", ""), "status": status}
    except Exception as error:
        return {"raised": "%s: %s" % (type(error).__name__, str(error)[:200])}


def main():
    seed()
    for line in sys.stdin:
        service, operation = line.split()
        print(json.dumps({"service": service, "operation": operation, **read(service, operation)}), flush=True)


main()
