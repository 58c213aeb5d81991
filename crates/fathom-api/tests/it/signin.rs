//! Signing in, and the ways in which others try to.

use std::collections::BTreeSet;

use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use crate::door::{Browser, Door, PASSWORD, entered};

/// Everything.
fn all() -> Value {
    json!({})
}

#[tokio::test]
async fn the_first_administrator_is_added_by_the_owner_and_sets_up_signing_in() {
    let door = Door::open().await;
    let ways: Value = door.ask("get", "/signin").send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!((&ways["setup_needed"], &ways["password"]), (&json!(true), &json!(false)));
    let owner = door.owner().await;
    assert_eq!(owner.session["name"], "owner");
    assert_eq!(owner.session["role"], "administrator");
    let ada = door.enrol("Ada", "administrator", all()).await;
    assert_eq!(ada.browser.session["method"], "password");
    assert_eq!(ada.browser.session["enrolled"], true);
    assert_eq!(ada.browser.session["idle_seconds"], 1800);
    let ways: Value = door.ask("get", "/signin").send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!((&ways["setup_needed"], &ways["password"]), (&json!(false), &json!(true)));
    let me = door.read(&ada.browser, "/me").await;
    assert_eq!((&me["has_password"], &me["has_totp"]), (&json!(true), &json!(true)));
    // What she does is hers in the ledger.
    let body = json!({"name": "Bob", "role": "viewer"});
    let added = door.of(&ada.browser, "post", "/people").json(&body).send().await.expect("an answer");
    assert_eq!(added.status(), StatusCode::CREATED);
    let actors: Vec<Value> =
        door.entries("person.added", 2).await.iter().map(|entry| entry["actor"].clone()).collect();
    assert_eq!(actors, ["owner", "Ada"]);
    // Case does not make another person, nor does a name of Fathom's own.
    let owner_adds = |name: &str| door.api.post("/people", &json!({"name": name, "role": "viewer"}));
    door.refused(owner_adds("ADA"), 409, "conflict").await;
    for name in ["Owner", "", " x", "a\u{202e}b", "a, by token b"] {
        door.refused(owner_adds(name), 400, "invalid_body").await;
    }
    door.api.stop().await;
}

#[tokio::test]
async fn an_invitation_sets_up_one_person_once_and_nothing_else() {
    let door = Door::open().await;
    let (_, token) = door.invite("Ada", "administrator", all()).await;
    let opened = door.ask("post", "/signin/invitation").json(&json!({"invitation": token}));
    let first = entered(opened.send().await.expect("an answer")).await;
    assert_eq!(first.session["permissions"], json!(["own_account"]));
    // An administrator to be may do nothing of an administrator yet.
    door.refused(door.of(&first, "get", "/people"), 403, "forbidden").await;
    door.refused(door.of(&first, "get", "/resources"), 403, "forbidden").await;
    let finish = |browser: &Browser| door.of(browser, "post", "/signin/invitation/finish").json(&json!({}));
    door.refused(finish(&first), 409, "conflict").await;
    // Opened again, the session before ends.
    let (second, key) = door.take_up(&token).await;
    door.refused(door.of(&first, "get", "/me"), 401, "unauthorized").await;
    let ada = entered(finish(&second).send().await.expect("an answer")).await;
    door.refused(door.of(&second, "get", "/me"), 401, "unauthorized").await;
    door.read(&ada, "/people").await;
    let again = door.ask("post", "/signin/invitation").json(&json!({"invitation": token}));
    door.refused(again, 401, "signin_refused").await;
    // The code that confirmed the key does not sign in as well.
    let used = door.password_signin("Ada", PASSWORD, &door.code(&key));
    door.refused(used, 401, "signin_refused").await;

    let (_, late) = door.invite("Bob", "viewer", all()).await;
    door.pass(24 * 3600);
    let late = door.ask("post", "/signin/invitation").json(&json!({"invitation": late}));
    door.refused(late, 401, "signin_refused").await;
    door.api.stop().await;
}

