//! The whole flow against the real npm `oidc-provider`, and everything that must not let anybody in.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

use fathom_model::{AccountId, Timestamp};
use fathom_signin::{
    Role,
    oidc::{Answer, Drawn, Identity, Issuers, OidcError, Settings, settings::Surroundings},
    random,
};
use fathom_testkit::provider::{Browser, Provider};
use jiff::SignedDuration;
use serde_json::{Value, json};
use url::Url;

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const BACK: &str = "http://127.0.0.1:7373/api/v1/signin/oidc/callback";

fn config(in_token: bool) -> Value {
    json!({
        "clients": [{
            "client_id": "fathom",
            "client_secret": "s3cret",
            "redirect_uris": [BACK],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
        }],
        "accounts": {
            "ada": {"preferred_username": "ada", "email": "ada@example.com", "groups": ["staff", "admins"]},
            "bob": {"preferred_username": "bob", "email": "bob@example.com", "groups": ["staff", "security"]},
            "eve": {"preferred_username": "eve", "email": "ada@example.com", "groups": ["guests"]},
        },
        "inToken": in_token,
    })
}

fn issuers(provider: &Provider, secret: &str) -> Issuers {
    let text = format!(
        "version: 1\nopenid_connect:\n  - id: corp\n    name: Example Corp\n    issuer: {}\n    \
         client_id: fathom\n    client_secret_env: SECRET\n    scopes: [profile, email, groups]\n    \
         groups_claim: groups\n    roles:\n      - {{ group: admins, role: administrator }}\n      \
         - {{ group: security, role: analyst, accounts: [\"111111111111\"] }}\n",
        provider.issuer
    );
    let variables = BTreeMap::from([("SECRET".to_owned(), secret.to_owned())]);
    let around = Surroundings { directory: Path::new("."), variables: &variables };
    Issuers::new(Settings::parse("signin.yaml", &text, &around).expect("it holds")).expect("a client")
}

fn drawn() -> Drawn {
    Drawn([(); 4].map(|()| random().expect("random")))
}

/// One person, one provider, one Fathom.
struct Setup {
    provider: Provider,
    issuers: Issuers,
    browser: Browser,
}

/// What a browser brings back.
struct Back {
    answer: Answer,
    binding: String,
}

impl Setup {
    fn start(in_token: bool) -> Option<Self> {
        let provider = Provider::start(&config(in_token))?;
        let issuers = issuers(&provider, "s3cret");
        Some(Self { provider, issuers, browser: Browser::default() })
    }

    async fn go(&mut self, login: &str) -> Back {
        let now = Timestamp::now();
        let started =
            self.issuers.start("corp", BACK, "/next".to_owned(), &drawn(), HOME, now).await.expect("starts");
        let back = self.browser.sign_in(&self.provider, &started.address, login).await;
        self.browser.forget(&self.provider.issuer);
        assert!(back.starts_with(BACK), "{back}");
        let url = Url::parse(&back).expect("an address");
        let mut pairs: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let answer = Answer {
            state: pairs.remove("state").expect("a state"),
            code: pairs.remove("code"),
            error: pairs.remove("error"),
            error_description: pairs.remove("error_description"),
            iss: pairs.remove("iss"),
        };
        Back { answer, binding: started.binding }
    }

    async fn finish(&self, back: Back) -> Result<(Identity, String), OidcError> {
        self.issuers.finish(back.answer, Some(&back.binding), Timestamp::now()).await
    }

    /// Signs in with an ID token that says something else, and gives why that was refused.
    async fn lie(&mut self, next: Value) -> String {
        self.provider.control(&json!({"next": next})).await;
        let back = self.go("ada").await;
        let error = self.finish(back).await.expect_err("it lets a lie in");
        assert!(matches!(error, OidcError::Refused { .. }), "{error}");
        error.to_string()
    }
}

#[tokio::test]
async fn somebody_signs_in_and_gets_the_role_of_a_group() {
    let Some(mut setup) = Setup::start(true) else { return };
    let back = setup.go("ada").await;
    let (identity, next) = setup.finish(back).await.expect("enters");
    assert_eq!(next, "/next");
    assert_eq!((identity.subject.as_str(), identity.name.as_str()), ("ada", "ada"));
    assert_eq!((identity.issuer.as_str(), identity.id.as_str()), (setup.provider.issuer.as_str(), "corp"));
    assert_eq!((identity.role, identity.group.as_str()), (Role::Administrator, "admins"));
    assert!(identity.scope.is_all());
    let back = setup.go("bob").await;
    let (identity, _) = setup.finish(back).await.expect("enters");
    assert_eq!(identity.role, Role::Analyst);
    let accounts = identity.scope.accounts.expect("limited");
    assert_eq!(accounts.iter().map(AccountId::as_str).collect::<Vec<_>>(), ["111111111111"]);
    let counts = setup.provider.control(&json!({})).await;
    assert_eq!(
        (&counts["discovery"], &counts["keys"], &counts["userinfo"]),
        (&json!(1), &json!(1), &json!(0))
    );
}

