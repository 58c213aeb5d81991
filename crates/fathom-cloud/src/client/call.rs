//! One call: its attempts, from parameters to a value or a reason.

use std::{
    sync::atomic::Ordering,
    time::{Duration, SystemTime},
};

use fathom_model::{Reason, Region};
use http::{HeaderMap, Method, header};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{
    Account, CallError, CallMeta, Client, TransportError,
    account::KeyError,
    endpoint::{self, Target},
    error::shortened,
    limit::Bucket,
    outcome::{self, Again, Verdict},
    permission, sign,
};
use crate::{
    codec::{self, ErrorAnswer, ParseError, Secrets},
    model::{Kind, Operation, Protocol, Service, ShapeRef, Structure},
    record, wire,
};

/// Attempts of a call whose connection fails: the network's pauses are short.
const NETWORK_ATTEMPTS_MAX: u32 = 4;

/// After a throttle the pauses are this much longer.
const THROTTLE_PAUSE: u32 = 5;

/// The code of an address that was given and no longer answers; the next call asks for another.
const MOVED: &str = "InvalidEndpointException";

/// A clock that is this far off, in seconds, is worth correcting.
const SKEW_SECONDS_MIN: i64 = 60;

/// What a call brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The result in the value form.
    pub value: Value,
    /// HTTP calls made, retries included.
    pub calls: u32,
    /// How many answers were throttled.
    pub throttles: u32,
    /// From the beginning of the call to its end, pauses included.
    pub elapsed: Duration,
}

/// What an attempt brought when it brought no value.
struct Failure {
    verdict: Verdict,
    error: CallError,
    retry_after: Option<Duration>,
    /// The service's clock against ours, in seconds.
    skew_seconds: Option<i64>,
    /// Where the bucket lives instead.
    region: Option<String>,
}

/// Everything about a call that its attempts share.
struct Call<'a> {
    client: &'a Client,
    account: &'a Account,
    meta: &'a CallMeta,
    service: &'a Service,
    operation: &'a Operation,
    secrets: Secrets,
}

impl Client {
    /// Calls an operation once, with retries. `region` may be `global`; the models name service and operation; `params`
    /// is an object in the value form, or null.
    ///
    /// # Errors
    /// [`CallError`] with the reason that the coverage ledger shows.
    pub async fn call(
        &self,
        account: &Account,
        region: &Region,
        service: &str,
        operation: &str,
        params: &Value,
    ) -> Result<Answer, CallError> {
        let meta = CallMeta {
            account: account.id.clone(),
            partition: account.partition.clone(),
            region: region.clone(),
            service: service.to_owned(),
            operation: operation.to_owned(),
            params: params.clone(),
        };
        super::guard::check(service, operation, params)?;
        self.call_with(account, &meta, self.inner.options.secrets).await
    }

    /// The same for a call that is described already.
    pub(crate) async fn call_with(
        &self,
        account: &Account,
        meta: &CallMeta,
        secrets: Secrets,
    ) -> Result<Answer, CallError> {
        // Boxed: a call may ask for its address first, which is a call in a call.
        let result = Box::pin(self.attempts(account, meta, secrets)).await;
        if let Err(error) = &result {
            self.inner.counting.errors.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(
                account = %meta.account, region = %meta.region, service = meta.service, operation = meta.operation,
                reason = %error.reason, code = error.code, calls = error.calls, "call failed"
            );
        }
        result
    }

