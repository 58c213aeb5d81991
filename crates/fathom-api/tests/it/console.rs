//! The console's files: for anybody, with a strict policy, and never in the place of an answer of the API.
//!
//! Built or not: what depends on `ui/dist` is asked only where `cargo xtask ui` made it.

use reqwest::{RequestBuilder, Response, header};

use crate::harness::{Api, problem};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// What a browser sends when somebody opens an address.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

fn page(api: &Api, path: &str) -> RequestBuilder {
    api.client.get(format!("http://{}{path}", api.address)).header(header::ACCEPT, BROWSER)
}

fn said<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

#[tokio::test]
async fn every_page_address_gives_the_console_with_its_policy_and_without_a_token() {
    let api = Api::start().await;
    let mut bodies = Vec::new();
    for path in ["/", "/resources?understood=false", "/resource?uid=arn%3Aaws%3As3%3A%3A%3Aa", "/sql"] {
        let response = page(&api, path).send().await.expect("an answer");
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(said(&response, "content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(said(&response, "content-security-policy"), POLICY, "{path}");
        assert_eq!(said(&response, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(said(&response, "referrer-policy"), "no-referrer", "{path}");
        assert_eq!(said(&response, "cache-control"), "no-cache", "{path}");
        bodies.push(response.text().await.expect("a body"));
    }
    assert!(bodies.iter().all(|body| body == &bodies[0]), "one page for all addresses");
    assert!(bodies[0].contains("<div id=\"root\">") || bodies[0].contains("cargo xtask ui"), "{}", bodies[0]);
    for inline in [" style=", "<style", " onclick=", "<script>"] {
        assert!(!bodies[0].contains(inline), "the policy forbids {inline}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_and_never_the_console() {
    let api = Api::start().await;
    for path in [
        "/api",
        "/api/v1/nowhere",
        "/api/v2/resources",
        "/assets/none.js",
        "/robots.txt",
        "/.vite/manifest.json",
    ] {
        problem(page(&api, path).send().await.expect("an answer"), 404, "no_such_route").await;
    }
    let script = api
        .client
        .get(format!("http://{}/resources", api.address))
        .header(header::ACCEPT, "application/json");
    api.problem(script, 404, "no_such_route").await;
    let post = api.client.post(format!("http://{}/resources", api.address)).header(header::ACCEPT, BROWSER);
    api.problem(post, 404, "no_such_route").await;
    api.problem(page(&api, "/api/v1/resources"), 401, "unauthorized").await;
    api.problem(page(&api, "/").header(header::HOST, "evil.example"), 421, "host_refused").await;
}

#[tokio::test]
async fn hashed_files_are_kept_for_ever_and_the_rest_is_asked_about() {
    let api = Api::start().await;
    let index = page(&api, "/").send().await.expect("an answer");
    let tag = said(&index, "etag").to_owned();
    let body = index.text().await.expect("a body");
    let Some(name) = body.split("src=\"/assets/").nth(1).and_then(|rest| rest.split('"').next()) else {
        assert!(
            std::env::var_os("FATHOM_REQUIRE_CONSOLE").is_none(),
            "the console was built, and is not served"
        );
        println!("skipped: this build has no console (cargo xtask ui)");
        return;
    };
    let script = page(&api, &format!("/assets/{name}")).send().await.expect("an answer");
    assert_eq!(script.status(), 200);
    assert_eq!(said(&script, "content-type"), "text/javascript; charset=utf-8");
    assert_eq!(said(&script, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(said(&script, "x-content-type-options"), "nosniff");
    let again = page(&api, "/").header(header::IF_NONE_MATCH, &tag).send().await.expect("an answer");
    assert_eq!((again.status().as_u16(), said(&again, "etag")), (304, tag.as_str()));
    let other = page(&api, "/").header(header::IF_NONE_MATCH, "\"other\"").send().await.expect("an answer");
    assert_eq!(other.status(), 200);
}
