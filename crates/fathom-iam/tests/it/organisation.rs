//! An organisation of documents as scans bring them. What must come out follows from the policies in each test.

use fathom_iam::{
    Context, Decision,
    organisation::{Builder, Found, Kind, Organisation, Target, WhoCan, guards},
};
use serde_json::{Value, json};

const HOME: &str = "111122223333";
const AWAY: &str = "999988887777";

fn allow(action: &str, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": resource}})
}

fn deny(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": action, "Resource": "*"}})
}

/// What a scan of an account found, each with its type and the members that could not be read.
#[derive(Default)]
struct Scan {
    found: Vec<(&'static str, String, Value, Vec<String>)>,
    parents: Vec<(&'static str, &'static str)>,
    unlisted: Vec<(&'static str, &'static str)>,
}

impl Scan {
    fn add(mut self, kind: &'static str, uid: &str, document: Value) -> Self {
        self.found.push((kind, uid.to_owned(), document, Vec::new()));
        self
    }

    fn user(self, name: &str, more: Value) -> Self {
        self.add(
            "AWS::IAM::User",
            &format!("arn:aws:iam::{HOME}:user/{name}"),
            with(json!({"UserName": name}), more),
        )
    }

    fn role(self, name: &str, trust: &Value, more: Value) -> Self {
        let document = with(json!({"RoleName": name, "AssumeRolePolicyDocument": trust}), more);
        self.add("AWS::IAM::Role", &format!("arn:aws:iam::{HOME}:role/{name}"), document)
    }

    fn unread(mut self, member: &str) -> Self {
        self.found.last_mut().expect("something was found").3.push(member.to_owned());
        self
    }

    fn build(&self) -> Organisation {
        let mut builder = Builder::default();
        builder.account(HOME);
        for (kind, why) in &self.unlisted {
            builder.unlisted(HOME, kind, why);
        }
        for (id, parent) in &self.parents {
            builder.part_of(id, parent);
        }
        for (kind, uid, document, unread) in &self.found {
            builder.add(Found { kind, uid, account: HOME, document, unread });
        }
        builder.build()
    }

