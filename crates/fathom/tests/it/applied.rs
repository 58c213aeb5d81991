//! What would open and close if code were applied, against a live cloud in which the same is then really done: what was foretold must be
//! what differs.

use std::{collections::BTreeSet, process::Command};

use fathom_testkit::{
    front::{Answers, Front, FrontOptions, Written},
    moto::{Moto, python},
};
use serde_json::{Value, json};

use crate::harness::{Place, copy_dir, wait};

const REGION: &str = "eu-west-1";
const ACCOUNT: &str = "123456789012";

/// Runs Python against the cloud; what it prints is JSON.
fn boto(moto: &Moto, body: &str) -> Value {
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
const BEFORE: &str = r#"
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

/// The same as the plan, by calls of the API.
const APPLY: &str = r#"
e = c("ec2")
one = lambda port, range: [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": range}]}]
e.authorize_security_group_ingress(GroupId=ids["closed"], IpPermissions=one(22, "0.0.0.0/0"))
e.revoke_security_group_ingress(GroupId=ids["web"], IpPermissions=one(80, "0.0.0.0/0"))
e.authorize_security_group_ingress(GroupId=ids["web"], IpPermissions=one(8443, "0.0.0.0/0"))
e.delete_route(RouteTableId=ids["table_b"], DestinationCidrBlock="0.0.0.0/0")
e.modify_instance_attribute(InstanceId=ids["server_a"], Groups=[ids["web"], ids["other"]])
e.create_network_acl_entry(NetworkAclId=ids["acl"], RuleNumber=50, Protocol="6", RuleAction="deny", Egress=False,
    CidrBlock="0.0.0.0/0", PortRange={"From": 9000, "To": 9000})
q = c("sqs")
q.set_queue_attributes(QueueUrl=ids["orders"], Attributes={"Policy": ids["orders_policy"]})
q.set_queue_attributes(QueueUrl=ids["mails"], Attributes={"Policy": ""})
c("sns").set_topic_attributes(TopicArn=ids["topic"], AttributeName="Policy", AttributeValue=ids["topic_policy"])
s = c("s3")
s.put_bucket_policy(Bucket="files-1", Policy=ids["files_policy"])
s.put_public_access_block(Bucket="files-2", PublicAccessBlockConfiguration={k: True for k in
    ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]})
c("secretsmanager").put_resource_policy(SecretId="token", ResourcePolicy=ids["secret_policy"])
c("kms").put_key_policy(KeyId=ids["key"], PolicyName="default", Policy=ids["key_policy"])
i = c("iam")
i.update_assume_role_policy(RoleName="worker", PolicyDocument=ids["trust"])
i.put_role_policy(RoleName="worker", PolicyName="more", PolicyDocument=ids["more"])
i.delete_role_policy(RoleName="deployer", PolicyName="all")
i.create_policy_version(PolicyArn=ids["reader"], PolicyDocument=ids["reads"], SetAsDefault=True)
i.attach_user_policy(UserName="kim", PolicyArn=ids["reader"])
i.create_role(RoleName="partner", AssumeRolePolicyDocument=ids["trust"])
i.put_group_policy(GroupName="people", PolicyName="lists", PolicyDocument=ids["lists"])
i.add_user_to_group(UserName="kim", GroupName="people")
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
fn front(moto: &Moto) -> Front {
    let mut answers = Answers::default();
    let interfaces = json!({"NetworkInterfaces": boto(moto, INTERFACES)});
    answers.add("ec2", "DescribeNetworkInterfaces", Written::Output(interfaces));
    let options =
        json!({"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": "off", "State": "default-state"}});
    answers.add("ec2", "DescribeVpcBlockPublicAccessOptions", Written::Output(options));
    Front::start(FrontOptions { moto: Some(moto.url.clone()), answers, ..FrontOptions::default() })
}

