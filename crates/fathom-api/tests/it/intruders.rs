//! What others try: to get around the lock, to take every place, to stay at a desk that somebody left, to go unnoticed.

use std::time::{Duration, Instant};

use futures::FutureExt as _;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    door::{Browser, Door, PASSWORD, entered},
    harness::{Api, now, options},
};

fn all() -> Value {
    json!({})
}

/// Connections that announce a body and never send it.
async fn silent(door: &Door, path: &str, many: usize) -> Vec<TcpStream> {
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n",
        door.api.address
    );
    let mut streams = Vec::new();
    for _ in 0..many {
        let mut stream = TcpStream::connect(door.api.address).await.expect("connects");
        stream.write_all(head.as_bytes()).await.expect("writes");
        streams.push(stream);
    }
    streams
}

/// The first line of an answer.
async fn status(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 12];
    stream.read_exact(&mut bytes).await.expect("an answer");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn other_spellings_of_a_name_do_not_get_around_the_lock() {
    let door = Door::open().await;
    let ada = door.enrol("ada", "viewer", all()).await;
    door.pass(30);
    let guesses = (0..64).map(|n| {
        let name = format!("{}Ada{}", " ".repeat(n), "\t".repeat(n % 3));
        door.password_signin(&name, "wrong password", "000000").send()
    });
    for answer in futures::future::join_all(guesses).await {
        assert!(!answer.expect("an answer").status().is_success());
    }
    let locked = door.entries("signin.locked", 1).await;
    assert_eq!(locked[0]["subject"], "person/ada");
    let person = door.api.read(&format!("/people/{}", ada.id)).await;
    assert!(person["locked_until"].is_string(), "{person}");
    door.api.stop().await;
}

#[tokio::test]
async fn whoever_is_not_known_does_not_take_every_place() {
    let door = Door::open().await;
    let mut streams = silent(&door, "/signin/password", 140).await;
    // 32 wait for their bodies, all others are told at once that there is no place.
    let begun = Instant::now();
    let answered = |streams: &[TcpStream]| {
        streams.iter().filter(|stream| stream.peek(&mut [0]).now_or_never().is_some()).count()
    };
    while answered(&streams) < 140 - 32 && begun.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    door.api.read("/summary").await;
    // Nor does anybody keep a place for longer than a body may take.
    let mut waiting = Vec::new();
    for mut stream in streams.drain(..) {
        match tokio::time::timeout(Duration::from_millis(1), status(&mut stream)).await {
            Ok(status) => assert_eq!(status, "HTTP/1.1 503"),
            Err(_) => waiting.push(stream),
        }
    }
    assert_eq!(waiting.len(), 32);
    for stream in &mut waiting {
        let ended = tokio::time::timeout(Duration::from_secs(20), status(stream)).await;
        assert_eq!(ended.expect("ended by the server"), "HTTP/1.1 504");
    }
    door.api.stop().await;
}

#[tokio::test]
async fn an_address_that_failed_too_often_is_told_before_it_sends_more() {
    let door = Door::open().await;
    for n in 0..20 {
        let body = json!({"name": format!("guess-{n}"), "code": "0000-0000-0000-0000"});
        door.refused(door.ask("post", "/signin/recovery").json(&body), 401, "signin_refused").await;
    }
    for path in ["/signin/password", "/signin/recovery", "/signin/invitation", "/signin/passkey/finish"] {
        let mut streams = silent(&door, path, 1).await;
        let told = tokio::time::timeout(Duration::from_secs(5), status(&mut streams[0])).await;
        assert_eq!(told.expect(path), "HTTP/1.1 429", "{path}");
    }
    door.api.stop().await;
}

#[tokio::test]
async fn a_sign_in_closes_the_invitation() {
    let door = Door::open().await;
    let (_, invitation) = door.invite("ada", "viewer", all()).await;
    let (enrolling, key) = door.take_up(&invitation).await;
    // She signs in without finishing.
    door.pass(30);
    let signed = door.password_signin("ada", PASSWORD, &door.code(&key)).send().await.expect("an answer");
    let ada = entered(signed).await;
    let again = door.ask("post", "/signin/invitation").json(&json!({"invitation": invitation}));
    door.refused(again, 401, "signin_refused").await;
    door.refused(door.of(&enrolling, "get", "/me"), 401, "unauthorized").await;
    assert_eq!(door.read(&ada, "/me").await["invited_until"], Value::Null);
    door.api.stop().await;
}

