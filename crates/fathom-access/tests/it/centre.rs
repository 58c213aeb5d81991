//! Who gets a role through the identity centre. Documents are as the API reference of `sso-admin` and `identitystore` shows
//! them.

use std::path::Path;

use fathom_access::{Assigned, Centre};
use fathom_model::{
    Coverage, Document, Gap, Outcome, Reason, Resource, ResourceType, Timestamp, Uid, Unknown,
};
use fathom_store::{ScanResults, Store};
use serde_json::{Value, json};

const HOME: &str = "111122223333";
const WORK: &str = "444455556666";
const INSTANCE: &str = "arn:aws:sso:::instance/ssoins-1";
const SET: &str = "AWS::SSO::PermissionSet";
const ASSIGNMENT: &str = "AWS::SSO::Assignment";
const GROUP: &str = "AWS::IdentityStore::Group";

fn now() -> Timestamp {
    "2027-01-31T00:00:00Z".parse().unwrap()
}

fn resource(kind: &str, uid: &str, name: Option<&str>, document: &Value) -> Resource {
    Resource {
        uid: Uid::from(uid),
        kind: kind.into(),
        account: HOME.into(),
        region: "eu-west-1".into(),
        id: uid.rsplit('/').next().unwrap().to_owned(),
        name: name.map(str::to_owned),
        tags: [].into(),
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(document),
    }
}

fn set(id: &str, name: &str) -> Resource {
    let arn = format!("arn:aws:sso:::permissionSet/ssoins-1/{id}");
    resource(SET, &arn, Some(name), &json!({"Name": name, "PermissionSetArn": arn, "InstanceArn": INSTANCE}))
}

fn assignment(set: &Resource, account: &str, kind: &str, id: &str) -> Resource {
    let document = json!({
        "AccountId": account, "PermissionSetArn": set.uid.as_str(), "PrincipalType": kind, "PrincipalId": id,
    });
    resource(ASSIGNMENT, &format!("{}/account/{account}/{id}", set.uid.as_str()), None, &document)
}

fn user(id: &str, name: &str) -> Resource {
    let document = json!({"UserId": id, "UserName": name, "IdentityStoreId": "d-1"});
    resource("AWS::IdentityStore::User", &format!("arn:aws:identitystore:::user/{id}"), Some(name), &document)
}

fn group(id: &str, name: &str, members: &[&str]) -> Resource {
    let member = |id: &&str| json!({"MemberId": {"UserId": id}, "GroupId": "g"});
    let members: Vec<Value> = members.iter().map(member).collect();
    let document =
        json!({"GroupId": id, "DisplayName": name, "IdentityStoreId": "d-1", "Memberships": members});
    resource(GROUP, &format!("arn:aws:identitystore:::group/{id}"), Some(name), &document)
}

fn row(kind: &str, operation: &str, region: &str, permission: Option<&str>) -> Coverage {
    Coverage {
        account: HOME.into(),
        region: region.into(),
        service: "sso-admin".to_owned(),
        operation: operation.to_owned(),
        resource_type: Some(ResourceType::from(kind)),
        outcome: if permission.is_some() { Outcome::Unknown } else { Outcome::Read },
        reason: permission.map(|_| Reason::Denied),
        permission: permission.map(str::to_owned),
        detail: None,
        calls: 1,
        items: 1,
        throttles: 0,
        failures: 0,
        millis: 1,
    }
}

fn read() -> Vec<Coverage> {
    vec![
        row(SET, "ListPermissionSets", "eu-west-1", None),
        row(ASSIGNMENT, "ListAccountAssignments", "eu-west-1", None),
    ]
}

async fn centre(
    dir: &Path,
    resources: &[Resource],
    coverage: Vec<Coverage>,
    unknowns: Vec<Unknown>,
) -> Centre {
    let store = Store::open(dir, "test.example/log", now()).await.unwrap();
    let scan = store.begin_scan("test", &[HOME.to_owned()], &["eu-west-1".to_owned()], now()).await.unwrap();
    store.stage(scan, resources).await.unwrap();
    let results = ScanResults { coverage, unknowns, ..ScanResults::default() };
    store.finish_scan(scan, results, now()).await.unwrap();
    let centre = Centre::load(&store, now()).await.unwrap();
    store.close().await.unwrap();
    centre
}

