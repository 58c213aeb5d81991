//! Calls that the model has and that are made only for what they are there for.

use fathom_model::Reason;
use serde_json::Value;

use super::CallError;

/// Refuses what is not to be read: of a bucket's objects, all but the logs that CloudTrail delivers. They are data that
/// customers keep, and no definition or mistake may reach them.
pub(super) fn check(service: &str, operation: &str, params: &Value) -> Result<(), CallError> {
    if (service, operation) != ("s3", "GetObject") {
        return Ok(());
    }
    let key = params.get("Key").and_then(Value::as_str).unwrap_or_default();
    if is_trail_log(key) {
        return Ok(());
    }
    let message = "only logs that CloudTrail delivers are read from buckets (AWSLogs/…/CloudTrail/…)";
    Err(CallError::plain(Reason::Failed, message))
}

/// `[prefix/]AWSLogs/[o-…/]<account>/CloudTrail/<region>/<year>/<month>/<day>/<file>.json.gz`
fn is_trail_log(key: &str) -> bool {
    let after = if let Some(rest) = key.strip_prefix("AWSLogs/") {
        rest
    } else if let Some((_, rest)) = key.split_once("/AWSLogs/") {
        rest
    } else {
        return false;
    };
    let mut parts = after.split('/');
    let mut account = parts.next().unwrap_or_default();
    if account.starts_with("o-") {
        account = parts.next().unwrap_or_default();
    }
    let rest: Vec<&str> = parts.collect();
    account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(rest.as_slice(), ["CloudTrail", _, _, _, _, file] if file.ends_with(".json.gz"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_logs_are_read_from_buckets() {
        let allowed = |key: &str| check("s3", "GetObject", &json!({"Bucket": "b", "Key": key})).is_ok();
        let log = "111122223333/CloudTrail/eu-west-1/2026/01/02/111122223333_CloudTrail_eu-west-1_x.json.gz";
        assert!(allowed(&format!("AWSLogs/{log}")));
        assert!(allowed(&format!("some/prefix/AWSLogs/o-abc/{log}")));
        for key in [
            "customers.csv",
            "AWSLogs/111122223333/elasticloadbalancing/eu-west-1/2026/01/02/x.json.gz",
            "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/02/x.csv",
            "AWSLogs/me/CloudTrail/eu-west-1/2026/01/02/x.json.gz",
            "AWSLogs/111122223333/CloudTrail/x.json.gz",
            "",
        ] {
            assert!(!allowed(key), "{key}");
        }
        assert!(check("s3", "GetObject", &Value::Null).is_err());
        assert!(check("s3", "ListObjectsV2", &Value::Null).is_ok());
    }
}