#[tokio::test]
async fn a_desk_that_somebody_left_is_no_way_to_stay() {
    let door = Door::open().await;
    let ada = door.enrol("ada", "administrator", all()).await;
    let (bob, _) = door.invite("bob", "viewer", all()).await;
    let own = format!("/people/{}/invitation", ada.id);
    door.refused(door.of(&ada.browser, "post", &own).json(&all()), 409, "conflict").await;
    let of_bob = format!("/people/{bob}");
    let asks = |browser: &Browser| {
        [
            door.of(browser, "post", "/people").json(&json!({"name": "mallory", "role": "administrator"})),
            door.of(browser, "patch", &of_bob).json(&json!({"role": "administrator"})),
            door.of(browser, "post", &format!("{of_bob}/invitation")).json(&all()),
            door.of(browser, "post", "/tokens").json(&json!({"name": "t", "role": "viewer", "days": 366})),
        ]
    };
    let owner = door.owner().await;
    door.pass(15 * 60);
    for browser in [&ada.browser, &owner] {
        for request in asks(browser) {
            door.refused(request, 403, "sign_in_again").await;
        }
        door.read(browser, "/people").await;
    }
    let again = door.sign_in(&ada).await;
    for request in asks(&again) {
        assert!(request.send().await.expect("an answer").status().is_success());
    }
    // Whoever has the owner's token itself needs no session.
    door.invite("eve", "viewer", all()).await;
    door.api.stop().await;
}

#[tokio::test]
async fn a_new_token_of_the_owner_ends_what_the_one_before_opened() {
    let door = Door::open().await;
    let owner = door.owner().await;
    let body = json!({"name": "ci", "role": "viewer", "days": 3});
    let made: Value =
        door.api.post("/tokens", &body).send().await.expect("an answer").json().await.expect("JSON");
    let secret = made["secret"].as_str().expect("a token").to_owned();
    let dir = door.api.stop().await;
    std::fs::remove_file(dir.path().join("token")).expect("there");
    let options = options(dir.path());
    let api = Api::start_in(dir, options, now).await;
    let cookie = api.client.get(api.url("/session")).header(header::COOKIE, &owner.cookie);
    api.problem(cookie, 401, "unauthorized").await;
    api.problem(api.client.get(api.url("/resources")).bearer_auth(&secret), 401, "unauthorized").await;
    for kind in ["session.ended", "token.revoked"] {
        let told = api.read(&format!("/ledger/entries?kind={kind}")).await;
        assert_eq!(told["entries"][0]["actor"], "fathom", "{kind}: {told}");
    }
    api.stop().await;
}

#[tokio::test]
async fn behind_a_proxy_cookies_are_for_tls_and_addresses_are_told_apart() {
    let door = Door::open_with(|options| options.behind_proxy = true).await;
    let body = json!({"token": door.api.token});
    let signin = door.ask("post", "/signin/token").header(header::HOST, "fathom.test").json(&body);
    let answer = signin.send().await.expect("an answer");
    let given = answer.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
    assert!(given.starts_with("__Host-fathom_session=") && given.contains("; Secure"), "{given}");
    let browser = entered(answer).await;
    let there = |method: &str| door.of(&browser, method, "/session").header(header::HOST, "fathom.test");
    assert_eq!(there("get").send().await.expect("an answer").status(), StatusCode::OK);
    let out = there("delete").send().await.expect("an answer");
    let taken = out.headers()[header::SET_COOKIE].to_str().expect("text");
    assert!(taken.starts_with("__Host-fathom_session=;") && taken.contains("Max-Age=0"), "{taken}");

    let body = json!({"name": "guess", "code": "0000-0000-0000-0000"});
    let guess = |from: &str| door.ask("post", "/signin/recovery").header("x-forwarded-for", from).json(&body);
    for n in 0..20 {
        door.refused(guess(&format!("10.0.0.{n}, 192.0.2.1")), 401, "signin_refused").await;
    }
    door.refused(guess("192.0.2.1"), 429, "too_many_failures").await;
    door.refused(guess("192.0.2.2"), 401, "signin_refused").await;
    let told = door.entries("signin.refused", 20).await;
    assert_eq!(told[0]["body"]["address"], "192.0.2.1", "{told:?}");
    door.api.stop().await;
}

