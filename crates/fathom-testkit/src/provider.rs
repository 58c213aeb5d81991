//! A real OpenID Connect provider (npm `oidc-provider`), in a process of its own on a free port of this machine, and a
//! browser to sign in with.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use reqwest::{Client, Response, StatusCode, header, redirect::Policy};
use serde_json::Value;

use crate::moto::cache_dir;

const PROGRAM: &str = include_str!("provider.mjs");

/// A running provider. The process ends when this is dropped.
#[derive(Debug)]
pub struct Provider {
    /// Its issuer, which is its address too: `http://127.0.0.1:PORT`.
    pub issuer: String,
    child: Child,
}

impl Provider {
    /// Starts one. `config` is `{ clients, accounts: { login: claims }, inToken }`, the clients as `oidc-provider` takes
    /// them. None where the package is not installed, with a printed reason.
    ///
    /// # Panics
    /// When it does not start, or is missing although `FATHOM_REQUIRE_PEERS=1`.
    pub fn start(config: &Value) -> Option<Self> {
        let home = cache_dir().join("oidc");
        if !home.join("node_modules/oidc-provider").is_dir() {
            let required = std::env::var("FATHOM_REQUIRE_PEERS").is_ok_and(|value| value == "1");
            assert!(!required, "the OpenID Connect provider is missing: not in {}", home.display());
            eprintln!("skipped: no oidc-provider in {}; `cargo xtask test` installs it", home.display());
            return None;
        }
        let mut child = Command::new("node")
            .args(["--input-type=module", "--eval", PROGRAM])
            .current_dir(home)
            .env("PROVIDER_CONFIG", config.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Node.js starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("it says where it listens");
        let issuer = line.trim().to_owned();
        assert!(issuer.starts_with("http://127.0.0.1:"), "the provider did not start: {line:?}");
        Some(Self { issuer, child })
    }

    /// Orders, as `provider.mjs` describes them; gives how often what was asked for.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn control(&self, order: &Value) -> Value {
        let client = Client::builder().no_proxy().build().expect("a client");
        let answer = client.post(format!("{}/control", self.issuer)).json(order).send().await;
        answer.expect("an answer").json().await.expect("counts")
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As much of a browser as signing in takes: cookies, and redirects one by one.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    /// By host and port. Browsers do not tell ports apart; the names of cookies do.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

impl Default for Browser {
    fn default() -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        Self { client, cookies: BTreeMap::new() }
    }
}

impl Browser {
    /// Asks for an address with the cookies of its host, and keeps those of the answer.
    ///
    /// # Panics
    /// When nobody answers.
    pub async fn get(&mut self, address: &str) -> Response {
        let request = self.client.get(address);
        self.send(address, request).await
    }

    /// Sends a form.
    ///
    /// # Panics
    /// When nobody answers.
    pub async fn post(&mut self, address: &str, form: &[(&str, &str)]) -> Response {
        let request = self.client.post(address).form(form);
        self.send(address, request).await
    }

    /// The cookies for an address, as a header writes them.
    pub fn cookies(&self, address: &str) -> String {
        let own = self.cookies.get(&host(address)).into_iter().flatten();
        own.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Forgets the cookies for an address.
    pub fn forget(&mut self, address: &str) {
        self.cookies.remove(&host(address));
    }

    async fn send(&mut self, address: &str, request: reqwest::RequestBuilder) -> Response {
        let cookies = self.cookies(address);
        let request = if cookies.is_empty() { request } else { request.header(header::COOKIE, cookies) };
        let answer = request.send().await.expect(address);
        let own = self.cookies.entry(host(address)).or_default();
        for set in answer.headers().get_all(header::SET_COOKIE) {
            let text = set.to_str().expect("a cookie");
            let (pair, rest) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').expect("a cookie");
            let rest = rest.to_ascii_lowercase();
            if value.is_empty() || rest.contains("max-age=0") || rest.contains("01 jan 1970") {
                own.remove(name);
            } else {
                own.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Goes from an address at the provider through its forms, as somebody with this login, to the address that it sends
    /// the browser back to; that one is not asked for.
    ///
    /// # Panics
    /// When it leads elsewhere.
    pub async fn sign_in(&mut self, provider: &Provider, address: &str, login: &str) -> String {
        let mut address = address.to_owned();
        for _ in 0..20 {
            if !address.starts_with(&provider.issuer) {
                return address;
            }
            let mut answer = self.get(&address).await;
            if answer.status() == StatusCode::OK {
                let page = answer.text().await.expect("a page");
                let prompt = if page.contains(r#"value="login""#) { "login" } else { "consent" };
                let form = page.split(r#"action=""#).nth(1).and_then(|rest| rest.split('"').next());
                let form = absolute(provider, form.expect("a form"));
                answer = self.post(&form, &[("prompt", prompt), ("login", login), ("password", "x")]).await;
            }
            let to =
                answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).map(ToOwned::to_owned);
            let status = answer.status();
            let Some(to) = to else {
                panic!("{address} leads nowhere: {status} {}", answer.text().await.unwrap_or_default());
            };
            address = absolute(provider, &to);
        }
        panic!("the provider asks without end");
    }
}

fn absolute(provider: &Provider, address: &str) -> String {
    if address.starts_with('/') { format!("{}{address}", provider.issuer) } else { address.to_owned() }
}

/// Host and port of an address.
fn host(address: &str) -> String {
    let rest = address.split("://").nth(1).unwrap_or(address);
    rest.split(['/', '?', '#']).next().unwrap_or(rest).to_owned()
}