fn role(account: &str, set: &str) -> String {
    let path = "aws-reserved/sso.amazonaws.com/eu-west-1";
    format!("arn:aws:iam::{account}:role/{path}/AWSReservedSSO_{set}_0123456789abcdef")
}

fn told(assigned: &Assigned) -> Vec<(&str, &str, Option<Vec<&str>>)> {
    let mut told = Vec::new();
    for one in &assigned.assignees {
        let members = one.members.as_ref().map(|members| members.iter().map(String::as_str).collect());
        told.push((one.kind.as_str(), one.name.as_str(), members));
    }
    told
}

#[tokio::test]
async fn people_and_groups_get_the_role_of_their_account() {
    let dir = tempfile::tempdir().unwrap();
    let (admin, reader) = (set("ps-1", "Admin_All"), set("ps-2", "Reader"));
    let estate = [
        user("u1", "anna"),
        user("u2", "ravi"),
        group("g1", "engineers", &["u2", "u1", "u9"]),
        assignment(&admin, WORK, "GROUP", "g1"),
        assignment(&admin, WORK, "USER", "u1"),
        assignment(&reader, HOME, "USER", "u7"),
        admin,
        reader,
    ];
    let centre = centre(dir.path(), &estate, read(), Vec::new()).await;
    let found = centre.of_role(&role(WORK, "Admin_All")).unwrap();
    assert_eq!(
        told(&found),
        [("GROUP", "engineers", Some(vec!["anna", "ravi", "u9"])), ("USER", "anna", None)]
    );
    assert_eq!((found.permission_set.as_str(), found.gap), ("Admin_All", None));
    // Nobody read who that is; the id is what is known.
    assert_eq!(told(&centre.of_role(&role(HOME, "Reader")).unwrap()), [("USER", "u7", None)]);
    let nobody = centre.of_role(&role(WORK, "Reader")).unwrap();
    assert_eq!((told(&nobody), &nobody.gap), (Vec::new(), &None), "assigned elsewhere alone");
    assert_eq!(centre.of_role(&format!("arn:aws:iam::{WORK}:role/app")), None);
}

#[tokio::test]
async fn what_was_not_read_is_unknown_and_never_nobody() {
    let ask = async |resources: &[Resource], coverage: Vec<Coverage>, unknowns: Vec<Unknown>| {
        let dir = tempfile::tempdir().unwrap();
        let centre = centre(dir.path(), resources, coverage, unknowns).await;
        centre.of_role(&role(WORK, "Admin")).unwrap()
    };
    let never = ask(&[], Vec::new(), Vec::new()).await;
    assert!(never.gap.unwrap().contains("no scan asked for AWS::SSO::PermissionSet"));
    assert!(ask(&[], read(), Vec::new()).await.gap.unwrap().contains("no scan saw a permission set"));
    let estate = [set("ps-1", "Admin"), group("g1", "engineers", &[])];
    let refused = row(ASSIGNMENT, "ListAccountAssignments", "eu-west-1", Some("sso:ListAccountAssignments"));
    let mut coverage = read();
    coverage.push(refused.clone());
    let gap = ask(&estate, coverage, Vec::new()).await.gap.unwrap();
    assert!(gap.contains("ListAccountAssignments: sso:ListAccountAssignments is missing"), "{gap}");
    // Another region has no identity centre, and what it refuses hides nothing.
    let mut coverage = read();
    coverage.push(Coverage { region: "us-east-1".into(), ..refused });
    assert_eq!(ask(&estate, coverage, Vec::new()).await.gap, None);
    let other = ask(&[set("ps-2", "Other")], read(), Vec::new()).await;
    assert_eq!(other.gap.as_deref(), Some("no scan saw the permission set `Admin`"));
    let group = group("g1", "engineers", &[]);
    let unread = Unknown {
        uid: group.uid.clone(),
        kind: group.kind.clone(),
        account: group.account.clone(),
        region: group.region.clone(),
        name: None,
        rank: 1,
        because: Vec::new(),
        gaps: vec![Gap {
            part: "Memberships".to_owned(),
            reason: Some(Reason::Denied),
            detail: "a permission is missing".to_owned(),
            accepted: None,
        }],
    };
    let estate = [assignment(&estate[0], WORK, "GROUP", "g1"), estate[0].clone(), group];
    assert_eq!(told(&ask(&estate, read(), vec![unread]).await), [("GROUP", "engineers", None)]);
}
