//! Reading is reading and decrypting; keys and secrets. What must come out is what AWS documents of key policies, of
//! `kms:ViaService` and `kms:CallerAccount`, of keys that AWS manages, of rotation, and of the encryption of each service.

#![allow(clippy::needless_pass_by_value, reason = "documents are written where they are used")]

use std::collections::{BTreeMap, BTreeSet};

use fathom_access::{
    Custody, Encryption, Grantee, Keys, Permissions, Resource, Rotation, Says, Secrets, Seen, Under,
};
use fathom_iam::{
    Context,
    organisation::{Asker, Builder, Found, Kind, Target},
};
use fathom_model::Timestamp;
use serde_json::{Value, json};

const HOME: &str = "111122223333";
const BUCKET: &str = "arn:aws:s3:::data";
const OBJECT: &str = "arn:aws:s3:::data/a";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/k1";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-abc";

fn role(name: &str) -> String {
    format!("arn:aws:iam::{HOME}:role/{name}")
}

fn seen(kind: &str, arn: &str, document: Value, unread: &[&str]) -> Seen {
    Seen {
        kind: kind.to_owned(),
        arn: arn.to_owned(),
        name: None,
        account: HOME.to_owned(),
        region: "eu-west-1".to_owned(),
        document,
        unread: unread.iter().map(|&one| one.to_owned()).collect(),
    }
}

fn key(policy: Value) -> Seen {
    let document = json!({
        "KeyId": "k1", "Aliases": [{"AliasName": "alias/data"}], "KeyState": "Enabled", "KeyManager": "CUSTOMER",
        "Origin": "AWS_KMS", "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT",
        "Rotation": {"KeyRotationEnabled": true},
        "Policy": {"Version": "2012-10-17", "Statement": policy},
    });
    seen("AWS::KMS::Key", KEY, document, &[])
}

/// What the KMS developer guide shows as the default key policy: the account's own policies decide.
fn delegates() -> Value {
    json!([{"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{HOME}:root")}, "Action": "kms:*", "Resource": "*"}])
}

fn bucket(by: Value, more: Value) -> Seen {
    let mut document = json!({"Encryption": {"Rules": [{"ApplyServerSideEncryptionByDefault": by}]}});
    if let (Some(document), Value::Object(more)) = (document.as_object_mut(), more) {
        document.extend(more);
    }
    seen("AWS::S3::Bucket", BUCKET, document, &[])
}

