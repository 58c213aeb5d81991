//! The cloud that is asked and changed.

use std::process::Command;

use fathom_testkit::{
    front::{Answers, Front, FrontOptions, Written},
    moto::{Moto, python},
};
use serde_json::{Value, json};

use super::REGION;
use crate::harness::{Place, wait};

/// Runs Python against the cloud; what it prints is JSON.
pub(super) fn boto(moto: &Moto, body: &str) -> Value {
    let head = format!(
        "import boto3, json\n\
         def c(name): return boto3.client(name, endpoint_url={:?}, region_name={REGION:?}, \
         aws_access_key_id='AKIATESTING', aws_secret_access_key='testing')\n\
         def allow(principal, action, resource): return json.dumps({{'Version': '2012-10-17', 'Statement': [{{\
         'Effect': 'Allow', 'Principal': principal, 'Action': action, 'Resource': resource}}]}})\n\
         def may(action, resource): return json.dumps({{'Version': '2012-10-17', 'Statement': [{{\
         'Effect': 'Allow', 'Action': action, 'Resource': resource}}]}})\n\
         def trust(principal): return json.dumps({{'Version': '2012-10-17', 'Statement': [{{\
         'Effect': 'Allow', 'Principal': principal, 'Action': 'sts:AssumeRole'}}]}})\n",
        moto.url
    );
    let place = Place::new();
    let mut command = Command::new(python().expect("it is there, moto runs"));
    place.prepare(&mut command);
    command.args(["-c", &format!("{head}{body}")]);
    let ran = wait(command.spawn().expect("Python starts")).ok();
    serde_json::from_str(&ran.out).unwrap_or(Value::Null)
}

/// Two servers with public addresses in two subnets, and things with policies.
pub(super) const BEFORE: &str = r#"
e = c("ec2")
vpc = e.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
igw = e.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
e.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
out = {"vpc": vpc, "igw": igw}
def group(name, ports):
    g = e.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    for port in ports:
        e.authorize_security_group_ingress(GroupId=g, IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port,
            "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    return g
out["web"], out["closed"], out["other"] = group("web", [443, 80]), group("closed", []), group("other", [9000])
for name, range, of in [("a", "10.9.1.0/24", "web"), ("b", "10.9.2.0/24", "web"), ("c", "10.9.3.0/24", "closed")]:
    subnet = e.create_subnet(VpcId=vpc, CidrBlock=range)["Subnet"]["SubnetId"]
    e.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    table = e.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    e.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=igw)
    e.associate_route_table(RouteTableId=table, SubnetId=subnet)
    one = e.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[out[of]])["Instances"][0]
    out["server_" + name], out["table_" + name], out["subnet_" + name] = one["InstanceId"], table, subnet
    out["interface_" + name] = one["NetworkInterfaces"][0]["NetworkInterfaceId"]
acls = e.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"]
out["acl"] = acls[0]["NetworkAclId"]
q = c("sqs")
for name in ["orders", "mails"]: out[name] = q.create_queue(QueueName=name)["QueueUrl"]
arn = "arn:aws:sqs:eu-west-1:123456789012:mails"
q.set_queue_attributes(QueueUrl=out["mails"], Attributes={"Policy": allow("*", "sqs:SendMessage", arn)})
out["mails_policy"] = allow("*", "sqs:SendMessage", arn)
out["topic"] = c("sns").create_topic(Name="news")["TopicArn"]
s = c("s3")
for name in ["files-1", "files-2"]: s.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
s.put_public_access_block(Bucket="files-1", PublicAccessBlockConfiguration={k: False for k in
    ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]})
s.put_bucket_policy(Bucket="files-2", Policy=allow({"AWS": "arn:aws:iam::444455556666:root"}, "s3:GetObject", "arn:aws:s3:::files-2/*"))
s.put_public_access_block(Bucket="files-2", PublicAccessBlockConfiguration={k: False for k in
    ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]})
out["secret"] = c("secretsmanager").create_secret(Name="token", SecretString="x")["ARN"]
out["key"] = c("kms").create_key(Policy=allow({"AWS": "arn:aws:iam::123456789012:root"}, "kms:*", "*"))["KeyMetadata"]["KeyId"]
i = c("iam")
i.create_role(RoleName="worker", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
i.create_role(RoleName="deployer", AssumeRolePolicyDocument=trust({"AWS": "arn:aws:iam::777788889999:root"}))
i.put_role_policy(RoleName="deployer", PolicyName="all", PolicyDocument=may("sqs:*", "*"))
i.create_user(UserName="kim")
i.create_group(GroupName="people")
out["reader"] = i.create_policy(PolicyName="reader", PolicyDocument=may("sqs:ReceiveMessage", "arn:aws:sqs:eu-west-1:123456789012:orders"))["Policy"]["Arn"]
i.attach_role_policy(RoleName="worker", PolicyArn=out["reader"])
print(json.dumps(out))
"#;

/// moto leaves the public address out where AWS tells it beside the private one, and does not know Block Public Access of VPCs.
const INTERFACES: &str = r#"
all = c("ec2").describe_network_interfaces()["NetworkInterfaces"]
for one in all:
    one.get("Attachment", {}).pop("AttachTime", None)
    for address in one["PrivateIpAddresses"]:
        if one.get("Association"): address["Association"] = one["Association"]
print(json.dumps(all))
"#;

/// The cloud as it is now, with that told as AWS does.
pub(super) fn front(moto: &Moto) -> Front {
    let mut answers = Answers::default();
    let interfaces = json!({"NetworkInterfaces": boto(moto, INTERFACES)});
    answers.add("ec2", "DescribeNetworkInterfaces", Written::Output(interfaces));
    let options =
        json!({"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": "off", "State": "default-state"}});
    answers.add("ec2", "DescribeVpcBlockPublicAccessOptions", Written::Output(options));
    Front::start(FrontOptions { moto: Some(moto.url.clone()), answers, ..FrontOptions::default() })
}

pub(super) fn allow(principal: &Value, action: &str, resource: &str) -> String {
    let statement =
        json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

pub(super) fn may(action: &str, resource: &str) -> String {
    let statement = json!({"Effect": "Allow", "Action": action, "Resource": resource});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}
