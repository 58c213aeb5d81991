//! Addresses that a service gives each account: some operations answer nowhere else.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use fathom_model::{AccountId, Reason, Region};
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::{Account, CallError, CallMeta, Client};
use crate::codec::Secrets;

/// The operation that tells the address.
const OPERATION: &str = "DescribeEndpoints";
/// How long an address may be used at most, whatever the service says, in minutes.
const MINUTES_MAX: u64 = 24 * 60;

/// The addresses that were told, by account, region and service.
#[derive(Debug, Default)]
pub(super) struct Discovered(Mutex<HashMap<(AccountId, Region, String), Told>>);

#[derive(Debug)]
struct Told {
    url: Url,
    until: Instant,
}

impl Discovered {
    fn get(&self, meta: &CallMeta) -> Option<Url> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(&key(meta)).filter(|told| told.until > Instant::now()).map(|told| told.url.clone())
    }

    fn keep(&self, meta: &CallMeta, told: Told) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key(meta), told);
    }

    /// Takes out an address that does not answer any more.
    pub(super) fn forget(&self, meta: &CallMeta) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(meta));
    }
}

fn key(meta: &CallMeta) -> (AccountId, Region, String) {
    (meta.account.clone(), meta.region.clone(), meta.service.clone())
}

impl Client {
    /// The address at which a service answers an account in a region; asked once, and again when its time is over.
    pub(super) async fn discovered(&self, account: &Account, meta: &CallMeta) -> Result<Url, CallError> {
        if let Some(url) = self.inner.discovered.get(meta) {
            return Ok(url);
        }
        let asking = CallMeta { operation: OPERATION.to_owned(), params: json!({}), ..meta.clone() };
        let answer = self.call_with(account, &asking, Secrets::Mask).await?;
        let told = read(&answer.value).ok_or_else(|| {
            let message = format!("{OPERATION} of `{}` gave no address", meta.service);
            CallError::plain(Reason::Malformed, message)
        })?;
        let url = told.url.clone();
        self.inner.discovered.keep(meta, told);
        Ok(url)
    }
}

/// The first address of an answer: a host's name.
fn read(answer: &Value) -> Option<Told> {
    let endpoint = answer.get("Endpoints")?.as_array()?.first()?;
    let url = Url::parse(&format!("https://{}", endpoint.get("Address")?.as_str()?)).ok()?;
    let is_host = url.host_str().is_some_and(|host| !host.is_empty())
        && url.username().is_empty()
        && url.path() == "/"
        && url.query().is_none();
    let minutes = endpoint.get("CachePeriodInMinutes").and_then(Value::as_u64).unwrap_or(1);
    let until = Instant::now() + Duration::from_secs(60 * minutes.clamp(1, MINUTES_MAX));
    is_host.then_some(Told { url, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_host_is_an_address() {
        let of = |address: Value| read(&json!({"Endpoints": [{"Address": address}]})).map(|told| told.url);
        let host = of(json!("ingest-cell2.timestream.us-east-1.amazonaws.com"));
        let host = host.expect("an address");
        assert_eq!(host.as_str(), "https://ingest-cell2.timestream.us-east-1.amazonaws.com/");
        for other in [json!(""), json!(null), json!("a.b/c"), json!("user@a.b"), json!("a.b?c"), json!(7)] {
            assert!(of(other.clone()).is_none(), "{other}");
        }
        assert!(read(&json!({"Endpoints": []})).is_none());
    }
}
