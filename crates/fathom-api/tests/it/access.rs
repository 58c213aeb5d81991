//! Who comes in, and what every answer carries.

use fathom_api::{ServeError, Server};
use reqwest::{StatusCode, header};

use crate::harness::{Api, options, problem};

#[tokio::test]
async fn only_health_and_the_document_answer_without_the_token() {
    let api = Api::start().await;
    for open in ["/health", "/openapi.json"] {
        assert_eq!(api.client.get(api.url(open)).send().await.expect(open).status(), StatusCode::OK);
    }
    let missing = api.problem(api.client.get(api.url("/resources")), 401, "unauthorized").await;
    let hint = missing["hint"].as_str().expect("a hint");
    assert!(hint.contains("Bearer") && hint.contains("token"), "{hint}");
    let half = &api.token[..api.token.len() - 1];
    for wrong in ["", "fathom_", half] {
        let request = api.client.get(api.url("/resources")).bearer_auth(wrong);
        let refused = api.problem(request, 401, "unauthorized").await;
        assert!(!refused.to_string().contains(half), "the token shows in {refused}");
    }
    let basic = api.client.get(api.url("/summary")).basic_auth("user", Some(&api.token));
    api.problem(basic, 401, "unauthorized").await;
    let twice = api.get("/summary").header(header::AUTHORIZATION, "Bearer x");
    api.problem(twice, 401, "unauthorized").await;
    api.stop().await;
}

#[tokio::test]
async fn failures_are_limited_and_the_owner_is_not_locked_out() {
    let api = Api::start().await;
    for _ in 0..20 {
        api.problem(api.client.get(api.url("/summary")).bearer_auth("wrong"), 401, "unauthorized").await;
    }
    let response = api.client.get(api.url("/summary")).bearer_auth("wrong").send().await.expect("an answer");
    let wait: u64 = response.headers()[header::RETRY_AFTER].to_str().expect("text").parse().expect("seconds");
    assert!((1..=60).contains(&wait));
    problem(response, 429, "too_many_failures").await;
    api.read("/summary").await;
}

#[tokio::test]
async fn foreign_host_names_are_refused() {
    let api = Api::start().await;
    let port = api.address.port();
    for host in
        ["localhost".to_owned(), format!("127.0.0.1:{port}"), "[::1]:1".to_owned(), "FATHOM.test".to_owned()]
    {
        let request = api.client.get(api.url("/health")).header(header::HOST, &host);
        assert_eq!(request.send().await.expect("an answer").status(), StatusCode::OK, "{host}");
    }
    for host in ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", ""] {
        let request = api.get("/summary").header(header::HOST, host);
        api.problem(request, 421, "host_refused").await;
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let api = Api::start().await;
    for path in ["/health", "/resources", "/resources?limit=0", "/nowhere"] {
        let response = api.get(path).send().await.expect(path);
        let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
        assert!(!response.headers().contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn the_token_survives_a_restart_and_its_file_is_private() {
    let api = Api::start().await;
    let file = api.dir.path().join("token");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    }
    let again = Server::bind(options(api.dir.path())).await.expect("another port");
    assert_ne!(again.address(), api.address);
    assert_eq!(std::fs::read_to_string(&file).expect("readable").trim(), api.token);
    assert!(api.token.starts_with("fathom_") && api.token.len() == "fathom_".len() + 64);
}

#[tokio::test]
async fn others_are_not_served_without_tls() {
    let dir = tempfile::tempdir().expect("a directory");
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.7:0"] {
        let mut options = options(dir.path());
        options.listen = listen.parse().expect("an address");
        let Err(error) = Server::bind(options).await else { panic!("{listen} was taken") };
        assert!(matches!(error, ServeError::NeedsTls { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("--tls-cert") && text.contains("--tls-key"), "{text}");
    }
    assert!(!dir.path().join("token").exists());
}
