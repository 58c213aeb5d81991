//! OpenID Connect over HTTP: a browser goes to the real npm `oidc-provider` and comes back.

use fathom_model::Timestamp;
use fathom_testkit::provider::{Browser, Provider};
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};

use crate::harness::{Api, options};

/// A server whose people come from a provider.
struct Setup {
    api: Api,
    provider: Provider,
    browser: Browser,
}

impl Setup {
    async fn start() -> Option<Self> {
        let client = json!({
            "client_id": "fathom",
            "client_secret": "s3cret",
            "redirect_uris": ["http://localhost/not-known-yet"],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
        });
        let accounts = json!({
            "ada": {"preferred_username": "Ada", "email": "ada@example.com", "groups": ["admins"]},
            "bob": {"preferred_username": "Bob", "email": "bob@example.com", "groups": ["core"]},
            "bob2": {"preferred_username": "Bob", "email": "bob@example.com", "groups": ["core"]},
            "eve": {"preferred_username": "Eve", "email": "ada@example.com", "groups": []},
        });
        let provider = Provider::start(&json!({"clients": [client], "accounts": accounts, "inToken": true}))?;
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("signin.yaml");
        let text = format!(
            "version: 1\nopenid_connect:\n  - id: corp\n    name: Example Corp\n    issuer: {}\n    \
             client_id: fathom\n    client_secret_file: corp.secret\n    scopes: [profile, email, groups]\n    \
             groups_claim: groups\n    roles:\n      - {{ group: admins, role: administrator }}\n      \
             - {{ group: core, role: analyst, teams: [team-b] }}\n",
            provider.issuer
        );
        std::fs::write(&file, text).expect("writable");
        let secret = dir.path().join("corp.secret");
        std::fs::write(&secret, "s3cret").expect("writable");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).expect("settable");
        }
        let mut options = options(dir.path());
        options.signin = Some(file);
        // The provider signs with the clock of this machine.
        let api = Api::start_in(dir, options, Timestamp::now).await;
        provider.control(&json!({"redirects": [api.url("/signin/oidc/callback")]})).await;
        Some(Self { api, provider, browser: Browser::default() })
    }

    /// Goes to the provider and signs in there; the address that leads back.
    async fn go(&mut self, login: &str) -> String {
        let begun = self.browser.get(&self.api.url("/signin/oidc/corp/start?next=/resources")).await;
        assert_eq!(begun.status(), StatusCode::FOUND);
        let address = to(&begun);
        let back = self.browser.sign_in(&self.provider, &address, login).await;
        self.browser.forget(&self.provider.issuer);
        back
    }

    /// The whole way; where it ended.
    async fn enter(&mut self, login: &str) -> String {
        self.browser.forget(&self.api.url(""));
        let back = self.go(login).await;
        let ended = self.browser.get(&back).await;
        assert_eq!(ended.status(), StatusCode::FOUND);
        to(&ended)
    }

    async fn session(&mut self) -> Value {
        let answer = self.browser.get(&self.api.url("/session")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.expect("JSON")
    }

    async fn entries(&self, kind: &str, least: usize) -> Vec<Value> {
        for _ in 0..100 {
            let all = self.api.read(&format!("/ledger/entries?limit=1000&kind={kind}")).await;
            let found = all["entries"].as_array().expect("entries").clone();
            if found.len() >= least {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("fewer than {least} entries `{kind}`");
    }
}

fn to(answer: &Response) -> String {
    answer.headers()[header::LOCATION].to_str().expect("text").to_owned()
}

#[tokio::test]
async fn somebody_comes_from_an_issuer_and_is_known_by_its_subject() {
    let Some(mut setup) = Setup::start().await else { return };
    let ways: Value = setup.browser.get(&setup.api.url("/signin")).await.json().await.expect("JSON");
    assert_eq!(ways["oidc"], json!([{"id": "corp", "name": "Example Corp"}]));
    assert_eq!(setup.enter("bob").await, "/resources");
    let session = setup.session().await;
    assert_eq!(
        (&session["name"], &session["role"], &session["method"]),
        (&json!("Bob"), &json!("analyst"), &json!("oidc"))
    );
    assert_eq!(session["scope"], json!({"accounts": null, "teams": ["team-b"]}));
    assert_eq!(session["enrolled"], true);
    // The scope holds.
    let answer = setup.browser.get(&setup.api.url("/resources?limit=1000")).await;
    let seen: Value = answer.json().await.expect("JSON");
    let seen = seen["resources"].as_array().expect("resources");
    assert_eq!(seen.len(), 1, "one bucket is the team's");
    // Somebody else of the same name and address of mail is somebody else.
    assert_eq!(setup.enter("bob2").await, "/resources");
    assert_eq!(setup.session().await["name"], "Bob (corp)");
    assert_eq!(setup.enter("bob").await, "/resources");
    assert_eq!(setup.session().await["name"], "Bob");
    let people = setup.api.read("/people").await;
    assert_eq!(people["people"].as_array().expect("people").len(), 2);
    let added = setup.entries("person.added", 2).await;
    assert_eq!((&added[0]["actor"], &added[0]["body"]["subject"]), (&json!("oidc corp"), &json!("bob")));
    let passed = setup.entries("signin.passed", 3).await;
    assert!(passed.iter().all(|entry| entry["body"]["detail"] == "corp, group core"), "{passed:?}");
    setup.api.stop().await;
}

#[tokio::test]
async fn role_and_scope_are_what_the_issuer_says_now() {
    let Some(mut setup) = Setup::start().await else { return };
    setup.enter("ada").await;
    assert_eq!(setup.session().await["role"], "administrator");
    setup
        .provider
        .control(&json!({"accounts": {"ada": {"preferred_username": "Ada", "groups": ["core"]}}}))
        .await;
    setup.enter("ada").await;
    let session = setup.session().await;
    assert_eq!((&session["name"], &session["role"]), (&json!("Ada"), &json!("analyst")));
    let changed = setup.entries("person.changed", 1).await;
    assert_eq!((&changed[0]["actor"], &changed[0]["body"]["role"]), (&json!("oidc corp"), &json!("analyst")));
    setup.provider.control(&json!({"accounts": {"ada": {"preferred_username": "Ada", "groups": []}}})).await;
    assert_eq!(setup.enter("ada").await, "/#signin_failed=no_role");
    let refused = setup.entries("signin.refused", 1).await;
    assert_eq!(
        (&refused[0]["subject"], &refused[0]["body"]["method"]),
        (&json!("person/Ada"), &json!("oidc"))
    );
    setup.api.stop().await;
}

#[tokio::test]
async fn whoever_may_not_enter_is_told_why_and_the_ledger_too() {
    let Some(mut setup) = Setup::start().await else { return };
    assert_eq!(setup.enter("eve").await, "/#signin_failed=no_role");
    let answer = setup.browser.get(&setup.api.url("/session")).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let refused = setup.entries("signin.refused", 1).await;
    let why = refused[0]["body"]["why"].as_str().expect("text");
    assert!(why.contains("Eve") && why.contains("none of your groups"), "{why}");
    assert_eq!(setup.api.read("/people").await["people"], json!([]));

    // Back in another browser, and once more in the same.
    let back = setup.go("bob").await;
    assert_eq!(to(&Browser::default().get(&back).await), "/#signin_failed=expired");
    assert_eq!(to(&setup.browser.get(&back).await), "/#signin_failed=expired");
    let state = back.replace("state=", "state=x");
    assert_eq!(to(&setup.browser.get(&state).await), "/#signin_failed=expired");
    // Somebody cancels there.
    let begun = setup.browser.get(&setup.api.url("/signin/oidc/corp/start")).await;
    let address = to(&begun);
    let state = address.split('&').find_map(|pair| pair.strip_prefix("state=")).expect("a state").to_owned();
    let issuer: String = url_encoded(&setup.provider.issuer);
    let path = format!("/signin/oidc/callback?error=access_denied&state={state}&iss={issuer}");
    let ended = setup.browser.get(&setup.api.url(&path)).await;
    assert_eq!(to(&ended), "/#signin_failed=declined");

    // Disabled here, whatever the issuer says.
    setup.enter("bob").await;
    let bob = setup.session().await["person"].clone();
    let disable =
        setup.api.client.patch(setup.api.url(&format!("/people/{bob}"))).bearer_auth(&setup.api.token);
    assert_eq!(
        disable.json(&json!({"disabled": true})).send().await.expect("an answer").status(),
        StatusCode::OK
    );
    assert_eq!(setup.enter("bob").await, "/#signin_failed=refused");
    setup.api.stop().await;
}

#[tokio::test]
async fn an_issuer_that_is_gone_leaves_the_other_ways() {
    let Some(mut setup) = Setup::start().await else { return };
    let providers = setup.api.read("/signin/providers").await;
    assert_eq!(providers["providers"][0]["state"], "unknown", "{providers}");
    assert_eq!(providers["providers"][0]["callback"], setup.api.url("/signin/oidc/callback"));
    let back = setup.go("ada").await;
    let issuer = setup.provider.issuer.clone();
    drop(setup.provider);
    assert_eq!(to(&setup.browser.get(&back).await), "/#signin_failed=issuer");
    let body = json!({"token": setup.api.token});
    let owner =
        setup.api.client.post(setup.api.url("/signin/token")).json(&body).send().await.expect("an answer");
    assert_eq!(owner.status(), StatusCode::OK);
    let refused = setup.api.read("/ledger/entries?kind=signin.refused").await;
    assert_eq!(refused["entries"], json!([]), "nobody failed");
    let providers = setup.api.read("/signin/providers").await;
    assert_eq!(providers["providers"][0]["issuer"], issuer);
    assert!(providers["file"].as_str().is_some_and(|file| file.ends_with("signin.yaml")), "{providers}");
    setup.api.stop().await;
}

#[tokio::test]
async fn an_issuer_that_never_answered_is_told_by_the_link_and_by_the_settings() {
    let Some(mut setup) = Setup::start().await else { return };
    drop(setup.provider);
    let begun = setup.browser.get(&setup.api.url("/signin/oidc/corp/start")).await;
    assert_eq!((begun.status(), to(&begun).as_str()), (StatusCode::FOUND, "/#signin_failed=issuer"));
    let providers = setup.api.read("/signin/providers").await;
    let provider = &providers["providers"][0];
    assert_eq!(provider["state"], "unreachable");
    assert!(provider["detail"].as_str().is_some_and(|why| why.contains("cannot be reached")), "{provider}");
    for (path, status, code) in [
        ("/signin/oidc/other/start", 404, "not_found"),
        ("/signin/oidc/corp/start?next=//evil.example", 400, "invalid_parameter"),
        ("/signin/oidc/corp/start?next=https://evil.example", 400, "invalid_parameter"),
    ] {
        let request = setup.api.client.get(setup.api.url(path));
        setup.api.problem(request, status, code).await;
    }
    setup.api.stop().await;
}

#[tokio::test]
async fn what_a_browser_keeps_meanwhile_opens_nothing() {
    let Some(mut setup) = Setup::start().await else { return };
    let begun = setup.browser.get(&setup.api.url("/signin/oidc/corp/start")).await;
    let cookie = begun.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(cookie.split("; ").any(|one| one == part), "{cookie}");
    }
    let answer = setup.browser.get(&setup.api.url("/session")).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let address = to(&begun);
    assert!(address.contains("code_challenge_method=S256") && address.contains("nonce="), "{address}");
    assert!(!address.contains("s3cret"), "{address}");
    // A session that was there before does not become somebody else's: a new one begins.
    setup.enter("bob").await;
    let first = setup.browser.cookies(&setup.api.url(""));
    let back = setup.go("ada").await;
    setup.browser.get(&back).await;
    let second = setup.browser.cookies(&setup.api.url(""));
    assert_ne!(first, second);
    assert_eq!(setup.session().await["name"], "Ada");
    let old = setup.api.client.get(setup.api.url("/session")).header(header::COOKIE, first);
    assert_eq!(old.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    setup.api.stop().await;
}

#[tokio::test]
async fn a_file_that_does_not_hold_keeps_the_server_from_starting() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("signin.yaml");
    std::fs::write(&file, "version: 1\nopenid_connect:\n  - id: corp\n    issuer: http://example.com\n")
        .expect("writable");
    let mut options = options(dir.path());
    options.signin = Some(file);
    let Err(error) = fathom_api::Server::bind(options).await else { panic!("it was taken") };
    let text = error.to_string();
    assert!(text.contains("signin.yaml:4:") && text.contains("client_id"), "{text}");
}

fn url_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}
