//! The small machinery of asking: whom, pages with back-pressure, futures a few at a time, what an error means for a
//! row.

use fathom_cloud::client::{Account, CallError, Client, Pages};
use fathom_content::ResourceDefinition;
use fathom_model::Region;
use futures::{StreamExt, future::BoxFuture, stream};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{
    collect::Spot,
    tally::{Ending, Failure},
};

/// One question: an operation with its parameters, of one account in one region.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The account asked.
    pub account: &'a Account,
    /// The region asked.
    pub region: &'a Region,
    /// The service, as the models name it.
    pub service: &'a str,
    /// The operation, as the models name it.
    pub operation: &'a str,
    /// Its parameters.
    pub params: &'a Value,
}

/// Takes one page; the next comes when it is done with it.
pub type TakePage<'a> = dyn FnMut(Value) -> BoxFuture<'static, ()> + Send + 'a;

/// Where answers come from: a cloud, or what somebody saved of one.
pub trait Answers: Send + Sync {
    /// All pages of an answer, in order, and how they ended.
    fn pages<'a>(&'a self, question: Question<'a>, each: &'a mut TakePage<'a>) -> BoxFuture<'a, Pages>;
}

impl Answers for Client {
    fn pages<'a>(&'a self, question: Question<'a>, each: &'a mut TakePage<'a>) -> BoxFuture<'a, Pages> {
        let Question { account, region, service, operation, params } = question;
        Box::pin(self.pages(account, region, service, operation, params, each))
    }
}

/// Runs some of the futures at the same time and keeps their order. They come boxed, because the compiler cannot see
/// that a task is `Send` through closures over borrowed arguments.
pub(crate) async fn at_once<'f, T>(futures: impl Iterator<Item = BoxFuture<'f, T>>, most: usize) -> Vec<T> {
    let futures: Vec<BoxFuture<'f, T>> = futures.collect();
    stream::iter(futures).buffered(most).collect().await
}

/// Lists in one place and sends each page on; waits where the taker is slower.
pub(crate) async fn read_pages(
    answers: &dyn Answers,
    spot: &Spot,
    definition: &ResourceDefinition,
    params: &Value,
    pages: mpsc::Sender<Value>,
) -> Ending {
    let list = &definition.list;
    let mut send = move |page| -> BoxFuture<'static, ()> {
        let pages = pages.clone();
        // A taker that is gone gave the scan up.
        Box::pin(async move { drop(pages.send(page).await) })
    };
    let question = Question {
        account: &spot.account,
        region: &spot.calls,
        service: &definition.service,
        operation: &list.operation,
        params,
    };
    let ended = answers.pages(question, &mut send).await;
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
