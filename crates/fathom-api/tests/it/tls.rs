//! TLS with a certificate that is made for the test.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use fathom_api::{ServeError, Server};
use futures::FutureExt as _;
use reqwest::{Certificate, Client};
use tokio::sync::oneshot;

use crate::harness::{options, state};

/// A certificate for 127.0.0.1 and its key, as files.
fn certificate(dir: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=fathom test", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(dir)
        .output()
        .expect("this test needs the openssl command");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[tokio::test]
async fn other_addresses_are_served_with_tls() {
    let dir = tempfile::tempdir().expect("a directory");
    certificate(dir.path());
    let mut options = options(dir.path());
    options.listen = "0.0.0.0:0".parse().expect("an address");
    options.tls = Some((dir.path().join("cert.pem"), dir.path().join("key.pem")));
    options.allowed_hosts = vec!["fathom.test".to_owned()];
    let server = Server::bind(options).await.expect("listens");
    let (port, url) = (server.address().port(), server.url());
    assert!(url.starts_with("https://"), "{url}");
    let (state, _, _) = state(dir.path()).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(state, stopped.map(|_| ())));

    let pem = std::fs::read(dir.path().join("cert.pem")).expect("a certificate");
    let trusted = Certificate::from_pem(&pem).expect("a certificate");
    let client = Client::builder().no_proxy().tls_certs_only([trusted]).build().expect("a client");
    let token = std::fs::read_to_string(dir.path().join("token")).expect("a token");
    let address = format!("https://127.0.0.1:{port}/api/v1/summary");
    let response = client.get(&address).bearer_auth(token.trim()).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    // A name that somebody lured a browser to is not ours; one that the user gave is, and addresses are nobody's.
    let under = |host: &str| client.get(&address).bearer_auth(token.trim()).header("host", host).send();
    for (host, status) in
        [("fathom.test", 200), ("192.0.2.1", 200), ("evil.example", 421), ("fathom.test.evil", 421)]
    {
        assert_eq!(under(host).await.expect("an answer").status(), status, "{host}");
    }
    let foreign =
        crate::harness::problem(under("evil.example").await.expect("an answer"), 421, "host_refused").await;
    assert!(foreign["detail"].as_str().is_some_and(|detail| detail.contains("evil.example")), "{foreign}");
    assert!(foreign["hint"].as_str().is_some_and(|hint| hint.contains("--allowed-host")), "{foreign}");
    let plain = crate::harness::client().get(address.replace("https:", "http:")).send().await;
    assert!(plain.is_err() || plain.is_ok_and(|response| !response.status().is_success()));
    stop.send(()).expect("runs");
    running.await.expect("no panic").expect("ends well");
}

#[tokio::test]
async fn a_certificate_that_is_renewed_is_taken_without_a_restart() {
    let dir = tempfile::tempdir().expect("a directory");
    certificate(dir.path());
    let cert = dir.path().join("cert.pem");
    let first = std::fs::read(&cert).expect("a certificate");
    let mut options = options(dir.path());
    options.tls = Some((cert.clone(), dir.path().join("key.pem")));
    let server = Server::bind(options).await.expect("listens");
    let address = format!("https://{}/api/v1/health", server.address());
    let (state, _, _) = state(dir.path()).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(state, stopped.map(|_| ())));
    // A new client each time: connections that are open keep the certificate that they began with.
    let trusts = async |pem: &[u8]| {
        let trusted = Certificate::from_pem(pem).expect("a certificate");
        let client = Client::builder().no_proxy().tls_certs_only([trusted]).build().expect("a client");
        client.get(&address).send().await.is_ok_and(|answer| answer.status() == 200)
    };
    assert!(trusts(&first).await);
    certificate(dir.path());
    let second = std::fs::read(&cert).expect("a certificate");
    assert_ne!(first, second);
    let begun = Instant::now();
    while !trusts(&second).await {
        assert!(begun.elapsed() < Duration::from_secs(30), "the new certificate is not taken");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(!trusts(&first).await, "the old certificate is still in use");
    stop.send(()).expect("runs");
    running.await.expect("no panic").expect("ends well");
}

#[tokio::test]
async fn a_certificate_that_does_not_load_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("cert.pem"), "nothing").expect("writable");
    let mut options = options(dir.path());
    options.tls = Some((dir.path().join("cert.pem"), dir.path().join("key.pem")));
    let Err(error) = Server::bind(options).await else { panic!("it was taken") };
    assert!(matches!(error, ServeError::Tls { .. }), "{error}");
    assert!(error.to_string().contains("cert.pem"), "{error}");
}

#[tokio::test]
async fn a_host_name_that_cannot_be_one_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut options = options(dir.path());
    options.allowed_hosts = vec!["https://fathom.example.com".to_owned()];
    let Err(error) = Server::bind(options).await else { panic!("it was taken") };
    assert!(matches!(error, ServeError::HostName(_)), "{error}");
    assert!(error.to_string().contains("`https://fathom.example.com`"), "{error}");
}
