//! Makes organisations as scans find them, with every layer there is: always the same from the same seed.

use fathom_iam::organisation::{Builder, Found, Organisation, Target};
use serde_json::{Value, json};

use crate::choices::Choices;

/// Accounts: two that are scanned and members, the one that manages, and one that nobody scanned.
const ACCOUNTS: [&str; 4] = ["111111111111", "222222222222", "333333333333", "444444444444"];
const SCANNED: usize = 3;
const REGION: &str = "eu-west-1";

/// One of these, or two.
fn some<'a>(choices: &mut Choices, from: &[&'a str]) -> Vec<&'a str> {
    (0..=choices.below(2)).map(|_| choices.pick(from)).collect()
}

const ACTIONS: [&str; 16] = [
    "*",
    "s3:*",
    "s3:Get*",
    "s3:GetObject",
    "s3:PutObject",
    "s3:?etObject",
    "S3:getobject",
    "s3:*BucketPolicy",
    "kms:*",
    "kms:Decrypt",
    "sts:AssumeRole",
    "sts:*",
    "iam:*",
    "iam:PassRole",
    "sqs:*",
    "s*:*",
];

const RESOURCES: [&str; 22] = [
    "*",
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::data",
    "arn:aws:s3:::data/*",
    "arn:aws:s3:::d?ta/*",
    "arn:aws:s3:::data/${aws:username}/*",
    "arn:aws:s3:::data/${aws:PrincipalTag/team, 'none'}/*",
    "arn:aws:s3:::logs/*",
    "arn:aws:*",
    "arn:*:s3:::data/ann/x",
    "arn:aws:s3*",
    "*/x",
    "arn:aws:kms:*:*:key/*",
    "arn:aws:kms:eu-west-1:111111111111:key/k1",
    "arn:aws:kms:*:key/k1",
    "arn:aws:iam::*:role/*",
    "arn:aws:iam::111111111111:role/worker",
    "arn:aws:iam::${aws:PrincipalAccount}:role/*",
    "arn:aws:sqs:eu-west-1:222222222222:jobs",
    "arn:aws:sqs:*:222222222222:*",
    "arn:aws:sqs:*:jobs",
];

fn condition(choices: &mut Choices) -> Option<Value> {
    const TESTS: [&str; 17] = [
        r#"{"Bool":{"aws:SecureTransport":"true"}}"#,
        r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#,
        r#"{"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}"#,
        r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#,
        r#"{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-2"}}"#,
        r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-1/r-1/ou-1/*"}}"#,
        r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/admin*"}}"#,
        r#"{"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::*:user/ann","arn:aws:iam::*:role/*/worker"]}}"#,
        r#"{"StringEquals":{"aws:PrincipalAccount":["111111111111","333333333333"]}}"#,
        r#"{"StringEquals":{"aws:PrincipalTag/team":"blue"}}"#,
        r#"{"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}}"#,
        r#"{"StringEquals":{"aws:PrincipalTag/team":"${aws:username}"}}"#,
        r#"{"StringLike":{"s3:prefix":"${aws:username}/*"}}"#,
        r#"{"StringNotEquals":{"aws:ResourceAccount":"111111111111"},"Null":{"aws:username":"true"}}"#,
        r#"{"StringEquals":{"aws:PrincipalType":"User"}}"#,
        r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#,
        r#"{"Null":{"aws:PrincipalTag/team":"false"}}"#,
    ];
    // What nobody gives and no principal decides makes answers conditional.
    let open = choices.chance(40);
    let test = choices.chance(50).then(|| choices.pick(if open { &TESTS[..2] } else { &TESTS }))?;
    Some(serde_json::from_str(test).unwrap())
}

fn statement(choices: &mut Choices, effect: &str) -> Value {
    let not_action = choices.chance(8);
    let not_resource = choices.chance(8);
    let mut statement = json!({"Effect": effect});
    statement[if not_action { "NotAction" } else { "Action" }] = json!(some(choices, &ACTIONS));
    statement[if not_resource { "NotResource" } else { "Resource" }] = json!(some(choices, &RESOURCES));
    if let Some(condition) = condition(choices) {
        statement["Condition"] = condition;
    }
    statement
}

fn effect(choices: &mut Choices) -> &'static str {
    if choices.chance(80) { "Allow" } else { "Deny" }
}

fn version(choices: &mut Choices) -> &'static str {
    if choices.chance(90) { "2012-10-17" } else { "2008-10-17" }
}