fn under(name: &str) -> Value {
    json!({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": name})
}

/// An account with roles, each with one statement.
fn account(roles: &[(&str, Value)], things: &[Seen]) -> Permissions {
    let mut builder = Builder::default();
    builder.account(HOME);
    for (name, statement) in roles {
        let policy = json!({"Version": "2012-10-17", "Statement": statement});
        let document = json!({"RolePolicyList": [{"PolicyName": "own", "PolicyDocument": policy}]});
        let arn = role(name);
        builder.add(Found {
            kind: "AWS::IAM::Role",
            uid: &arn,
            account: HOME,
            document: &document,
            unread: &[],
        });
    }
    let mut encryption = Encryption::default();
    let mut resources = BTreeMap::new();
    for thing in things.iter().filter(|thing| thing.kind == "AWS::KMS::Key") {
        encryption.add_key(thing);
    }
    for thing in things {
        builder.add(Found {
            kind: &thing.kind,
            uid: &thing.arn,
            account: HOME,
            document: &thing.document,
            unread: &thing.unread,
        });
        encryption.add(thing).expect("rules");
        let target = Target { arn: thing.arn.clone(), account: Some(HOME.to_owned()), seen: true };
        resources.insert(thing.arn.clone(), Resource { kind: thing.kind.clone(), target });
    }
    Permissions::of(builder.build(), resources).expect("a catalogue").with_encryption(encryption)
}

fn allow(actions: Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": "*"})
}

/// What the key says of somebody who does something.
fn says(permissions: &Permissions, kind: Kind, who: &str, action: &str, on: &str) -> Option<Says> {
    let target = Target { arn: on.to_owned(), account: Some(HOME.to_owned()), seen: true };
    let asker = Asker { kind, principal: who.to_owned() };
    let organisation = permissions.index.organisation();
    let step = permissions.encryption.step(organisation, (action, &target), &asker, &Context::new());
    step.expect("an answer").map(|step| step.says)
}

fn role_says(permissions: &Permissions, name: &str, action: &str, on: &str) -> Option<Says> {
    says(permissions, Kind::Role, &role(name), action, on)
}

#[test]
fn an_object_under_a_customers_key_takes_the_key_too() {
    let roles = [
        ("reads", allow(json!("s3:*"))),
        ("reads-and-decrypts", allow(json!(["s3:GetObject", "kms:Decrypt"]))),
        ("writes", allow(json!(["s3:PutObject", "kms:GenerateDataKey"]))),
    ];
    for name in [KEY, "alias/data", "k1"] {
        let permissions = account(&roles, &[key(delegates()), bucket(under(name), json!({}))]);
        let of = |role: &str, action: &str| role_says(&permissions, role, action, OBJECT);
        assert_eq!(of("reads", "s3:GetObject"), Some(Says::Denied), "{name}");
        assert_eq!(of("reads-and-decrypts", "s3:GetObject"), Some(Says::Allowed));
        assert_eq!(of("reads-and-decrypts", "s3:PutObject"), Some(Says::Denied));
        assert_eq!(of("writes", "s3:PutObject"), Some(Says::Allowed));
        // Names of objects are not encrypted.
        assert_eq!(of("reads", "s3:ListBucket"), None);
    }
}

#[test]
fn buckets_without_a_key_need_none() {
    let plain = bucket(json!({"SSEAlgorithm": "AES256"}), json!({}));
    let permissions = account(&[("reads", allow(json!("s3:*")))], &[plain]);
    assert_eq!(role_says(&permissions, "reads", "s3:GetObject", OBJECT), None);
}

#[test]
fn the_service_that_asks_and_the_account_of_whoever_asks_it_are_known() {
    let roles = [("reads", allow(json!(["s3:GetObject", "kms:Decrypt"])))];
    let with = |condition: Value| {
        let mut policy = delegates();
        policy[0]["Condition"] = condition;
        let permissions = account(&roles, &[key(policy), bucket(under(KEY), json!({}))]);
        role_says(&permissions, "reads", "s3:GetObject", OBJECT)
    };
    let via = |service: &str| json!({"StringEquals": {"kms:ViaService": service}});
    assert_eq!(with(via("s3.eu-west-1.amazonaws.com")), Some(Says::Allowed));
    assert_eq!(with(via("s3.us-east-1.amazonaws.com")), Some(Says::Denied));
    assert_eq!(with(via("secretsmanager.eu-west-1.amazonaws.com")), Some(Says::Denied));
    assert_eq!(with(json!({"StringEquals": {"kms:CallerAccount": HOME}})), Some(Says::Allowed));
    assert_eq!(with(json!({"StringEquals": {"kms:CallerAccount": "999988887777"}})), Some(Says::Denied));
    // Which encryption context an object has is not known: with a bucket key it is the bucket's.
    assert_eq!(
        with(json!({"StringLike": {"kms:EncryptionContext:aws:s3:arn": format!("{BUCKET}*")}})),
        Some(Says::OnlyIf)
    );
}

#[test]
fn the_address_of_a_request_is_not_that_of_the_request_to_kms() {
    let mut policy = delegates();
    policy[0]["Condition"] = json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
    let permissions = account(
        &[("reads", allow(json!(["s3:GetObject", "kms:Decrypt"])))],
        &[key(policy), bucket(under(KEY), json!({}))],
    );
    let mut given = Context::new();
    given.set("aws:SourceIp", vec!["10.1.2.3".to_owned()]);
    let target = Target { arn: OBJECT.to_owned(), account: Some(HOME.to_owned()), seen: true };
    let asker = Asker { kind: Kind::Role, principal: role("reads") };
    let organisation = permissions.index.organisation();
    let step = permissions.encryption.step(organisation, ("s3:GetObject", &target), &asker, &given);
    assert_eq!(step.expect("an answer").expect("a key").says, Says::OnlyIf);
}

#[test]
fn a_key_policy_that_names_only_some_stops_administrators() {
    let named = json!([{"Effect": "Allow", "Principal": {"AWS": role("app")}, "Action": "kms:Decrypt", "Resource": "*"}]);
    let roles = [("admin", allow(json!("*"))), ("app", allow(json!("s3:GetObject")))];
    let permissions = account(&roles, &[key(named), bucket(under(KEY), json!({}))]);
    assert_eq!(role_says(&permissions, "admin", "s3:GetObject", OBJECT), Some(Says::Denied));
    assert_eq!(role_says(&permissions, "app", "s3:GetObject", OBJECT), Some(Says::Allowed));
}

#[test]
fn a_grant_lets_decrypt_without_any_policy() {
    let mut granted = key(delegates());
    granted.document["Grants"] =
        json!([{"GrantId": "g", "GranteePrincipal": role("app"), "Operations": ["Decrypt"]}]);
    let permissions =
        account(&[("app", allow(json!("s3:GetObject")))], &[granted, bucket(under(KEY), json!({}))]);
    assert_eq!(role_says(&permissions, "app", "s3:GetObject", OBJECT), Some(Says::Allowed));
}

#[test]
fn a_public_bucket_under_a_key_gives_nothing_without_credentials() {
    let open = json!({"Policy": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("{BUCKET}/*")}]}});
    let everyone = json!([{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]);
    let permissions = account(&[], &[key(everyone), bucket(under(KEY), open)]);
    let found = permissions.openings(&fathom_access::Origin::ALL, &Context::new()).expect("an answer");
    let row = found.rows.iter().find(|row| row.resource == BUCKET).expect("the bucket");
    assert_eq!(row.asker.kind, Kind::Anyone);
    assert_eq!((row.with_key[0].key_says, row.with_key[0].content), (Says::Denied, Says::Denied));
    assert_eq!(row.with_key[0].actions, ["s3:GetObject"]);
    // An account of whoever comes with credentials is let in by such a key policy.
    assert_eq!(says(&permissions, Kind::AnyAccount, "*", "s3:GetObject", OBJECT), Some(Says::Allowed));
}

