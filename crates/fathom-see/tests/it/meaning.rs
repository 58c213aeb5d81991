//! What documents mean: names, exposure and references, on documents as AWS's own examples have them, with
//! expectations written by hand.

use fathom_content::{ResourceDefinition, resource::Condition};
use fathom_estate::Sure;
use serde_json::{Value, json};

use crate::support::{CONTENT, finish};

/// A document and what it means: type, document, name, exposed, references that relations name.
type Case = (&'static str, Value, Option<&'static str>, bool, &'static [(&'static str, &'static str)]);

fn cases() -> Vec<Case> {
    vec![
        (
            "AWS::EC2::Instance",
            json!({
                "InstanceId": "i-1234567890abcdef0", "ImageId": "ami-0abcdef1234567890", "VpcId": "vpc-1a2b3c4d",
                "SubnetId": "subnet-1a2b3c4d", "PublicIpAddress": "198.51.100.7", "KeyName": "ops",
                "SecurityGroups": [{"GroupId": "sg-1a2b3c4d", "GroupName": "web"}],
                "IamInstanceProfile": {"Arn": "arn:aws:iam::111111111111:instance-profile/web", "Id": "AIPA1"},
                "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": "vol-1a2b3c4d"}}],
                "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1a2b3c4d"}],
                "Tags": [{"Key": "Name", "Value": "web-1"}],
            }),
            Some("web-1"),
            true,
            &[
                ("from_image", "ami-0abcdef1234567890"),
                ("has_interface", "eni-1a2b3c4d"),
                ("has_security_group", "sg-1a2b3c4d"),
                ("has_volume", "vol-1a2b3c4d"),
                ("in_subnet", "subnet-1a2b3c4d"),
                ("in_vpc", "vpc-1a2b3c4d"),
                ("opened_by", "ops"),
                ("runs_as", "arn:aws:iam::111111111111:instance-profile/web"),
            ],
        ),
        (
            "AWS::EC2::Instance",
            json!({"InstanceId": "i-2", "VpcId": "vpc-1a2b3c4d", "PublicIpAddress": "", "Tags": []}),
            None,
            false,
            &[("in_vpc", "vpc-1a2b3c4d")],
        ),
        (
            "AWS::S3::Bucket",
            json!({
                "Name": "reports", "LocationConstraint": "EU", "PolicyStatus": {"IsPublic": false},
                "Acl": {"Grants": [{"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}}]},
                "Logging": {"TargetBucket": "logs"},
                "Encryption": {"Rules": [{"ApplyServerSideEncryptionByDefault":
                    {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:eu-west-1:111111111111:key/1"}}]},
                "Notifications": {"QueueConfigurations": [{"QueueArn": "arn:aws:sqs:eu-west-1:111111111111:q"}]},
            }),
            Some("reports"),
            true,
            &[
                ("encrypted_by", "arn:aws:kms:eu-west-1:111111111111:key/1"),
                ("logs_to", "logs"),
                ("notifies", "arn:aws:sqs:eu-west-1:111111111111:q"),
            ],
        ),
        (
            "AWS::CloudFront::Distribution",
            json!({
                "Id": "EDFDVBD6EXAMPLE", "ARN": "arn:aws:cloudfront::111111111111:distribution/EDFDVBD6EXAMPLE",
                "DomainName": "d111111abcdef8.cloudfront.net", "Comment": "(secret)", "Enabled": true,
                "Aliases": {"Quantity": 1, "Items": ["www.example.com"]},
                "Logging": {"Bucket": "logs.s3.amazonaws.com"},
                "WebACLId": "arn:aws:wafv2:us-east-1:111111111111:global/webacl/front/1",
            }),
            Some("www.example.com"),
            true,
            &[
                ("guarded_by", "arn:aws:wafv2:us-east-1:111111111111:global/webacl/front/1"),
                ("logs_to", "logs.s3.amazonaws.com"),
            ],
        ),
        (
            "AWS::CloudFront::Distribution",
            json!({
                "Id": "E2", "ARN": "arn:aws:cloudfront::111111111111:distribution/E2", "Comment": "(secret)",
                "DomainName": "d222222abcdef8.cloudfront.net", "Enabled": false, "Aliases": {"Quantity": 0},
            }),
            Some("d222222abcdef8.cloudfront.net"),
            false,
            &[],
        ),
        (
            "AWS::SQS::Queue",
            json!({
                "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/111111111111/orders",
                "QueueArn": "arn:aws:sqs:eu-west-1:111111111111:orders", "KmsMasterKeyId": "alias/aws/sqs",
                "RedrivePolicy":
                    r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111111111111:dead","maxReceiveCount":5}"#,
                "Policy": r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"sqs:*"}]}"#,
            }),
            Some("orders"),
            true,
            &[("fails_over_to", "arn:aws:sqs:eu-west-1:111111111111:dead")],
        ),
        (
            "AWS::RDS::DBInstance",
            json!({
                "DBInstanceIdentifier": "crm", "DBInstanceArn": "arn:aws:rds:eu-west-1:111111111111:db:crm",
                "PubliclyAccessible": false, "KmsKeyId": "arn:aws:kms:eu-west-1:111111111111:key/2",
                "DBSubnetGroup": {"DBSubnetGroupName": "private", "VpcId": "vpc-1",
                    "Subnets": [{"SubnetIdentifier": "subnet-1"}, {"SubnetIdentifier": "subnet-2"}]},
                "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "active"}],
                "MasterUserSecret": {"SecretArn": "arn:aws:secretsmanager:eu-west-1:111111111111:secret:crm"},
            }),
            Some("crm"),
            false,
            &[
                ("encrypted_by", "arn:aws:kms:eu-west-1:111111111111:key/2"),
                ("has_security_group", "sg-1"),
                ("in_subnet", "subnet-1"),
                ("in_subnet", "subnet-2"),
                ("in_subnet_group", "private"),
                ("in_vpc", "vpc-1"),
                ("uses_secret", "arn:aws:secretsmanager:eu-west-1:111111111111:secret:crm"),
            ],
        ),
        (
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            json!({
                "LoadBalancerName": "front", "Scheme": "internet-facing", "VpcId": "vpc-1",
                "LoadBalancerArn":
                    "arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/app/front/50dc6c495c0c9188",
                "AvailabilityZones": [{"SubnetId": "subnet-1", "LoadBalancerAddresses": [
                    {"AllocationId": "eipalloc-1"}]}, {"SubnetId": "subnet-2"}],
                "SecurityGroups": ["sg-1"],
            }),
            Some("front"),
            true,
            &[
                ("has_address", "eipalloc-1"),
                ("has_security_group", "sg-1"),
                ("in_subnet", "subnet-1"),
                ("in_subnet", "subnet-2"),
                ("in_vpc", "vpc-1"),
            ],
        ),
        (
            "AWS::IAM::Role",
            json!({
                "RoleName": "deploy", "Path": "/ci/", "RoleId": "AROA1",
                "Arn": "arn:aws:iam::111111111111:role/ci/deploy",
                "AssumeRolePolicyDocument": "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Principal\
                    %22%3A%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A222222222222%3Aroot%22%7D%2C%22Action%22%3A\
                    %22sts%3AAssumeRole%22%7D%7D",
            }),
            Some("deploy"),
            false,
            &[("trusts", "arn:aws:iam::222222222222:root")],
        ),
        (
            "AWS::Logs::Destination",
            json!({
                "destinationName": "central", "arn": "arn:aws:logs:eu-west-1:111111111111:destination:central",
                "targetArn": "arn:aws:kinesis:eu-west-1:111111111111:stream/logs",
                "roleArn": "arn:aws:iam::111111111111:role/logs",
                "accessPolicy": r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"222222222222"}}]}"#,
            }),
            Some("central"),
            false,
            &[
                ("delivers_to", "arn:aws:kinesis:eu-west-1:111111111111:stream/logs"),
                ("trusts", "222222222222"),
                ("uses_role", "arn:aws:iam::111111111111:role/logs"),
            ],
        ),
    ]
}

