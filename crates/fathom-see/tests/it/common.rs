//! Policies that AWS writes: every account that uses one shows it, and it is one resource.

use fathom_model::{Region, Target, Uid};
use fathom_see::{Progress, ScanOptions, ScanReport, TypeIn, sources::Declared};
use fathom_store::{StoredResource, UnknownQuery};
use fathom_testkit::front::{ACCOUNT, Rule};
use serde_json::{Value, json};

use crate::desk::{Desk, OTHER, alone, answer, both, denied, now};

const READER: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const AUDIT: &str = "arn:aws:iam::aws:policy/SecurityAudit";
const DETAILS: &str = "GetAccountAuthorizationDetails";

/// A policy of AWS as it is listed, in two versions, with the number of identities that have it attached and of those
/// that have it as a boundary.
fn policy(arn: &str, attached: u32, bounds: u32) -> Value {
    let version = |id: &str, is_default: bool, action: &str| {
        let statement = json!({"Effect": "Allow", "Action": action, "Resource": "*"});
        let document = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        json!({"VersionId": id, "IsDefaultVersion": is_default, "Document": document})
    };
    json!({
        "Arn": arn, "PolicyName": arn.rsplit('/').next(), "PolicyId": "ANPAEXAMPLE", "Path": "/",
        "DefaultVersionId": "v2", "AttachmentCount": attached, "PermissionsBoundaryUsageCount": bounds,
        "PolicyVersionList": [version("v2", true, "s3:Get*"), version("v1", false, "*")],
    })
}

/// What an account says: a role with policies attached, and policies.
fn says(account: &str, attached: &[&str], policies: &[Value]) -> Rule {
    let attached: Vec<Value> =
        attached.iter().map(|arn| json!({"PolicyArn": arn, "PolicyName": arn.rsplit('/').next()})).collect();
    let role = json!({
        "RoleName": "app", "RoleId": format!("AROA{account}"), "Path": "/", "Arn": format!("arn:aws:iam::{account}:role/app"),
        "AssumeRolePolicyDocument": "{}", "AttachedManagedPolicies": attached,
    });
    let details = json!({"RoleDetailList": [role], "Policies": policies, "IsTruncated": false});
    answer("iam", DETAILS, details).account(account)
}

fn refused(account: &str) -> Rule {
    denied("iam", DETAILS).account(account)
}

/// What a scan keeps of policies.
trait Kept {
    async fn of(&self, accounts: &[&str]) -> ScanReport;
    async fn kept(&self, arn: &str) -> Option<StoredResource>;
    async fn versions(&self, arn: &str) -> usize;
    async fn is(&self, arn: &str) -> &'static str;
}

impl Kept for Desk {
    async fn of(&self, accounts: &[&str]) -> ScanReport {
        let accounts = accounts.iter().map(|id| (*id).into()).collect();
        let options = ScanOptions { accounts, ..both() };
        self.scan(&["AWS::IAM::Role", "AWS::IAM::ManagedPolicy"], &options).await
    }

    async fn kept(&self, arn: &str) -> Option<StoredResource> {
        self.scanner.store.resource(&Uid::from(arn)).await.unwrap()
    }

    async fn versions(&self, arn: &str) -> usize {
        self.scanner.store.versions(&Uid::from(arn)).await.unwrap().len()
    }

    /// Whether a policy is there: gone, not known, or yes.
    async fn is(&self, arn: &str) -> &'static str {
        match self.kept(arn).await {
            None => "never seen",
            Some(one) if one.deleted_at.is_some() => "gone",
            Some(one) if one.stale => "stale",
            Some(_) => "there",
        }
    }
}

