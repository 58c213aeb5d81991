//! From a request to its answer.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::TcpListener,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    response::Response,
};
use bytes::Bytes;
use http::{Request, request::Parts};
use serde_json::{Value, json};

use super::{
    FrontOptions,
    accounts::Accounts,
    answers::{Answers, Written},
    decode::decode,
    encode::{Reply, encode},
    errors, fault,
    forward::Moto,
    limits::Limits,
    recognise::{Message, Seen, recognise},
    rules::{Call, Fault, Rule},
    scale::Listings,
};

/// The largest request that is read.
const REQUEST_BYTES_MAX: usize = 64 << 20;

/// Everything that requests share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) rules: RwLock<Arc<Vec<Rule>>>,
    pub(crate) accounts: Accounts,
    pub(crate) log: Mutex<Vec<Call>>,
    pub(crate) total: AtomicU64,
    pub(crate) throttled: AtomicU64,
    /// Hashes of the calls that differ.
    pub(crate) distinct: Mutex<HashSet<u64>>,
    latency: Duration,
    limits: Option<Limits>,
    organisation: u32,
    calls_max: usize,
    seed: u64,
    answers: Answers,
    listings: Option<Listings>,
    moto: Option<Moto>,
}

impl Inner {
    pub(crate) fn new(options: FrontOptions) -> Self {
        Inner {
            rules: RwLock::new(Arc::new(options.rules)),
            accounts: Accounts::new(options.account),
            log: Mutex::default(),
            total: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
            distinct: Mutex::default(),
            latency: options.latency,
            limits: options.limited.then(Limits::default),
            organisation: options.accounts,
            calls_max: options.calls_max,
            seed: options.seed,
            answers: options.answers,
            listings: options.scale.map(Listings::new),
            moto: options.moto.as_deref().map(Moto::new),
        }
    }

    fn record(&self, mut call: Call, status: u16) {
        call.status = status;
        self.total.fetch_add(1, Ordering::Relaxed);
        let mut hasher = DefaultHasher::new();
        (&call.account, &call.region, &call.service, &call.operation).hash(&mut hasher);
        call.params.as_ref().map(Value::to_string).hash(&mut hasher);
        self.distinct.lock().unwrap_or_else(PoisonError::into_inner).insert(hasher.finish());
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() < self.calls_max {
            log.push(call);
        }
    }
}

/// Serves until the caller stops waiting.
pub(crate) async fn serve(listener: TcpListener, inner: Arc<Inner>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a socket for the runtime");
    let router = Router::new().fallback(handle).with_state(inner);
    axum::serve(listener, router).await.expect("a server that does not end by itself");
}

async fn handle(State(inner): State<Arc<Inner>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, REQUEST_BYTES_MAX).await else {
        return fault::whole(Reply::new(413, "text/plain", "the request is too large"));
    };
    if parts.uri.path().starts_with("/moto-api/")
        && let Some(moto) = &inner.moto
    {
        return moto.forward(&parts, body).await;
    }
    let message = Message { method: &parts.method, uri: &parts.uri, headers: &parts.headers, body: &body };
    let seen = recognise(&message);
    let call = Call {
        service: seen.service.clone(),
        operation: seen.operation.clone(),
        region: seen.scope.region.clone(),
        account: inner.accounts.of(&seen.scope.access_key),
        status: 0,
        params: decode(&seen, &message),
    };
    if !inner.latency.is_zero() {
        tokio::time::sleep(inner.latency).await;
    }
    if inner.limits.as_ref().is_some_and(|limits| !limits.admit(&call, Instant::now())) {
        inner.throttled.fetch_add(1, Ordering::Relaxed);
        let reply = errors::error(seen.model.as_deref(), 400, "ThrottlingException", "Rate exceeded");
        inner.record(call, reply.status);
        return fault::whole(reply);
    }
    let exchange = Exchange { inner: &inner, seen: &seen, call: &call, parts: &parts, body };
    let response = exchange.answer().await;
    let status = response.status().as_u16();
    inner.record(call, status);
    response
}

/// One request on its way to an answer.
struct Exchange<'a> {
    inner: &'a Inner,
    seen: &'a Seen,
    call: &'a Call,
    parts: &'a Parts,
    body: Bytes,
}

