//! Which resource types ARNs are of. The ARNs are of the forms in AWS's documentation, with invented names.

use fathom_catalogue::{Fit, Kind};

use crate::catalogue;

fn types(arn: &str) -> Vec<String> {
    let types = catalogue().resource_types_of(arn);
    types.iter().map(|kind| format!("{}/{}", kind.service().prefix(), kind.name())).collect()
}

#[test]
fn an_arn_is_of_its_type_and_of_no_neighbour() {
    for (arn, is, is_not) in [
        ("arn:aws:s3:::reports", "s3/bucket", "s3/object"),
        ("arn:aws:s3:::reports/a", "s3/object", "s3/bucket"),
        ("arn:aws:s3:::reports/2026/09/a.pdf", "s3/object", "s3/bucket"),
        ("arn:aws-cn:s3:::reports/a:b", "s3/object", "s3/bucket"),
        ("arn:aws:iam::111122223333:role/deploy", "iam/role", "iam/user"),
        ("arn:aws:iam::111122223333:role/team/a/deploy", "iam/role", "iam/user"),
        ("arn:aws:iam::aws:policy/job-function/Billing", "iam/policy", "iam/role"),
        ("arn:aws:sqs:eu-central-1:111122223333:jobs", "sqs/queue", "sns/topic"),
        ("arn:aws:dynamodb:eu-central-1:111122223333:table/orders", "dynamodb/table", "dynamodb/index"),
        (
            "arn:aws:dynamodb:eu-central-1:111122223333:table/orders/index/by-day",
            "dynamodb/index",
            "dynamodb/table",
        ),
        ("arn:aws:lambda:eu-central-1:111122223333:function:pay", "lambda/function", "lambda/function alias"),
        (
            "arn:aws:lambda:eu-central-1:111122223333:function:pay:live",
            "lambda/function alias",
            "lambda/function",
        ),
        ("arn:aws:kms:eu-central-1:111122223333:key/1234", "kms/key", "kms/alias"),
        ("arn:aws:kms:eu-central-1:111122223333:alias/app/main", "kms/alias", "kms/key"),
        (
            "arn:aws:secretsmanager:eu-central-1:111122223333:secret:app/db-a1b2c3",
            "secretsmanager/Secret",
            "kms/key",
        ),
        ("arn:aws:ssm:eu-central-1:111122223333:parameter/app/db/password", "ssm/parameter", "ssm/document"),
        ("arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc", "ec2/instance", "ec2/image"),
        ("arn:aws:ec2:eu-central-1::image/ami-0abc", "ec2/image", "ec2/instance"),
        (
            "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/pay",
            "logs/log-group",
            "logs/log-stream",
        ),
        (
            "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/pay:*",
            "logs/log-group",
            "logs/log-stream",
        ),
        ("arn:aws:ecr:eu-central-1:111122223333:repository/team/app", "ecr/repository", "kms/key"),
    ] {
        let types = types(arn);
        assert!(types.iter().any(|kind| kind == is), "{arn} is {types:?}, not {is}");
        assert!(!types.iter().any(|kind| kind == is_not), "{arn} is also {is_not}");
    }
}

#[test]
fn whether_an_action_fits_is_four_valued() {
    let fits = |name: &str, arn: &str| catalogue().fits(catalogue().action(name).unwrap(), arn);
    assert_eq!(fits("s3:GetObject", "arn:aws:s3:::reports/a"), Fit::Yes);
    assert_eq!(fits("s3:GetObject", "arn:aws:s3:::reports"), Fit::No);
    assert_eq!(fits("s3:GetObject", "arn:aws:sqs:eu-central-1:111122223333:jobs"), Fit::No);
    assert_eq!(fits("s3:ListAllMyBuckets", "arn:aws:s3:::reports"), Fit::OnlyEverything);
    assert_eq!(fits("s3:GetObject", "arn:aws:brandnew:eu-central-1:111122223333:thing/1"), Fit::Unknown);
}

#[test]
fn the_actions_on_a_resource_are_those_that_fit_it() {
    let catalogue = catalogue();
    for arn in [
        "arn:aws:s3:::reports/a",
        "arn:aws:sqs:eu-central-1:111122223333:jobs",
        "arn:aws:iam::111122223333:role/x",
    ] {
        let on = catalogue.actions_on(arn).unwrap();
        assert!(on.is_sorted());
        for action in catalogue.actions() {
            let listed = on.binary_search(&action.id()).is_ok();
            assert_eq!(listed, catalogue.fits(action, arn) == Fit::Yes, "{} on {arn}", action.name());
        }
    }
    let on: Vec<&str> = catalogue
        .actions_on("arn:aws:sqs:eu-central-1:111122223333:jobs")
        .unwrap()
        .into_iter()
        .filter_map(|id| catalogue.get(id))
        .filter(|action| action.kind() == Kind::Data)
        .map(|action| action.name())
        .collect();
    assert_eq!(
        on,
        [
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:PurgeQueue",
            "sqs:ReceiveMessage",
            "sqs:SendMessage"
        ]
    );
}

/// Every form, with something in place of each brace, is of its own type.
#[test]
fn every_form_fits_itself() {
    let mut wrong = Vec::new();
    for service in catalogue().services() {
        for kind in service.resource_types() {
            for form in kind.arns() {
                let mut arn = String::new();
                let mut rest = form;
                while let Some((before, after)) = rest.split_once("${") {
                    arn.push_str(before);
                    arn.push_str("x1");
                    rest = after.split_once('}').unwrap().1;
                }
                arn.push_str(rest);
                let types = catalogue().resource_types_of(&arn);
                let is_own = |found: &fathom_catalogue::ResourceType<'_>| {
                    found.name() == kind.name() && found.service().prefix() == service.prefix()
                };
                if !types.iter().any(is_own) {
                    wrong.push(arn);
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
