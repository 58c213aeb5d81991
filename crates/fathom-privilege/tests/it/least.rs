//! What is granted against what the log says was used.

use fathom_compare::Answer;
use fathom_model::{Resource, Use};
use fathom_privilege::{LeastPrivilege, Log, PrivilegeError, Unseen, least_privilege};
use serde_json::{Value, json};

use crate::support::{ACCOUNT, allows, call, logged, now, permissions, role, whole};

const S3: &str = "s3.amazonaws.com";
const LAMBDA: &str = "lambda.amazonaws.com";

struct Case {
    role: Resource,
    uses: Vec<Use>,
    /// From when on the log was read, and whether with reads; none where there is no log.
    log: Option<(i64, bool)>,
    drop_unseen: bool,
}

impl Case {
    fn new(policy: &Value) -> Self {
        let role = role("app", 900, &json!({}), policy);
        Self { role, uses: Vec::new(), log: Some((60, true)), drop_unseen: false }
    }

    fn used(mut self, source: &str, name: &str, days: i64, resources: &[&str]) -> Self {
        self.uses.push(call(&self.role, source, name, days, resources));
        self
    }

    async fn ask(self) -> LeastPrivilege {
        let dir = tempfile::tempdir().unwrap();
        let store = whole(dir.path(), std::slice::from_ref(&self.role)).await;
        if let Some((days, reads)) = self.log {
            logged(&store, self.uses, days, reads).await;
        }
        let permissions = permissions(&store).await;
        let number = permissions.principal("app").unwrap();
        let log = Log::read(&store, self.role.uid.as_str(), ACCOUNT, 90, now()).await.unwrap();
        let found = least_privilege(&permissions, number, &log, self.drop_unseen).unwrap();
        store.close().await.unwrap();
        found
    }
}

fn actions(found: &LeastPrivilege) -> Vec<&str> {
    found.used.iter().map(|used| used.action.as_str()).collect()
}

fn never(found: &LeastPrivilege) -> Vec<&str> {
    found.never_used.iter().flat_map(|group| &group.actions).map(String::as_str).collect()
}

