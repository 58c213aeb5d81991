//! The groups that people are shown.

use fathom_catalogue::{Kind, Level};

use crate::catalogue;

fn kind(name: &str) -> Kind {
    catalogue().action(name).unwrap_or_else(|| panic!("no {name}")).kind()
}

#[test]
fn each_group_has_what_people_expect_in_it() {
    for (expected, names) in [
        (Kind::List, &["s3:ListBucket", "iam:ListUsers"][..]),
        (
            Kind::Read,
            &["s3:GetBucketVersioning", "iam:GetRole", "kms:GetKeyPolicy", "ecr:GetAuthorizationToken"],
        ),
        (
            Kind::Data,
            &[
                "s3:GetObject",
                "dynamodb:GetItem",
                "sqs:ReceiveMessage",
                "secretsmanager:GetSecretValue",
                "kms:Decrypt",
                "ssm:GetParameter",
                "rds-db:connect",
                "logs:GetLogEvents",
                "s3:PutObject",
            ],
        ),
        (Kind::Tagging, &["s3:PutBucketTagging", "ec2:CreateTags", "sqs:TagQueue"]),
        (Kind::Write, &["ec2:RunInstances", "s3:DeleteBucket", "dynamodb:DeleteTable", "sts:AssumeRole"]),
        (
            Kind::Admin,
            &[
                "s3:PutBucketPolicy",
                "iam:AttachRolePolicy",
                "iam:PassRole",
                "iam:CreateAccessKey",
                "iam:AddUserToGroup",
                "kinesis:PutResourcePolicy",
                "ec2:ModifyImageAttribute",
                "kms:CreateGrant",
                "sso:CreateAccountAssignment",
                "organizations:MoveAccount",
                "eks:AssociateAccessPolicy",
            ],
        ),
    ] {
        for name in names {
            assert_eq!(kind(name), expected, "{name}");
        }
    }
}

/// The tables only raise: nothing that AWS calls a change of permissions is shown as less, but a login to a database.
#[test]
fn what_aws_calls_permissions_stays_so() {
    let lowered: Vec<&str> = catalogue()
        .actions()
        .filter(|action| action.level() == Level::Permissions && action.kind() != Kind::Admin)
        .map(|action| action.name())
        .collect();
    assert_eq!(lowered, ["rds-db:connect"]);
    let raised = catalogue().actions().filter(|action| action.kind() == Kind::Admin);
    let read = raised.filter(|action| matches!(action.level(), Level::Read | Level::List));
    assert_eq!(read.map(|action| action.name()).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn every_kind_has_a_word_and_an_action() {
    for kind in Kind::ALL {
        let count = catalogue().actions().filter(|action| action.kind() == kind).count();
        println!("{} {count}", kind.name());
        assert!(count > 300, "{kind:?}: {count}");
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
}