#[tokio::test]
async fn a_one_time_code_signs_in_once_and_with_the_password_only() {
    let door = Door::open().await;
    let ada = door.enrol("ada", "viewer", all()).await;
    door.pass(30);
    let code = door.code(&ada.key);
    door.refused(door.password_signin("ada", "correct horse batterz", &code), 401, "signin_refused").await;
    door.refused(door.password_signin("ada", PASSWORD, ""), 401, "signin_refused").await;
    let fits = door.password_signin(" ADA ", PASSWORD, &code).send().await.expect("an answer");
    entered(fits).await;
    door.refused(door.password_signin("ada", PASSWORD, &code), 401, "signin_refused").await;
    // A code of the step before the one that was used is none either, although it is still within its time.
    door.pass(30);
    let later = door.code(&ada.key);
    entered(door.password_signin("ada", PASSWORD, &later).send().await.expect("an answer")).await;
    door.refused(door.password_signin("ada", PASSWORD, &code), 401, "signin_refused").await;
    door.api.stop().await;
}

#[tokio::test]
async fn two_sign_ins_with_the_same_code_at_the_same_time_make_one_session() {
    let door = Door::open().await;
    let ada = door.enrol("ada", "viewer", all()).await;
    door.pass(30);
    let code = door.code(&ada.key);
    let both =
        futures::future::join_all((0..4).map(|_| door.password_signin("ada", PASSWORD, &code).send())).await;
    let passed = both.into_iter().filter(|one| one.as_ref().expect("an answer").status() == StatusCode::OK);
    assert_eq!(passed.count(), 1);
    door.api.stop().await;
}

#[tokio::test]
async fn brute_force_learns_nothing_and_is_locked_out() {
    let door = Door::open().await;
    let ada = door.enrol("ada", "administrator", all()).await;
    let bob = door.enrol("bob", "viewer", all()).await;
    let disable = json!({"disabled": true});
    let path = format!("/people/{}", bob.id);
    let disabled = door.of(&ada.browser, "patch", &path).json(&disable).send().await.expect("an answer");
    assert_eq!(disabled.status(), StatusCode::OK);
    door.pass(30);
    let mut answers = BTreeSet::new();
    for (name, password) in [("nobody-here", PASSWORD), ("ada", "wrong password"), ("bob", PASSWORD)] {
        let request = door.password_signin(name, password, &door.code(&ada.key));
        answers.insert(door.refused(request, 401, "signin_refused").await.to_string());
    }
    for _ in 0..4 {
        let request = door.password_signin("ada", PASSWORD, "000000");
        answers.insert(door.refused(request, 401, "signin_refused").await.to_string());
    }
    let locked = door.entries("signin.locked", 1).await;
    assert_eq!(locked[0]["subject"], "person/ada");
    // Five failures are behind us: now not even the right ones pass, and the answer is still the same.
    let right = door.password_signin("ada", PASSWORD, &door.code(&ada.key));
    answers.insert(door.refused(right, 401, "signin_refused").await.to_string());
    assert_eq!(answers.len(), 1, "{answers:?}");
    // Who is in stays in, and sees that she is locked.
    let people = door.read(&ada.browser, "/people").await;
    let shown = people["people"].as_array().expect("people").iter().find(|one| one["name"] == "ada");
    assert!(shown.expect("there")["locked_until"].is_string());
    door.pass(61);
    let again = door.password_signin("ada", PASSWORD, &door.code(&ada.key));
    entered(again.send().await.expect("an answer")).await;
    let whys: Vec<Value> =
        door.entries("signin.refused", 8).await.iter().map(|one| one["body"]["why"].clone()).collect();
    for why in ["unknown name", "password", "disabled", "one-time code", "locked"] {
        assert!(whys.contains(&json!(why)), "{whys:?}");
    }
    door.api.stop().await;
}

