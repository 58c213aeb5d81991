//! Follows an operation's pages to their end.

use std::{collections::HashSet, time::Duration};

use fathom_model::{Reason, Region, path::Path};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{Account, Answer, CallError, Client};
use crate::model::{Models, Paginator};

/// How the pages of an operation ended. Pages that were read before an error were handed out and stay good.
#[derive(Debug)]
pub struct Pages {
    /// Pages that were read.
    pub pages: u32,
    /// HTTP calls made, retries included.
    pub calls: u32,
    /// How many answers were throttled.
    pub throttles: u32,
    /// From the first request to the last answer, pauses included.
    pub elapsed: Duration,
    /// Why the pages ended early; none where all were read.
    pub error: Option<CallError>,
}

impl Client {
    /// Calls an operation and follows its pages; `each` gets every page's value, in order, and
    /// the next page is asked for when it is done with it. An operation without pages
    /// is one page.
    pub async fn pages<Taken: Future<Output = ()>>(
        &self,
        account: &Account,
        region: &Region,
        service: &str,
        operation: &str,
        params: &Value,
        mut each: impl FnMut(Value) -> Taken,
    ) -> Pages {
        let started = Instant::now();
        let mut out = Pages { pages: 0, calls: 0, throttles: 0, elapsed: Duration::ZERO, error: None };
        let paginator = Models::embedded().service(service).ok().and_then(|service| {
            service.operation(operation).and_then(|operation| operation.paginator().cloned())
        });
        let continuation = match paginator.as_ref().map(Continuation::new).transpose() {
            Ok(continuation) => continuation,
            Err(error) => {
                out.error = Some(error);
                return out;
            }
        };
        let mut params = params.clone();
        let mut seen = HashSet::new();
        loop {
            let answer = match self.call(account, region, service, operation, &params).await {
                Ok(answer) => answer,
                Err(error) => {
                    out.calls += error.calls;
                    out.throttles += error.throttles;
                    out.error = Some(error);
                    break;
                }
            };
            let Answer { value, calls, throttles, .. } = answer;
            out.calls += calls;
            out.throttles += throttles;
            out.pages += 1;
            let tokens = continuation.as_ref().and_then(|continuation| continuation.next(&value));
            each(value).await;
            let Some(tokens) = tokens else { break };
            let digest = Sha256::digest(Value::Object(tokens.clone()).to_string());
            if !seen.insert(digest) {
                out.error =
                    Some(CallError::plain(Reason::EndlessPages, "a page token came back a second time"));
                break;
            }
            if out.pages >= self.inner.options.pages_max {
                let message = format!("there are more than {} pages", out.pages);
                out.error = Some(CallError::plain(Reason::EndlessPages, message));
                break;
            }
            apply(&mut params, tokens);
        }
        out.elapsed = started.elapsed();
        out
    }
}

/// A paginator with its paths parsed.
struct Continuation<'a> {
    tokens: Vec<(&'a str, Path)>,
    more: Option<Path>,
}

impl<'a> Continuation<'a> {
    fn new(paginator: &'a Paginator) -> Result<Self, CallError> {
        let path = |text: &String| text.parse().map_err(|error| CallError::caused(Reason::Failed, error));
        let outputs: Vec<Path> = paginator.output_token.iter().map(path).collect::<Result<_, _>>()?;
        Ok(Self {
            tokens: paginator.input_token.iter().map(String::as_str).zip(outputs).collect(),
            more: paginator.more_results.as_ref().map(path).transpose()?,
        })
    }

    /// The parameters that ask for the next page (null: to be left out), or none at the end.
    fn next(&self, page: &Value) -> Option<Map<String, Value>> {
        if self.more.as_ref().is_some_and(|more| !more.first(page).is_some_and(is_set)) {
            return None;
        }
        let value =
            |path: &Path| path.first(page).filter(|value| is_set(value)).cloned().unwrap_or(Value::Null);
        let tokens: Map<String, Value> =
            self.tokens.iter().map(|(name, path)| ((*name).to_owned(), value(path))).collect();
        tokens.values().any(|token| !token.is_null()).then_some(tokens)
    }
}

/// Whether a token or flag says that there is more: not absent, empty or false.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::String(text) => !text.is_empty() && text != "None",
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
    }
}

fn apply(params: &mut Value, tokens: Map<String, Value>) {
    if !params.is_object() {
        *params = Value::Object(Map::new());
    }
    if let Value::Object(params) = params {
        for (name, value) in tokens {
            if value.is_null() {
                params.remove(&name);
            } else {
                params.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paginator(input: &[&str], output: &[&str], more: Option<&str>) -> Paginator {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Paginator {
            input_token: texts(input),
            output_token: texts(output),
            more_results: more.map(str::to_owned),
            limit_key: None,
            result_key: Vec::new(),
        }
    }

    #[test]
    fn tokens_come_from_paths_lists_and_alternatives() {
        let one = paginator(&["Marker"], &["NextMarker || Contents[-1].Key"], Some("IsTruncated"));
        let one = Continuation::new(&one).expect("paths");
        let next = |page: Value| one.next(&page).map(Value::Object);
        assert_eq!(next(json!({"IsTruncated": true, "NextMarker": "m"})), Some(json!({"Marker": "m"})));
        assert_eq!(
            next(json!({"IsTruncated": true, "Contents": [{"Key": "a"}, {"Key": "b"}]})),
            Some(json!({"Marker": "b"}))
        );
        assert_eq!(next(json!({"IsTruncated": false, "NextMarker": "m"})), None);
        assert_eq!(next(json!({"NextMarker": "m"})), None);

        let many = paginator(&["Name", "Type", "Id"], &["NextName", "NextType", "NextId"], None);
        let many = Continuation::new(&many).expect("paths");
        let page = json!({"NextName": "a.", "NextType": "A"});
        let tokens = many.next(&page).expect("more");
        let mut params = json!({"Zone": "Z", "Id": "old"});
        apply(&mut params, tokens);
        assert_eq!(params, json!({"Zone": "Z", "Name": "a.", "Type": "A"}));
        assert_eq!(many.next(&json!({"NextName": ""})), None);
    }
}
