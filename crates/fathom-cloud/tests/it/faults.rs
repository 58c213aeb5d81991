//! A faulty endpoint: every way in which an answer can fail has its reason, its number of attempts, and no panic.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, future},
};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Response, header},
};
use fathom_cloud::client::{Account, Answer, CallError, Client, ClientOptions, Overrides};
use fathom_model::{Reason, Region};
use serde_json::{Value, json};

const VPCS: &str = r#"<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet></DescribeVpcsResponse>"#;

/// What the endpoint answers: from the request's number (from 1), its body and its headers.
type Script = dyn Fn(u32, &str, &header::HeaderMap) -> Response<Body> + Send + Sync;

struct Faulty {
    url: String,
    requests: Arc<AtomicU32>,
}

async fn faulty(
    script: impl Fn(u32, &str, &header::HeaderMap) -> Response<Body> + Send + Sync + 'static,
) -> Faulty {
    let requests = Arc::new(AtomicU32::new(0));
    let script: Arc<Script> = Arc::new(script);
    let counter = Arc::clone(&requests);
    let app = Router::new().fallback(move |request: Request| {
        let (script, counter) = (Arc::clone(&script), Arc::clone(&counter));
        async move {
            let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
            script(number, &String::from_utf8_lossy(&body), &parts.headers)
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Faulty { url, requests }
}

fn answer(status: u16, kind: &str, body: impl Into<Body>) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, kind)
        .body(body.into())
        .expect("a response")
}

fn ec2_error(status: u16, code: &str, message: &str) -> Response<Body> {
    let body = format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>r</RequestID></Response>"
    );
    answer(status, "text/xml", body)
}

fn options(url: &str) -> ClientOptions {
    let mut options = ClientOptions::default().with_endpoint(url).expect("an address");
    options.pause = Duration::from_millis(1);
    options.attempts_max = 3;
    options
}

fn account() -> Account {
    let keys = Credentials::new("AKIDCANARY", "canary-secret", Some("canary-token".to_owned()), None, "test");
    Account::new("111122223333", "aws", "eu-west-1", keys)
}

async fn vpcs_in(options: ClientOptions, account: &Account, region: &str) -> Result<Answer, CallError> {
    let client = Client::new(options).expect("a client");
    let result = client.call(account, &Region::new(region), "ec2", "DescribeVpcs", &json!({})).await;
    let shown = format!("{client:?} {account:?} {result:?}");
    assert!(!shown.to_lowercase().contains("canary"), "{shown}");
    assert_eq!(client.counters().in_flight, 0);
    result
}

async fn vpcs(options: ClientOptions) -> Result<Answer, CallError> {
    vpcs_in(options, &account(), "eu-west-1").await
}