#[tokio::test]
async fn an_address_that_fails_too_often_waits_and_the_ledger_is_not_flooded() {
    let door = Door::open().await;
    for n in 0..20 {
        let body = json!({"name": format!("guess-{n}"), "code": "0000-0000-0000-0000"});
        door.refused(door.ask("post", "/signin/recovery").json(&body), 401, "signin_refused").await;
    }
    let body = json!({"name": "guess", "code": "0000-0000-0000-0000"});
    let response = door.ask("post", "/signin/recovery").json(&body).send().await.expect("an answer");
    assert!(response.headers().contains_key(header::RETRY_AFTER));
    crate::harness::problem(response, 429, "too_many_failures").await;
    // The owner is not locked out by others of the same address.
    door.owner().await;
    assert_eq!(door.entries("signin.refused", 20).await.len(), 20);
    door.api.stop().await;
}

#[tokio::test]
async fn a_session_is_new_at_each_sign_in_and_nobody_can_plant_one() {
    let door = Door::open().await;
    // Whoever plants a cookie before somebody signs in gains nothing: it is never taken over.
    let planted = format!("fathom_session={}", "ab".repeat(32));
    let body = json!({"token": door.api.token});
    let signed = door.ask("post", "/signin/token").header(header::COOKIE, &planted).json(&body);
    let first = entered(signed.send().await.expect("an answer")).await;
    assert_ne!(first.cookie, planted);
    let with_planted = door.ask("get", "/session").header(header::COOKIE, &planted);
    door.refused(with_planted, 401, "unauthorized").await;
    // Signing in again in the same browser ends the session before.
    let signed = door.ask("post", "/signin/token").header(header::COOKIE, &first.cookie).json(&body);
    let second = entered(signed.send().await.expect("an answer")).await;
    assert_ne!(second.cookie, first.cookie);
    door.refused(door.of(&first, "get", "/session"), 401, "unauthorized").await;
    // Two cookies of the name are none: one of them was planted.
    let twice = format!("{}; {planted}", second.cookie);
    door.refused(door.ask("get", "/session").header(header::COOKIE, twice), 401, "unauthorized").await;
    door.read(&second, "/session").await;
    door.api.stop().await;
}

#[tokio::test]
async fn another_site_cannot_make_a_browser_change_anything() {
    let door = Door::open().await;
    let ada = door.enrol("ada", "administrator", all()).await;
    let body = json!({"name": "mallory", "role": "administrator"});
    let with_cookie = || door.ask("post", "/people").header(header::COOKIE, &ada.browser.cookie).json(&body);
    door.refused(with_cookie(), 403, "csrf_refused").await;
    door.refused(with_cookie().header("x-fathom-csrf", "00"), 403, "csrf_refused").await;
    let bob = door.enrol("bob", "viewer", all()).await;
    let of_another = with_cookie().header("x-fathom-csrf", &bob.browser.csrf);
    door.refused(of_another, 403, "csrf_refused").await;
    let ours = || with_cookie().header("x-fathom-csrf", &ada.browser.csrf);
    for site in ["cross-site", "same-site", "none"] {
        door.refused(ours().header("sec-fetch-site", site), 403, "csrf_refused").await;
    }
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        door.refused(ours().header(header::ORIGIN, origin), 403, "csrf_refused").await;
    }
    // A form of another site cannot send JSON, and a sign-in of the attacker's choosing is refused as well.
    let form = door.ask("post", "/people").header(header::COOKIE, &ada.browser.cookie);
    let form = form.header("x-fathom-csrf", &ada.browser.csrf).header(header::CONTENT_TYPE, "text/plain");
    door.refused(form.body(body.to_string()), 415, "unsupported_media_type").await;
    let signin = door.ask("post", "/signin/token").json(&json!({"token": door.api.token}));
    door.refused(signin.header(header::ORIGIN, "https://evil.example"), 403, "csrf_refused").await;
    let people = door.read(&ada.browser, "/people").await;
    assert!(!people.to_string().contains("mallory"));
    let own = format!("http://{}", door.api.address);
    let good = ours().header("sec-fetch-site", "same-origin").header(header::ORIGIN, own);
    assert_eq!(good.send().await.expect("an answer").status(), StatusCode::CREATED);
    door.api.stop().await;
}

