//! Follows an operation's pages to their end.

use std::{collections::HashSet, time::Duration};

use fathom_model::{Reason, Region, path::Path};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{Account, Answer, CallError, Client};
use crate::model::{Models, Paginator, is_set, sign_of_more};

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
    /// is one page; where its answer says that there is more nevertheless, the pages ended early.
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
            let next = match &continuation {
                Some(continuation) => continuation.next(&value),
                None => sign_of_more(&value).map_or(Next::End, |sign| Next::Lost(sign.to_owned())),
            };
            each(value).await;
            let tokens = match next {
                Next::End => break,
                Next::Page(tokens) => tokens,
                Next::Lost(sign) => {
                    let message = format!("`{sign}` says that there is more, and not how to ask for it");
                    out.error = Some(CallError::plain(Reason::Malformed, message));
                    break;
                }
            };
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

    fn next(&self, page: &Value) -> Next {
        let more = self.more.as_ref().map(|more| more.first(page).is_some_and(is_set));
        if more == Some(false) {
            return Next::End;
        }
        let value =
            |path: &Path| path.first(page).filter(|value| is_set(value)).cloned().unwrap_or(Value::Null);
        let tokens: Map<String, Value> =
            self.tokens.iter().map(|(name, path)| ((*name).to_owned(), value(path))).collect();
        if tokens.values().any(|token| !token.is_null()) {
            return Next::Page(tokens);
        }
        match &self.more {
            Some(more) => Next::Lost(more.as_str().to_owned()),
            None => Next::End,
        }
    }
}

/// What comes after a page.
#[derive(Debug, PartialEq)]
enum Next {
    /// Nothing.
    End,
    /// The page that these parameters ask for; null: to be left out.
    Page(Map<String, Value>),
    /// More, by this member, without a token to ask for it.
    Lost(String),
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
        let page = |value: Value| Next::Page(value.as_object().expect("parameters").clone());
        let next = |page: Value| one.next(&page);
        assert_eq!(next(json!({"IsTruncated": true, "NextMarker": "m"})), page(json!({"Marker": "m"})));
        assert_eq!(
            next(json!({"IsTruncated": true, "Contents": [{"Key": "a"}, {"Key": "b"}]})),
            page(json!({"Marker": "b"}))
        );
        assert_eq!(next(json!({"IsTruncated": false, "NextMarker": "m"})), Next::End);
        assert_eq!(next(json!({"NextMarker": "m"})), Next::End);
        assert_eq!(next(json!({"IsTruncated": true, "Contents": []})), Next::Lost("IsTruncated".to_owned()));

        let many = paginator(&["Name", "Type", "Id"], &["NextName", "NextType", "NextId"], None);
        let many = Continuation::new(&many).expect("paths");
        let Next::Page(tokens) = many.next(&json!({"NextName": "a.", "NextType": "A"})) else {
            panic!("there is more")
        };
        let mut params = json!({"Zone": "Z", "Id": "old"});
        apply(&mut params, tokens);
        assert_eq!(params, json!({"Zone": "Z", "Name": "a.", "Type": "A"}));
        assert_eq!(many.next(&json!({"NextName": ""})), Next::End);
    }
}