#[test]
fn a_key_that_aws_manages_serves_its_own_account_alone() {
    let permissions =
        account(&[("reads", allow(json!("s3:*")))], &[bucket(json!({"SSEAlgorithm": "aws:kms"}), json!({}))]);
    assert_eq!(permissions.encryption.under(OBJECT), Some(&Under::Managed("alias/aws/s3".to_owned())));
    assert_eq!(role_says(&permissions, "reads", "s3:GetObject", OBJECT), Some(Says::Allowed));
    let outside = |kind, who: &str| says(&permissions, kind, who, "s3:GetObject", OBJECT);
    assert_eq!(outside(Kind::Outside, "999988887777"), Some(Says::Denied));
    assert_eq!(outside(Kind::AnyAccount, "*"), Some(Says::Denied));
}

#[test]
fn an_account_outside_decrypts_where_the_key_names_somebody_of_it() {
    let other = "arn:aws:iam::999988887777:role/r";
    let named =
        json!([{"Effect": "Allow", "Principal": {"AWS": other}, "Action": "kms:Decrypt", "Resource": "*"}]);
    let permissions = account(&[], &[key(named), bucket(under(KEY), json!({}))]);
    let outside = |who: &str| says(&permissions, Kind::Outside, who, "s3:GetObject", OBJECT);
    assert_eq!(outside(other), Some(Says::Allowed));
    assert_eq!(outside("999988887777"), Some(Says::OnlyIf));
    assert_eq!(outside("555566667777"), Some(Says::Denied));
}

#[test]
fn what_was_not_read_of_encryption_or_key_is_not_known() {
    let roles = [("reads", allow(json!(["s3:GetObject", "kms:Decrypt"])))];
    let of = |things: &[Seen]| role_says(&account(&roles, things), "reads", "s3:GetObject", OBJECT);
    let mut unread = bucket(under(KEY), json!({}));
    unread.unread.push("Encryption".to_owned());
    assert_eq!(of(&[key(delegates()), unread]), Some(Says::Unknown));
    // A key that no scan saw, of this account or another.
    assert_eq!(of(&[bucket(under(KEY), json!({}))]), Some(Says::Unknown));
    assert_eq!(of(&[bucket(under("alias/gone"), json!({}))]), Some(Says::Unknown));
    let mut no_policy = key(delegates());
    no_policy.document["Policy"] = Value::Null;
    no_policy.unread.push("Policy".to_owned());
    assert_eq!(of(&[no_policy, bucket(under(KEY), json!({}))]), Some(Says::Unknown));
}