    async fn attempts(
        &self,
        account: &Account,
        meta: &CallMeta,
        secrets: Secrets,
    ) -> Result<Answer, CallError> {
        let started = Instant::now();
        let inner = &self.inner;
        let service =
            inner.models.service(&meta.service).map_err(|error| CallError::caused(Reason::Failed, error))?;
        let operation = service.operation(&meta.operation).ok_or_else(|| {
            let message = format!("the model of `{}` has no operation `{}`", meta.service, meta.operation);
            CallError::plain(Reason::Failed, message)
        })?;
        let request = codec::serialize(&service, operation, &meta.params)
            .map_err(|error| CallError::caused(Reason::Failed, error))?;
        let endpoints = inner.models.endpoints().map_err(|error| CallError::caused(Reason::Failed, error))?;
        let resolve = |region: &Region| {
            endpoint::resolve(&endpoints, &service, &account.partition, region, &inner.options.endpoints)
                .map_err(|error| CallError::caused(Reason::NotAnswered, error))
        };
        let mut target = resolve(&meta.region)?;
        if operation.is_discovered() && !target.overridden && inner.transport.recording().is_none() {
            target.url = self.discovered(account, meta).await?;
        }
        let call = Call { client: self, account, meta, service: &service, operation, secrets };
        let open = target.overridden || inner.transport.recording().is_some();
        let bucket = inner.limits.bucket(&meta.account, &meta.region, &meta.service, &meta.operation, open);
        let (mut calls, mut throttles, mut renewed, mut redirected) = (0, 0, false, false);
        loop {
            if calls > 0 {
                inner.counting.retries.fetch_add(1, Ordering::Relaxed);
            }
            let (failure, generation) =
                match call.attempt(&target, request.clone(), &bucket, &mut calls).await {
                    Ok(value) => return Ok(Answer { value, calls, throttles, elapsed: started.elapsed() }),
                    Err(failure) => failure,
                };
            let mut failure = *failure;
            if operation.is_discovered() && failure.error.code.as_deref() == Some(MOVED) {
                inner.discovered.forget(meta);
            }
            if failure.verdict.again == Again::Slower {
                throttles += 1;
                inner.counting.throttles.fetch_add(1, Ordering::Relaxed);
                bucket.throttled(failure.retry_after);
            }
            if let Some(region) = failure.region.take().filter(|_| !redirected) {
                redirected = true;
                target = resolve(&Region::from(region))?;
                continue;
            }
            let attempts = inner.options.attempts_max;
            let retry = match failure.verdict.again {
                Again::Never => false,
                Again::Pause if failure.verdict.reason == Reason::Network => {
                    calls < attempts.min(NETWORK_ATTEMPTS_MAX)
                }
                Again::Pause | Again::Slower => calls < attempts,
                Again::Once => calls < attempts.min(2),
                Again::Renewed if renewed => false,
                Again::Renewed => {
                    renewed = true;
                    inner.transport.recording().is_some()
                        || self.correct_clock(failure.skew_seconds)
                        || account.credentials.renew(generation).await.unwrap_or(false)
                }
            };
            if !retry {
                let mut error = failure.error;
                (error.calls, error.throttles, error.elapsed) = (calls, throttles, started.elapsed());
                if error.reason == Reason::Denied {
                    error.permission = Some(permission::of(&service, operation, &error.message));
                }
                return Err(error);
            }
            if failure.verdict.again != Again::Renewed && inner.transport.recording().is_none() {
                let longer = if failure.verdict.again == Again::Slower { THROTTLE_PAUSE } else { 1 };
                sleep(inner.limits.pause(inner.options.pause * longer, calls)).await;
            }
        }
    }

    /// The time as the services see it.
    pub(crate) fn now(&self) -> SystemTime {
        let skew = self.inner.skew_seconds.load(Ordering::Relaxed);
        let now = SystemTime::now();
        let by = Duration::from_secs(skew.unsigned_abs());
        if skew < 0 { now - by } else { now + by }
    }

    /// Takes over the services' clock where ours is off. True where that changes the next signature.
    fn correct_clock(&self, skew_seconds: Option<i64>) -> bool {
        let Some(skew) = skew_seconds else { return false };
        let known = self.inner.skew_seconds.load(Ordering::Relaxed);
        if (skew - known).abs() < SKEW_SECONDS_MIN {
            return false;
        }
        tracing::warn!(skew_seconds = skew, "our clock is off, signing with the service's");
        self.inner.skew_seconds.store(skew, Ordering::Relaxed);
        true
    }
}