#[test]
fn two_accounts_show_one_policy() {
    alone("common::two_accounts_show_one_policy", async || {
        let desk = Desk::new(&["us-east-1"]).await;
        let nowhere = policy("arn:aws:iam::aws:policy/AdministratorAccess", 0, 0);
        let cloud = |here: u32, there: u32| {
            vec![
                says(ACCOUNT, &[READER], &[policy(READER, here, 0), policy(AUDIT, 0, 1), nowhere.clone()]),
                says(OTHER, &[READER], &[policy(READER, there, 0), nowhere.clone()]),
            ]
        };
        desk.answers(cloud(1, 7));
        let report = desk.of(&[]).await;
        assert_eq!(report.duplicates, 0, "what two accounts use is no mistake of the provider");
        assert_eq!(report.unresolved, 0);
        let kept = desk.kept(READER).await.unwrap();
        assert_eq!((kept.resource.account.as_str(), kept.resource.provider_made), ("aws", true));
        assert!(kept.understood);
        let text = kept.resource.document.whole().as_str().to_owned();
        assert!(!text.contains("Count") && text.contains("s3:Get*"), "{text}");
        assert_eq!(desk.is(AUDIT).await, "there", "it bounds somebody");
        assert_eq!(desk.is("arn:aws:iam::aws:policy/AdministratorAccess").await, "never seen");
        let query = UnknownQuery { limit: 100, ..UnknownQuery::default() };
        let listed = desk.scanner.store.unknowns(&query, now()).await.unwrap();
        assert!(listed.rows.iter().all(|row| !row.uid.as_str().contains(":aws:policy/")));
        let roles = [ACCOUNT, OTHER].map(|id| Uid::from(format!("arn:aws:iam::{id}:role/app")));
        let edges = desk.scanner.store.edges_from(&roles).await.unwrap();
        let to_reader = edges.iter().filter(|edge| edge.to == Target::Known { uid: READER.into() });
        assert_eq!(to_reader.count(), 2);

        // How often an account uses it, and who is heard first, is no news of the policy.
        for (here, there, accounts) in [(3, 7, &[][..]), (3, 1, &[OTHER]), (2, 9, &[ACCOUNT]), (5, 5, &[])] {
            desk.answers(cloud(here, there));
            desk.of(accounts).await;
            assert_eq!((desk.versions(READER).await, desk.is(READER).await), (1, "there"), "{accounts:?}");
        }
        let mut newer = policy(READER, 1, 0);
        newer["DefaultVersionId"] = json!("v3");
        desk.answers(vec![says(ACCOUNT, &[READER], &[newer.clone()]), says(OTHER, &[READER], &[newer])]);
        desk.of(&[]).await;
        assert_eq!(desk.versions(READER).await, 2, "AWS changed it");
    });
}

#[test]
fn it_is_gone_when_nobody_uses_it() {
    alone("common::it_is_gone_when_nobody_uses_it", async || {
        let desk = Desk::new(&["us-east-1"]).await;
        let uses = |account: &str| says(account, &[READER], &[policy(READER, 1, 0)]);
        let none = |account: &str| says(account, &[], &[]);
        desk.answers(vec![uses(ACCOUNT), uses(OTHER)]);
        desk.of(&[]).await;
        desk.answers(vec![none(ACCOUNT), uses(OTHER)]);
        desk.of(&[]).await;
        assert_eq!(desk.is(READER).await, "there", "the other one uses it");
        desk.of(&[ACCOUNT]).await;
        assert_eq!(desk.is(READER).await, "there", "the other one was not asked");
        desk.answers(vec![none(ACCOUNT), refused(OTHER)]);
        desk.of(&[]).await;
        assert_eq!(desk.is(READER).await, "stale", "the other one did not say");
        desk.answers(vec![uses(ACCOUNT), refused(OTHER)]);
        desk.of(&[]).await;
        assert_eq!(desk.is(READER).await, "there");
        desk.answers(vec![none(ACCOUNT), none(OTHER)]);
        desk.of(&[]).await;
        assert_eq!(desk.is(READER).await, "gone");
        desk.answers(vec![uses(ACCOUNT), none(OTHER)]);
        desk.of(&[ACCOUNT]).await;
        assert_eq!((desk.is(READER).await, desk.versions(READER).await), ("there", 2), "it is back");
    });
}

#[test]
fn a_refresh_of_roles_brings_what_they_have_attached() {
    alone("common::a_refresh_of_roles_brings_what_they_have_attached", async || {
        let desk = Desk::new(&["us-east-1"]).await;
        desk.answers(vec![says(ACCOUNT, &[], &[]), says(OTHER, &[AUDIT], &[policy(AUDIT, 1, 0)])]);
        desk.of(&[]).await;
        desk.answers(vec![says(ACCOUNT, &[READER], &[policy(READER, 1, 0)]), refused(OTHER)]);
        let role =
            TypeIn { account: ACCOUNT.into(), region: Region::global(), kind: "AWS::IAM::Role".into() };
        let (declared, progress) = (Declared::default(), Progress::default());
        let refreshed =
            desk.scanner.refresh(&[role].into(), &both(), &declared, &progress, now).await.unwrap();
        assert_eq!(refreshed.scan.unwrap().unresolved, 0);
        assert_eq!((desk.is(READER).await, desk.is(AUDIT).await), ("there", "there"));
    });
}
