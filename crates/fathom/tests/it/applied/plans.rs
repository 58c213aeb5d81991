//! Terraform plans.

use fathom_testkit::moto::Moto;
use serde_json::{Value, json};

use super::{
    ACCOUNT, REGION,
    agree::{Seen, agree, text},
    cloud::{BEFORE, allow, boto, front, may},
};
use crate::harness::{Place, copy_dir};

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

/// A change as `terraform show -json` writes it.
#[expect(clippy::needless_pass_by_value, reason = "values are written where they are used")]
pub(super) fn change(address: &str, action: &str, before: Value, after: Value) -> Value {
    let (kind, name) = address.split_once('.').expect("an address");
    json!({
        "address": address, "mode": "managed", "type": kind, "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {"actions": [action], "before": before, "after": after, "after_unknown": {}, "before_sensitive": false,
            "after_sensitive": false},
    })
}

#[expect(clippy::needless_pass_by_value, reason = "values are written where they are used")]
pub(super) fn plan(changes: Vec<Value>) -> Value {
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
    let seen = Seen {
        who: &["worker", "deployer", "kim"],
        made: &[":role/partner "],
        differing: &["exposures", "openings", "paths", "permissions", "unauthenticated"],
    };
    agree(&told, &place, &after, &seen);
}
