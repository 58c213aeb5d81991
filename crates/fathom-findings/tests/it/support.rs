//! Small findings.

use fathom_model::{
    AccountId, FindingException, FindingLife, FindingRule, FindingState, KeptFinding, Region, ResourceType,
    Severity, Timestamp, Uid,
};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

pub(crate) fn days(days: i64) -> Timestamp {
    at(days * 86_400)
}

/// An open finding of a bucket, seen at the beginning.
pub(crate) fn finding(id: &str) -> KeptFinding {
    KeptFinding {
        id: id.to_owned(),
        check: "s3_bucket_versioning".to_owned(),
        title: "The bucket keeps older versions".to_owned(),
        severity: Severity::Medium,
        resource: Uid::new("arn:aws:s3:::a"),
        resource_type: ResourceType::from("AWS::S3::Bucket"),
        name: None,
        account: AccountId::from("111122223333"),
        region: Region::from("eu-west-1"),
        owner: Some("payments".to_owned()),
        class: None,
        keeps_data: false,
        tags: [("stage".to_owned(), "test/blue".to_owned())].into(),
        life: FindingLife {
            state: FindingState::Open,
            confirmed: true,
            first_seen: days(0),
            last_seen: days(0),
            since: days(0),
            fixed_by: None,
            reopened: 0,
        },
    }
}

pub(crate) fn exception(id: i64, rule: FindingRule, from: i64, until: i64) -> FindingException {
    FindingException {
        id,
        rule,
        reason: "moves next month".to_owned(),
        approver: "head of payments".to_owned(),
        by: "ana".to_owned(),
        at: days(from),
        until: days(until),
        ended_at: None,
        ended_by: None,
        ended_why: None,
    }
}