#[tokio::test]
async fn every_error_answer_has_its_reason_and_its_attempts() {
    use Reason::*;
    let cases: &[(u16, &str, &str, &str, Reason, u32)] = &[
        // status, code, message, region, reason, attempts of three
        (400, "Throttling", "Rate exceeded", "eu-west-1", Throttled, 3),
        (503, "RequestLimitExceeded", "Request limit exceeded.", "eu-west-1", Throttled, 3),
        (429, "SomethingNew", "slow down", "eu-west-1", Throttled, 3),
        (503, "Unavailable", "", "eu-west-1", Throttled, 3),
        (
            403,
            "UnauthorizedOperation",
            "You are not authorized to perform this operation.",
            "eu-west-1",
            Denied,
            1,
        ),
        (400, "AuthorizationError", "no", "eu-west-1", Denied, 1),
        (
            400,
            "Other",
            "User: arn:aws:iam::1:user/a is not authorized to perform: ec2:DescribeVpcs",
            "eu-west-1",
            Denied,
            1,
        ),
        (
            400,
            "ExpiredToken",
            "The security token included in the request is expired",
            "eu-west-1",
            Unauthenticated,
            1,
        ),
        (
            401,
            "AuthFailure",
            "AWS was not able to validate the provided access credentials",
            "eu-west-1",
            Unauthenticated,
            1,
        ),
        (
            401,
            "AuthFailure",
            "AWS was not able to validate the provided access credentials",
            "me-south-1",
            RegionDisabled,
            1,
        ),
        (
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
            "ap-east-1",
            RegionDisabled,
            1,
        ),
        (403, "ExpiredToken", "expired", "ap-east-1", Unauthenticated, 1),
        (403, "OptInRequired", "You are not subscribed to this service", "eu-west-1", NotEnabled, 1),
        (400, "SubscriptionRequiredException", "no", "eu-west-1", NotEnabled, 1),
        (
            401,
            "InvalidAccessException",
            "Account 1 is not subscribed to AWS Security Hub",
            "eu-west-1",
            NotEnabled,
            1,
        ),
        (403, "AccessDeniedException", "Macie is not enabled.", "eu-west-1", NotEnabled, 1),
        (400, "InvalidAction", "The action is not valid for this endpoint", "eu-west-1", NotAnswered, 1),
        (500, "InternalError", "An internal error has occurred", "eu-west-1", Failed, 3),
        (400, "InvalidVpcID.NotFound", "The vpc ID does not exist", "eu-west-1", Failed, 1),
    ];
    for (status, code, message, region, reason, attempts) in cases {
        let (status, code, message) = (*status, (*code).to_owned(), (*message).to_owned());
        let shown = format!("{status} {code} in {region}");
        let of_answer = code.clone();
        let endpoint = faulty(move |_, _, _| ec2_error(status, &of_answer, &message)).await;
        let mut options = options(&endpoint.url);
        options.attempts_max = 3;
        let error = vpcs_in(options, &account(), region).await.expect_err(&shown);
        assert_eq!(error.reason, *reason, "{shown}: {error}");
        assert_eq!(
            (error.calls, endpoint.requests.load(Ordering::SeqCst)),
            (*attempts, *attempts),
            "{shown}"
        );
        assert_eq!(error.code.as_deref(), Some(code.as_str()), "{shown}");
        assert_eq!(error.throttles, if *reason == Throttled { 3 } else { 0 }, "{shown}");
        assert_eq!(error.permission.as_deref(), (*reason == Denied).then_some("ec2:DescribeVpcs"), "{shown}");
    }
}

#[tokio::test]
async fn pages_for_people_and_damaged_answers() {
    let cases: Vec<(&str, u16, &str, Body, Reason, u32)> = vec![
        (
            "HTML 500",
            500,
            "text/html",
            Body::from("<!doctype html><title>500</title>"),
            Reason::NotAnswered,
            1,
        ),
        ("HTML 404", 404, "text/html; charset=utf-8", Body::from("<html>no</html>"), Reason::NotAnswered, 1),
        (
            "HTML 200",
            200,
            "text/html",
            Body::from("<html>sign in to the hotel network</html>"),
            Reason::NotAnswered,
            1,
        ),
        ("no body 404", 404, "text/plain", Body::empty(), Reason::NotAnswered, 1),
        ("no body 403", 403, "text/plain", Body::empty(), Reason::Denied, 1),
        ("not XML", 200, "text/xml", Body::from("{\"a\":1}"), Reason::Malformed, 2),
        ("half of the XML", 200, "text/xml", Body::from(&VPCS[..VPCS.len() / 2]), Reason::Malformed, 2),
        ("not UTF-8", 200, "text/xml", Body::from(vec![b'<', 0xff, 0xfe]), Reason::Malformed, 2),
        ("nothing", 200, "text/xml", Body::empty(), Reason::Malformed, 2),
    ];
    for (shown, status, kind, body, reason, attempts) in cases {
        let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
        let endpoint = faulty(move |_, _, _| answer(status, kind, bytes.clone())).await;
        match vpcs(options(&endpoint.url)).await {
            Err(error) => {
                assert_eq!((error.reason, error.calls), (reason, attempts), "{shown}: {error}");
            }
            Ok(answer) => panic!("{shown}: {answer:?}"),
        }
    }
}

