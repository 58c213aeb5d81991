//! Passkeys over HTTP, with a real authenticator.

use fathom_testkit::authenticator::Device;
use reqwest::{RequestBuilder, StatusCode, header};
use serde_json::{Value, json};

use crate::door::{Browser, Door, entered};

/// A page of the console as a browser on this machine opens it.
fn page(door: &Door) -> String {
    format!("http://localhost:{}", door.api.address.port())
}

/// Passkeys are bound to the name that a request gives.
fn there(door: &Door, request: RequestBuilder) -> RequestBuilder {
    request.header(header::HOST, format!("localhost:{}", door.api.address.port()))
}

async fn json_of(request: RequestBuilder) -> Value {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let text = response.text().await.expect("a body");
    assert!(status.is_success(), "{status} {text}");
    serde_json::from_str(&text).expect("JSON")
}

async fn ask_new(door: &Door, browser: &Browser) -> Value {
    json_of(there(door, door.of(browser, "post", "/me/passkeys/start")).json(&json!({}))).await
}

fn add(door: &Door, browser: &Browser, question: &Value, made: &Value, name: &str) -> RequestBuilder {
    let body = json!({"challenge_id": question["challenge_id"], "name": name, "credential": made});
    there(door, door.of(browser, "post", "/me/passkeys/finish")).json(&body)
}

async fn make(door: &Door, browser: &Browser, device: &mut Device, name: &str) -> Value {
    let question = ask_new(door, browser).await;
    let made = device.make(&page(door), &question["options"]).expect("makes one");
    json_of(add(door, browser, &question, &made, name)).await
}

/// A sign-in that is ready to be sent.
async fn signin(door: &Door, device: &mut Device) -> RequestBuilder {
    let question = json_of(there(door, door.ask("post", "/signin/passkey/start")).json(&json!({}))).await;
    let used = device.sign_in(&page(door), &question["options"]).expect("uses it");
    let body = json!({"challenge_id": question["challenge_id"], "credential": used});
    there(door, door.ask("post", "/signin/passkey/finish")).json(&body)
}

/// Somebody who took up an invitation with a passkey, and nothing else.
async fn enrol(door: &Door, name: &str, role: &str) -> (Browser, Device) {
    let (_, token) = door.invite(name, role, json!({})).await;
    let opened = door.ask("post", "/signin/invitation").json(&json!({"invitation": token}));
    let browser = entered(opened.send().await.expect("an answer")).await;
    let mut device = Device::new();
    make(door, &browser, &mut device, "laptop").await;
    let finish = door.of(&browser, "post", "/signin/invitation/finish").json(&json!({}));
    (entered(finish.send().await.expect("an answer")).await, device)
}

#[tokio::test]
async fn somebody_enrols_with_a_passkey_and_signs_in_with_it() {
    let door = Door::open().await;
    let (first, mut device) = enrol(&door, "Ada", "administrator").await;
    assert_eq!((&first.session["method"], &first.session["enrolled"]), (&json!("passkey"), &json!(true)));
    for _ in 0..2 {
        let browser = entered(signin(&door, &mut device).await.send().await.expect("an answer")).await;
        assert_eq!(
            (&browser.session["name"], &browser.session["method"]),
            (&json!("Ada"), &json!("passkey"))
        );
        let listed = door.read(&browser, "/me/passkeys").await;
        assert_eq!(listed["passkeys"][0]["name"], "laptop");
        assert!(listed["passkeys"][0]["used_at"].is_string(), "{listed}");
    }
    let passed = door.entries("signin.passed", 3).await;
    assert!(passed.iter().any(|entry| entry["body"]["detail"] == "passkey 1"), "{passed:?}");
    let added = door.entries("passkey.added", 1).await;
    assert_eq!((&added[0]["actor"], &added[0]["body"]["name"]), (&json!("Ada"), &json!("laptop")));
    door.api.stop().await;
}

#[tokio::test]
async fn an_answer_counts_once_and_a_copied_passkey_does_not() {
    let door = Door::open().await;
    let (_, mut device) = enrol(&door, "Ada", "analyst").await;
    let request = signin(&door, &mut device).await;
    let again = request.try_clone().expect("a request");
    entered(request.send().await.expect("an answer")).await;
    door.refused(again, 401, "signin_refused").await;
    device.set_counter(0);
    let copied = signin(&door, &mut device).await;
    door.refused(copied, 401, "signin_refused").await;
    let refused = door.entries("signin.refused", 2).await;
    let why: Vec<&str> = refused.iter().filter_map(|entry| entry["body"]["why"].as_str()).collect();
    assert!(why[0].contains("answered already") && why[1].contains("counter"), "{why:?}");
    assert!(refused.iter().all(|entry| entry["subject"] == "person/Ada" && entry["actor"] == "nobody"));
    // Whoever has the real one still enters.
    device.set_counter(10);
    entered(signin(&door, &mut device).await.send().await.expect("an answer")).await;
    door.api.stop().await;
}

