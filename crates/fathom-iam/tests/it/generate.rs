//! Makes requests with policies in every layer: always the same from the same seed.

use serde_json::{Map, Value, json};

use crate::choices::Choices;

/// Makes one case after the other.
pub(crate) struct Generator(Choices);

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";

/// Action, ARN, and what patterns of actions and resources may hit or miss it.
struct Target {
    action: &'static str,
    arn: &'static str,
    actions: [&'static str; 5],
    resources: [&'static str; 5],
    is_key: bool,
    is_role: bool,
}

const TARGETS: [Target; 5] = [
    Target {
        action: "s3:GetObject",
        arn: "arn:aws:s3:::reports/2026/q1.csv",
        actions: ["s3:*", "s3:Get*", "s3:GetObject", "s3:?etObject", "s3:PutObject"],
        resources: [
            "*",
            "arn:aws:s3:::*",
            "arn:aws:s3:::reports/*",
            "arn:aws:s3:::reports/20??/*.csv",
            "arn:aws:s3:::archive/*",
        ],
        is_key: false,
        is_role: false,
    },
    Target {
        action: "sqs:SendMessage",
        arn: "arn:aws:sqs:eu-west-1:ACCOUNT:jobs",
        actions: ["sqs:*", "sqs:Send*", "SQS:sendmessage", "sqs:*Message", "sqs:ReceiveMessage"],
        resources: [
            "*",
            "arn:aws:sqs:*:*:*",
            "arn:aws:sqs:eu-*:ACCOUNT:j?bs",
            "arn:aws:sqs:eu-west-1:ACCOUNT:jobs",
            "arn:aws:sqs:us-east-1:ACCOUNT:jobs",
        ],
        is_key: false,
        is_role: false,
    },
    Target {
        action: "secretsmanager:GetSecretValue",
        arn: "arn:aws:secretsmanager:eu-west-1:ACCOUNT:secret:db-AbCdEf",
        actions: [
            "secretsmanager:*",
            "secretsmanager:Get*",
            "*",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
        ],
        resources: [
            "*",
            "arn:aws:secretsmanager:*:*:secret:*",
            "arn:aws:secretsmanager:eu-west-1:ACCOUNT:secret:db-??????",
            "arn:aws:secretsmanager:eu-west-1:ACCOUNT:secret:d*",
            "arn:aws:secretsmanager:eu-west-1:ACCOUNT:secret:web-*",
        ],
        is_key: false,
        is_role: false,
    },
    Target {
        action: "kms:Decrypt",
        arn: "arn:aws:kms:eu-west-1:ACCOUNT:key/0a1b2c3d-0000-1111-2222-333344445555",
        actions: ["kms:*", "kms:Decrypt", "kms:De*", "*", "kms:Encrypt"],
        resources: [
            "*",
            "arn:aws:kms:*:*:key/*",
            "arn:aws:kms:eu-west-1:ACCOUNT:key/0a1b*",
            "arn:aws:kms:*:ACCOUNT:*",
            "arn:aws:kms:us-*:ACCOUNT:key/*",
        ],
        is_key: true,
        is_role: false,
    },
    Target {
        action: "sts:AssumeRole",
        arn: "arn:aws:iam::ACCOUNT:role/deploy",
        actions: ["sts:*", "sts:AssumeRole", "sts:Assume*", "*", "sts:TagSession"],
        resources: [
            "*",
            "arn:aws:iam::*:role/*",
            "arn:aws:iam::ACCOUNT:role/deploy",
            "arn:aws:iam::ACCOUNT:role/d*",
            "arn:aws:iam::ACCOUNT:role/build",
        ],
        is_key: false,
        is_role: true,
    },
];

#[derive(Clone, Copy, PartialEq)]
enum Layer {
    Identity,
    Limit,
    Resource,
    Endpoint,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Choices::new(seed))
    }