#[test]
fn documents_mean_what_people_read_in_them() {
    for (kind, document, name, exposed, references) in cases() {
        let definition = &CONTENT.resources[kind];
        let item = finish(definition, document, None).1.unwrap_or_else(|error| panic!("{error}"));
        let resource = &item.resource;
        assert_eq!(resource.name.as_deref(), name, "{}", resource.uid);
        assert_eq!(resource.exposed, exposed, "{}", resource.uid);
        let declared = item.references.iter().filter(|one| one.sure == Sure::Declared);
        let mut found: Vec<(&str, &str)> =
            declared.map(|one| (one.kind.as_str(), one.text.as_str())).collect();
        found.sort_unstable();
        assert_eq!(found, references, "{}", resource.uid);
    }
}

/// The members that hold a policy whose statements a definition judges.
fn policies(definition: &ResourceDefinition) -> Vec<&str> {
    let judges = |condition: &&Condition| condition.all.iter().any(|inner| inner.path.as_str() == "Effect");
    let members = definition.exposed_when.iter().filter(judges);
    members.filter_map(|condition| condition.path.as_str().split('.').next()).collect()
}

#[test]
fn a_policy_exposes_only_by_a_statement_for_everyone_without_a_condition() {
    let principals = [
        (json!("*"), true),
        (json!({"AWS": "*"}), true),
        (json!({"AWS": ["*"]}), true),
        (json!({"AWS": ["arn:aws:iam::111111111111:root", "*"]}), true),
        (json!({"AWS": "arn:aws:iam::111111111111:root"}), false),
        (json!({"AWS": ["111111111111"]}), false),
        (json!({"Service": "events.amazonaws.com"}), false),
    ];
    let mut kinds = 0;
    for definition in CONTENT.resources.values() {
        for policy in policies(definition) {
            let exposed = |statements: Value| {
                let document = json!({ policy: {"Version": "2012-10-17", "Statement": statements} });
                definition.exposed_when.iter().any(|condition| condition.holds(&document))
            };
            for (principal, everyone) in &principals {
                let allow = json!({"Effect": "Allow", "Principal": principal, "Action": "*"});
                let told = format!("{} {policy}: {principal}", definition.kind);
                assert_eq!(exposed(json!([allow])), *everyone, "{told}");
                assert_eq!(exposed(allow.clone()), *everyone, "{told}, a statement without a list");
                let deny = json!({"Effect": "Deny", "Principal": principal, "Action": "*"});
                assert!(!exposed(json!([deny])), "{told}, denied");
                let of_organisation = json!({
                    "Effect": "Allow", "Principal": principal, "Action": "*",
                    "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
                });
                assert!(!exposed(json!([of_organisation])), "{told}, of the organisation");
                assert_eq!(exposed(json!([deny, of_organisation, allow])), *everyone, "{told}, among others");
            }
            kinds += 1;
        }
    }
    assert!(kinds >= 20, "{kinds} types are judged by a policy");
}