#[tokio::test]
async fn groups_that_are_not_in_the_token_are_asked_for() {
    let Some(mut setup) = Setup::start(false) else { return };
    let back = setup.go("bob").await;
    let (identity, _) = setup.finish(back).await.expect("enters");
    assert_eq!((identity.role, identity.name.as_str()), (Role::Analyst, "bob"));
    assert_eq!(setup.provider.control(&json!({})).await["userinfo"], 1);
}

#[tokio::test]
async fn whoever_has_no_group_with_a_role_is_told_so() {
    let Some(mut setup) = Setup::start(true) else { return };
    // The address of mail is an administrator's; nobody is known by it.
    let back = setup.go("eve").await;
    let error = setup.finish(back).await.expect_err("enters without a role");
    let OidcError::NoGroup { subject, issuer, .. } = &error else { panic!("{error}") };
    assert_eq!((subject.as_str(), issuer), ("eve", &setup.provider.issuer));
    let text = error.to_string();
    assert!(text.contains("Example Corp knows you as eve") && text.contains("signin.yaml"), "{text}");
}

#[tokio::test]
async fn a_flow_ends_once_in_time_and_in_the_browser_where_it_began() {
    let Some(mut setup) = Setup::start(true) else { return };
    let begun = Timestamp::now();
    let back = setup.go("ada").await;
    let answer = || back.answer.clone();
    let finish = async |answer, binding, now| {
        let ended = setup.issuers.finish(answer, binding, now).await;
        matches!(ended.expect_err("it ends"), OidcError::Flow)
    };
    let other = Answer { state: "x".repeat(43), ..answer() };
    assert!(finish(other, Some(back.binding.as_str()), begun).await, "another state");
    // The binding of another browser ends the flow for good: a state that leaked is of no use to anybody.
    assert!(finish(answer(), Some("other"), begun).await, "another browser");
    assert!(finish(answer(), Some(back.binding.as_str()), begun).await, "after another browser tried");

    let back = setup.go("ada").await;
    assert!(setup.issuers.finish(back.answer.clone(), Some(&back.binding), Timestamp::now()).await.is_ok());
    let again = setup.issuers.finish(back.answer, Some(&back.binding), Timestamp::now()).await;
    assert!(matches!(again.expect_err("twice"), OidcError::Flow));

    let back = setup.go("ada").await;
    let late = Timestamp::now() + SignedDuration::from_mins(11);
    let ended = setup.issuers.finish(back.answer, Some(&back.binding), late).await;
    assert!(matches!(ended.expect_err("late"), OidcError::Flow));
}