#[tokio::test]
async fn what_was_ended_opens_nothing_any_more() {
    let door = Door::open().await;
    let ada = door.enrol("ada", "administrator", all()).await;
    let bob = door.enrol("bob", "analyst", all()).await;
    // Signed out: the cookie is taken away, and a copy of it opens nothing.
    let out = door.of(&bob.browser, "delete", "/session").send().await.expect("an answer");
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    assert!(out.headers()[header::SET_COOKIE].to_str().expect("text").contains("Max-Age=0"));
    door.refused(door.of(&bob.browser, "get", "/session"), 401, "unauthorized").await;
    // Revoked by an administrator.
    let again = door.sign_in(&bob).await;
    let sessions = door.read(&ada.browser, "/sessions").await;
    let his = sessions["sessions"].as_array().expect("sessions").iter().find(|one| one["name"] == "bob");
    let path = format!("/sessions/{}", his.expect("open")["id"]);
    assert_eq!(door.of(&ada.browser, "delete", &path).send().await.expect("an answer").status(), 204);
    door.refused(door.of(&again, "get", "/session"), 401, "unauthorized").await;
    // Disabled: sessions and tokens end at once, and stay ended when the person is enabled again.
    let again = door.sign_in(&bob).await;
    let body = json!({"name": "ci", "role": "viewer", "days": 3});
    let made: Value = door
        .of(&again, "post", "/tokens")
        .json(&body)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    let secret = made["secret"].as_str().expect("a token").to_owned();
    let by_token = |path: &str| door.ask("get", path).bearer_auth(&secret);
    assert_eq!(by_token("/resources").send().await.expect("an answer").status(), StatusCode::OK);
    let path = format!("/people/{}", bob.id);
    for disabled in [true, false] {
        let change = door.of(&ada.browser, "patch", &path).json(&json!({"disabled": disabled}));
        assert_eq!(change.send().await.expect("an answer").status(), StatusCode::OK);
        door.refused(door.of(&again, "get", "/session"), 401, "unauthorized").await;
        door.refused(by_token("/resources"), 401, "unauthorized").await;
    }
    let ended: Vec<Value> =
        door.entries("session.ended", 2).await.iter().map(|one| one["body"]["why"].clone()).collect();
    assert!(ended.contains(&json!("signed out")) && ended.contains(&json!("revoked")), "{ended:?}");
    assert_eq!(door.entries("person.disabled", 1).await[0]["body"]["tokens"], 1);
    door.api.stop().await;
}

#[tokio::test]
async fn unused_sessions_end_by_role_and_background_requests_do_not_keep_them() {
    let door = Door::open().await;
    for (role, minutes) in
        [("viewer", 60), ("analyst", 15), ("responder", 15), ("auditor", 60), ("administrator", 30)]
    {
        let one = door.enrol(role, role, all()).await;
        // Used in time, it goes on.
        door.pass(minutes * 60 - 1);
        door.read(&one.browser, "/session").await;
        door.pass(minutes * 60 - 1);
        let background = door.of(&one.browser, "get", "/session").header("x-fathom-background", "1");
        let answer = background.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{role}");
        assert!(answer.headers().contains_key("x-fathom-idle-until"), "{role}");
        door.pass(1);
        let ended = door.refused(door.of(&one.browser, "get", "/session"), 401, "unauthorized").await;
        assert!(ended["detail"].as_str().expect("text").contains("not used"), "{role}: {ended}");
        door.refused(door.of(&one.browser, "get", "/session"), 401, "unauthorized").await;
    }
    let whys = door.entries("session.ended", 5).await;
    assert!(whys.iter().any(|one| one["body"]["why"] == "not used"), "{whys:?}");
    door.api.stop().await;
}

#[tokio::test]
async fn no_session_lasts_longer_than_twelve_hours() {
    let door = Door::open().await;
    let one = door.enrol("vic", "viewer", all()).await;
    for _ in 0..23 {
        door.pass(1800);
        door.read(&one.browser, "/session").await;
    }
    door.pass(1800);
    door.refused(door.of(&one.browser, "get", "/session"), 401, "unauthorized").await;
    door.api.stop().await;
}