/// A policy without principals. One of many cannot be read.
pub(crate) fn identity_policy(choices: &mut Choices) -> Value {
    if choices.chance(1) {
        return json!({"Version": "2012-10-17", "Statement": {"Effect": "Perhaps"}});
    }
    let statements: Vec<Value> = (0..=choices.below(2))
        .map(|_| {
            let effect = effect(choices);
            statement(choices, effect)
        })
        .collect();
    json!({"Version": version(choices), "Statement": statements})
}

const NAMED: [&str; 14] = [
    r#""*""#,
    r#"{"AWS":"*"}"#,
    r#"{"AWS":"111111111111"}"#,
    r#"{"AWS":"arn:aws:iam::222222222222:root"}"#,
    r#"{"AWS":["444444444444","222222222222"]}"#,
    r#"{"AWS":"arn:aws:iam::111111111111:user/ann"}"#,
    r#"{"AWS":["arn:aws:iam::111111111111:role/worker","arn:aws:iam::222222222222:role/team/worker"]}"#,
    r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/worker/i-1"}"#,
    r#"{"AWS":["111111111111","arn:aws:iam::111111111111:role/worker"]}"#,
    r#"{"Service":"lambda.amazonaws.com"}"#,
    r#"{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}"#,
    r#"{"AWS":"AROAEXAMPLEEXAMPLE12"}"#,
    r#"{"Federated":"cognito-identity.amazonaws.com"}"#,
    r#"{"AWS":["arn:aws:iam::111111111111:root","arn:aws:iam::111111111111:user/ann"]}"#,
];

pub(crate) fn resource_policy(choices: &mut Choices, has_resource: bool) -> Value {
    let statements: Vec<Value> = (0..=choices.below(2))
        .map(|_| {
            let effect = effect(choices);
            let mut statement = statement(choices, effect);
            let not = choices.chance(10);
            statement[if not { "NotPrincipal" } else { "Principal" }] =
                serde_json::from_str(choices.pick(&NAMED)).unwrap();
            if !has_resource {
                let statement = statement.as_object_mut().unwrap();
                statement.remove("Resource");
                statement.remove("NotResource");
            }
            statement
        })
        .collect();
    json!({"Version": version(choices), "Statement": statements})
}

/// What a scan found, of which organisations are made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Estate {
    pub(crate) documents: Vec<Saw>,
    has_tree: bool,
    is_unlisted: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Saw {
    pub(crate) kind: &'static str,
    pub(crate) uid: String,
    account: String,
    pub(crate) document: Value,
}

impl Estate {
    pub(crate) fn build(&self) -> Organisation {
        let mut builder = Builder::default();
        for account in ACCOUNTS.iter().take(SCANNED) {
            builder.account(account);
        }
        if self.has_tree {
            builder.part_of("ou-1", "r-1");
        }
        if self.is_unlisted {
            builder.unlisted(ACCOUNTS[0], "AWS::Organizations::Organization", "denied");
        }
        for Saw { kind, uid, account, document } in &self.documents {
            builder.add(Found { kind, uid, account, document, unread: &[] });
        }
        builder.build()
    }
}

/// An estate in the making.
struct Making<'a> {
    choices: &'a mut Choices,
    estate: Estate,
}