    /// One line for `fathom iam simulate`, whose context is complete.
    pub(crate) fn case(&mut self) -> Value {
        let target = &TARGETS[self.0.below(TARGETS.len())];
        let account = if self.0.chance(65) { OWN } else { OTHER };
        let principals = [
            format!("arn:aws:iam::{OWN}:user/ann"),
            format!("arn:aws:sts::{OWN}:assumed-role/worker/i-1"),
            format!("arn:aws:sts::{OWN}:assumed-role/worker/i-2"),
            format!("arn:aws:iam::{OWN}:root"),
            "events.amazonaws.com".to_owned(),
            "*".to_owned(),
        ];
        let weights = [0, 0, 0, 1, 1, 2, 3, 4, 5];
        let principal = principals[self.0.pick(&weights)].clone();
        let has_identity = principal.contains(":user/") || principal.contains(":assumed-role/");
        let mut case = json!({
            "request": {
                "principal": principal, "action": target.action, "context_is_complete": true,
                "context": self.context(&principal),
                "resource": {"arn": target.arn.replace("ACCOUNT", account), "account": account},
            },
        });
        let layers = case.as_object_mut().unwrap();
        if has_identity {
            let many = self.0.below(3);
            layers.insert(
                "identity_policies".to_owned(),
                self.policies(target, account, Layer::Identity, many),
            );
        }
        let mut put = |name: &str, policy: Option<Value>| {
            if let Some(policy) = policy {
                layers.insert(name.to_owned(), policy);
            }
        };
        let is_session = principal.contains(":assumed-role/");
        put(
            "permission_boundaries",
            (has_identity && self.0.chance(25)).then(|| self.policy(target, account, Layer::Limit)),
        );
        put(
            "session_policy",
            (is_session && self.0.chance(30)).then(|| self.policy(target, account, Layer::Limit)),
        );
        put("resource_policy", self.0.chance(75).then(|| self.policy(target, account, Layer::Resource)));
        put(
            "vpc_endpoint_policies",
            self.0.chance(15).then(|| self.policy(target, account, Layer::Endpoint)),
        );
        put(
            "scps",
            (has_identity || principal.ends_with(":root")).then(|| self.path(target, account, false)),
        );
        put("rcps", self.0.chance(30).then(|| self.path(target, account, true)));
        case
    }

    fn context(&mut self, principal: &str) -> Value {
        let mut context = Map::new();
        let mut set = |key: &str, value: Value| {
            context.insert(key.to_owned(), value);
        };
        if self.0.chance(70) {
            set("aws:SecureTransport", json!([self.0.pick(&["true", "false"])]));
        }
        if self.0.chance(60) {
            set("aws:SourceIp", json!([self.0.pick(&["203.0.113.7", "198.51.100.7", "2001:db8::7"])]));
        }
        if self.0.chance(60) {
            set("aws:CurrentTime", json!([self.0.pick(&["2026-06-01T12:00:00Z", "2025-01-01T00:00:00Z"])]));
        }
        if self.0.chance(50) {
            set(
                "aws:CalledVia",
                json!(self.0.pick(&[
                    vec!["athena.amazonaws.com"],
                    vec!["cloudformation.amazonaws.com", "dynamodb.amazonaws.com"]
                ])),
            );
        }
        if principal.starts_with("arn:") {
            let role =
                principal.split_once(":assumed-role/").map(|_| format!("arn:aws:iam::{OWN}:role/worker"));
            set("aws:PrincipalArn", json!([role.as_deref().unwrap_or(principal)]));
            set("aws:PrincipalAccount", json!([OWN]));
            if self.0.chance(60) {
                set("aws:PrincipalOrgID", json!([self.0.pick(&["o-1111111111", "o-2222222222"])]));
            }
            if self.0.chance(40) {
                set("aws:PrincipalTag/team", json!([self.0.pick(&["reports", "jobs", "db"])]));
            }
            if self.0.chance(40) {
                set("aws:MultiFactorAuthPresent", json!([self.0.pick(&["true", "false"])]));
                set("aws:MultiFactorAuthAge", json!([self.0.pick(&["100", "7200"])]));
            }
        }
        Value::Object(context)
    }