#[tokio::test]
async fn a_code_is_exchanged_once_and_only_with_what_it_was_asked_for_with() {
    let Some(mut setup) = Setup::start(true) else { return };
    let first = setup.go("ada").await;
    let code = first.answer.code.clone();
    setup.finish(first).await.expect("enters");
    // Somebody who saw the code brings it into a flow of its own.
    let mut own = setup.go("bob").await;
    own.answer.code = code;
    let error = setup.finish(own).await.expect_err("a code twice");
    assert!(matches!(&error, OidcError::Refused { why, .. } if why.contains("refuses the code")), "{error}");
    // One that nobody used yet is of no use without its verifier (PKCE).
    let stolen = setup.go("ada").await.answer.code;
    let mut own = setup.go("bob").await;
    own.answer.code = stolen;
    let error = setup.finish(own).await.expect_err("a foreign code");
    assert!(matches!(&error, OidcError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn what_is_signed_for_others_or_for_another_time_is_refused() {
    let Some(mut setup) = Setup::start(true) else { return };
    let now = Timestamp::now().as_second();
    for (next, words) in [
        (json!({"claims": {"nonce": "another"}}), "nonce"),
        (json!({"claims": {"nonce": null}}), "nonce"),
        (json!({"claims": {"aud": "another"}}), "fathom"),
        (json!({"claims": {"aud": ["fathom", "another"]}}), "another"),
        (json!({"claims": {"azp": "another"}}), "azp"),
        (json!({"claims": {"iss": "https://evil.example"}}), "evil.example"),
        (json!({"claims": {"exp": now - 61}}), "expired"),
        (json!({"claims": {"iat": now + 120}}), "future"),
        (json!({"claims": {"nbf": now + 120}}), "nbf"),
        (json!({"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}), "at_hash"),
        (json!({"claims": {"sub": "x".repeat(256)}}), "subject"),
        (json!({"key": "unpublished"}), "does not publish"),
        (json!({"key": "none"}), ""),
    ] {
        let text = setup.lie(next.clone()).await;
        assert!(text.to_lowercase().contains(words), "{next}: {text}");
    }
    // Clocks of two machines are never quite the same.
    for skewed in [json!({"exp": now - 20}), json!({"iat": now + 40}), json!({"nbf": now + 40})] {
        setup.provider.control(&json!({"next": {"claims": skewed}})).await;
        let back = setup.go("ada").await;
        assert!(setup.finish(back).await.is_ok(), "{skewed}");
    }
}

#[tokio::test]
async fn keys_may_change_at_any_time() {
    let Some(mut setup) = Setup::start(true) else { return };
    let back = setup.go("ada").await;
    setup.finish(back).await.expect("enters");
    setup.provider.control(&json!({"rotate": true})).await;
    let back = setup.go("ada").await;
    // Not within the seconds for which keys are not fetched again because of one that is not known.
    let now = Timestamp::now() + SignedDuration::from_secs(10);
    let ended = setup.issuers.finish(back.answer, Some(&back.binding), now).await;
    ended.expect("enters with the new key");
    assert_eq!(setup.provider.control(&json!({})).await["keys"], 2);
    // Invented keys do not make us fetch at will.
    for _ in 0..3 {
        setup.provider.control(&json!({"next": {"key": "unpublished"}})).await;
        let back = setup.go("ada").await;
        assert!(setup.issuers.finish(back.answer, Some(&back.binding), now).await.is_err());
    }
    assert_eq!(setup.provider.control(&json!({})).await["keys"], 2);
}

#[tokio::test]
async fn an_answer_of_another_issuer_or_without_a_code_is_refused() {
    let Some(mut setup) = Setup::start(true) else { return };
    let mut back = setup.go("ada").await;
    assert_eq!(back.answer.iss.as_deref(), Some(setup.provider.issuer.as_str()));
    back.answer.iss = Some("https://evil.example".to_owned());
    let error = setup.finish(back).await.expect_err("another issuer");
    assert!(error.to_string().contains("another issuer"), "{error}");
    let mut back = setup.go("ada").await;
    back.answer.iss = None;
    let error = setup.finish(back).await.expect_err("this issuer says who it is");
    assert!(error.to_string().contains("which issuer"), "{error}");
    let mut back = setup.go("ada").await;
    back.answer.code = None;
    back.answer.error = Some("access_denied".to_owned());
    back.answer.error_description = Some("End-User aborted\u{7} interaction".to_owned());
    let error = setup.finish(back).await.expect_err("declined");
    assert_eq!(error.to_string(), "Example Corp did not sign in anybody: End-User aborted interaction");
}

#[tokio::test]
async fn an_issuer_that_is_gone_is_named() {
    let Some(mut setup) = Setup::start(true) else { return };
    let back = setup.go("ada").await;
    let address = setup.provider.issuer.clone();
    drop(setup.provider);
    let ended = setup.issuers.finish(back.answer, Some(&back.binding), Timestamp::now()).await;
    let error = ended.expect_err("it is gone");
    assert!(matches!(error, OidcError::Unavailable { .. }), "{error}");
    assert!(
        error.to_string().contains(&address) && error.to_string().contains("cannot be reached"),
        "{error}"
    );
    let later = Timestamp::now() + SignedDuration::from_mins(11);
    let ended = setup.issuers.start("corp", BACK, "/".to_owned(), &drawn(), HOME, later).await;
    assert!(matches!(ended.expect_err("it is gone"), OidcError::Unavailable { .. }));
    let ended = setup.issuers.start("other", BACK, "/".to_owned(), &drawn(), HOME, later).await;
    assert!(matches!(ended.expect_err("there is none"), OidcError::NoSuchIssuer { .. }));
}

#[tokio::test]
async fn a_wrong_client_secret_is_told_as_what_it_is() {
    let Some(mut setup) = Setup::start(true) else { return };
    setup.issuers = issuers(&setup.provider, "wrong");
    let back = setup.go("ada").await;
    let error = setup.finish(back).await.expect_err("a wrong secret").to_string();
    assert!(error.contains("invalid_client") && !error.contains("wrong"), "{error}");
}