#[tokio::test]
async fn refusals_of_tokens_sites_and_parts_are_in_the_ledger() {
    let door = Door::open().await;
    let ada = door.enrol("ada", "administrator", all()).await;
    let made = door
        .of(&ada.browser, "post", "/tokens")
        .json(&json!({"name": "ci", "role": "viewer", "days": 1}))
        .send()
        .await
        .expect("an answer");
    let made: Value = made.json().await.expect("JSON");
    let (id, secret) = (&made["token"]["id"], made["secret"].as_str().expect("a token"));
    let end = door.of(&ada.browser, "delete", &format!("/tokens/{id}")).send().await.expect("an answer");
    assert_eq!(end.status(), StatusCode::NO_CONTENT);
    let invented = format!("fathom_{}", "5e".repeat(32));
    for token in [secret, &invented] {
        door.refused(door.ask("get", "/resources").bearer_auth(token), 401, "unauthorized").await;
    }
    let lured = door.ask("post", "/signin/token").header(header::ORIGIN, "https://evil.example");
    door.refused(lured.json(&json!({"token": "x"})), 403, "csrf_refused").await;
    let told = door.entries("signin.refused", 3).await;
    let of = |why: &str| {
        let found = told.iter().find(|entry| entry["body"]["why"] == why);
        found.unwrap_or_else(|| panic!("{why}: {told:?}")).clone()
    };
    let revoked = of("the token does not hold any more");
    assert_eq!((&revoked["subject"], &revoked["body"]["token"]), (&json!(format!("token/{id}")), id));
    assert_eq!(revoked["body"]["person"], ada.id);
    assert_eq!(of("the token is none of this server")["body"]["token"], Value::Null);
    assert_eq!(of("csrf_refused")["body"]["asked"], "POST /signin/token");
    for token in [secret, &invented] {
        assert!(!Value::from(told.clone()).to_string().contains(token));
    }

    let forged = door.ask("delete", "/session").header(header::COOKIE, &ada.browser.cookie);
    door.refused(forged, 403, "csrf_refused").await;
    let eve = door.enrol("eve", "analyst", json!({"accounts": ["111111111111"]})).await;
    door.refused(door.of(&eve.browser, "get", "/sql/tables"), 403, "scope_limited").await;
    let told = door.entries("access.refused", 2).await;
    for (who, why, asked) in
        [("ada", "csrf_refused", "DELETE /session"), ("eve", "scope_limited", "GET /sql/tables")]
    {
        let found = told.iter().any(|entry| {
            entry["actor"] == who && entry["body"]["why"] == why && entry["body"]["asked"] == asked
        });
        assert!(found, "{who} {why}: {told:?}");
    }
    door.api.stop().await;
}

#[tokio::test]
async fn what_was_not_told_one_by_one_is_told_as_a_number_before_the_end() {
    let door = Door::open().await;
    let vic = door.enrol("vic", "viewer", all()).await;
    for _ in 0..33 {
        door.refused(door.of(&vic.browser, "get", "/ledger"), 403, "forbidden").await;
    }
    assert_eq!(door.entries("access.refused", 20).await.len(), 20);
    let store = door.api.store.clone();
    let _dir = door.api.stop_open().await;
    let entries = store.entries(0, 1000).await.expect("readable");
    let more: u64 = entries
        .iter()
        .map(|entry| serde_json::from_str::<Value>(&entry.body).expect("JSON"))
        .filter(|entry| entry["kind"] == "access.refused")
        .filter_map(|entry| entry["body"]["more"].as_u64())
        .sum();
    assert_eq!(more, 13);
}

#[tokio::test]
async fn a_page_that_sends_a_browser_to_the_callback_locks_nobody_out() {
    let door = Door::open().await;
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let client = client.build().expect("a client");
    for n in 0..30 {
        let path = format!("/signin/oidc/callback?state=x{n}&code=y");
        let answer = client.get(door.api.url(&path)).send().await.expect("an answer");
        assert_eq!(answer.headers()[header::LOCATION], "/#signin_failed=expired");
    }
    let body = json!({"name": "ada", "code": "0000-0000-0000-0000"});
    door.refused(door.ask("post", "/signin/recovery").json(&body), 401, "signin_refused").await;
    assert_eq!(door.entries("signin.refused", 1).await.len(), 1, "nobody failed but the last");
    door.api.stop().await;
}

#[tokio::test]
async fn whoever_may_make_no_tokens_any_more_still_ends_their_own() {
    let door = Door::open().await;
    let eve = door.enrol("eve", "analyst", all()).await;
    let other = json!({"name": "of the owner", "role": "viewer", "days": 1});
    let other: Value =
        door.api.post("/tokens", &other).send().await.expect("an answer").json().await.expect("JSON");
    let made = door.of(&eve.browser, "post", "/tokens");
    let made =
        made.json(&json!({"name": "ci", "role": "viewer", "days": 1})).send().await.expect("an answer");
    let made: Value = made.json().await.expect("JSON");
    let path = door.api.url(&format!("/people/{}", eve.id));
    let demote = door.api.client.patch(path).bearer_auth(&door.api.token).json(&json!({"role": "viewer"}));
    assert_eq!(demote.send().await.expect("an answer").status(), StatusCode::OK);
    let end = |token: &Value| door.of(&eve.browser, "delete", &format!("/tokens/{}", token["token"]["id"]));
    door.refused(end(&other), 404, "not_found").await;
    assert_eq!(end(&made).send().await.expect("an answer").status(), StatusCode::NO_CONTENT);
    let secret = made["secret"].as_str().expect("a token");
    door.refused(door.ask("get", "/resources").bearer_auth(secret), 401, "unauthorized").await;
    door.api.stop().await;
}