#[tokio::test]
async fn unknown_removed_and_disabled_all_get_the_same_answer() {
    let door = Door::open().await;
    let (ada, mut device) = enrol(&door, "Ada", "administrator").await;
    let (_, mut others) = enrol(&door, "Bob", "viewer").await;
    let mut answers = Vec::new();
    let refusal = async |request: RequestBuilder| door.refused(request, 401, "signin_refused").await;

    let mut second = Device::new();
    let added = make(&door, &ada, &mut second, "key").await;
    let remove = |id: &Value| door.of(&ada, "delete", &format!("/me/passkeys/{id}"));
    assert_eq!(remove(&added["id"]).send().await.expect("an answer").status(), StatusCode::NO_CONTENT);
    answers.push(refusal(signin(&door, &mut second).await).await);
    // The last way to sign in stays.
    let first = door.read(&ada, "/me/passkeys").await["passkeys"][0]["id"].clone();
    door.refused(remove(&first), 409, "conflict").await;
    door.refused(remove(&json!(99)), 404, "not_found").await;

    let bob = door.api.read("/people").await["people"][1]["id"].clone();
    let disable = door.of(&ada, "patch", &format!("/people/{bob}")).json(&json!({"disabled": true}));
    assert_eq!(disable.send().await.expect("an answer").status(), StatusCode::OK);
    answers.push(refusal(signin(&door, &mut others).await).await);

    let body = json!({"challenge_id": "x", "credential": {"id": "AA", "response": {}}});
    answers.push(refusal(there(&door, door.ask("post", "/signin/passkey/finish")).json(&body)).await);
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    entered(signin(&door, &mut device).await.send().await.expect("an answer")).await;
    door.api.stop().await;
}

#[tokio::test]
async fn a_page_that_was_opened_by_its_address_is_told_what_to_open() {
    let door = Door::open().await;
    let (_, token) = door.invite("Ada", "administrator", json!({})).await;
    let opened = door.ask("post", "/signin/invitation").json(&json!({"invitation": token}));
    let ada = entered(opened.send().await.expect("an answer")).await;
    for request in [door.ask("post", "/signin/passkey/start"), door.of(&ada, "post", "/me/passkeys/start")] {
        let told = door.refused(request.json(&json!({})), 400, "invalid_parameter").await;
        let detail = told["detail"].as_str().expect("text");
        assert!(detail.contains("127.0.0.1") && detail.contains("localhost"), "{detail}");
    }
    // Under a name that the server was started with, the browser sees https.
    let named =
        door.ask("post", "/signin/passkey/start").header(header::HOST, "fathom.test").json(&json!({}));
    assert_eq!(json_of(named).await["options"]["rpId"], "fathom.test");
    door.api.stop().await;
}

#[tokio::test]
async fn adding_one_takes_a_fresh_session_and_ones_own_question() {
    let door = Door::open().await;
    let (ada, mut device) = enrol(&door, "Ada", "administrator").await;
    let (bob, _) = enrol(&door, "Bob", "viewer").await;
    let mut second = Device::new();
    let question = ask_new(&door, &ada).await;
    let excluded = question["options"]["excludeCredentials"].as_array().map(Vec::len);
    assert_eq!(excluded, Some(1), "the one that Ada has");
    let made = second.make(&page(&door), &question["options"]).expect("makes one");
    door.refused(add(&door, &bob, &question, &made, "stolen"), 400, "invalid_body").await;
    door.refused(add(&door, &ada, &question, &made, "late"), 400, "invalid_body").await;

    let question = ask_new(&door, &ada).await;
    let made = second.make(&page(&door), &question["options"]).expect("makes one");
    door.refused(add(&door, &ada, &question, &made, " "), 400, "invalid_parameter").await;
    assert!(
        door.api
            .client
            .get(door.api.url("/me/passkeys"))
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 401)
    );

    door.pass(16 * 60);
    let ask = there(&door, door.of(&ada, "post", "/me/passkeys/start")).json(&json!({}));
    door.refused(ask, 403, "sign_in_again").await;
    let ada = entered(signin(&door, &mut device).await.send().await.expect("an answer")).await;
    make(&door, &ada, &mut second, "key").await;
    door.api.stop().await;
}
