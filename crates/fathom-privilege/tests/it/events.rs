//! How events are named, and which actions no event shows.

use fathom_catalogue::Catalogue;
use fathom_privilege::{Names, Unseen};

fn actions(source: &str, event: &str) -> Option<Vec<&'static str>> {
    Names::embedded().unwrap().actions(source, event)
}

fn unseen(action: &str, reads: bool) -> Option<Unseen> {
    Names::embedded().unwrap().unseen(Catalogue::embedded().unwrap().action(action).unwrap(), reads)
}

#[test]
fn events_are_actions_of_their_name_without_the_version() {
    assert_eq!(actions("ec2.amazonaws.com", "RunInstances"), Some(vec!["ec2:RunInstances"]));
    assert_eq!(
        actions("lambda.amazonaws.com", "CreateFunction20150331"),
        Some(vec!["lambda:CreateFunction"])
    );
    assert_eq!(
        actions("lambda.amazonaws.com", "UpdateFunctionCode20150331v2"),
        Some(vec!["lambda:UpdateFunctionCode"])
    );
    assert_eq!(
        actions("cloudfront.amazonaws.com", "CreateDistribution2020_05_31"),
        Some(vec!["cloudfront:CreateDistribution"])
    );
    // Version 2 of an interface is a name of its own, not a version.
    assert_eq!(actions("wafv2.amazonaws.com", "CreateWebACL"), Some(vec!["wafv2:CreateWebACL"]));
    assert_eq!(
        actions("monitoring.amazonaws.com", "PutMetricAlarm"),
        Some(vec!["cloudwatch:PutMetricAlarm"])
    );
}

#[test]
fn events_of_another_name_are_mapped_and_the_rest_is_not_guessed() {
    assert_eq!(actions("s3.amazonaws.com", "ListBuckets"), Some(vec!["s3:ListAllMyBuckets"]));
    assert_eq!(actions("s3.amazonaws.com", "HeadObject"), Some(vec!["s3:GetObject"]));
    assert_eq!(actions("s3.amazonaws.com", "CopyObject"), Some(vec!["s3:GetObject", "s3:PutObject"]));
    assert_eq!(actions("lambda.amazonaws.com", "Invoke"), Some(vec!["lambda:InvokeFunction"]));
    assert_eq!(actions("apigateway.amazonaws.com", "GetRestApis"), Some(vec!["apigateway:GET"]));
    assert_eq!(actions("sts.amazonaws.com", "GetCallerIdentity"), Some(vec![]), "it needs no permission");
    assert_eq!(actions("s3.amazonaws.com", "NoSuchCall"), None);
    assert_eq!(actions("nothing.amazonaws.com", "DescribeIt"), None);
}

#[test]
fn what_no_log_shows_has_its_reason() {
    assert_eq!(unseen("s3:GetObject", true), Some(Unseen::DataEvent));
    assert_eq!(unseen("s3:ListBucket", true), Some(Unseen::DataEvent));
    assert_eq!(unseen("lambda:InvokeFunction", true), Some(Unseen::DataEvent));
    assert_eq!(unseen("dynamodb:PutItem", true), Some(Unseen::DataEvent));
    // A trail may be told to leave out what KMS does.
    assert_eq!(unseen("kms:Decrypt", true), Some(Unseen::DataEvent));
    assert_eq!(unseen("iam:PassRole", true), Some(Unseen::NoEvent));
    assert_eq!(unseen("sts:TagSession", true), Some(Unseen::NoEvent));
    assert_eq!(unseen("kafka-cluster:Connect", true), Some(Unseen::DataEvent));
    for seen in
        ["s3:ListAllMyBuckets", "s3:PutBucketPolicy", "ec2:RunInstances", "secretsmanager:GetSecretValue"]
    {
        assert_eq!(unseen(seen, true), None, "{seen}");
    }
    // Without reads in the log, nothing can be said of what only reads.
    assert_eq!(unseen("ec2:DescribeInstances", false), Some(Unseen::ReadsNotLogged));
    assert_eq!(unseen("ec2:DescribeInstances", true), None);
    assert_eq!(unseen("ec2:RunInstances", false), None);
}

/// Of each service something is seen, or the table of what is no operation is wrong.
#[test]
fn most_of_what_changes_something_is_seen() {
    let catalogue = Catalogue::embedded().unwrap();
    for service in
        ["ec2", "iam", "rds", "lambda", "sqs", "sns", "kms", "ecs", "eks", "cloudformation", "route53"]
    {
        let actions: Vec<_> = catalogue.service(service).unwrap().actions().collect();
        let seen = actions
            .iter()
            .filter(|action| Names::embedded().unwrap().unseen(**action, true).is_none())
            .count();
        assert!(seen * 10 >= actions.len() * 6, "{service}: {seen} of {}", actions.len());
    }
}