fn allow(principal: &Value, action: &str, resource: &str) -> String {
    let statement =
        json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

fn may(action: &str, resource: &str) -> String {
    let statement = json!({"Effect": "Allow", "Action": action, "Resource": resource});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// A change as `terraform show -json` writes it.
#[expect(clippy::needless_pass_by_value, reason = "values are written where they are used")]
fn change(address: &str, action: &str, before: Value, after: Value) -> Value {
    let (kind, name) = address.split_once('.').expect("an address");
    json!({
        "address": address, "mode": "managed", "type": kind, "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {"actions": [action], "before": before, "after": after, "after_unknown": {}, "before_sensitive": false,
            "after_sensitive": false},
    })
}

#[expect(clippy::needless_pass_by_value, reason = "values are written where they are used")]
fn plan(changes: Vec<Value>) -> Value {
    json!({
        "format_version": "1.2", "terraform_version": "1.9.8", "planned_values": {"root_module": {}},
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws",
                "expressions": {"region": {"constant_value": REGION}}}},
            "root_module": {},
        },
    })
}

fn rule(port: u16) -> Value {
    json!({"from_port": port, "to_port": port, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"], "ipv6_cidr_blocks": [],
        "prefix_list_ids": [], "security_groups": [], "self": false, "description": ""})
}

/// What differs between two lists of answers, by what they are about.
fn differs(before: &BTreeSet<String>, after: &BTreeSet<String>) -> (BTreeSet<String>, BTreeSet<String>) {
    (after.difference(before).cloned().collect(), before.difference(after).cloned().collect())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Each port that is reached: what, protocol, port and how surely.
fn reached(place: &Place) -> BTreeSet<String> {
    let found = place.run(&["--json", "exposed"]).ok().json();
    let mut all = BTreeSet::new();
    for row in found["exposed"].as_array().or_else(|| found.as_array()).expect("rows") {
        for one in row["ports"].as_array().expect("ports") {
            let (first, last) =
                (one["first"].as_u64().expect("a port"), one["last"].as_u64().expect("a port"));
            for port in first..=last {
                all.insert(format!("{} {} {port}", text(&row["id"]), text(&row["protocol"])));
            }
        }
    }
    all
}

/// Each action that a resource lets somebody do from outside.
fn let_in(place: &Place) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for list in ["public", "external", "cross-account"] {
        for row in place.run(&["--json", list]).json()["rows"].as_array().expect("rows") {
            for permitted in row["permitted"].as_array().expect("what") {
                for action in permitted["actions"].as_array().expect("actions") {
                    let (who, on) = (text(&row["principal"]), text(&row["resource"]));
                    all.insert(format!("{who} {on} {} {}", text(action), text(&permitted["decision"])));
                }
            }
        }
    }
    all
}

/// What answers without asking.
fn answering(place: &Place) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for more in [&[][..], &["--internal"][..]] {
        let args: Vec<&str> = [&["--json", "unauthenticated"][..], more].concat();
        // A list that one scan could not read and another could is no difference of the estate.
        let found = place.run(&args).json();
        for row in found["rows"].as_array().expect("rows").iter().filter(|row| row["resource"] != "") {
            let what = (text(&row["resource"]), text(&row["rule"]), text(&row["list"]));
            all.insert(format!("{} {} {} {}", what.0, what.1, what.2, text(&row["verdict"])));
        }
    }
    all
}

/// What an intruder comes by.
fn come_by(place: &Place) -> BTreeSet<String> {
    let found = place.run(&["--json", "paths"]).ok().json();
    let mut all = BTreeSet::new();
    for story in found["paths"]["stories"].as_array().expect("stories") {
        let (entry, sure) = (text(&story["entry"]), text(&story["decision"]));
        let mut add = |jewel: &Value, to: &Value| {
            all.insert(format!("{entry} {} {} {} {sure}", text(jewel), text(&to["kind"]), text(&to["id"])));
        };
        add(&story["jewel"], &story["to"]);
        for lost in story["with_it"].as_array().into_iter().flatten() {
            add(&lost["jewel"], lost);
        }
    }
    all
}