impl Call<'_> {
    /// One request and its answer. With a failure comes the generation of the credentials that were used.
    async fn attempt(
        &self,
        target: &Target,
        request: wire::Request,
        bucket: &Bucket,
        calls: &mut u32,
    ) -> Result<Value, (Box<Failure>, u64)> {
        let inner = &self.client.inner;
        let played = inner.transport.recording().is_some();
        let mut generation = 0;
        let local = |error: CallError| {
            Box::new(Failure::of(Verdict { reason: error.reason, again: Again::Never }, error))
        };
        let mut request = sign::address(target, request, &self.meta.params)
            .map_err(|error| (local(CallError::caused(Reason::Failed, error)), generation))?;
        let mut keys = None;
        if !played {
            bucket.take().await;
            // Before the turn: a role's credentials come from a call, which needs a turn itself.
            let got = self.account.credentials.get(SystemTime::now()).await.map_err(|error| {
                let reason = match &error {
                    KeyError::Role(cause) => cause.reason,
                    KeyError::Provider(_) | KeyError::None => Reason::Unauthenticated,
                };
                (local(CallError::caused(reason, error)), generation)
            })?;
            generation = got.generation;
            keys = Some(got.credentials);
        }
        let Ok(turn) = inner.turns.acquire().await else {
            return Err((local(CallError::plain(Reason::NotReached, "the client is closing")), generation));
        };
        if let Some(credentials) = keys {
            request = sign::signed(request, target, credentials, self.client.now())
                .map_err(|error| (local(CallError::caused(Reason::Failed, error)), generation))?;
        }
        *calls += 1;
        let head = request.method() == Method::HEAD;
        let sent = {
            let _under_way = inner.counting.under_way();
            inner.transport.send(self.meta, request).await
        };
        drop(turn);
        match sent {
            Ok(response) => self.read(response, head, bucket).map_err(|failure| (failure, generation)),
            Err(error) => Err((Box::new(Failure::unsent(error, target)), generation)),
        }
    }

    fn read(&self, mut response: wire::Response, head: bool, bucket: &Bucket) -> Result<Value, Box<Failure>> {
        if !outcome::is_page(&response.body) {
            // Some endpoints call everything a web page; what the body is decides.
            response.headers.remove(header::CONTENT_TYPE);
        }
        let response = &response;
        let answer = if (200..300).contains(&response.status) && !self.is_page_for_people(response) {
            match self.parse(response) {
                Ok(value) => {
                    bucket.answered();
                    return Ok(value);
                }
                Err(ParseError::Embedded(answer)) => *answer,
                Err(error) => {
                    let verdict = Verdict { reason: Reason::Malformed, again: Again::Once };
                    return Err(Box::new(Failure::of(verdict, CallError::caused(Reason::Malformed, error))));
                }
            }
        } else {
            codec::parse_error(self.service, Some(self.operation), response)
        };
        let verdict = outcome::of_answer(&self.meta.region, response.status, head, &answer);
        let message = match (answer.html, answer.message.is_empty()) {
            (true, _) => format!("the endpoint answered with a web page and status {}", response.status),
            (false, true) => format!("the endpoint answered with status {}", response.status),
            (false, false) => shortened(&answer.message),
        };
        let region = self.bucket_region(response, &answer);
        let error = CallError { code: Some(answer.code), ..CallError::plain(verdict.reason, message) };
        Err(Box::new(Failure {
            verdict,
            error,
            retry_after: retry_after(&response.headers),
            skew_seconds: skew_seconds(&response.headers),
            region,
        }))
    }

    /// Whether a page came where a document was due, as from a network that wants a sign-in.
    fn is_page_for_people(&self, response: &wire::Response) -> bool {
        let is_free = |target: &ShapeRef| {
            let payload = self.service.shape(target.shape()).structure().and_then(Structure::payload);
            payload.is_some_and(|member| {
                matches!(self.service.shape(member.target().shape()).kind(), Kind::Blob | Kind::String)
            })
        };
        outcome::is_page(&response.body) && !self.operation.output().is_some_and(is_free)
    }

    fn parse(&self, response: &wire::Response) -> Result<Value, ParseError> {
        if self.client.inner.transport.recording().is_some()
            && let Some(value) = record::parsed_value(response)
        {
            return value.map_err(ParseError::Json);
        }
        // The query protocols wrap every result: no body is no answer, and must not pass for an empty one.
        let wraps = matches!(self.service.protocol(), Protocol::Query | Protocol::Ec2);
        if wraps && self.operation.output().is_some() && response.body.trim_ascii().is_empty() {
            return Err(ParseError::Truncated);
        }
        codec::parse(self.service, self.operation, response, self.secrets)
    }

    /// The region that S3 names when a bucket lives elsewhere.
    fn bucket_region(&self, response: &wire::Response, answer: &ErrorAnswer) -> Option<String> {
        let elsewhere = matches!(response.status, 301 | 307)
            || matches!(
                answer.code.as_str(),
                "AuthorizationHeaderMalformed" | "PermanentRedirect" | "IllegalLocationConstraintException"
            )
            || (response.status == 400 && answer.message.is_empty());
        if self.service.signing_name() != "s3" || !elsewhere {
            return None;
        }
        let named = response.headers.get("x-amz-bucket-region")?.to_str().ok()?;
        (named != self.meta.region.as_str()).then(|| named.to_owned())
    }
}

impl Failure {
    fn unsent(error: TransportError, target: &Target) -> Self {
        let verdict = outcome::of_transport(&error, target.overridden);
        Self::of(verdict, CallError::caused(verdict.reason, error))
    }

    fn of(verdict: Verdict, error: CallError) -> Self {
        Self { verdict, error, retry_after: None, skew_seconds: None, region: None }
    }
}

/// The pause that the service asks for, in whole seconds; dates are not used by AWS.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// How far the service's clock is ahead of ours.
fn skew_seconds(headers: &HeaderMap) -> Option<i64> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_second();
    let ours = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    Some(theirs - i64::try_from(ours).ok()?)
}
