//! Who may enter, as the owner of the data directory says on the command line.

use serde_json::json;

use crate::{
    harness::{Place, sample},
    serve::{Running, ask},
};

#[test]
fn people_are_added_listed_disabled_and_let_in_again() {
    let place = Place::with_sample();
    assert!(place.run(&["people", "list"]).ok().out.contains("Nobody yet"));
    let added =
        place.run(&["people", "add", "Ada", "--role", "administrator", "--url", "https://f.example/"]).ok();
    assert!(added.out.contains("https://f.example/#invite="), "{}", added.out);
    place.run(&["people", "add", "bob", "--role", "analyst", "--account", "1", "--team", "core"]).ok();
    let people = place.run(&["people", "list", "--json"]).ok().json();
    assert_eq!(people[0]["name"], "Ada");
    assert_eq!(people[1]["scope"], json!({"accounts": ["1"], "teams": ["core"]}));
    assert!(people[0]["invited_until"].is_string() && people[0]["has_password"] == false);

    for (args, says) in [
        (&["add", "ADA", "--role", "viewer"][..], "already"),
        (&["add", "owner", "--role", "viewer"], "are taken"),
        (&["add", "x", "--role", "administrator", "--account", "1"], "may see everything"),
        (&["add", "x", "--role", "viewer", "--url", "example.com"], "--url"),
        (&["disable", "nobody-here"], "no person `nobody-here`"),
        (&["disable", "ada"], "last administrator"),
    ] {
        place.run(&[&["people"], args].concat()).code(1).says(&[says]);
    }
    place.run(&["people", "add", "x", "--role", "boss"]).code(2);

    place.run(&["people", "disable", "bob"]).ok();
    assert!(place.run(&["people", "list"]).ok().out.contains("disabled"));
    place.run(&["people", "reset", "bob"]).code(1).says(&["disabled"]);
    place.run(&["people", "enable", "bob"]).ok();
    let reset = place.run(&["people", "reset", "bob", "--json"]).ok().json();
    assert!(reset["link"].as_str().expect("a link").starts_with("http://127.0.0.1:7373/#invite="));
    // Every one of them is in the ledger, by whoever runs this.
    let entries = place.run(&["ledger", "list", "--limit", "20", "--json"]).ok().json();
    let kinds: Vec<&str> =
        entries.as_array().expect("entries").iter().filter_map(|one| one["entry"]["kind"].as_str()).collect();
    for kind in ["person.added", "person.disabled", "person.changed", "person.invited"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert!(entries.to_string().contains("owner (tester)"), "{entries}");
    place.run(&["ledger", "verify"]).ok();
}

#[tokio::test]
async fn the_link_lets_the_person_in_and_the_server_keeps_the_directory() {
    let place = Place::with_sample();
    let added = place.run(&["people", "add", "ada", "--role", "viewer", "--json"]).ok().json();
    let link = added["link"].as_str().expect("a link").to_owned();
    let (_, invitation) = link.split_once("#invite=").expect("an invitation");
    let server = Running::start(&place);
    place.run(&["people", "list"]).ok();
    place.run(&["people", "disable", "ada"]).code(1).says(&["is in use", "use its API"]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let open = client.post(format!("{}/api/v1/signin/invitation", server.url));
    let (status, session) = ask(open.json(&json!({"invitation": invitation}))).await;
    assert_eq!((status, &session["name"]), (200, &json!("ada")), "{session}");
    assert_eq!(session["permissions"], json!(["own_account"]));
}

#[test]
fn there_is_somebody_to_name_without_data_and_nothing_to_list() {
    // Before the first scan, whoever sets Fathom up may already say who will enter.
    let place = Place::new();
    place.run(&["people", "list"]).code(1).says(&["there is nothing in"]);
    place.run(&["people", "add", "ada", "--role", "administrator"]).ok();
    assert!(place.run(&["people", "list"]).ok().out.contains("ada"));
    // The sample that other tests share has nobody.
    assert!(sample().run(&["people", "list"]).ok().out.contains("Nobody yet"));
}