/// What one may do to what.
fn may_do(place: &Place, who: &str) -> BTreeSet<String> {
    let found = place.run(&["--json", "what-can", who]).ok().json();
    let mut all = BTreeSet::new();
    for row in found["rows"].as_array().expect("rows") {
        for resource in row["resources"].as_array().expect("resources") {
            for permitted in row["permitted"].as_array().expect("what") {
                for action in permitted["actions"].as_array().expect("actions") {
                    all.insert(format!(
                        "{} {} {}",
                        text(resource),
                        text(action),
                        text(&permitted["decision"])
                    ));
                }
            }
        }
    }
    all
}

/// What was foretold, in the same words: what is new and what is no more.
fn foretold(rows: &Value, of: impl Fn(&Value, &str) -> Vec<String>) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut new, mut gone) = (BTreeSet::new(), BTreeSet::new());
    for row in rows.as_array().expect("rows") {
        if let Some(after) = row["after"].as_str().filter(|after| *after != "denied") {
            new.extend(of(row, after));
        }
        if let Some(before) = row["before"].as_str().filter(|before| *before != "denied") {
            gone.extend(of(row, before));
        }
    }
    (new, gone)
}

fn ports(text: &str) -> Vec<u64> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        first.trim().parse::<u64>().expect("a port")..=last.trim().parse().expect("a port")
    };
    text.split(',').flat_map(range).collect()
}

/// Of answers about permissions, the word.
fn word(sure: &str) -> &str {
    if sure == "yes" { "allowed" } else { sure }
}

