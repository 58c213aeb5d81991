//! How the data of each system is protected, by what its class demands: on the sample, whose classes and mistakes are ours.

use fathom_content::{Content, declarations::Pattern};
use serde_json::{Value, json};

use crate::harness::sample;

fn system<'v>(told: &'v Value, name: &Value) -> &'v Value {
    let all = told["systems"].as_array().expect("systems");
    all.iter().find(|one| one["system"] == *name).unwrap_or_else(|| panic!("no {name} in {told}"))
}

fn layer<'v>(system: &'v Value, id: &str) -> &'v Value {
    let all = system["layers"].as_array().expect("layers");
    all.iter().find(|one| one["layer"] == id).unwrap_or_else(|| panic!("no {id} in {system}"))
}

#[test]
fn each_layer_says_what_to_close() {
    let told = sample().run(&["--json", "protection"]).ok().json();
    let payments = system(&told, &json!("payments"));
    assert_eq!(payments["class"], "restricted");
    let rest = layer(payments, "rest");
    assert_eq!(rest["status"], "fail", "{rest}");
    let gaps = rest["gaps"].as_array().expect("gaps");
    let disks = gaps.iter().filter(|gap| gap["check"] == "ec2_volume_encrypted");
    let wanted = sample().number(
        "select count(*) from aws_ec2_volume v join explanations e on e.uid = v.uid \
         where e.part = 'purpose' and e.value = 'payments' and not encrypted",
    );
    assert!(wanted > 0);
    assert_eq!(disks.count() as u64, wanted, "{rest}");
    // What only restricted data demands is asked there, and not of confidential data.
    let asks = |system: &Value, id: &str| system.to_string().contains(id);
    assert!(asks(payments, "ssm_parameter_own_key"), "{payments}");
    assert!(!asks(system(&told, &json!("storefront")), "ssm_parameter_own_key"));
    // Public data demands nothing, and data of no class what confidential data does.
    let search = system(&told, &json!("search"));
    let layers = search["layers"].as_array().expect("layers");
    assert!(
        search["class"] == "public" && layers.iter().all(|one| one["status"] == "not_demanded"),
        "{search}"
    );
    let nobody = system(&told, &Value::Null);
    assert!(nobody["class"] == "confidential" && nobody["assumed"] == nobody["stores"], "{nobody}");
}

#[test]
fn one_system_is_told_whole_and_a_wrong_name_with_what_is_near() {
    let told = sample().run(&["protection", "payments"]).ok().out;
    for text in ["Encrypted where it lies", "ec2_volume_encrypted", "Watched, so that it is known who came"] {
        assert!(told.contains(text), "no {text} in {told}");
    }
    sample().run(&["protection", "paymets"]).code(1).says(&["did you mean payments?"]);
    let told = sample().run(&["protection", "--class", "restricted"]).ok().out;
    assert!(told.contains("payments") && !told.contains("storefront"), "{told}");
}

#[test]
fn every_name_in_the_rules_is_of_a_check() {
    let checks = sample().run(&["--json", "check", "--list"]).ok().json();
    let ids: Vec<&str> =
        checks.as_array().expect("checks").iter().filter_map(|check| check["id"].as_str()).collect();
    let rules = Content::embedded().expect("content").protection;
    assert_eq!(rules.layers.len(), 6);
    for pattern in rules.layers.iter().flat_map(|layer| layer.demands.values().flatten()) {
        let parsed = Pattern::parse(pattern).expect("a pattern");
        assert!(ids.iter().any(|id| parsed.matches(id)), "no check is called {pattern}");
    }
}