    fn path(&mut self, target: &Target, account: &str, for_everyone: bool) -> Value {
        let depth = self.0.below(3);
        (0..depth)
            .map(|level| {
                let full = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
                let mut policies = vec![json!({"Version": "2012-10-17", "Statement": full})];
                if for_everyone {
                    // RCPFullAWSAccess is there without being written.
                    policies.clear();
                }
                if self.0.chance(30) {
                    let extra = self.limit(target, account, for_everyone);
                    if !for_everyone && self.0.chance(50) {
                        policies.clear();
                    }
                    policies.push(extra);
                }
                json!({"id": format!("level-{level}"), "policies": policies})
            })
            .collect()
    }

    fn limit(&mut self, target: &Target, account: &str, for_everyone: bool) -> Value {
        if !for_everyone {
            return self.policy(target, account, Layer::Limit);
        }
        let mut statement = self.statement(target, account, Layer::Limit);
        // These only deny, for everyone, and name the service of their actions.
        let object = statement.as_object_mut().unwrap();
        object.remove("NotAction");
        object.insert("Action".to_owned(), json!(self.0.pick(&target.actions[..2])));
        statement["Effect"] = json!("Deny");
        statement["Principal"] = json!("*");
        json!({"Version": "2012-10-17", "Statement": [statement]})
    }

    fn policies(&mut self, target: &Target, account: &str, layer: Layer, many: usize) -> Value {
        (0..=many).map(|_| self.policy(target, account, layer)).collect()
    }

    fn policy(&mut self, target: &Target, account: &str, layer: Layer) -> Value {
        let many = self.0.below(3);
        let statements: Vec<Value> = (0..=many).map(|_| self.statement(target, account, layer)).collect();
        json!({"Version": "2012-10-17", "Statement": statements})
    }

    fn statement(&mut self, target: &Target, account: &str, layer: Layer) -> Value {
        let mut statement = json!({"Effect": if self.0.chance(88) { "Allow" } else { "Deny" }});
        let not = self.0.chance(10);
        let action =
            if not { self.0.pick(&["ec2:*", target.actions[1]]) } else { self.0.pick(&target.actions) };
        statement[if not { "NotAction" } else { "Action" }] = if self.0.chance(25) {
            json!([action, self.0.pick(&["ec2:*", "iam:Get*"])])
        } else {
            json!(action)
        };
        if layer == Layer::Resource && target.is_role {
            // Trust policies name no resource.
        } else {
            let not = self.0.chance(10);
            let mut patterns: Vec<&str> = target.resources.to_vec();
            if not {
                patterns.remove(0);
            } else if layer == Layer::Resource && target.is_key {
                patterns.truncate(1);
            }
            let mut resource = json!(self.0.pick(&patterns).replace("ACCOUNT", account));
            if self.0.chance(20) && resource != "*" {
                resource = json!([resource, "arn:aws:s3:::other/*"]);
            }
            statement[if not { "NotResource" } else { "Resource" }] = resource;
        }
        if matches!(layer, Layer::Resource | Layer::Endpoint) {
            let not = layer == Layer::Resource
                && statement["Effect"] == "Deny"
                && !target.is_role
                && self.0.chance(15);
            statement[if not { "NotPrincipal" } else { "Principal" }] =
                if layer == Layer::Endpoint { json!("*") } else { self.principal(not) };
        }
        if self.0.chance(40) {
            statement["Condition"] = self.condition();
        }
        statement
    }