impl Exchange<'_> {
    async fn answer(self) -> Response {
        let rules = Arc::clone(&self.inner.rules.read().unwrap_or_else(PoisonError::into_inner));
        for (rule, place) in rules.iter().zip(0..) {
            if !rule.takes(self.call, self.inner.seed, place) {
                continue;
            }
            match &rule.fault {
                Fault::Slow(pause) => tokio::time::sleep(*pause).await,
                fault => return self.faulty(fault).await,
            }
        }
        self.usual().await
    }

    async fn faulty(self, fault: &Fault) -> Response {
        let model = self.seen.model.as_deref();
        match fault {
            Fault::Throttle { status, code } => {
                fault::whole(errors::error(model, *status, code, "Rate exceeded"))
            }
            Fault::Error { status, code, message } => {
                fault::whole(errors::error(model, *status, code, message))
            }
            Fault::Denied { message } => fault::whole(errors::denied(model, message)),
            Fault::RegionDisabled => fault::whole(errors::region_disabled(model)),
            Fault::ExpiredToken => fault::whole(errors::expired(model)),
            Fault::Html500 => fault::page(500),
            Fault::Malformed => fault::malformed(model),
            Fault::Huge(bytes) => fault::huge(model, *bytes),
            Fault::Status(status) => fault::bare(*status),
            Fault::CutConnection { after_bytes } => {
                let after_bytes = *after_bytes;
                fault::cut(self.usual().await, after_bytes).await
            }
            Fault::Answer(value) => self.output(value),
            Fault::AnswerWith(compute) => {
                let value = compute(self.call.params.as_ref().unwrap_or(&Value::Null), self.call);
                self.output(&value)
            }
            Fault::LoopingToken => {
                let base = match self.inner.answers.next(&self.call.service, &self.call.operation) {
                    Some(Written::Output(value)) => value.clone(),
                    _ => json!({}),
                };
                self.output(&fault::with_token(self.seen, base))
            }
            // Handled before; a pause has no answer of its own.
            Fault::Slow(_) => self.usual().await,
        }
    }

    fn output(&self, value: &Value) -> Response {
        match self.seen.modelled() {
            Some((model, _)) => fault::whole(encode(model, &self.seen.operation, value)),
            None => fault::whole(errors::error(
                self.seen.model.as_deref(),
                501,
                "NotImplemented",
                "the models do not have this operation",
            )),
        }
    }

    /// The answer that no rule changes.
    async fn usual(self) -> Response {
        let (service, operation) = (self.call.service.as_str(), self.call.operation.as_str());
        match self.inner.answers.next(service, operation) {
            Some(Written::Output(value)) => return self.output(value),
            Some(Written::Error { status, code, message }) => {
                return fault::whole(errors::error(self.seen.model.as_deref(), *status, code, message));
            }
            None => {}
        }
        if self.inner.organisation > 0 && (service, operation) == ("organizations", "ListAccounts") {
            return self.output(&organisation(&self.call.account, self.inner.organisation));
        }
        if let Some(reply) = self.inner.listings.as_ref().and_then(|listings| listings.page(self.call)) {
            return fault::whole(reply);
        }
        if let Some(moto) = &self.inner.moto {
            let hands_out_keys = service == "sts" && operation.starts_with("AssumeRole");
            let response = moto.forward(self.parts, self.body).await;
            if !hands_out_keys {
                return response;
            }
            let (head, body) = response.into_parts();
            let body = to_bytes(body, REQUEST_BYTES_MAX).await.unwrap_or_default();
            self.inner.accounts.watch(&body);
            return Response::from_parts(head, Body::from(body));
        }
        if (service, operation) == ("securityhub", "DescribeHub") {
            // Its output may not be empty, so an account without it refuses.
            let message = "Account is not subscribed to AWS Security Hub";
            return fault::whole(errors::error(
                self.seen.model.as_deref(),
                401,
                "InvalidAccessException",
                message,
            ));
        }
        let value = alone(self.call, &self.inner.accounts);
        self.output(&value)
    }
}

/// The few answers without which no scan begins, for a front without a moto; else an empty output.
fn alone(call: &Call, accounts: &Accounts) -> Value {
    match (call.service.as_str(), call.operation.as_str()) {
        ("sts", "GetCallerIdentity") => json!({
            "Account": call.account,
            "UserId": "AIDAFRONT",
            "Arn": format!("arn:aws:iam::{}:user/scanner", call.account),
        }),
        ("sts", "AssumeRole") => assumed(call, accounts),
        ("ec2", "DescribeRegions") => json!({"Regions": [{
            "RegionName": call.region,
            "Endpoint": format!("ec2.{}.amazonaws.com", call.region),
            "OptInStatus": "opt-in-not-required",
        }]}),
        _ => json!({}),
    }
}

/// The accounts of a generated organisation: the caller's, and others numbered from 100000000001.
fn organisation(first: &str, accounts: u32) -> Value {
    let others = (1..u64::from(accounts)).map(|number| (100_000_000_000 + number).to_string());
    let accounts: Vec<Value> = std::iter::once(first.to_owned())
        .chain(others)
        .map(|id| {
            json!({
                "Id": id,
                "Arn": format!("arn:aws:organizations::{first}:account/o-generated00/{id}"),
                "Name": format!("account-{id}"),
                "Email": format!("{id}@example.com"),
                "Status": "ACTIVE",
                "JoinedMethod": "CREATED",
            })
        })
        .collect();
    json!({ "Accounts": accounts })
}

/// Credentials for a role, with a key that stands for the role's account from now on.
fn assumed(call: &Call, accounts: &Accounts) -> Value {
    let params: BTreeMap<&str, &str> = call
        .params
        .as_ref()
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
        .collect();
    let arn = params.get("RoleArn").copied().unwrap_or_default();
    let account = arn.split(':').nth(4).unwrap_or(&call.account);
    let role = arn.rsplit('/').next().unwrap_or_default();
    let session = params.get("RoleSessionName").copied().unwrap_or("session");
    let key = format!("ASIA{account:0>16}");
    accounts.learn(&key, account);
    let expires = jiff::Timestamp::now() + Duration::from_hours(1);
    json!({
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": "front",
            "SessionToken": "front",
            "Expiration": expires.to_string(),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": format!("AROAFRONT:{session}"),
            "Arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
        },
    })
}