#[tokio::test]
async fn a_recovery_code_opens_an_emergency_session_once() {
    let door = Door::open().await;
    let ada = door.enrol("ada", "administrator", all()).await;
    let made = door.of(&ada.browser, "post", "/me/recovery-codes").json(&json!({}));
    let made: Value = made.send().await.expect("an answer").json().await.expect("JSON");
    let codes: Vec<&str> =
        made["codes"].as_array().expect("codes").iter().filter_map(Value::as_str).collect();
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 8);
    let with = |code: &str| door.ask("post", "/signin/recovery").json(&json!({"name": "ada", "code": code}));
    let typed = codes[0].to_uppercase().replace('-', " ");
    let emergency = entered(with(&typed).send().await.expect("an answer")).await;
    assert_eq!(
        (&emergency.session["method"], &emergency.session["idle_seconds"]),
        (&json!("recovery"), &json!(300))
    );
    door.refused(with(codes[0]), 401, "signin_refused").await;
    assert_eq!(door.read(&ada.browser, "/me").await["recovery_codes"], 7);
    door.pass(299);
    door.read(&emergency, "/people").await;
    door.pass(300);
    door.refused(door.of(&emergency, "get", "/people"), 401, "unauthorized").await;
    // Renewed, the old ones open nothing.
    let ada = door.sign_in(&ada).await;
    let renewed = door.of(&ada, "post", "/me/recovery-codes").json(&json!({}));
    assert_eq!(renewed.send().await.expect("an answer").status(), StatusCode::OK);
    door.refused(with(codes[1]), 401, "signin_refused").await;
    door.api.stop().await;
}

#[tokio::test]
async fn how_one_signs_in_is_changed_by_whoever_just_signed_in() {
    let door = Door::open().await;
    let ada = door.enrol("ada", "viewer", all()).await;
    let other = door.sign_in(&ada).await;
    let password = |browser: &Browser, text: &str| {
        door.of(browser, "put", "/me/password").json(&json!({"password": text}))
    };
    for bad in ["short", "ada is my whole name", "aaaaaaaaaaaaaaaa"] {
        let refused = door.refused(password(&other, bad), 400, "password_refused").await;
        assert!(!refused.to_string().contains(bad), "{refused}");
    }
    let code = |browser: &Browser, code: &str| {
        door.of(browser, "post", "/me/totp/confirm").json(&json!({"code": code}))
    };
    door.refused(code(&other, "000000"), 409, "conflict").await;
    let made = door.of(&other, "post", "/me/totp").json(&json!({})).send().await.expect("an answer");
    assert_eq!(made.status(), StatusCode::OK);
    door.refused(code(&other, "12345"), 400, "code_refused").await;
    assert_eq!(password(&other, "another good one").send().await.expect("an answer").status(), 204);
    // The session in the other browser is over, this one is not.
    door.refused(door.of(&ada.browser, "get", "/me"), 401, "unauthorized").await;
    door.read(&other, "/me").await;
    door.pass(15 * 60);
    door.refused(password(&other, "yet another good one"), 403, "sign_in_again").await;
    // The owner has no account to change.
    let owner = door.owner().await;
    door.refused(password(&owner, "another good one"), 403, "forbidden").await;
    door.api.stop().await;
}

