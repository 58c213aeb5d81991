//! People who sign in, as a browser does it: a cookie, and what requests that change something carry beside it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use fathom_api::ServeOptions;
use fathom_model::Timestamp;
use fathom_signin::totp::{code_of, step_at};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::harness::{Api, now, options, problem};

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A server whose clock the test moves.
pub(crate) struct Door {
    pub(crate) api: Api,
    seconds: Arc<AtomicI64>,
}

/// A browser in which somebody is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
    pub(crate) session: Value,
}

/// Somebody with everything that signing in takes.
#[derive(Debug, Clone)]
pub(crate) struct Somebody {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) key: Vec<u8>,
    pub(crate) browser: Browser,
}

impl Door {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| ()).await
    }

    /// The same, with other options.
    pub(crate) async fn open_with(change: impl FnOnce(&mut ServeOptions)) -> Self {
        let seconds = Arc::new(AtomicI64::new(0));
        let moved = Arc::clone(&seconds);
        let clock = move || {
            let second = now().as_second() + moved.load(Ordering::SeqCst);
            Timestamp::from_second(second).expect("in range")
        };
        let dir = tempfile::tempdir().expect("a directory");
        let mut options = options(dir.path());
        change(&mut options);
        Self { api: Api::start_in(dir, options, clock).await, seconds }
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn second(&self) -> i64 {
        now().as_second() + self.seconds.load(Ordering::SeqCst)
    }

    /// The code that an authenticator app shows now.
    pub(crate) fn code(&self, key: &[u8]) -> String {
        format!("{:06}", code_of(key, step_at(self.second())))
    }

    /// A request that brings nothing.
    pub(crate) fn ask(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.to_uppercase().parse().expect("a method");
        self.api.client.request(method, self.api.url(path))
    }

    /// A request of a browser.
    pub(crate) fn of(&self, browser: &Browser, method: &str, path: &str) -> RequestBuilder {
        let request = self.ask(method, path).header(header::COOKIE, &browser.cookie);
        if method.eq_ignore_ascii_case("get") {
            request
        } else {
            request.header("x-fathom-csrf", &browser.csrf)
        }
    }

    /// What a browser reads.
    pub(crate) async fn read(&self, browser: &Browser, path: &str) -> Value {
        let response = self.of(browser, "get", path).send().await.expect(path);
        let status = response.status();
        let text = response.text().await.expect(path);
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).expect(path)
    }

    pub(crate) async fn refused(&self, request: RequestBuilder, status: u16, code: &str) -> Value {
        problem(request.send().await.expect("an answer"), status, code).await
    }

    /// The owner, who has the token.
    pub(crate) async fn owner(&self) -> Browser {
        let body = json!({"token": self.api.token});
        entered(self.ask("post", "/signin/token").json(&body).send().await.expect("an answer")).await
    }

    pub(crate) fn password_signin(&self, name: &str, password: &str, code: &str) -> RequestBuilder {
        let body = json!({"name": name, "password": password, "code": code});
        self.ask("post", "/signin/password").json(&body)
    }

    /// Adds a person, without letting it in.
    pub(crate) async fn invite(&self, name: &str, role: &str, scope: Value) -> (i64, String) {
        let body = json!({"name": name, "role": role, "scope": scope});
        let response = self.api.post("/people", &body).send().await.expect("an answer");
        let status = response.status();
        let added: Value = response.json().await.expect("JSON");
        assert_eq!(status, StatusCode::CREATED, "{added}");
        let token = added["invitation"]["token"].as_str().expect("an invitation").to_owned();
        (added["person"]["id"].as_i64().expect("a number"), token)
    }

    /// Somebody new who took up the invitation: password, one-time codes, and a session.
    pub(crate) async fn enrol(&self, name: &str, role: &str, scope: Value) -> Somebody {
        let (id, token) = self.invite(name, role, scope).await;
        let (browser, key) = self.take_up(&token).await;
        let finish = self.of(&browser, "post", "/signin/invitation/finish").json(&json!({}));
        let browser = entered(finish.send().await.expect("an answer")).await;
        Somebody { id, name: name.to_owned(), key, browser }
    }

    /// Opens an invitation and sets password and one-time codes.
    pub(crate) async fn take_up(&self, token: &str) -> (Browser, Vec<u8>) {
        let body = json!({"invitation": token});
        let opened = self.ask("post", "/signin/invitation").json(&body).send().await.expect("an answer");
        let browser = entered(opened).await;
        let body = json!({"password": PASSWORD});
        let set = self.of(&browser, "put", "/me/password").json(&body).send().await.expect("an answer");
        assert_eq!(set.status(), StatusCode::NO_CONTENT);
        let made = self.of(&browser, "post", "/me/totp").json(&json!({})).send().await.expect("an answer");
        let made: Value = made.json().await.expect("JSON");
        let key = base32(made["secret"].as_str().expect("a key"));
        let body = json!({"code": self.code(&key)});
        let confirmed = self.of(&browser, "post", "/me/totp/confirm").json(&body);
        assert_eq!(confirmed.send().await.expect("an answer").status(), StatusCode::NO_CONTENT);
        (browser, key)
    }

    /// Somebody signs in again, with a code that was not used yet.
    pub(crate) async fn sign_in(&self, somebody: &Somebody) -> Browser {
        self.pass(30);
        let code = self.code(&somebody.key);
        let request = self.password_signin(&somebody.name, PASSWORD, &code);
        entered(request.send().await.expect("an answer")).await
    }

    /// Entries of the ledger of a kind, once there are so many: some are written after the answer.
    pub(crate) async fn entries(&self, kind: &str, least: usize) -> Vec<Value> {
        for _ in 0..100 {
            let all = self.api.read("/ledger/entries?limit=1000").await;
            let of_kind = |entry: &&Value| entry["kind"] == kind;
            let found: Vec<Value> =
                all["entries"].as_array().expect("entries").iter().filter(of_kind).cloned().collect();
            if found.len() >= least {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("fewer than {least} entries `{kind}`");
    }
}

/// The session that an answer begins.
pub(crate) async fn entered(response: Response) -> Browser {
    let status = response.status();
    let cookie = response.headers().get(header::SET_COOKIE).cloned();
    let text = response.text().await.expect("a body");
    assert_eq!(status, StatusCode::OK, "{text}");
    let cookie = cookie.expect("a cookie").to_str().expect("text").to_owned();
    for part in ["Path=/", "HttpOnly", "SameSite=Strict"] {
        assert!(cookie.split("; ").any(|one| one == part), "{cookie}");
    }
    let session: Value = serde_json::from_str(&text).expect("JSON");
    Browser {
        cookie: cookie.split(';').next().expect("a cookie").to_owned(),
        csrf: session["csrf"].as_str().expect("a value").to_owned(),
        session,
    }
}

/// RFC 4648 without padding.
fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            other => panic!("{other} is not of base 32"),
        };
        bits = (bits << 5) | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}