impl Making<'_> {
    fn add(&mut self, kind: &'static str, uid: &str, account: &str, document: &Value) {
        self.estate.documents.push(Saw {
            kind,
            uid: uid.to_owned(),
            account: account.to_owned(),
            document: document.clone(),
        });
    }

    fn attached(&mut self, account: &str, document: &mut Value, inline: &str) {
        let policies: Vec<Value> = (0..self.choices.below(3))
            .map(|number| json!({"PolicyName": format!("p{number}"), "PolicyDocument": identity_policy(self.choices)}))
            .collect();
        document[inline] = json!(policies);
        let managed = |name: &str| format!("arn:aws:iam::{account}:policy/{name}");
        if self.choices.chance(50) {
            let arn = managed(
                self.choices.pick(&["shared", "read", "shared", "read", "shared", "read", "shared", "gone"]),
            );
            document["AttachedManagedPolicies"] = json!([{"PolicyArn": arn, "PolicyName": "x"}]);
        }
        if self.choices.chance(30) {
            let arn = managed(self.choices.pick(&["shared", "limit", "limit", "limit", "limit", "gone"]));
            document["PermissionsBoundary"] = json!({"PermissionsBoundaryArn": arn});
        }
        if self.choices.chance(50) {
            document["Tags"] = json!([{"Key": "team", "Value": self.choices.pick(&["blue", "ann", "red"])}]);
        }
    }

    fn account(&mut self, account: &str) {
        for name in ["shared", "read", "limit"] {
            let versions = json!([{"VersionId": "v1", "IsDefaultVersion": true, "Document": identity_policy(self.choices)}]);
            let uid = format!("arn:aws:iam::{account}:policy/{name}");
            let document =
                json!({"PolicyName": name, "DefaultVersionId": "v1", "PolicyVersionList": versions});
            self.add("AWS::IAM::ManagedPolicy", &uid, account, &document);
        }
        let mut group = json!({"GroupName": "ops"});
        self.attached(account, &mut group, "GroupPolicyList");
        self.add("AWS::IAM::Group", &format!("arn:aws:iam::{account}:group/ops"), account, &group);
        for name in ["ann", "bob", "team/cleo"] {
            let mut user = json!({"UserName": name});
            self.attached(account, &mut user, "UserPolicyList");
            if self.choices.chance(40) {
                user["GroupList"] = json!([self.choices.pick(&["ops", "ops", "nowhere"])]);
            }
            self.add("AWS::IAM::User", &format!("arn:aws:iam::{account}:user/{name}"), account, &user);
        }
        let linked = "aws-service-role/x.amazonaws.com/AWSServiceRoleForX";
        for name in ["worker", "team/worker", "admin", linked] {
            let mut role = json!({"RoleName": name});
            self.attached(account, &mut role, "RolePolicyList");
            role["AssumeRolePolicyDocument"] = resource_policy(self.choices, false);
            self.add("AWS::IAM::Role", &format!("arn:aws:iam::{account}:role/{name}"), account, &role);
        }
    }

    fn guarded(&mut self, account: &str) {
        let bucket = |choices: &mut Choices| {
            let mut bucket = json!({
                "PublicAccessBlock": {
                    "IgnorePublicAcls": choices.chance(30), "RestrictPublicBuckets": choices.chance(40),
                },
            });
            if choices.chance(80) {
                bucket["Policy"] = resource_policy(choices, true);
            }
            if choices.chance(30) {
                bucket["OwnershipControls"] = json!({"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]});
            }
            if choices.chance(40) {
                let grantee = choices.pick(&[
                    r#"{"URI":"http://acs.amazonaws.com/groups/global/AllUsers"}"#,
                    r#"{"URI":"http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}"#,
                    r#"{"ID":"222222222222"}"#,
                    r#"{"ID":"somebody"}"#,
                ]);
                let grantee: Value = serde_json::from_str(grantee).unwrap();
                let permission = choices.pick(&["READ", "WRITE", "FULL_CONTROL"]);
                bucket["Acl"] = json!({"Owner": {"ID": "owner"}, "Grants": [{"Grantee": grantee, "Permission": permission}]});
            }
            bucket
        };
        let document = bucket(self.choices);
        self.add("AWS::S3::Bucket", "arn:aws:s3:::data", account, &document);
        let mut key = json!({"Policy": resource_policy(self.choices, true)});
        if self.choices.chance(50) {
            let grantee = self.choices.pick(&[
                "arn:aws:iam::111111111111:role/worker",
                "arn:aws:iam::222222222222:user/ann",
                "111111111111",
                "dynamodb.amazonaws.com",
                "arn:aws:sts::111111111111:assumed-role/worker/i-1",
            ]);
            let mut grant = json!({"GrantId": "g", "GranteePrincipal": grantee, "Operations": ["Decrypt", "CreateGrant"]});
            if self.choices.chance(40) {
                grant["Constraints"] = json!({"EncryptionContextSubset": {"a": "b"}});
            }
            key["Grants"] = json!([grant]);
        }
        self.add("AWS::KMS::Key", &format!("arn:aws:kms:{REGION}:111111111111:key/k1"), "111111111111", &key);
        if self.choices.chance(50) {
            let queue = json!({"Policy": resource_policy(self.choices, true)});
            let uid = format!("arn:aws:sqs:{REGION}:222222222222:jobs");
            self.add("AWS::SQS::Queue", &uid, "222222222222", &queue);
        }
    }

    fn tree(&mut self) {
        let management = if self.choices.chance(80) { ACCOUNTS[2] } else { ACCOUNTS[0] };
        let organisation = json!({"Id": "o-1", "MasterAccountId": management});
        self.add("AWS::Organizations::Organization", "o", management, &organisation);
        let mut types = vec![json!({"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"})];
        if self.choices.chance(70) {
            types.push(json!({"Type": "RESOURCE_CONTROL_POLICY", "Status": "ENABLED"}));
        }
        self.add("AWS::Organizations::Root", "r", management, &json!({"Id": "r-1", "PolicyTypes": types}));
        self.add("AWS::Organizations::OrganizationalUnit", "ou", management, &json!({"Id": "ou-1"}));
        self.estate.has_tree = true;
        for (number, account) in ACCOUNTS.iter().enumerate().take(SCANNED) {
            let parent = if number == 0 { "ou-1" } else { "r-1" };
            let document = json!({"Id": account, "ParentId": parent});
            self.add("AWS::Organizations::Account", account, management, &document);
        }
        let all = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
        for target in ["r-1", "ou-1", ACCOUNTS[0], ACCOUNTS[1]] {
            let content = if self.choices.chance(85) { all.clone() } else { identity_policy(self.choices) };
            self.control("AWS::Organizations::Policy", target, &content);
            if self.choices.chance(30) {
                let content = json!({"Version": "2012-10-17", "Statement": statement(self.choices, "Deny")});
                self.control("AWS::Organizations::Policy", target, &content);
            }
            if self.choices.chance(30) {
                let mut refuses = statement(self.choices, "Deny");
                refuses["Principal"] = json!("*");
                let content = json!({"Version": "2012-10-17", "Statement": refuses});
                self.control("AWS::Organizations::ResourceControlPolicy", target, &content);
            }
        }
    }

    fn control(&mut self, kind: &'static str, target: &str, content: &Value) {
        let name = format!("{target}-{}", self.choices.below(1000));
        let document = json!({"PolicySummary": {"Id": name, "Name": name}, "Content": content, "Targets": [{"TargetId": target}]});
        self.add(kind, &name, ACCOUNTS[2], &document);
    }
}

/// An estate of three accounts; of one in five there is no tree.
pub(crate) fn estate(choices: &mut Choices) -> Estate {
    let mut making = Making { choices, estate: Estate::default() };
    for account in ACCOUNTS.iter().take(SCANNED) {
        making.account(account);
    }
    let owner = ACCOUNTS[making.choices.below(SCANNED)];
    making.guarded(owner);
    if making.choices.chance(80) {
        making.tree();
    } else if making.choices.chance(20) {
        making.estate.is_unlisted = true;
    }
    making.estate
}

/// The organisation of such an estate.
pub(crate) fn organisation(choices: &mut Choices) -> Organisation {
    estate(choices).build()
}

/// A question about one of its resources, or about something that nobody saw.
pub(crate) fn question(choices: &mut Choices) -> (&'static str, Target) {
    const QUESTIONS: [(&str, &str); 17] = [
        ("s3:GetObject", "arn:aws:s3:::data/ann/x"),
        ("s3:PutObject", "arn:aws:s3:::data/blue/x"),
        ("s3:ListBucket", "arn:aws:s3:::data"),
        ("s3:PutBucketPolicy", "arn:aws:s3:::data"),
        ("s3:GetObject", "arn:aws:s3:::elsewhere/x"),
        ("s3:ListAllMyBuckets", "*"),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:111111111111:key/k1"),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:222222222222:key/k2"),
        ("kms:Decrypt", "*"),
        ("sts:AssumeRole", "arn:aws:iam::111111111111:role/worker"),
        ("sts:AssumeRole", "arn:aws:iam::222222222222:role/team/worker"),
        ("sts:GetCallerIdentity", "*"),
        ("sts:GetSessionToken", "*"),
        ("iam:PassRole", "arn:aws:iam::111111111111:role/worker"),
        (
            "iam:DeleteRole",
            "arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
        ),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:222222222222:jobs"),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:444444444444:jobs"),
    ];
    let (action, arn) = QUESTIONS[choices.below(QUESTIONS.len())];
    let target = Target {
        arn: arn.to_owned(),
        account: choices.chance(5).then(|| ACCOUNTS[choices.below(ACCOUNTS.len())].to_owned()),
        seen: choices.chance(80),
    };
    (action, target)
}