#[tokio::test]
async fn a_reset_removes_every_way_in_and_the_last_administrator_stays() {
    let door = Door::open().await;
    let ada = door.enrol("ada", "administrator", all()).await;
    let bob = door.enrol("bob", "administrator", all()).await;
    let path = format!("/people/{}/invitation", bob.id);
    let reset = door.of(&ada.browser, "post", &path).json(&json!({})).send().await.expect("an answer");
    assert_eq!(reset.status(), StatusCode::CREATED);
    let invitation: Value = reset.json().await.expect("JSON");
    door.refused(door.of(&bob.browser, "get", "/session"), 401, "unauthorized").await;
    door.pass(30);
    door.refused(door.password_signin("bob", PASSWORD, &door.code(&bob.key)), 401, "signin_refused").await;
    door.take_up(invitation["token"].as_str().expect("a token")).await;

    let change = |id: i64, body: Value| {
        door.api.client.patch(door.api.url(&format!("/people/{id}"))).bearer_auth(&door.api.token).json(&body)
    };
    let disabled = change(bob.id, json!({"disabled": true})).send().await.expect("an answer");
    assert_eq!(disabled.status(), StatusCode::OK);
    door.refused(change(ada.id, json!({"disabled": true})), 409, "conflict").await;
    door.refused(change(ada.id, json!({"role": "viewer"})), 409, "conflict").await;
    door.refused(change(ada.id, json!({"scope": {"accounts": ["1"]}})), 400, "invalid_body").await;
    let own = door.of(&ada.browser, "patch", &format!("/people/{}", ada.id)).json(&json!({"role": "viewer"}));
    door.refused(own, 409, "conflict").await;
    door.api.stop().await;
}

#[tokio::test]
async fn a_token_never_outgrows_whoever_made_it() {
    let door = Door::open().await;
    let scope = json!({"accounts": ["111111111111"]});
    let eve = door.enrol("eve", "analyst", scope).await;
    let make = |body: Value| door.of(&eve.browser, "post", "/tokens").json(&body);
    for role in ["responder", "auditor", "administrator"] {
        door.refused(make(json!({"name": "x", "role": role, "days": 1})), 403, "forbidden").await;
    }
    for wide in [json!({}), json!({"accounts": ["222222222222"]}), json!({"teams": ["team-b"]})] {
        let body = json!({"name": "x", "role": "viewer", "days": 1, "scope": wide});
        door.refused(make(body), 403, "forbidden").await;
    }
    for days in [0, 367, -1] {
        door.refused(make(json!({"name": "x", "role": "viewer", "days": days})), 400, "invalid_body").await;
    }
    let made = make(json!({"name": "ci", "role": "analyst", "days": 2})).send().await.expect("an answer");
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: Value = made.json().await.expect("JSON");
    assert_eq!(made["token"]["scope"], json!({"accounts": ["111111111111"], "teams": null}));
    let secret = made["secret"].as_str().expect("a token");
    assert!(secret.starts_with("fathom_") && secret.len() == 71);
    let ask = |method: &str, path: &str| door.ask(method, path).bearer_auth(secret);
    let seen: Value =
        ask("get", "/resources?limit=1000").send().await.expect("an answer").json().await.expect("JSON");
    assert!(!seen.to_string().contains("222222222222"), "the scope of its maker holds");
    // It lets nobody in: not others, not itself for longer.
    door.refused(
        ask("post", "/tokens").json(&json!({"name": "y", "role": "viewer", "days": 1})),
        403,
        "forbidden",
    )
    .await;
    door.refused(ask("get", "/me"), 403, "forbidden").await;
    door.refused(door.ask("post", "/signin/token").json(&json!({"token": secret})), 401, "signin_refused")
        .await;
    // It is listed without what opens, and shrinks with its maker.
    let listed = door.read(&eve.browser, "/tokens").await;
    assert!(!listed.to_string().contains(secret) && listed.to_string().contains("\"ci\""));
    let path = format!("/people/{}", eve.id);
    let change =
        |body: Value| door.api.client.patch(door.api.url(&path)).bearer_auth(&door.api.token).json(&body);
    let answer = change(json!({"role": "viewer"})).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let detail: Value = ask("get", "/resource?uid=arn:aws:s3:::bucket-000")
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert!(detail["document"].is_null() && detail["resource"].is_object(), "{detail}");
    let narrowed = change(json!({"scope": {"accounts": ["999999999999"]}})).send().await.expect("an answer");
    assert_eq!(narrowed.status(), StatusCode::OK);
    let seen: Value = ask("get", "/resources").send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(seen["total"], 0);
    // Its name stands beside its maker's in the ledger.
    door.pass(2 * 24 * 3600);
    door.refused(ask("get", "/resources"), 401, "unauthorized").await;
    door.api.stop().await;
}