#[test]
fn queues_topics_tables_and_parameters_take_their_keys() {
    let arn = |service: &str, rest: &str| format!("arn:aws:{service}:eu-west-1:{HOME}:{rest}");
    let cases = [
        ("AWS::SQS::Queue", arn("sqs", "q"), json!({"KmsMasterKeyId": KEY}), "sqs:ReceiveMessage"),
        ("AWS::SNS::Topic", arn("sns", "t"), json!({"KmsMasterKeyId": KEY}), "sns:Publish"),
        (
            "AWS::DynamoDB::Table",
            arn("dynamodb", "table/t"),
            json!({"SSEDescription": {"KMSMasterKeyArn": KEY}}),
            "dynamodb:GetItem",
        ),
        (
            "AWS::SSM::Parameter",
            arn("ssm", "parameter/p"),
            json!({"Type": "SecureString", "KeyId": KEY}),
            "ssm:GetParameter",
        ),
        (
            "AWS::EC2::Snapshot",
            "arn:aws:ec2:eu-west-1::snapshot/snap-1".to_owned(),
            json!({"KmsKeyId": KEY}),
            "ebs:GetSnapshotBlock",
        ),
    ];
    for (kind, arn, document, action) in cases {
        let roles = [
            ("reads", allow(json!([action]))),
            ("decrypts", allow(json!([action, "kms:Decrypt", "kms:GenerateDataKey"]))),
        ];
        let permissions = account(&roles, &[key(delegates()), seen(kind, &arn, document, &[])]);
        assert_eq!(role_says(&permissions, "reads", action, &arn), Some(Says::Denied), "{kind}");
        assert_eq!(role_says(&permissions, "decrypts", action, &arn), Some(Says::Allowed), "{kind}");
    }
}

#[test]
fn a_secret_is_read_by_those_who_may_read_and_decrypt() {
    let roles = [
        ("reads", allow(json!("secretsmanager:GetSecretValue"))),
        ("both", allow(json!(["secretsmanager:GetSecretValue", "kms:Decrypt"]))),
        ("decrypts", allow(json!("kms:Decrypt"))),
    ];
    let secret = seen(
        "AWS::SecretsManager::Secret",
        SECRET,
        json!({"KmsKeyId": KEY, "RotationEnabled": true, "RotationRules": {"AutomaticallyAfterDays": 30}}),
        &[],
    );
    let permissions = account(&roles, &[key(delegates()), secret.clone()]);
    let found = permissions.secrets(&Secrets(vec![secret]), &Context::new()).expect("an answer");
    let [report] = found.as_slice() else { panic!("one secret: {found:?}") };
    let of = |name: &str| {
        let reader = report.read_by.iter().find(|reader| reader.asker.principal == role(name))?;
        Some((reader.may_read, reader.may_decrypt, reader.content))
    };
    assert_eq!(of("reads"), Some((Says::Allowed, Some(Says::Denied), Says::Denied)));
    assert_eq!(of("both"), Some((Says::Allowed, Some(Says::Allowed), Says::Allowed)));
    assert_eq!(of("decrypts"), None);
    // The root user of the account can everything.
    assert_eq!((report.readers.roles, report.readers.roots, report.without_key), (1, 1, 1));
    assert_eq!(report.rotation, Rotation::On { every_days: Some(30) });
}

fn report_of(key: &Seen, roles: &[(&str, Value)]) -> fathom_access::KeyReport {
    let permissions = account(roles, std::slice::from_ref(key));
    let keys = Keys {
        keys: vec![key.clone()],
        encrypts: BTreeMap::from([(KEY.to_owned(), BTreeSet::from([BUCKET.to_owned()]))]),
    };
    let now: Timestamp = "2027-01-31T00:00:00Z".parse().expect("a time");
    let mut found = permissions.keys(&keys, &Context::new(), 365, now).expect("an answer");
    found.remove(0)
}