#[tokio::test]
async fn a_web_page_type_on_an_answer_that_is_none_does_not_mislead() {
    let endpoint = faulty(|_, _, _| answer(200, "text/html; charset=utf-8", VPCS)).await;
    assert_eq!(vpcs(options(&endpoint.url)).await.expect("an answer").value["Vpcs"][0]["VpcId"], "vpc-1");
    let endpoint = faulty(|_, _, _| {
        let body = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>";
        answer(403, "text/html; charset=utf-8", body)
    })
    .await;
    assert_eq!(vpcs(options(&endpoint.url)).await.expect_err("denied").reason, Reason::Denied);
}

#[tokio::test]
async fn throttled_calls_succeed_later_and_are_counted() {
    let endpoint = faulty(|number, _, _| match number {
        1 => ec2_error(503, "RequestLimitExceeded", "Request limit exceeded."),
        2 => answer(429, "text/plain", ""),
        _ => answer(200, "text/xml", VPCS),
    })
    .await;
    let client = Client::new(options(&endpoint.url)).expect("a client");
    let answer = client
        .call(&account(), &"eu-west-1".into(), "ec2", "DescribeVpcs", &json!({}))
        .await
        .expect("an answer after all");
    assert_eq!((answer.calls, answer.throttles), (3, 2));
    let counters = client.counters();
    assert_eq!((counters.calls, counters.retries, counters.throttles, counters.errors), (3, 2, 2, 0));
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let endpoint = faulty(|number, _, _| match number {
        1 => Response::builder()
            .status(429)
            .header("retry-after", "1")
            .body(Body::empty())
            .expect("a response"),
        _ => answer(200, "text/xml", VPCS),
    })
    .await;
    let answer = vpcs(options(&endpoint.url)).await.expect("an answer");
    assert!(answer.elapsed >= Duration::from_secs(1), "{:?}", answer.elapsed);
}

#[tokio::test]
async fn cut_slow_and_huge_answers() {
    // Announces more than it sends, then hangs up.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 5000\r\n\r\n<Desc")
                .await;
        }
    });
    let error = vpcs(options(&url)).await.expect_err("cut");
    assert_eq!((error.reason, error.calls), (Reason::Network, 3), "{error}");

    // Sends the headers and then a byte now and then: the time is for the whole answer.
    let endpoint = faulty(|_, _, _| {
        let bytes = futures::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(40)).await;
            Some((Ok::<_, std::io::Error>(bytes::Bytes::from_static(b" ")), ()))
        });
        answer(200, "text/xml", Body::from_stream(bytes))
    })
    .await;
    let mut slow = options(&endpoint.url);
    slow.timeout = Duration::from_millis(200);
    let error = vpcs(slow).await.expect_err("too slow");
    assert_eq!((error.reason, error.calls), (Reason::Timeout, 2), "{error}");

    // 70 MB, announced and not.
    let endpoint = faulty(|_, _, _| answer(200, "text/xml", vec![b' '; 70 << 20])).await;
    let error = vpcs(options(&endpoint.url)).await.expect_err("too large");
    assert_eq!((error.reason, error.calls), (Reason::TooLarge, 1), "{error}");
    let endpoint = faulty(|_, _, _| {
        let chunks = (0..70).map(|_| Ok::<_, std::io::Error>(bytes::Bytes::from(vec![b' '; 1 << 20])));
        answer(200, "text/xml", Body::from_stream(futures::stream::iter(chunks)))
    })
    .await;
    let error = vpcs(options(&endpoint.url)).await.expect_err("too large");
    assert_eq!((error.reason, error.calls), (Reason::TooLarge, 1), "{error}");
}