fn proposed(found: &LeastPrivilege) -> Vec<(Vec<&str>, Vec<&str>)> {
    found.policy.as_ref().unwrap()["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .map(|statement| (words(&statement["Action"]), words(&statement["Resource"])))
        .collect()
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_was_not_used_goes_and_what_was_is_narrowed() {
    let policy = allows(&["s3:*BucketPolicy", "s3:ListAllMyBuckets", "lambda:GetFunction"], &["*"]);
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    let found = Case::new(&policy)
        .used(S3, "ListBuckets", 3, &[])
        .used(S3, "GetBucketPolicy", 3, &["arn:aws:s3:::a"])
        .used(S3, "PutBucketPolicy", 200, &["arn:aws:s3:::a"])
        .used(LAMBDA, "GetFunction20150331v2", 3, &[function])
        .ask()
        .await;
    assert_eq!(actions(&found), ["lambda:GetFunction", "s3:GetBucketPolicy", "s3:ListAllMyBuckets"]);
    assert_eq!(
        never(&found),
        ["s3:DeleteBucketPolicy", "s3:PutBucketPolicy"],
        "what was used before does not count"
    );
    assert_eq!(found.granted, 5);
    assert_eq!(
        proposed(&found),
        [
            (vec!["s3:ListAllMyBuckets"], vec!["*"]),
            (vec!["lambda:GetFunction"], vec![function]),
            (vec!["s3:GetBucketPolicy"], vec!["arn:aws:s3:::a"]),
        ]
    );
    let proof = found.proof.unwrap();
    assert_eq!((proof.wider, proof.lost.len(), proof.not_granted.len()), (Answer::NotWider, 0, 0));
    assert_eq!((found.places[0].days, found.places[0].days_of_reads), (60, 60));
}

#[tokio::test]
async fn an_event_without_a_fitting_arn_keeps_the_resources() {
    let policy = allows(&["lambda:GetFunction"], &["arn:aws:lambda:*:*:function:*"]);
    let found = Case::new(&policy)
        .used(LAMBDA, "GetFunction20150331v2", 3, &["arn:aws:lambda:eu-west-1:111122223333:function:f"])
        .used(LAMBDA, "GetFunction20150331v2", 4, &["arn:aws:iam::111122223333:role/x"])
        .ask()
        .await;
    assert_eq!(proposed(&found), [(vec!["lambda:GetFunction"], vec!["arn:aws:lambda:*:*:function:*"])]);
    assert!(found.used[0].elsewhere);
}

#[tokio::test]
async fn what_no_log_shows_is_kept_and_can_be_dropped() {
    let policy = allows(&["s3:GetObject", "s3:PutObject", "iam:PassRole", "lambda:CreateFunction"], &["*"]);
    let case = || {
        Case::new(&policy).used(S3, "GetObject", 3, &["arn:aws:s3:::a/*"]).used(
            LAMBDA,
            "CreateFunction20150331",
            3,
            &[],
        )
    };
    let found = case().ask().await;
    let reasons: Vec<(Unseen, usize)> =
        found.unseen.iter().map(|group| (group.reason, group.count)).collect();
    assert_eq!(reasons, [(Unseen::DataEvent, 2), (Unseen::NoEvent, 1)]);
    assert_eq!(never(&found), [""; 0]);
    assert_eq!(proposed(&found)[0].0.len(), 4, "all of it is kept, as it is written");
    let mut case = case();
    case.drop_unseen = true;
    let found = case.ask().await;
    // A function is made with a role, so that stays.
    assert_eq!(
        proposed(&found),
        [
            (vec!["iam:PassRole", "lambda:CreateFunction"], vec!["*"]),
            (vec!["s3:GetObject"], vec!["arn:aws:s3:::a/*"]),
        ]
    );
}

#[tokio::test]
async fn without_reads_in_the_log_reads_are_not_called_unused() {
    let policy = allows(&["ec2:DescribeInstances", "ec2:RunInstances", "ec2:StopInstances"], &["*"]);
    let mut case = Case::new(&policy).used("ec2.amazonaws.com", "RunInstances", 3, &[]);
    case.log = Some((60, false));
    let found = case.ask().await;
    assert_eq!(found.unseen[0].reason, Unseen::ReadsNotLogged);
    assert_eq!(never(&found), ["ec2:StopInstances"]);
    assert_eq!(proposed(&found), [(vec!["ec2:DescribeInstances", "ec2:RunInstances"], vec!["*"])]);
}

#[tokio::test]
async fn without_a_log_nothing_is_unused_and_nothing_proposed() {
    let mut case = Case::new(&allows(&["ec2:RunInstances"], &["*"]));
    case.log = None;
    let found = case.ask().await;
    assert_eq!((found.never_used_count, found.unseen[0].reason), (0, Unseen::NoLog));
    assert!(found.policy.is_none() && found.notes[0].contains("no log"), "{:?}", found.notes);
    // A log that ends before the time is none for it.
    let found =
        Case { log: Some((60, true)), ..Case::new(&allows(&["ec2:RunInstances"], &["*"])) }.ask().await;
    assert_eq!(found.never_used_count, 1);
    assert!(found.policy.is_none() && found.notes[0].contains("nothing that is granted was used"));
}

#[tokio::test]
async fn what_is_not_mapped_or_not_granted_is_told() {
    let found = Case::new(&allows(&["s3:ListAllMyBuckets"], &["*"]))
        .used(S3, "ListBuckets", 3, &[])
        .used(S3, "NoSuchCall", 3, &[])
        .used("sqs.amazonaws.com", "CreateQueue", 3, &[])
        .ask()
        .await;
    assert_eq!(found.not_mapped.len(), 1);
    assert_eq!(found.not_mapped[0].name, "NoSuchCall");
    let queue = found.used.iter().find(|used| used.action == "sqs:CreateQueue").unwrap();
    assert!(!queue.granted);
    assert_eq!(found.proof.unwrap().not_granted.len(), 1);
}

#[tokio::test]
async fn a_root_user_has_no_policy_to_narrow() {
    let dir = tempfile::tempdir().unwrap();
    let store = whole(dir.path(), &[role("app", 1, &json!({}), &allows(&["s3:*"], &["*"]))]).await;
    let permissions = permissions(&store).await;
    let number = permissions.principal(ACCOUNT).unwrap();
    let log = Log::read(&store, ACCOUNT, ACCOUNT, 90, now()).await.unwrap();
    let refused = least_privilege(&permissions, number, &log, false);
    assert!(matches!(refused, Err(PrivilegeError::Root { .. })), "{refused:?}");
    store.close().await.unwrap();
}
