//! An organisation with every layer on, the same every time: identity policies inline and attached, boundaries, service and
//! resource control policies, policies of buckets, keys and roles.

#[path = "../../tests/it/choices.rs"]
mod choices;

pub(crate) use choices::Choices;
use fathom_iam::{
    Organisation,
    organisation::{Builder, Found},
};
use serde_json::{Value, json};

/// Principals of an account; of four in five roles.
pub(crate) const IN_ACCOUNT: usize = 100;
/// An account by its number.
pub(crate) fn account(number: usize) -> String {
    format!("{:012}", 100_000_000_000 + number)
}

fn statement(choices: &mut Choices, accounts: usize) -> Value {
    const SHAPES: [&str; 8] =
        ["*", "Get*", "List*", "Describe*", "Put*", "GetItem", "GetObject", "SendMessage"];
    const SERVICES: [&str; 7] = ["s3", "sqs", "dynamodb", "lambda", "secretsmanager", "kms", "iam"];
    let service = choices.pick(&SERVICES);
    let action = format!("{service}:{}", choices.pick(&SHAPES));
    let (app, owner) = (choices.below(500), account(choices.below(accounts)));
    let resource = match (choices.below(10), service) {
        (0, _) => "*".to_owned(),
        (_, "s3") => format!("arn:aws:s3:::app{app}-data-{owner}/*"),
        (_, "iam") => format!("arn:aws:iam::{owner}:role/app{}-*", app % 80),
        (1, _) if choices.chance(50) => format!("arn:aws:{service}:*:*:*app{app}-*"),
        (_, "dynamodb") => format!("arn:aws:dynamodb:*:{owner}:table/app{app}-*"),
        (_, "lambda") => format!("arn:aws:lambda:eu-*:{owner}:function:app{app}-*"),
        (_, "secretsmanager") => format!("arn:aws:secretsmanager:*:{owner}:secret:app{app}/*"),
        (_, "kms") => format!("arn:aws:kms:*:{owner}:key/key-{app}*"),
        (_, _) => format!("arn:aws:sqs:*:{owner}:app{app}-*"),
    };
    let effect = if choices.chance(92) { "Allow" } else { "Deny" };
    let mut statement =
        json!({"Effect": effect, "Action": [action, format!("{service}:Tag*")], "Resource": resource});
    match choices.below(20) {
        0 => statement["Condition"] = json!({"Bool": {"aws:SecureTransport": "true"}}),
        1 => statement["Condition"] = json!({"StringEquals": {"aws:PrincipalTag/team": "team1"}}),
        2 => statement["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
        _ => {}
    }
    statement
}

/// A policy of so many statements.
pub(crate) fn policy(choices: &mut Choices, accounts: usize, statements: usize) -> Value {
    let statements: Vec<Value> = (0..statements).map(|_| statement(choices, accounts)).collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Type, ARN, account and what the provider says.
pub(crate) type Document = (&'static str, String, String, Value);

/// What a person sees: the documents, as a scan finds them.
pub(crate) fn documents(principals: usize) -> Vec<Document> {
    let mut choices = Choices::new(1);
    let accounts = principals.div_ceil(IN_ACCOUNT);
    let mut found = Vec::new();
    let mut add =
        |kind, uid: String, account: &str, document| found.push((kind, uid, account.to_owned(), document));
    let management = account(accounts);
    add(
        "AWS::Organizations::Organization",
        "o".to_owned(),
        &management,
        json!({"Id": "o-1", "MasterAccountId": management}),
    );
    let types = json!([{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}, {"Type": "RESOURCE_CONTROL_POLICY", "Status": "ENABLED"}]);
    add("AWS::Organizations::Root", "r".to_owned(), &management, json!({"Id": "r-1", "PolicyTypes": types}));
    let all =
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let attach = |name: &str, targets: &[String], content: Value| {
        let targets: Vec<Value> = targets.iter().map(|target| json!({"TargetId": target})).collect();
        json!({"PolicySummary": {"Id": name, "Name": name}, "Content": content, "Targets": targets})
    };
    let everywhere: Vec<String> = ["r-1".to_owned()]
        .into_iter()
        .chain((0..10).map(|unit| format!("ou-{unit}")))
        .chain((0..accounts).map(account))
        .collect();
    add("AWS::Organizations::Policy", "full".to_owned(), &management, attach("full", &everywhere, all));
    for unit in 0..10 {
        add(
            "AWS::Organizations::OrganizationalUnit",
            format!("ou-{unit}"),
            &management,
            json!({"Id": format!("ou-{unit}")}),
        );
        let guard = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Action": ["iam:*User*", "organizations:*", "s3:Delete*"], "Resource": "*",
             "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app1-*"}}},
            {"Effect": "Deny", "NotAction": ["iam:*", "sts:*", "s3:*", "kms:*", "sqs:*", "lambda:*", "dynamodb:*", "secretsmanager:*"], "Resource": "*",
             "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}},
        ]});
        add(
            "AWS::Organizations::Policy",
            format!("guard-{unit}"),
            &management,
            attach("guard", &[format!("ou-{unit}")], guard),
        );
    }
    let perimeter = json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": ["s3:*", "sqs:*", "kms:*", "secretsmanager:*"], "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}});
    add(
        "AWS::Organizations::ResourceControlPolicy",
        "perimeter".to_owned(),
        &management,
        attach("perimeter", &["r-1".to_owned()], perimeter),
    );
    for number in 0..accounts {
        let id = account(number);
        add(
            "AWS::Organizations::Account",
            id.clone(),
            &management,
            json!({"Id": id, "ParentId": format!("ou-{}", number % 10)}),
        );
        for name in 0..20 {
            let versions = json!([{"VersionId": "v1", "IsDefaultVersion": true, "Document": policy(&mut choices, accounts, 5)}]);
            let uid = format!("arn:aws:iam::{id}:policy/shared{name}");
            add(
                "AWS::IAM::ManagedPolicy",
                uid,
                &id,
                json!({"PolicyName": format!("shared{name}"), "DefaultVersionId": "v1", "PolicyVersionList": versions}),
            );
        }
    }
    for number in 0..principals {
        let (id, place) = (account(number / IN_ACCOUNT), number % IN_ACCOUNT);
        let is_user = place % 5 == 0;
        let inline: Vec<Value> = (0..=choices.below(3)).map(|at| json!({"PolicyName": format!("p{at}"), "PolicyDocument": policy(&mut choices, accounts, 2)})).collect();
        let attached: Vec<Value> = (0..choices.below(4)).map(|_| json!({"PolicyArn": format!("arn:aws:iam::{id}:policy/shared{}", choices.below(20)), "PolicyName": "shared"})).collect();
        let mut document = json!({"AttachedManagedPolicies": attached, "Tags": [{"Key": "team", "Value": format!("team{}", number % 5)}]});
        if choices.chance(30) {
            document["PermissionsBoundary"] = json!({"PermissionsBoundaryArn": format!("arn:aws:iam::{id}:policy/shared{}", choices.below(4))});
        }
        if is_user {
            document["UserPolicyList"] = json!(inline);
            add("AWS::IAM::User", format!("arn:aws:iam::{id}:user/user{place}"), &id, document);
        } else {
            document["RolePolicyList"] = json!(inline);
            let other = account(choices.below(accounts));
            document["AssumeRolePolicyDocument"] = json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{other}:root")}, "Action": "sts:AssumeRole"},
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
            add(
                "AWS::IAM::Role",
                format!("arn:aws:iam::{id}:role/app{}-role-{place}", place % 80),
                &id,
                document,
            );
        }
    }
    for app in 0..500 {
        for number in 0..accounts.min(20) {
            let id = account(number);
            let bucket = format!("arn:aws:s3:::app{app}-data-{id}");
            let other = account(choices.below(accounts));
            let policy = json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": [format!("arn:aws:iam::{other}:root"), format!("arn:aws:iam::{id}:role/app1-role-1")]}, "Action": "s3:Get*", "Resource": format!("{bucket}/*")},
                {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [bucket.clone(), format!("{bucket}/*")], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]});
            add("AWS::S3::Bucket", bucket, &id, json!({"Policy": policy}));
        }
    }
    for key in 0..5_000 {
        let id = account(key % accounts);
        let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{id}:root")}, "Action": "kms:*", "Resource": "*"}});
        add(
            "AWS::KMS::Key",
            format!("arn:aws:kms:eu-west-1:{id}:key/key-{key}"),
            &id,
            json!({"Policy": policy}),
        );
    }
    found
}

/// The organisation of these documents.
pub(crate) fn organisation(documents: &[Document], principals: usize) -> Organisation {
    let mut builder = Builder::default();
    for number in 0..=principals.div_ceil(IN_ACCOUNT) {
        builder.account(&account(number));
    }
    for unit in 0..10 {
        builder.part_of(&format!("ou-{unit}"), "r-1");
    }
    for (kind, uid, account, document) in documents {
        builder.add(Found { kind, uid, account, document, unread: &[] });
    }
    builder.build()
}