#[tokio::test]
async fn streams_end_with_their_session() {
    let door = Door::open().await;
    let ada = door.enrol("ada", "viewer", all()).await;
    let stream = door.of(&ada.browser, "get", "/changes/stream").send().await.expect("a stream");
    assert_eq!(stream.status(), StatusCode::OK);
    let rest = tokio::spawn(async move { stream.text().await });
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert!(!rest.is_finished(), "it goes on while she is signed in");
    let out = door.of(&ada.browser, "delete", "/session").send().await.expect("an answer");
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let text = tokio::time::timeout(std::time::Duration::from_secs(5), rest).await.expect("it ends");
    assert!(text.expect("no panic").expect("a whole body").contains("begin"));
    // Nor does an open stream keep a session alive.
    let again = door.sign_in(&ada).await;
    let stream = door.of(&again, "get", "/changes/stream").send().await.expect("a stream");
    door.pass(3600);
    let ended =
        tokio::time::timeout(std::time::Duration::from_secs(5), stream.text()).await.expect("it ends");
    ended.expect("a whole body");
    door.refused(door.of(&again, "get", "/session"), 401, "unauthorized").await;
    door.api.stop().await;
}

#[tokio::test]
async fn nothing_that_opens_is_in_the_ledger_or_in_an_answer() {
    const CANARY: &str = "canary-7f21 horse";
    let door = Door::open().await;
    let ada = door.enrol("ada", "administrator", all()).await;
    let mut secrets = vec![
        door.api.token.clone(),
        ada.browser.cookie.split_once('=').expect("a cookie").1.to_owned(),
        PASSWORD.to_owned(),
        hex::encode(&ada.key),
        CANARY.to_owned(),
    ];
    // Typed where it does not belong, and in forms that cannot be read.
    let mut answers = Vec::new();
    for body in [
        json!({"name": CANARY, "password": CANARY, "code": CANARY}),
        json!({"name": "ada", "password": [CANARY], "code": "1"}),
        json!({"name": "ada", "password": "x", "code": "1", CANARY: 1}),
    ] {
        let request = door.ask("post", "/signin/password").json(&body);
        answers.push(request.send().await.expect("an answer").text().await.expect("text"));
    }
    let password = door.of(&ada.browser, "put", "/me/password").json(&json!({"password": CANARY}));
    answers.push(password.send().await.expect("an answer").text().await.expect("text"));
    let codes = door.of(&ada.browser, "post", "/me/recovery-codes").json(&json!({}));
    let codes: Value = codes.send().await.expect("an answer").json().await.expect("JSON");
    secrets.extend(
        codes["codes"].as_array().expect("codes").iter().filter_map(Value::as_str).map(ToOwned::to_owned),
    );
    let (_, invitation) = door.invite("bob", "viewer", all()).await;
    secrets.push(invitation);
    let token =
        door.of(&ada.browser, "post", "/tokens").json(&json!({"name": "ci", "role": "viewer", "days": 1}));
    let token: Value = token.send().await.expect("an answer").json().await.expect("JSON");
    secrets.push(token["secret"].as_str().expect("a token").to_owned());
    for path in ["/people", "/sessions", "/tokens", "/me", "/session"] {
        answers.push(door.read(&ada.browser, path).await.to_string());
    }
    door.entries("signin.refused", 1).await;
    answers.push(door.api.read("/ledger/entries?limit=1000").await.to_string());
    for answer in &answers {
        for secret in &secrets {
            assert!(!answer.contains(secret.as_str()), "`{secret}` in {answer}");
        }
    }
    // Beside the keys of one-time codes, which have to be read, the database holds hashes only.
    door.api.store.close().await.expect("closes");
    let database = std::fs::read(door.api.dir.path().join("data/fathom.db")).expect("readable");
    for secret in &secrets {
        let found = database.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!found, "`{secret}` in the database");
    }
}