    fn who(&self, action: &str, arn: &str, seen: bool) -> WhoCan {
        let target = Target { arn: arn.to_owned(), account: seen.then(|| HOME.to_owned()), seen };
        self.build().who_can(action, &target, &Context::new()).expect("a question")
    }
}

fn with(mut one: Value, other: Value) -> Value {
    let (Some(into), Value::Object(from)) = (one.as_object_mut(), other) else { panic!("objects") };
    into.extend(from);
    one
}

/// Decisions by the last part of who asks.
fn told(found: &WhoCan) -> Vec<(String, Decision)> {
    let name = |text: &str| text.rsplit(['/', ':']).next().unwrap_or(text).to_owned();
    found.rows.iter().map(|row| (name(&row.asker.principal), row.verdict.decision)).collect()
}

fn expect(found: &WhoCan, wanted: &[(&str, Decision)]) {
    let wanted: Vec<_> = wanted.iter().map(|(name, decision)| ((*name).to_owned(), *decision)).collect();
    assert_eq!(told(found), wanted, "{found:#?}");
}

const VM: &str = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1";
const STOP: &str = "ec2:StopInstances";

#[test]
fn policies_reach_a_user_inline_attached_and_through_groups() {
    let managed = format!("arn:aws:iam::{HOME}:policy/stop");
    let attached = json!({"AttachedManagedPolicies": [{"PolicyArn": managed, "PolicyName": "stop"}]});
    let inline = |list: &str| json!({list: [{"PolicyName": "p", "PolicyDocument": allow(STOP, "*")}]});
    let versions = json!({"PolicyName": "stop", "DefaultVersionId": "v2", "PolicyVersionList": [
        {"VersionId": "v1", "IsDefaultVersion": false, "Document": deny("*")},
        {"VersionId": "v2", "IsDefaultVersion": true, "Document": allow("ec2:Stop*", "*")},
    ]});
    let scan = Scan::default()
        .user("inline", inline("UserPolicyList"))
        .user("attached", attached)
        .user("grouped", json!({"GroupList": ["ops"]}))
        .user("nothing", json!({}))
        .add(
            "AWS::IAM::Group",
            "arn:aws:iam::111122223333:group/ops",
            with(json!({"GroupName": "ops"}), inline("GroupPolicyList")),
        )
        .add("AWS::IAM::ManagedPolicy", &managed, versions);
    let yes = Decision::Allowed;
    let found = scan.who(STOP, VM, true);
    expect(&found, &[(HOME, yes), ("attached", yes), ("grouped", yes), ("inline", yes)]);
    assert_eq!((found.asked, found.denied), (5, 1));
    assert_eq!(found.rows[2].verdict.because[0].policy, "ops/p");
}

#[test]
fn a_boundary_limits_and_one_that_was_not_read_makes_it_unknown() {
    let granted = json!({"UserPolicyList": [{"PolicyName": "all", "PolicyDocument": allow("*", "*")}]});
    let bounded = |arn: &str| json!({"PermissionsBoundary": {"PermissionsBoundaryArn": arn}});
    let only_s3 = "arn:aws:iam::111122223333:policy/only-s3";
    let scan = Scan::default()
        .user("free", granted.clone())
        .user("bounded", with(granted.clone(), bounded(only_s3)))
        .user("unclear", with(granted, bounded("arn:aws:iam::aws:policy/ReadOnlyAccess")))
        .add("AWS::IAM::ManagedPolicy", only_s3, json!({"PolicyName": "only-s3", "PolicyVersionList": [{"IsDefaultVersion": true, "Document": allow("s3:*", "*")}]}));
    let found = scan.who(STOP, VM, true);
    expect(&found, &[(HOME, Decision::Allowed), ("free", Decision::Allowed), ("unclear", Decision::Unknown)]);
    assert!(found.rows[2].verdict.unknown.iter().any(|line| line.contains("ReadOnlyAccess")), "{found:#?}");
}

const READER: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

/// Users of two accounts that have the same policy of AWS attached, and what the scans kept of it.
fn two_accounts(policy: Option<&Value>) -> WhoCan {
    let attached =
        json!({"AttachedManagedPolicies": [{"PolicyArn": READER, "PolicyName": "ReadOnlyAccess"}]});
    let mut builder = Builder::default();
    for account in [HOME, AWAY] {
        builder.account(account);
        let (uid, user) = (
            format!("arn:aws:iam::{account}:user/reader"),
            with(json!({"UserName": "reader"}), attached.clone()),
        );
        builder.add(Found { kind: "AWS::IAM::User", uid: &uid, account, document: &user, unread: &[] });
    }
    if let Some(document) = policy {
        builder.add(Found {
            kind: "AWS::IAM::ManagedPolicy",
            uid: READER,
            account: "aws",
            document,
            unread: &[],
        });
    }
    let target = Target { arn: "*".to_owned(), account: None, seen: true };
    builder.build().who_can("s3:ListAllMyBuckets", &target, &Context::new()).expect("a question")
}

#[test]
fn a_policy_of_aws_holds_in_every_account_that_attaches_it() {
    let version = |id: &str, is_default: bool, policy: Value| json!({"VersionId": id, "IsDefaultVersion": is_default, "Document": policy});
    let in_versions = |versions: &Value, default: &str| {
        two_accounts(Some(
            &json!({"PolicyName": "ReadOnlyAccess", "DefaultVersionId": default, "PolicyVersionList": versions}),
        ))
    };
    let readers = |found: &WhoCan| -> Vec<Decision> {
        let is_reader = |row: &&fathom_iam::organisation::Row| row.asker.principal.ends_with("user/reader");
        found.rows.iter().filter(is_reader).map(|row| row.verdict.decision).collect()
    };
    let both = |decision| vec![decision; 2];
    let list = || allow("s3:List*", "*");
    // Only the version in force counts, wherever it stands.
    let newer = json!([version("v2", true, list()), version("v1", false, deny("*"))]);
    assert_eq!(readers(&in_versions(&newer, "v2")), both(Decision::Allowed));
    let older = json!([version("v1", false, list()), version("v2", true, allow("ec2:*", "*"))]);
    assert_eq!(readers(&in_versions(&older, "v2")), vec![]);
    let by_name =
        json!([{"VersionId": "v1", "Document": deny("*")}, {"VersionId": "v2", "Document": list()}]);
    assert_eq!(readers(&in_versions(&by_name, "v2")), both(Decision::Allowed));

    // What cannot be told is not known, and named.
    let two_say_so = json!([version("v1", true, list()), version("v2", true, list())]);
    let neither = json!([version("v1", false, list())]);
    let another = json!([version("v1", true, list())]);
    let nameless = json!([{"Document": list()}]);
    for unclear in [
        in_versions(&two_say_so, "v2"),
        in_versions(&neither, "v2"),
        in_versions(&another, "v2"),
        in_versions(&nameless, ""),
        two_accounts(None),
    ] {
        assert_eq!(readers(&unclear), both(Decision::Unknown), "{unclear:#?}");
        let names_it = |row: &fathom_iam::organisation::Row| {
            row.verdict.unknown.iter().any(|line| line.contains(READER))
        };
        let mut rows = unclear.rows.iter().filter(|row| row.asker.principal.ends_with("user/reader"));
        assert!(rows.all(names_it), "{unclear:#?}");
    }
}

#[test]
fn a_deny_holds_whatever_could_not_be_read_beside_it() {
    let policies = json!({
        "UserPolicyList": [{"PolicyName": "no", "PolicyDocument": deny("ec2:*")}],
        "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}],
    });
    expect(&Scan::default().user("stopped", policies).who(STOP, VM, true), &[(HOME, Decision::Allowed)]);
}

#[test]
fn policies_of_the_organisation_bind_members_on_their_path_and_not_its_management() {
    let tree = |management: &str, service: &str| {
        let scp = |id: &str, target: &str, content: Value| {
            let document = json!({"PolicySummary": {"Id": id, "Name": id}, "Content": content, "Targets": [{"TargetId": target}]});
            ("AWS::Organizations::Policy", id.to_owned(), document)
        };
        let mut scan = Scan::default()
            .user("all", json!({"UserPolicyList": [{"PolicyName": "all", "PolicyDocument": allow("*", "*")}]}))
            .add("AWS::Organizations::Organization", "o", json!({"Id": "o-1", "MasterAccountId": management}))
            .add("AWS::Organizations::Root", "r", json!({"Id": "r-1", "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}))
            .add("AWS::Organizations::OrganizationalUnit", "ou", json!({"Id": "ou-1"}))
            .add("AWS::Organizations::Account", "a", json!({"Id": HOME, "ParentId": "ou-1"}));
        for (kind, uid, document) in [
            scp("p-root", "r-1", allow("*", "*")),
            scp("p-unit", "ou-1", allow(service, "*")),
            scp("p-account", HOME, allow("*", "*")),
        ] {
            scan = scan.add(kind, &uid, document);
        }
        scan.parents.push(("ou-1", "r-1"));
        scan
    };
    let yes = [(HOME, Decision::Allowed), ("all", Decision::Allowed)];
    expect(&tree("222233334444", "*").who(STOP, VM, true), &yes);
    // The root user of a member account is bound too.
    expect(&tree("222233334444", "s3:*").who(STOP, VM, true), &[]);
    expect(&tree(HOME, "s3:*").who(STOP, VM, true), &yes);

    // Without an organisation, what else could not be listed of one does not matter.
    let mut alone = Scan::default()
        .user("all", json!({"UserPolicyList": [{"PolicyName": "all", "PolicyDocument": allow("*", "*")}]}));
    alone.unlisted.push(("AWS::Organizations::Root", "no scan asked for it"));
    expect(&alone.who(STOP, VM, true), &yes);

    let mut unread = tree("222233334444", "*");
    unread.unlisted.push(("AWS::Organizations::Policy", "denied"));
    let found = unread.who(STOP, VM, true);
    expect(&found, &[(HOME, Decision::Unknown), ("all", Decision::Unknown)]);
    assert!(
        found.gaps.iter().any(|gap| gap.contains("organisation") && gap.contains("denied")),
        "{found:#?}"
    );
}

const BUCKET: &str = "arn:aws:s3:::drop";
const OBJECT: &str = "arn:aws:s3:::drop/a/b.txt";

fn bucket(policy: &Value) -> Scan {
    Scan::default().add("AWS::S3::Bucket", BUCKET, json!({"Name": "drop", "Policy": policy}))
}

fn for_whom(principal: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::drop/*"}]})
}

#[test]
fn a_bucket_guards_its_objects_and_names_whom_it_lets_in() {
    let found = bucket(&for_whom(&json!("*"))).who("s3:GetObject", OBJECT, false);
    assert_eq!(found.rows[0].asker.kind, Kind::Anyone);
    expect(&found, &[("*", Decision::Allowed), (HOME, Decision::Allowed)]);
    // Any account can where everyone can: told once, and not counted as one that cannot.
    assert_eq!((found.asked, found.denied), (3, 0));

    let found = bucket(&for_whom(&json!({"AWS": AWAY, "Service": "logs.amazonaws.com"}))).who(
        "s3:GetObject",
        OBJECT,
        false,
    );
    let kinds: Vec<Kind> = found.rows.iter().map(|row| row.asker.kind).collect();
    assert_eq!(kinds, [Kind::Outside, Kind::Service, Kind::Root]);
    expect(
        &found,
        &[(AWAY, Decision::Allowed), ("logs.amazonaws.com", Decision::Allowed), (HOME, Decision::Allowed)],
    );
    assert!(found.gaps.is_empty(), "{:?}", found.gaps);
}

#[test]
fn a_bucket_that_restricts_public_access_lets_only_its_account_in() {
    let mut scan = bucket(&for_whom(&json!("*")));
    scan = scan.add("AWS::S3::AccountPublicAccessBlock", "block", json!({"RestrictPublicBuckets": true}));
    expect(&scan.who("s3:GetObject", OBJECT, false), &[(HOME, Decision::Allowed)]);
}

#[test]
fn a_policy_that_was_not_read_makes_it_unknown_and_an_absent_one_does_not() {
    let user =
        || json!({"UserPolicyList": [{"PolicyName": "read", "PolicyDocument": allow("s3:GetObject", "*")}]});
    let absent = bucket(&Value::Null).user("reader", user());
    expect(
        &absent.who("s3:GetObject", OBJECT, false),
        &[(HOME, Decision::Allowed), ("reader", Decision::Allowed)],
    );
    // An unread policy may deny the reader and let the other in.
    let unread = bucket(&Value::Null).unread("Policy").user("reader", user()).user("other", json!({}));
    let unknown = Decision::Unknown;
    expect(
        &unread.who("s3:GetObject", OBJECT, false),
        &[(HOME, unknown), ("other", unknown), ("reader", unknown)],
    );
}

#[test]
fn what_was_not_scanned_is_said_and_never_a_no() {
    let scan = Scan::default().user("nobody", json!({}));
    let found = scan.who("s3:GetObject", OBJECT, false);
    expect(&found, &[(HOME, Decision::Unknown), ("nobody", Decision::Unknown)]);
    assert!(found.gaps.iter().any(|gap| gap.contains(OBJECT)), "{:?}", found.gaps);

    let mut scan = bucket(&for_whom(&json!({"AWS": format!("arn:aws:iam::{HOME}:role/unseen")})));
    scan.unlisted.push(("AWS::IAM::Role", "iam:GetAccountAuthorizationDetails is missing"));
    let found = scan.who("s3:GetObject", OBJECT, false);
    assert!(
        found.gaps.iter().any(|gap| gap.contains("iam:GetAccountAuthorizationDetails")),
        "{:?}",
        found.gaps
    );
    // The bucket names a role that nobody saw: it is asked about all the same.
    assert!(told(&found).contains(&("unseen".to_owned(), Decision::Allowed)), "{found:#?}");
}

#[test]
fn trust_names_who_may_take_a_role_on() {
    let trust = |principal: Value, action: &str| json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": principal, "Action": action}});
    let arn = |name: &str| format!("arn:aws:iam::{HOME}:role/{name}");
    let scan = Scan::default()
        .role("vendor", &trust(json!({"AWS": AWAY}), "sts:AssumeRole"), json!({}))
        .role("server", &trust(json!({"Service": "ec2.amazonaws.com"}), "sts:AssumeRole"), json!({}))
        .role(
            "pipeline",
            &trust(
                json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/ci.example"}),
                "sts:AssumeRoleWithWebIdentity",
            ),
            json!({}),
        )
        .user("admin", json!({"UserPolicyList": [{"PolicyName": "all", "PolicyDocument": allow("*", "*")}]}));
    // The root user of an account cannot take a role on; whoever it lets can.
    expect(&scan.who("sts:AssumeRole", &arn("vendor"), true), &[(AWAY, Decision::Allowed)]);
    expect(&scan.who("sts:AssumeRole", &arn("server"), true), &[("ec2.amazonaws.com", Decision::Allowed)]);
    let found = scan.who("sts:AssumeRoleWithWebIdentity", &arn("pipeline"), true);
    expect(&found, &[("ci.example", Decision::Allowed)]);
    assert_eq!((found.rows[0].asker.kind, found.asked), (Kind::Federated, 1));
    // Passing a role is decided by policies of identities, not by its trust.
    expect(
        &scan.who("iam:PassRole", &arn("server"), true),
        &[(HOME, Decision::Allowed), ("admin", Decision::Allowed)],
    );
}

#[test]
fn a_key_lets_in_by_its_policy_and_by_grants() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1";
    let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{HOME}:root")}, "Action": "kms:*", "Resource": "*"}});
    let grants = json!([{"GrantId": "g", "GranteePrincipal": format!("arn:aws:iam::{HOME}:role/worker"), "Operations": ["Decrypt"]}]);
    let scan = Scan::default()
        .role("worker", &json!({"Statement": []}), json!({}))
        .role("idle", &json!({"Statement": []}), json!({}))
        .user(
            "reader",
            json!({"UserPolicyList": [{"PolicyName": "d", "PolicyDocument": allow("kms:Decrypt", "*")}]}),
        )
        .add("AWS::KMS::Key", key, json!({"Policy": policy.to_string(), "Grants": grants}));
    let yes = Decision::Allowed;
    expect(&scan.who("kms:Decrypt", key, true), &[(HOME, yes), ("reader", yes), ("worker", yes)]);
    expect(&scan.who("kms:ScheduleKeyDeletion", key, true), &[(HOME, yes)]);
}

#[test]
fn a_wrong_question_is_told() {
    let ask = |action: &str, arn: &str| {
        let target = Target { arn: arn.to_owned(), account: None, seen: false };
        Scan::default()
            .user("u", json!({}))
            .build()
            .who_can(action, &target, &Context::new())
            .expect_err("an error")
    };
    assert!(ask("s3:Get*", OBJECT).contains("without wildcards"));
    assert!(ask("GetObject", OBJECT).contains("is no action"));
    assert!(ask("s3:GetObject", "drop").contains("is no ARN"));
}

#[test]
fn only_what_a_resource_is_known_to_be_a_part_of_guards_it() {
    let guarding = |arn: &str| guards(arn).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(guarding(OBJECT), [OBJECT, BUCKET]);
    let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/t";
    assert_eq!(guarding(&format!("{table}/index/i")), [&format!("{table}/index/i"), table]);
    // Each of these has a policy of its own; the name before the slash or colon may be another's.
    for arn in [
        "arn:aws:iam::111122223333:role/a/b",
        "arn:aws:ecr:eu-west-1:111122223333:repository/a/b",
        "arn:aws:lambda:eu-west-1:111122223333:function:f:prod",
        "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2026",
        "arn:aws:kinesis:eu-west-1:111122223333:stream/s/consumer/c:1",
    ] {
        assert_eq!(guarding(arn), [arn]);
    }
    assert!(guarding("*").is_empty());
}

#[test]
fn a_block_that_was_not_read_matters_only_where_everyone_is_let_in() {
    let with_unread_block = |policy: &Value| {
        let mut scan = bucket(policy).user(
            "reader",
            json!({"UserPolicyList": [{"PolicyName": "r", "PolicyDocument": allow("s3:*", "*")}]}),
        );
        scan.unlisted.push(("AWS::S3::AccountPublicAccessBlock", "denied"));
        scan.who("s3:GetObject", OBJECT, false)
    };
    let closed = with_unread_block(&for_whom(&json!({"AWS": AWAY})));
    let yes = Decision::Allowed;
    expect(&closed, &[(AWAY, yes), (HOME, yes), ("reader", yes)]);
    let open = with_unread_block(&for_whom(&json!("*")));
    assert_eq!(open.rows[0].asker.kind, Kind::Anyone);
    assert!(
        open.rows
            .iter()
            .all(|row| row.asker.kind > Kind::AnyAccount || row.verdict.decision == Decision::Unknown),
        "{open:#?}"
    );
    assert!(open.gaps.iter().any(|gap| gap.contains("from outside")), "{:?}", open.gaps);
}

#[test]
fn a_question_without_a_resource_says_what_it_leaves_out() {
    let found = Scan::default().user("u", json!({})).who("iam:CreateUser", "*", true);
    assert!(found.gaps.iter().any(|gap| gap.contains("no resource was named")), "{:?}", found.gaps);
}
