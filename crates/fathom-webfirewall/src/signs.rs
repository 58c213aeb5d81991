//! Signs that a request that would be blocked is a real user's, and signs that it is not. They are facts of the log, not a verdict.

use std::collections::{BTreeMap, BTreeSet};

use crate::request::{Request, Told};

/// Other requests of a client that make it a known one.
const KNOWN_FROM: u64 = 20;
/// Clients that a rule stops on one path from which on the path looks meant, not the client.
const MANY_CLIENTS: usize = 5;
/// Words in names of cookies that applications give to who signed in.
const SESSION: [&str; 6] = ["session", "sess", "sid", "auth", "token", "jwt"];
/// Labels by which AWS says that an address has a bad name.
const BAD_NAME: [&str; 3] =
    ["awswaf:managed:aws:amazon-ip-list:", "awswaf:managed:aws:anonymous-ip-list:", ":bot-control:signal:"];
/// Labels by which AWS says that a token was good, or a robot is who it says.
const GOOD: [(&str, &str); 2] = [
    ("awswaf:managed:token:accepted", "its token of a challenge was accepted"),
    ("awswaf:managed:aws:bot-control:bot:verified", "it is a robot that AWS verified"),
];

/// What the whole log says of a client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Client {
    /// Its requests.
    pub(crate) requests: u64,
    /// Those that today's rules stop, surely or maybe.
    pub(crate) stopped: u64,
    /// Those that would newly be blocked.
    pub(crate) newly: u64,
    /// Pictures, styles and scripts, which browsers load with a page.
    pub(crate) parts_of_pages: u64,
}

/// What the whole log says of a path, and of a rule on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path {
    /// All clients that asked for it.
    pub(crate) clients: BTreeSet<String>,
    /// The clients that each rule would newly stop on it.
    pub(crate) by_rule: BTreeMap<String, BTreeSet<String>>,
}

/// What speaks for a real user, and what against it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Signs {
    pub(crate) for_it: Vec<String>,
    pub(crate) against: Vec<String>,
}

impl Signs {
    /// The signs of one request that a rule would newly block.
    pub(crate) fn of(request: &Request, rule: &str, client: &Client, path: Option<&Path>) -> Self {
        let mut signs = Self::default();
        let others = client.requests.saturating_sub(client.newly);
        if client.stopped > 0 {
            signs.against.push(format!("today's rules stop {} other requests of the client", client.stopped));
        } else if others >= KNOWN_FROM && client.newly * 4 <= others {
            signs
                .for_it
                .push(format!("the client sent {others} other requests, and no rule stops any of them"));
        }
        if client.parts_of_pages > 0 && is_browser(request) {
            let count = client.parts_of_pages;
            signs.for_it.push(format!(
                "it names a browser, and the client loaded {count} pictures, styles or scripts as browsers do"
            ));
        }
        if request.has_header("authorization") {
            signs.for_it.push("it came with an Authorization header".to_owned());
        }
        if let Some(name) = session(request) {
            signs.for_it.push(format!("it came with the cookie {name}, as those who signed in do"));
        }
        if request.logged.solved {
            signs.for_it.push("a captcha or challenge had been solved".to_owned());
        }
        for (label, says) in GOOD {
            if request.labels.iter().any(|own| own == label) {
                signs.for_it.push(says.to_owned());
            }
        }
        if let Some((path, stopped)) = path.and_then(|path| Some((path, path.by_rule.get(rule)?)))
            && stopped.len() >= MANY_CLIENTS
            && stopped.len() * 2 >= path.clients.len()
        {
            let (some, all) = (stopped.len(), path.clients.len());
            signs.for_it.push(format!("the rule would stop {some} of the {all} clients of this path"));
        }
        if let Some(label) = request.labels.iter().find(|own| BAD_NAME.iter().any(|bad| own.contains(bad))) {
            signs.against.push(format!("it has the label {label}"));
        }
        signs
    }

    /// Whether it is to be looked at before the rule blocks.
    pub(crate) fn are_doubtful(&self) -> bool {
        !self.for_it.is_empty() && self.against.is_empty()
    }
}

/// Whether it says that it is one of the usual browsers.
fn is_browser(request: &Request) -> bool {
    let agent = request.header_text("user-agent").unwrap_or_default();
    agent.starts_with("Mozilla/5.0 (")
        && ["Chrome/", "Firefox/", "Safari/"].iter().any(|name| agent.contains(name))
}

/// Whether it asks for what pages consist of.
pub(crate) fn is_part_of_page(request: &Request) -> bool {
    let path = request.uri.as_deref().unwrap_or_default().to_ascii_lowercase();
    [".css", ".js", ".png", ".jpg", ".jpeg", ".svg", ".woff2", ".webp", ".gif", ".ico"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// The name of a cookie that looks like a session's.
fn session(request: &Request) -> Option<String> {
    let Told::Is(cookies) = request.cookies() else { return None };
    let own = cookies.into_iter().find(|(name, value)| {
        let name = name.to_ascii_lowercase();
        // Tokens of WAF itself, and of forms, are given to everybody.
        let is_given = name.starts_with("aws-waf") || name.contains("csrf") || name.contains("xsrf");
        !value.is_empty() && !is_given && SESSION.iter().any(|word| name.contains(word))
    });
    own.map(|(name, _)| name.to_owned())
}