#[tokio::test]
async fn names_that_do_not_exist() {
    // A region's endpoint that does not exist is "not answered"; `.invalid` never resolves (RFC 2606). An address that
    // the user gave and that does not exist is the user's network.
    let error = vpcs(options("http://nowhere.invalid")).await.expect_err("no such host");
    assert_eq!(error.reason, Reason::Network, "{error}");
}

#[tokio::test]
async fn pages_that_never_end_stop_and_keep_what_was_read() {
    let page = |token: &str| {
        format!(
            "<DescribeVpcsResponse><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet><nextToken>{token}</nextToken></DescribeVpcsResponse>"
        )
    };
    // The same token again and again.
    let endpoint = faulty(move |_, _, _| answer(200, "text/xml", page("again"))).await;
    let client = Client::new(options(&endpoint.url)).expect("a client");
    let mut read = 0;
    let end = client
        .pages(&account(), &"eu-west-1".into(), "ec2", "DescribeVpcs", &json!({}), |_| {
            read += 1;
            std::future::ready(())
        })
        .await;
    assert_eq!((end.pages, read, end.calls), (2, 2, 2));
    assert_eq!(end.error.expect("endless").reason, Reason::EndlessPages);
    // Always a new token.
    let endpoint = faulty(move |number, _, _| answer(200, "text/xml", page(&number.to_string()))).await;
    let mut limited = options(&endpoint.url);
    limited.pages_max = 5;
    let client = Client::new(limited).expect("a client");
    let mut read = 0;
    let end = client
        .pages(&account(), &"eu-west-1".into(), "ec2", "DescribeVpcs", &json!({}), |_| {
            read += 1;
            std::future::ready(())
        })
        .await;
    assert_eq!((end.pages, read), (5, 5));
    assert_eq!(end.error.expect("endless").reason, Reason::EndlessPages);
    // Fails on the third page.
    let endpoint = faulty(move |number, body, _| match number {
        1 | 2 => {
            assert_eq!(body.contains("NextToken="), number == 2, "{body}");
            answer(200, "text/xml", page(&number.to_string()))
        }
        _ => ec2_error(403, "UnauthorizedOperation", "no"),
    })
    .await;
    let client = Client::new(options(&endpoint.url)).expect("a client");
    let mut read = 0;
    let end = client
        .pages(&account(), &"eu-west-1".into(), "ec2", "DescribeVpcs", &json!({}), |_| {
            read += 1;
            std::future::ready(())
        })
        .await;
    assert_eq!((end.pages, read, end.calls), (2, 2, 3));
    assert_eq!(end.error.expect("denied").reason, Reason::Denied);
}

/// Gives new keys each time.
#[derive(Debug)]
struct Renewing(AtomicU32);

impl ProvideCredentials for Renewing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        future::ProvideCredentials::ready(Ok(Credentials::new(
            format!("AKID{number}"),
            "canary",
            None,
            None,
            "test",
        )))
    }
}

#[tokio::test]
async fn expired_credentials_are_renewed_once_for_all_calls() {
    let endpoint = faulty(|_, _, headers| {
        let line =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if line.contains("Credential=AKID0/") {
            ec2_error(400, "ExpiredToken", "The provided token has expired.")
        } else {
            answer(200, "text/xml", VPCS)
        }
    })
    .await;
    let account = Account::new("111122223333", "aws", "eu-west-1", Renewing(AtomicU32::new(0)));
    let client = Client::new(options(&endpoint.url)).expect("a client");
    let (region, params) = (Region::new("eu-west-1"), json!({}));
    let call = || client.call(&account, &region, "ec2", "DescribeVpcs", &params);
    let (a, b, c) = tokio::join!(call(), call(), call());
    for answer in [a, b, c] {
        assert_eq!(answer.expect("an answer").value["Vpcs"][0]["VpcId"], "vpc-1");
    }
    assert_eq!(call().await.expect("an answer").calls, 1);
    assert!(endpoint.requests.load(Ordering::SeqCst) <= 7);
}

