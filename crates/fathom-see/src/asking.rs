//! The small machinery of asking: pages with back-pressure, futures a few at a time, what an error means for a row.

use fathom_cloud::client::{CallError, Client};
use fathom_content::ResourceDefinition;
use futures::{StreamExt, future::BoxFuture, stream};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{
    collect::Spot,
    tally::{Ending, Failure},
};

/// Runs some of the futures at the same time and keeps their order. They come boxed, because the compiler cannot see
/// that a task is `Send` through closures over borrowed arguments.
pub(crate) async fn at_once<'f, T>(futures: impl Iterator<Item = BoxFuture<'f, T>>, most: usize) -> Vec<T> {
    let futures: Vec<BoxFuture<'f, T>> = futures.collect();
    stream::iter(futures).buffered(most).collect().await
}

/// Lists in one place and sends each page on; waits where the taker is slower.
pub(crate) async fn read_pages(
    client: &Client,
    spot: &Spot,
    definition: &ResourceDefinition,
    params: &Value,
    pages: mpsc::Sender<Value>,
) -> Ending {
    let list = &definition.list;
    let send = |page| {
        let pages = pages.clone();
        // A taker that is gone gave the scan up.
        async move { drop(pages.send(page).await) }
    };
    let ended =
        client.pages(&spot.account, &spot.calls, &definition.service, &list.operation, params, send).await;
    Ending {
        items: 0,
        calls: u64::from(ended.calls),
        throttles: u64::from(ended.throttles),
        millis: ended.elapsed.as_millis() as u64,
        failure: ended.error.as_ref().and_then(|error| failure(error, &list.absent)),
    }
}

/// Why a call failed, or none where its error code only says that there is nothing.
pub(crate) fn failure(error: &CallError, absent: &[String]) -> Option<Failure> {
    if error.code.as_ref().is_some_and(|code| absent.contains(code)) {
        return None;
    }
    Some(Failure {
        reason: error.reason,
        permission: error.permission.clone(),
        detail: match &error.code {
            Some(code) => format!("{code}: {}", error.message),
            None => error.message.clone(),
        },
    })
}
