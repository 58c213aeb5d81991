//! The bucket that a trail writes to.
//!
//! Keys tell account, region and day: `AWSLogs/[o-…/]<account>/CloudTrail/<region>/<year>/<month>/<day>/…`. So each
//! region is listed from the first day that matters on, and what an earlier import read is not read again.

use std::collections::BTreeSet;

use fathom_cloud::client::{Account, CallError, Client};
use fathom_model::{Reason, Region, Timestamp};
use fathom_store::Store;
use serde_json::{Value, json};

use super::{Reader, TrailError, files};
use crate::tally::{Ending, Failure, Key, Tally};

/// How deep below the prefix regions are looked for: an organisation's id, the account, `CloudTrail`, the region.
const DEPTH_MAX: usize = 6;
/// The most keys of one listing step.
const PREFIXES_MAX: usize = 20_000;

/// Which bucket, and as whom it is read.
pub struct Bucket<'a> {
    /// The account whose credentials read it.
    pub account: &'a Account,
    /// The region that is asked first.
    pub region: &'a Region,
    /// The bucket's name.
    pub name: &'a str,
    /// What keys begin with.
    pub prefix: &'a str,
}

/// Reads the objects that are new.
///
/// # Errors
/// When the store does not take it. What the bucket does not answer is a row of the coverage and named in the report.
pub async fn read(
    reader: &mut Reader,
    client: &Client,
    tally: &Tally,
    store: &Store,
    bucket: &Bucket<'_>,
    days: u32,
    clock: &impl Fn() -> Timestamp,
) -> Result<(), TrailError> {
    let asking = Asking { client, tally, bucket };
    let first_day = Timestamp::from_second(clock().as_second() - i64::from(days) * 86_400)
        .unwrap_or_default()
        .to_string()
        .get(..10)
        .unwrap_or_default()
        .replace('-', "/");
    for region in asking.regions(reader).await {
        let mut params = json!({
            "Bucket": bucket.name,
            "Prefix": region,
            "StartAfter": format!("{region}{first_day}"),
        });
        let mut tokens = BTreeSet::new();
        while let Some(page) = asking.list(reader, &params).await {
            let keys: Vec<String> = page
                .get("Contents")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|one| one.get("Key")?.as_str())
                .map(str::to_owned)
                .collect();
            let known = store.trail_objects_read(bucket.name, &keys).await?;
            for key in keys {
                if known.contains(&key) {
                    reader.report().known_files += 1;
                } else if files::is_log_name(&key) {
                    asking.object(reader, &key).await;
                    reader.settle(clock()).await?;
                } else {
                    reader.report().skipped_files += 1;
                }
            }
            let next = page.get("NextContinuationToken").and_then(Value::as_str);
            let Some(next) = next.filter(|token| tokens.insert((*token).to_owned())) else { break };
            if let Value::Object(members) = &mut params {
                members.insert("ContinuationToken".to_owned(), next.into());
            }
        }
    }
    Ok(())
}

struct Asking<'a> {
    client: &'a Client,
    tally: &'a Tally,
    bucket: &'a Bucket<'a>,
}

