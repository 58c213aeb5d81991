//! What is granted against what the log says was used.

use fathom_compare::Answer;
use fathom_model::{Resource, Use};
use fathom_privilege::{LeastPrivilege, Log, PrivilegeError, Unseen, least_privilege};
use serde_json::{Value, json};

use crate::support::{
    ACCOUNT, Tried, ago, allows, call, logged, now, permissions, report, role, scanned, unread, whole,
    with_report,
};

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

    /// IAM made a report a day ago.
    fn reported(mut self, services: &[Tried<'_>]) -> Self {
        self.role = with_report(self.role, report(1, services));
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

fn disagreements(found: &LeastPrivilege) -> Vec<(&str, bool, bool)> {
    found.disagreements.iter().map(|one| (one.what.as_str(), one.log.is_some(), one.iam.is_some())).collect()
}

fn tried(found: &LeastPrivilege) -> Vec<&str> {
    found.never_tried.iter().flat_map(|group| &group.actions).map(String::as_str).collect()
}

#[tokio::test]
async fn what_no_log_shows_goes_where_iam_remembers_no_attempt_of_its_service() {
    let policy = allows(
        &["s3:GetObject", "dynamodb:GetItem", "sqs:SendMessage", "iam:PassRole", "lambda:CreateFunction"],
        &["*"],
    );
    let found = Case::new(&policy)
        .used(LAMBDA, "CreateFunction20150331", 3, &[])
        .reported(&[
            ("s3", Some(5), &[]),
            ("dynamodb", None, &[]),
            // Tried, and not in the 90 days that are asked about.
            ("sqs", Some(200), &[]),
            ("iam", None, &[]),
            ("lambda", Some(3), &[("CreateFunction20150331", 3)]),
        ])
        .ask()
        .await;
    assert_eq!(tried(&found), ["dynamodb:GetItem", "sqs:SendMessage"]);
    assert_eq!(found.never_tried_count, 2);
    // No call is named `PassRole`, and IAM need not have seen one of its service.
    let proposed = proposed(&found);
    assert_eq!(proposed[0].0, ["iam:PassRole", "lambda:CreateFunction", "s3:GetObject"]);
    assert_eq!(disagreements(&found), []);
    let accessed = found.accessed.unwrap();
    assert_eq!(
        (accessed.source, accessed.window_days, accessed.made),
        ("iam:GetServiceLastAccessedDetails", 400, ago(1))
    );
    assert!(
        found.notes.iter().any(|note| note == "IAM's report is 1 days old: what was used since is not in it")
    );
}

#[tokio::test]
async fn where_the_log_and_iam_disagree_both_are_told_and_nothing_is_taken_away() {
    let policy = allows(
        &[
            "s3:GetBucketPolicy",
            "s3:PutBucketPolicy",
            "ec2:StopInstances",
            "lambda:GetFunction",
            "sqs:CreateQueue",
        ],
        &["*"],
    );
    let found = Case::new(&policy)
        .used(LAMBDA, "GetFunction20150331v2", 10, &[])
        .reported(&[
            // An action that the log should have.
            ("s3", Some(4), &[("PutBucketPolicy", 4), ("GetBucketPolicy", 200)]),
            // A service of which IAM tells no action.
            ("ec2", Some(6), &[]),
            // Used by the log, never by IAM.
            ("lambda", None, &[]),
            ("sqs", None, &[]),
        ])
        .ask()
        .await;
    assert_eq!(
        disagreements(&found),
        [("ec2", false, true), ("lambda", true, false), ("s3:PutBucketPolicy", false, true)]
    );
    assert!(found.disagreements[0].because.contains("us-west-2"));
    assert_eq!(never(&found), ["s3:GetBucketPolicy", "sqs:CreateQueue"]);
    assert_eq!(proposed(&found)[0].0, ["ec2:StopInstances", "lambda:GetFunction", "s3:PutBucketPolicy"]);
}

#[tokio::test]
async fn without_a_log_only_what_iam_never_saw_goes() {
    let policy = allows(&["s3:GetObject", "sqs:SendMessage", "iam:PassRole"], &["*"]);
    let case = || {
        let mut case = Case::new(&policy);
        case.log = None;
        case
    };
    let found = case().reported(&[("s3", Some(5), &[]), ("sqs", None, &[]), ("iam", None, &[])]).ask().await;
    assert_eq!(tried(&found), ["sqs:SendMessage"]);
    assert_eq!(proposed(&found), [(vec!["iam:PassRole", "s3:GetObject"], vec!["*"])]);
    assert_eq!(found.proof.unwrap().wider, Answer::NotWider);
    assert!(case().ask().await.policy.is_none(), "neither log nor report: nothing is proposed");
}

#[tokio::test]
async fn an_old_report_or_none_takes_nothing_away() {
    let policy = allows(&["sqs:SendMessage"], &["*"]);
    let mut case = Case::new(&policy);
    // It reaches back 400 days from when it was made, and is asked about the 90 days before today.
    case.role = with_report(case.role, report(100, &[("sqs", None, &[])]));
    assert_eq!(tried(&case.ask().await), [""; 0], "it knows nothing of these days");
    let dir = tempfile::tempdir().unwrap();
    let role = role("app", 900, &json!({}), &policy);
    let gaps = vec![unread(&role, "LastAccessed")];
    let store =
        scanned(dir.path(), std::slice::from_ref(&role), gaps, &crate::support::kinds_without("")).await;
    logged(&store, Vec::new(), 60, true).await;
    let permissions = permissions(&store).await;
    let log = Log::read(&store, role.uid.as_str(), ACCOUNT, 90, now()).await.unwrap();
    let found = least_privilege(&permissions, permissions.principal("app").unwrap(), &log, false).unwrap();
    assert_eq!((found.accessed, tried_count(&found.never_tried)), (None, 0));
    let why = "what IAM remembers of it is not known: a permission is missing";
    assert!(found.notes.iter().any(|note| note == why), "{:?}", found.notes);
    store.close().await.unwrap();
}

fn tried_count(groups: &[fathom_privilege::Group]) -> usize {
    groups.iter().map(|group| group.actions.len()).sum()
}