#[test]
fn who_uses_a_key_is_told_apart_from_who_administers_it() {
    let roles = [
        ("app", allow(json!("kms:Decrypt"))),
        ("keeper", allow(json!(["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]))),
    ];
    let report = report_of(&key(delegates()), &roles);
    let names = |who: &[fathom_access::Who]| -> Vec<String> {
        who.iter().filter(|who| who.asker.kind == Kind::Role).map(|who| who.asker.principal.clone()).collect()
    };
    assert_eq!(names(&report.used_by), [role("app")]);
    assert_eq!(names(&report.administered_by), [role("keeper")]);
    let keeper = report.administered_by.iter().find(|who| who.asker.kind == Kind::Role).expect("the keeper");
    assert_eq!(keeper.actions, ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]);
    assert_eq!((report.users.roles, report.users.roots, report.users.outside), (1, 1, 0));
    assert_eq!(report.encrypts, [BUCKET]);
    assert_eq!((report.custody, report.rotation), (Custody::Customer, Rotation::On { every_days: None }));
    assert_eq!(report.concerns, Vec::<String>::new());
}

#[test]
fn grants_that_nobody_remembers_come_first() {
    let mut granted = key(delegates());
    let grant = |id: &str, to: &str, made: &str| json!({"GrantId": id, "GranteePrincipal": to, "CreationDate": made, "Operations": ["Decrypt"]});
    granted.document["Grants"] = json!([
        grant("a-young", &role("app"), "2027-01-01T00:00:00Z"),
        grant("b-old", &role("app"), "2025-01-01T00:00:00Z"),
        grant("c-gone", &role("left"), "2027-01-30T00:00:00Z"),
        grant("d-outside", "arn:aws:iam::999988887777:role/r", "2027-01-30T00:00:00Z"),
        grant("e-service", "dynamodb.eu-west-1.amazonaws.com", "2027-01-30T00:00:00Z"),
        grant("f-session", &format!("arn:aws:sts::{HOME}:assumed-role/app/s"), "2027-01-30T00:00:00Z"),
        grant("g-id", "AROAEXAMPLEID", "2027-01-30T00:00:00Z"),
    ]);
    let report = report_of(&granted, &[("app", allow(json!("s3:GetObject")))]);
    let told: Vec<_> = report
        .grants
        .iter()
        .map(|grant| (grant.id.as_str(), grant.state, grant.forgotten, grant.age_days))
        .collect();
    assert_eq!(
        told,
        [
            ("c-gone", Grantee::Gone, true, Some(1)),
            ("g-id", Grantee::Gone, true, Some(1)),
            ("b-old", Grantee::Known, true, Some(760)),
            ("d-outside", Grantee::Outside, false, Some(1)),
            ("a-young", Grantee::Known, false, Some(30)),
            ("f-session", Grantee::Known, false, Some(1)),
            ("e-service", Grantee::Service, false, Some(1)),
        ]
    );
    assert!(
        report.concerns.iter().any(|words| words == "3 grants that nobody remembers"),
        "{:?}",
        report.concerns
    );
}

#[test]
fn rotation_and_custody_are_as_kms_documents_them() {
    let of = |members: Value| {
        let mut key = key(delegates());
        if let (Some(document), Value::Object(members)) = (key.document.as_object_mut(), members) {
            document.extend(members);
        }
        let report = report_of(&key, &[]);
        (report.custody, report.rotation)
    };
    let cannot = |why| Rotation::Cannot { why };
    assert_eq!(of(json!({"Rotation": {"KeyRotationEnabled": false}})), (Custody::Customer, Rotation::Off));
    assert_eq!(of(json!({"KeyManager": "AWS"})), (Custody::AwsManaged, Rotation::ByAws));
    assert_eq!(
        of(json!({"Origin": "EXTERNAL"})),
        (Custody::Imported, cannot("its secret part was imported"))
    );
    assert_eq!(of(json!({"Origin": "AWS_CLOUDHSM"})).0, Custody::CloudHsm);
    assert_eq!(of(json!({"Origin": "EXTERNAL_KEY_STORE"})).0, Custody::External);
    assert_eq!(of(json!({"KeySpec": "RSA_2048"})).1, cannot("it is asymmetric"));
    assert_eq!(of(json!({"KeySpec": "HMAC_256"})).1, cannot("it makes HMACs"));
    assert_eq!(
        of(json!({"Rotation": {"KeyRotationEnabled": true, "RotationPeriodInDays": 90}})).1,
        Rotation::On { every_days: Some(90) }
    );
    assert!(matches!(of(json!({"Rotation": null})).1, Rotation::Unknown { .. }));
}

/// A year is what KMS takes where nobody chooses; the answer is as its API reference shows it.
#[test]
fn a_key_that_rotates_seldom_is_told_with_its_next_date() {
    let of = |days: u64, state: &str| {
        let mut key = key(delegates());
        key.document["KeyState"] = json!(state);
        key.document["Rotation"] = json!({
            "KeyId": "k1", "KeyRotationEnabled": days > 0, "RotationPeriodInDays": days,
            "NextRotationDate": "2027-03-14T18:14:33.587Z",
        });
        let report = report_of(&key, &[]);
        (report.next_rotation, report.concerns)
    };
    let next = Some("2027-03-14T18:14:33.587Z".to_owned());
    assert_eq!(of(365, "Enabled"), (next.clone(), Vec::new()));
    let seldom = "it rotates every 366 days, less often than every year".to_owned();
    assert_eq!(of(366, "Enabled"), (next, vec![seldom]));
    assert_eq!(of(0, "Enabled").1, ["it does not rotate"]);
    assert_eq!(of(0, "PendingDeletion").1, ["it will be deleted, and 1 things are encrypted with it"]);
}

#[test]
fn a_key_that_will_be_deleted_says_what_goes_with_it() {
    let mut ending = key(delegates());
    ending.document["KeyState"] = json!("PendingDeletion");
    let report = report_of(&ending, &[]);
    assert_eq!(report.concerns, ["it will be deleted, and 1 things are encrypted with it"]);
}