#[test]
fn what_was_foretold_is_what_differs_when_the_same_is_done() {
    let Some(moto) = Moto::start() else { return };
    let mut ids = boto(&moto, BEFORE);
    let cloud = front(&moto);
    let place = Place::asking(&cloud.url);
    place.run(&["scan", "--regions", REGION, "--quiet"]).ok();
    let (orders, root) =
        (format!("arn:aws:sqs:{REGION}:{ACCOUNT}:orders"), json!({"AWS": "arn:aws:iam::444455556666:root"}));
    let trusts = |who: &Value| {
        let statement = json!({"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"});
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    };
    let texts = [
        ("orders_policy", allow(&json!("*"), "sqs:ReceiveMessage", &orders)),
        ("topic_policy", allow(&root, "sns:Publish", &text(&ids["topic"]))),
        ("files_policy", allow(&json!("*"), "s3:GetObject", "arn:aws:s3:::files-1/*")),
        ("secret_policy", allow(&root, "secretsmanager:GetSecretValue", "*")),
        (
            "key_policy",
            allow(
                &json!({"AWS": [format!("arn:aws:iam::{ACCOUNT}:root"), "arn:aws:iam::444455556666:root"]}),
                "kms:*",
                "*",
            ),
        ),
        ("trust", trusts(&root)),
        ("more", may("s3:DeleteObject", "arn:aws:s3:::files-2/*")),
        ("reads", may("sqs:*", "*")),
        ("lists", may("sns:Publish", "*")),
    ];
    for (name, policy) in &texts {
        ids[*name] = json!(policy);
    }
    let id = |name: &str| ids[name].clone();
    let trusted = trusts(&json!({"Service": "ec2.amazonaws.com"}));
    let group = |ports: &[u16]| {
        let rules: Vec<Value> = ports.iter().map(|port| rule(*port)).collect();
        json!({"id": id("web"), "arn": format!("arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{}", text(&id("web"))), "name": "web",
            "vpc_id": id("vpc"), "ingress": rules})
    };
    let server = |groups: &[&str]| {
        let groups: Vec<Value> = groups.iter().map(|name| id(name)).collect();
        json!({"id": id("server_a"), "subnet_id": id("subnet_a"), "vpc_security_group_ids": groups})
    };
    let blocks = |on: bool| {
        json!({"bucket": "files-2", "id": "files-2", "block_public_acls": on, "block_public_policy": on, "ignore_public_acls": on,
            "restrict_public_buckets": on})
    };
    let changes = vec![
        change(
            "aws_vpc_security_group_ingress_rule.ssh",
            "create",
            Value::Null,
            json!({"security_group_id": id("closed"),
            "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "0.0.0.0/0"}),
        ),
        change("aws_security_group.web", "update", group(&[443, 80]), group(&[443, 8443])),
        change(
            "aws_route.out",
            "delete",
            json!({"route_table_id": id("table_b"), "destination_cidr_block": "0.0.0.0/0",
            "gateway_id": id("igw")}),
            Value::Null,
        ),
        change("aws_instance.a", "update", server(&["web"]), server(&["web", "other"])),
        change(
            "aws_network_acl_rule.no",
            "create",
            Value::Null,
            json!({"network_acl_id": id("acl"), "rule_number": 50, "egress": false,
            "protocol": "tcp", "rule_action": "deny", "cidr_block": "0.0.0.0/0", "from_port": 9000, "to_port": 9000}),
        ),
        change(
            "aws_sqs_queue_policy.orders",
            "create",
            Value::Null,
            json!({"queue_url": id("orders"), "policy": id("orders_policy")}),
        ),
        change(
            "aws_sqs_queue_policy.mails",
            "delete",
            json!({"queue_url": id("mails"), "policy": id("mails_policy")}),
            Value::Null,
        ),
        change(
            "aws_sns_topic_policy.news",
            "create",
            Value::Null,
            json!({"arn": id("topic"), "policy": id("topic_policy")}),
        ),
        change(
            "aws_s3_bucket_policy.files",
            "create",
            Value::Null,
            json!({"bucket": "files-1", "policy": id("files_policy")}),
        ),
        change("aws_s3_bucket_public_access_block.two", "update", blocks(false), blocks(true)),
        change(
            "aws_secretsmanager_secret_policy.token",
            "create",
            Value::Null,
            json!({"secret_arn": id("secret"),
            "policy": id("secret_policy")}),
        ),
        change(
            "aws_kms_key_policy.key",
            "create",
            Value::Null,
            json!({"key_id": id("key"), "policy": id("key_policy")}),
        ),
        change(
            "aws_iam_role.worker",
            "update",
            json!({"name": "worker", "path": "/", "assume_role_policy": trusted}),
            json!({"name": "worker", "path": "/", "assume_role_policy": id("trust")}),
        ),
        change(
            "aws_iam_role_policy.more",
            "create",
            Value::Null,
            json!({"role": "worker", "name": "more", "policy": id("more")}),
        ),
        change(
            "aws_iam_role_policy.all",
            "delete",
            json!({"role": "deployer", "name": "all", "policy": may("sqs:*", "*")}),
            Value::Null,
        ),
        change(
            "aws_iam_policy.reader",
            "update",
            json!({"arn": id("reader"), "name": "reader", "path": "/",
            "policy": may("sqs:ReceiveMessage", &orders)}),
            json!({"arn": id("reader"), "name": "reader", "path": "/", "policy": id("reads")}),
        ),
        change(
            "aws_iam_user_policy_attachment.kim",
            "create",
            Value::Null,
            json!({"user": "kim", "policy_arn": id("reader")}),
        ),
        change(
            "aws_iam_role.partner",
            "create",
            Value::Null,
            json!({"name": "partner", "path": "/", "assume_role_policy": id("trust")}),
        ),
        change(
            "aws_iam_group_policy.lists",
            "create",
            Value::Null,
            json!({"group": "people", "name": "lists", "policy": id("lists")}),
        ),
        change(
            "aws_iam_user_group_membership.kim",
            "create",
            Value::Null,
            json!({"user": "kim", "groups": ["people"]}),
        ),
    ];
    place.write("plan.json", plan(changes).to_string());
    let told = place.run(&["--json", "what-if", "--plan", "plan.json"]).code(3).json();
    for one in told["changes"].as_array().expect("changes") {
        let nothing = json!([]);
        assert_eq!((&one["not_known"], &one["not_looked_at"]), (&nothing, &nothing), "{one:#}");
        assert!(!one["resources"].as_array().expect("resources").is_empty(), "{one:#}");
    }

    let given = serde_json::to_string(&ids.to_string()).expect("text");
    boto(&moto, &format!("ids = json.loads({given})\n{APPLY}"));
    let cloud = front(&moto);
    let after = Place::asking(&cloud.url);
    copy_dir(&place.data(), &after.data());
    after.run(&["scan", "--regions", REGION, "--quiet"]).ok();

    let difference = &told["difference"];
    let exposures = foretold(&difference["exposures"], |row, _| {
        let (id, protocol) = (text(&row["id"]), text(&row["protocol"]));
        ports(&text(&row["ports"])).iter().map(|port| format!("{id} {protocol} {port}")).collect()
    });
    // A port that stays open under another condition is in both.
    let both: BTreeSet<String> = exposures.0.intersection(&exposures.1).cloned().collect();
    let exposures = (&exposures.0 - &both, &exposures.1 - &both);
    let really = differs(&reached(&place), &reached(&after));
    assert!(!really.0.is_empty() && !really.1.is_empty(), "{really:#?}");
    let mut wrong: Vec<String> = Vec::new();
    let mut agree = |what: &str,
                     told: (BTreeSet<String>, BTreeSet<String>),
                     really: (BTreeSet<String>, BTreeSet<String>)| {
        if told != really {
            wrong.push(format!("{what}: told {told:#?}, really {really:#?}"));
        }
    };
    agree("exposures", exposures, really);

    let of = |row: &Value, sure: &str| -> Vec<String> {
        let (who, on) = (text(&row["principal"]), text(&row["resource"]));
        let actions = row["actions"].as_array().expect("actions").iter();
        actions.map(|action| format!("{who} {on} {} {}", text(action), word(sure))).collect()
    };
    let outside: Vec<Value> = difference["openings"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["from"] != "service" && row["from"] != "federated" && row["from"] != "confined")
        .cloned()
        .collect();
    let really = differs(&let_in(&place), &let_in(&after));
    assert!(!really.0.is_empty() && !really.1.is_empty(), "{really:#?}");
    agree("openings", foretold(&json!(outside), of), really);

    let open = foretold(&difference["unauthenticated"], |row, sure| {
        vec![format!("{} {} {} {sure}", text(&row["resource"]), text(&row["rule"]), text(&row["list"]))]
    });
    let really = differs(&answering(&place), &answering(&after));
    assert!(!really.0.is_empty() && !really.1.is_empty(), "{really:#?}");
    agree("unauthenticated", open, really);

    let ways = foretold(&difference["paths"], |row, sure| {
        let (entry, to) = (text(&row["story"]["entry"]), &row["to"]);
        vec![format!("{entry} {} {} {} {sure}", text(&row["jewel"]), text(&to["kind"]), text(&to["id"]))]
    });
    agree("paths", ways, differs(&come_by(&place), &come_by(&after)));

    for who in ["worker", "deployer", "kim"] {
        let own: Vec<Value> = difference["permissions"]
            .as_array()
            .expect("rows")
            .iter()
            .filter(|row| text(&row["principal"]).ends_with(&format!("/{who}")))
            .cloned()
            .collect();
        let own = foretold(&json!(own), |row, answer| {
            let actions = row["actions"].as_array().expect("actions").iter();
            actions.map(|action| format!("{} {} {answer}", text(&row["resource"]), text(action))).collect()
        });
        let (mut new, gone) = differs(&may_do(&place, who), &may_do(&after, who));
        // A thing that is made is not a permission that somebody gains.
        new.retain(|one| !one.contains(":role/partner "));
        assert!(!new.is_empty() || !gone.is_empty(), "{who}");
        agree(who, own, (new, gone));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_plan_is_told_as_text_comment_and_sarif_and_the_gate_says_what_it_is_asked() {
    let place = Place::with_sample();
    let queue = "payments-webhooks";
    let policy =
        allow(&json!("*"), "sqs:SendMessage", &format!("arn:aws:sqs:us-east-1:908249470583:{queue}"));
    let url = format!("https://sqs.us-east-1.amazonaws.com/908249470583/{queue}");
    let opens = change(
        "aws_sqs_queue_policy.open",
        "create",
        Value::Null,
        json!({"queue_url": url, "policy": policy}),
    );
    let blind = change("aws_made_up.x", "create", Value::Null, json!({"name": "x"}));
    place.write("plan.json", plan(vec![opens, blind]).to_string());
    let args = ["what-if", "--plan", "plan.json"];
    let more = ["--markdown", "comment.md", "--sarif", "out.sarif"];
    let text = place.run(&[&args[..], &more].concat()).code(3).out;
    for word in
        ["opens 1 thing that answers anybody", "aws_sqs_queue_policy.open", "not looked at: aws_made_up.x"]
    {
        assert!(text.contains(word), "no `{word}` in:\n{text}");
    }
    let comment = String::from_utf8(place.read("comment.md")).expect("text");
    for word in [
        "<!-- fathom what-if -->",
        "| What answers without asking who comes | 1 | 0 | 0 |",
        "`aws_sqs_queue_policy.open`",
    ] {
        assert!(comment.contains(word), "no `{word}` in:\n{comment}");
    }
    let sarif: Value = serde_json::from_slice(&place.read("out.sarif")).expect("JSON");
    let run = &sarif["runs"][0];
    let rules: Vec<String> =
        run["results"].as_array().expect("results").iter().map(|one| self::text(&one["ruleId"])).collect();
    assert!(
        ["what-if/unauthenticated", "what-if/opening", "what-if/unknown"]
            .iter()
            .all(|id| rules.iter().any(|rule| rule == id))
    );
    assert_eq!(run["invocations"][0]["exitCode"], 3);
    let asked = |fail_on: &str, code: i32| {
        place.run(&[&args[..], &["--fail-on", fail_on]].concat()).code(code);
    };
    asked("none", 0);
    asked("new-path", 0);
    asked("new-path,unknown", 4);
    asked("new-exposure", 3);
    asked("new-permission,unknown", 3);
    // The store is as it was.
    let now = place.run(&["--json", "public"]).json();
    assert!(
        !now["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .any(|row| self::text(&row["resource"]).ends_with(queue))
    );
}

#[test]
fn what_is_no_plan_or_no_change_set_is_refused_with_its_file() {
    let place = Place::with_sample();
    let ask = |flag: &str, text: &str| {
        place.write("file.json", text);
        place.run(&["what-if", flag, "file.json"])
    };
    ask("--plan", "{").code(1).says(&["file.json:1:", "not a Terraform plan"]);
    ask("--plan", "{}").code(1).says(&["file.json", "terraform show -json"]);
    ask("--change-set", "{}").code(1).says(&["file.json", "include-property-values"]);
    place.run(&["what-if", "--plan", "nowhere.json"]).code(1).says(&["nowhere.json"]);
    place.run(&["what-if", "--plan", "a", "--change-set", "b"]).code(2);
    place.run(&["what-if", "--plan", "file.json", "--remove"]).code(2);
    ask("--plan", &plan(Vec::new()).to_string()).ok();
    place.run(&["what-if", "--plan", "file.json", "--account", "12"]).code(1).says(&["12 digits"]);
}
