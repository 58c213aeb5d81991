//! The HTTP API as a user starts it.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    process::{Child, Command},
};

use serde_json::{Value, json};

use crate::harness::{Place, until};

/// A server that runs until it is interrupted or dropped.
pub(crate) struct Running {
    child: Child,
    /// Its address.
    pub(crate) url: String,
    /// What opens it.
    pub(crate) token: String,
    /// Its standard error, read while it runs, so that it never waits for us.
    err: Option<std::thread::JoinHandle<String>>,
}

impl Running {
    /// Starts it over the data of a place.
    pub(crate) fn start(place: &Place) -> Self {
        Self::start_with(place, &[])
    }

    /// The same with more arguments.
    pub(crate) fn start_with(place: &Place, more: &[&str]) -> Self {
        Self::spawn(place, &mut place.command(&[&["serve", "--listen", "127.0.0.1:0"], more].concat()))
    }

    fn spawn(place: &Place, command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let err = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).expect("text");
            text
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("a line").expect("text");
        let url =
            first.split_whitespace().find(|word| word.starts_with("http://")).expect("an address").to_owned();
        // What comes after it is read away, so that the server never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        let token = String::from_utf8(place.read(".fathom/api.token")).expect("text").trim().to_owned();
        Self { child, url, token, err: Some(err) }
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Interrupts it, and waits for its end.
    pub(crate) fn interrupt(self) -> (Option<i32>, String) {
        self.end("-INT")
    }

    /// Sends it a signal, and waits for its end.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        until("the server ends", || self.child.try_wait().unwrap().is_some());
        let err = self.err.take().unwrap().join().unwrap();
        (self.child.wait().unwrap().code(), err)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) async fn ask(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn it_answers_with_the_token_and_ends_when_told() {
    let place = Place::with_sample();
    let server = Running::start(&place);
    let mode = std::fs::metadata(place.data().join("api.token")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = |path: &str| client.get(format!("{}/api/v1/{path}", server.url));

    let (status, refused) = ask(get("summary")).await;
    assert_eq!(status, 401);
    assert!(!refused.to_string().contains(&server.token), "{refused}");
    let (status, _) = ask(get("summary").bearer_auth("fathom_wrong")).await;
    assert_eq!(status, 401);
    let (status, _) = ask(get("summary").bearer_auth(&server.token).header("Host", "evil.example")).await;
    assert!(status == 403 || status == 421, "{status}");

    let (status, summary) = ask(get("summary").bearer_auth(&server.token)).await;
    assert_eq!(status, 200, "{summary}");
    let told = place.run(&["summary", "--json"]).ok().json();
    let text = summary.to_string();
    for figure in [&told["resources"], &told["understood"]] {
        assert!(text.contains(&figure.to_string()), "{figure} in {text}");
    }
    let question = json!({"query": "select count(*) as n from resources"});
    let post = client.post(format!("{}/api/v1/sql", server.url)).bearer_auth(&server.token);
    let (status, answer) = ask(post.json(&question)).await;
    assert_eq!((status, &answer["rows"]), (200, &json!([[told["resources"]]])), "{answer}");
    let post = client.post(format!("{}/api/v1/sql", server.url)).bearer_auth(&server.token);
    let (status, wrong) = ask(post.json(&json!({"query": "drop table resources"}))).await;
    assert_eq!(status, 400, "{wrong}");

    // The command line reads beside it, and is told by whom it may not write.
    let holder = format!("pid {}", server.child.id());
    place.run(&["summary"]).ok();
    place.run(&["scan", "--sample"]).code(1).says(&["is in use", &holder]);
    let token = server.token.clone();
    let (code, err) = server.interrupt();
    assert_eq!(code, Some(0));
    assert!(err.lines().all(|line| line.contains("refused a request")), "{err}");
    assert!(!err.contains(&token), "{err}");
    place.run(&["scan", "--sample", "--quiet"]).ok();
    place.run(&["ledger", "verify"]).ok();
}

#[test]
fn the_token_stays_the_same_over_starts() {
    let place = Place::new();
    let first = Running::start(&place);
    let token = first.token.clone();
    assert!(token.len() > 40, "{}", token.len());
    drop(first);
    assert_eq!(Running::start(&place).token, token);
}

#[test]
fn it_ends_well_when_a_service_manager_ends_it() {
    let place = Place::with_sample();
    let (code, err) = Running::start(&place).end("-TERM");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    place.run(&["ledger", "verify"]).ok();
}

#[test]
fn variables_that_are_no_text_are_nothing_of_ours() {
    let place = Place::new();
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("LEGACY", OsStr::from_bytes(b"caf\xe9"));
    let (code, err) = Running::spawn(&place, &mut command).end("-INT");
    assert_eq!(code, Some(0), "{err}");
}

#[test]
fn an_address_that_others_reach_needs_a_certificate() {
    let place = Place::new();
    for listen in ["0.0.0.0:0", "[::]:0"] {
        place.run(&["serve", "--listen", listen]).code(1).says(&[listen, "--tls-cert", "127.0.0.1"]);
    }
    let args = ["serve", "--listen", "127.0.0.1:0", "--tls-cert", "no.pem", "--tls-key", "no.key"];
    place.run(&args).code(1).says(&["no.pem"]);
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    Place::new().run(&["serve", "--listen", &listen]).code(1).says(&[&listen, "--listen"]);
}

#[tokio::test]
async fn names_are_answered_for_where_they_were_given() {
    let place = Place::new();
    let server =
        Running::start_with(&place, &["--allowed-host", "fathom.test", "--allowed-host", "Other.Test"]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let under = |host: &str| {
        let get = client.get(format!("{}/api/v1/summary", server.url));
        ask(get.bearer_auth(&server.token).header("Host", host))
    };
    for ours in ["fathom.test", "FATHOM.test:7373", "other.test", "localhost"] {
        assert_eq!(under(ours).await.0, 200, "{ours}");
    }
    for foreign in ["evil.test", "fathom.test.evil.test", "192.0.2.1"] {
        let (status, problem) = under(foreign).await;
        assert_eq!((status, &problem["code"]), (421, &json!("host_refused")), "{foreign}");
        assert!(problem["detail"].as_str().unwrap().contains(foreign), "{problem}");
        assert!(problem["hint"].as_str().unwrap().contains("--allowed-host"), "{problem}");
    }
    let wrong = ["serve", "--listen", "127.0.0.1:0", "--allowed-host", "https://fathom.test/"];
    Place::new().run(&wrong).code(1).says(&["`https://fathom.test/`", "host's name"]);
}