impl Asking<'_> {
    /// The prefixes of the regions below the given one, as far as the bucket answers.
    async fn regions(&self, reader: &mut Reader) -> Vec<String> {
        let given = match self.bucket.prefix {
            "" => String::new(),
            prefix if prefix.ends_with('/') => prefix.to_owned(),
            prefix => format!("{prefix}/"),
        };
        let mut regions = Vec::new();
        let mut refused = false;
        let mut level = vec![given];
        for _ in 0..=DEPTH_MAX {
            let mut next = Vec::new();
            for prefix in level {
                if is_region(&prefix) {
                    regions.push(prefix);
                    continue;
                }
                let mut params = json!({"Bucket": self.bucket.name, "Prefix": prefix, "Delimiter": "/"});
                let mut tokens = BTreeSet::new();
                loop {
                    // What one folder refuses is told, and the others are read.
                    let Some(page) = self.list(reader, &params).await else {
                        refused = true;
                        break;
                    };
                    next.extend(
                        page.get("CommonPrefixes")
                            .and_then(Value::as_array)
                            .into_iter()
                            .flatten()
                            .filter_map(|one| one.get("Prefix")?.as_str())
                            .filter(|prefix| worth_looking(prefix))
                            .map(str::to_owned),
                    );
                    let token = page.get("NextContinuationToken").and_then(Value::as_str);
                    let Some(token) = token.filter(|token| tokens.insert((*token).to_owned())) else { break };
                    if let Value::Object(members) = &mut params {
                        members.insert("ContinuationToken".to_owned(), token.into());
                    }
                }
                if next.len() + regions.len() > PREFIXES_MAX {
                    reader.report().cut_short.push(format!(
                        "s3://{}: there are more than {PREFIXES_MAX} folders; name one below them",
                        self.bucket.name
                    ));
                    return regions;
                }
            }
            if next.is_empty() {
                break;
            }
            level = next;
        }
        // What was refused is told already.
        if regions.is_empty() && !refused {
            reader.broken(
                &format!("s3://{}/{}", self.bucket.name, self.bucket.prefix),
                "there is no log below it; name what comes before `AWSLogs/`",
            );
        }
        regions.sort();
        regions
    }

    async fn list(&self, reader: &mut Reader, params: &Value) -> Option<Value> {
        let prefix = params.get("Prefix").and_then(Value::as_str).unwrap_or_default();
        self.call(reader, "ListObjectsV2", params, prefix).await
    }

    async fn object(&self, reader: &mut Reader, key: &str) {
        let params = json!({"Bucket": self.bucket.name, "Key": key});
        let Some(answer) = self.call(reader, "GetObject", &params, key).await else { return };
        let place = format!("s3://{}/{key}", self.bucket.name);
        let body = answer.get("Body").and_then(Value::as_str).unwrap_or_default();
        match base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body) {
            Ok(bytes) => {
                files::bytes_of(reader, &place, bytes);
                reader.object(self.bucket.name, key);
            }
            Err(error) => reader.broken(&place, &error.to_string()),
        }
    }

    /// A call with its row; a refusal is also named in the report.
    async fn call(&self, reader: &mut Reader, operation: &str, params: &Value, key: &str) -> Option<Value> {
        let answer = self.client.call(self.bucket.account, self.bucket.region, "s3", operation, params).await;
        let row = Key {
            account: self.bucket.account.id.clone(),
            region: self.bucket.region.clone(),
            service: "s3".to_owned(),
            operation: operation.to_owned(),
            kind: None,
        };
        match answer {
            Ok(answer) => {
                let ending = Ending {
                    items: 1,
                    calls: u64::from(answer.calls),
                    throttles: u64::from(answer.throttles),
                    millis: answer.elapsed.as_millis() as u64,
                    failure: None,
                };
                self.tally.add(row, ending);
                Some(answer.value)
            }
            Err(error) => {
                reader.broken(&format!("s3://{}/{key}", self.bucket.name), &error.message);
                self.tally.add(row, failed(&error));
                None
            }
        }
    }
}

fn failed(error: &CallError) -> Ending {
    Ending {
        calls: u64::from(error.calls),
        throttles: u64::from(error.throttles),
        failure: Some(Failure {
            reason: if error.reason == Reason::NotEnabled { Reason::Failed } else { error.reason },
            permission: error.permission.clone(),
            detail: error.message.clone(),
        }),
        ..Ending::default()
    }
}

/// Whether a prefix is that of a region's logs: `…/CloudTrail/eu-west-1/`.
fn is_region(prefix: &str) -> bool {
    let mut parts = prefix.trim_end_matches('/').rsplit('/');
    let region = parts.next().unwrap_or_default();
    parts.next() == Some("CloudTrail") && region.contains('-')
}

/// Whether logs may be below a prefix: not in digests and insights, nor in the logs of other services.
fn worth_looking(prefix: &str) -> bool {
    let Some((_, below)) = prefix.split_once("AWSLogs/") else { return true };
    below.trim_end_matches('/').split('/').filter(|part| !part.is_empty()).all(|part| {
        let account = part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
        account || part.starts_with("o-") || part == "CloudTrail"
    }) || is_region(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_that_may_hold_logs_are_listed() {
        for prefix in
            ["", "x/", "x/AWSLogs/", "AWSLogs/111122223333/", "AWSLogs/o-abc/111122223333/CloudTrail/"]
        {
            assert!(worth_looking(prefix) && !is_region(prefix), "{prefix}");
        }
        let region = "AWSLogs/o-abc/111122223333/CloudTrail/eu-west-1/";
        assert!(worth_looking(region) && is_region(region));
        for prefix in [
            "AWSLogs/111122223333/CloudTrail-Digest/",
            "AWSLogs/111122223333/vpcflowlogs/",
            "AWSLogs/111122223333/Config/eu-west-1/",
        ] {
            assert!(!worth_looking(prefix), "{prefix}");
        }
    }
}