#[tokio::test]
async fn a_clock_that_is_off_is_corrected() {
    let ahead = Duration::from_hours(3);
    let endpoint = faulty(move |_, _, headers| {
        let theirs = jiff::Timestamp::try_from(SystemTime::now() + ahead).expect("a time");
        let signed = headers.get("x-amz-date").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let hour = theirs.strftime("%Y%m%dT%H").to_string();
        let date = theirs.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let mut answer = if signed.starts_with(&hour) {
            answer(200, "text/xml", VPCS)
        } else {
            ec2_error(403, "SignatureDoesNotMatch", "Signature not yet current")
        };
        answer.headers_mut().insert(header::DATE, date.parse().expect("a header"));
        answer
    })
    .await;
    let answer = vpcs(options(&endpoint.url)).await.expect("an answer with the service's clock");
    assert_eq!(answer.calls, 2);
}

#[tokio::test]
async fn a_bucket_that_lives_elsewhere_is_followed_once() {
    let endpoint = faulty(|_, _, headers| {
        let line =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if line.contains("/eu-west-3/s3/") {
            return answer(
                404,
                "application/xml",
                "<Error><Code>NoSuchBucketPolicy</Code><Message>none</Message></Error>",
            );
        }
        let mut moved = answer(
            301,
            "application/xml",
            "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>",
        );
        moved.headers_mut().insert("x-amz-bucket-region", "eu-west-3".parse().expect("a header"));
        moved
    })
    .await;
    let client = Client::new(options(&endpoint.url)).expect("a client");
    let params = json!({"Bucket": "some-bucket"});
    let error = client
        .call(&account(), &"us-east-1".into(), "s3", "GetBucketPolicy", &params)
        .await
        .expect_err("no policy");
    assert_eq!((error.code.as_deref(), error.calls), (Some("NoSuchBucketPolicy"), 2));
}

#[tokio::test]
async fn an_address_for_one_service_wins() {
    let all = faulty(|_, _, _| ec2_error(403, "UnauthorizedOperation", "no")).await;
    let ec2 = faulty(|_, _, _| answer(200, "text/xml", VPCS)).await;
    let vars = [("AWS_ENDPOINT_URL", &all.url), ("AWS_ENDPOINT_URL_EC2", &ec2.url)];
    let options =
        ClientOptions::from_env(vars.map(|(name, url)| (name.to_owned(), url.clone()))).expect("addresses");
    let names: Vec<&String> = options.endpoints.services.keys().collect();
    assert_eq!(names, ["EC2"]);
    assert!(vpcs(options).await.is_ok());
    let none: Overrides = ClientOptions::from_env([
        ("AWS_ENDPOINT_URL".to_owned(), all.url.clone()),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS".to_owned(), "true".to_owned()),
    ])
    .expect("ignored")
    .endpoints;
    assert!(none.all.is_none());
    assert!(ClientOptions::default().with_endpoint("localhost:4566").is_err());
}

#[tokio::test]
async fn many_calls_at_once_stay_under_the_limit_of_concurrency() {
    let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (counter, highest) = (Arc::clone(&now), Arc::clone(&most));
    let app = Router::new().fallback(move || {
        let (counter, highest) = (Arc::clone(&counter), Arc::clone(&highest));
        async move {
            highest.fetch_max(counter.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
            counter.fetch_sub(1, Ordering::SeqCst);
            answer(200, "text/xml", VPCS)
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut limited = options(&url);
    limited.concurrency = 3;
    let client = Client::new(limited).expect("a client");
    let (account, region, params) = (account(), Region::new("eu-west-1"), Value::Null);
    let calls = (0..60).map(|_| client.call(&account, &region, "ec2", "DescribeVpcs", &params));
    let answers = futures::future::join_all(calls).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(most.load(Ordering::SeqCst), 3);
}