    fn principal(&mut self, not: bool) -> Value {
        if not {
            return self.0.pick(&[
                json!({"AWS": [format!("arn:aws:iam::{OWN}:user/ann"), OWN]}),
                json!({"AWS": [format!("arn:aws:iam::{OWN}:role/worker"), OWN]}),
                json!({"AWS": [format!("arn:aws:iam::{OWN}:role/worker"), OWN, format!("arn:aws:sts::{OWN}:assumed-role/worker/i-1")]}),
                json!({"AWS": format!("arn:aws:iam::{OTHER}:root")}),
                json!({"Service": "events.amazonaws.com"}),
            ]);
        }
        self.0.pick(&[
            json!("*"),
            json!({"AWS": "*"}),
            json!({"AWS": OWN}),
            json!({"AWS": format!("arn:aws:iam::{OWN}:root")}),
            json!({"AWS": format!("arn:aws:iam::{OWN}:user/ann")}),
            json!({"AWS": [format!("arn:aws:iam::{OWN}:user/bob"), format!("arn:aws:iam::{OWN}:role/worker")]}),
            json!({"AWS": format!("arn:aws:sts::{OWN}:assumed-role/worker/i-1")}),
            json!({"AWS": format!("arn:aws:sts::{OWN}:assumed-role/worker/i-2")}),
            json!({"AWS": OTHER}),
            json!({"Service": "events.amazonaws.com"}),
            json!({"Service": ["lambda.amazonaws.com", "s3.amazonaws.com"]}),
        ])
    }

    fn condition(&mut self) -> Value {
        let if_exists = if self.0.chance(25) { "IfExists" } else { "" };
        let (operator, key, values) = self.0.pick(&[
            ("Bool", "aws:SecureTransport", json!("true")),
            ("Bool", "aws:MultiFactorAuthPresent", json!(["true"])),
            ("NumericLessThan", "aws:MultiFactorAuthAge", json!("3600")),
            ("NumericGreaterThanEquals", "aws:MultiFactorAuthAge", json!("3600")),
            ("IpAddress", "aws:SourceIp", json!(["203.0.113.0/24", "2001:db8::/32"])),
            ("NotIpAddress", "aws:SourceIp", json!("203.0.113.0/24")),
            ("DateGreaterThan", "aws:CurrentTime", json!("2026-01-01T00:00:00Z")),
            ("DateLessThanEquals", "aws:CurrentTime", json!("2026-01-01T00:00:00Z")),
            ("StringEquals", "aws:PrincipalOrgID", json!("o-1111111111")),
            ("StringNotEquals", "aws:PrincipalOrgID", json!(["o-1111111111", "o-3333333333"])),
            ("StringLike", "aws:PrincipalTag/team", json!(["rep*", "j?bs"])),
            ("StringNotLike", "aws:PrincipalTag/team", json!("d*")),
            ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", json!("REPORTS")),
            ("ArnLike", "aws:PrincipalArn", json!(format!("arn:aws:iam::{OWN}:*/*"))),
            ("ArnNotEquals", "aws:PrincipalArn", json!(format!("arn:aws:iam::{OWN}:role/*"))),
            ("Null", "aws:MultiFactorAuthAge", json!("true")),
            ("Null", "aws:PrincipalTag/team", json!("false")),
            ("ForAnyValue:StringEquals", "aws:CalledVia", json!(["athena.amazonaws.com"])),
            ("ForAllValues:StringLike", "aws:CalledVia", json!(["*.amazonaws.com", "x"])),
            ("ForAnyValue:StringNotEquals", "aws:CalledVia", json!(["athena.amazonaws.com"])),
            ("ForAllValues:StringNotEquals", "aws:CalledVia", json!(["athena.amazonaws.com"])),
        ]);
        let if_exists = if operator == "Null" { "" } else { if_exists };
        let mut condition = Map::new();
        condition.insert(format!("{operator}{if_exists}"), json!({key: values}));
        if self.0.chance(20) {
            condition.insert("StringLikeIfExists".to_owned(), json!({"aws:PrincipalOrgID": "o-*"}));
        }
        Value::Object(condition)
    }
}
