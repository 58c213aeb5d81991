//! The rules are what they claim, and mistakes in them are told with their place.

use fathom_paths::{Jewel, Rules};

#[test]
fn every_kind_of_jewel_but_accounts_can_be_taken() {
    let rules = Rules::embedded().expect("the rules in the binary");
    for jewel in Jewel::ALL.into_iter().filter(|jewel| *jewel != Jewel::Administrators) {
        assert!(rules.acts().iter().any(|act| act.jewel == jewel), "{}", jewel.word());
    }
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let whole = include_str!("../../../../content/paths/rules.yaml");
    let wrong = |from: &str, to: &str, wanted: &str| {
        assert!(whole.contains(from), "{from}");
        let error = Rules::parse("mine.yaml", &whole.replacen(from, to, 1)).expect_err(wanted).to_string();
        assert!(error.starts_with("mine.yaml: ") && error.contains(wanted), "{error}");
    };
    wrong("technique: T1595", "technique: recon", "`reached-from-internet` has a technique that is none");
    wrong("id: read-table", "id: read-objects", "`read-objects` stands there twice");
    wrong("actions: [s3:GetObject]", "actions: [\"s3:*\"]", "`read-objects` has an action that is none");
    wrong("actions: [sqs:ReceiveMessage]", "actions: []", "`read-queue` names no types or no actions");
    wrong("technique: T1595, cost: 1", "technique: T1595, cost: 0", "costs nothing");
    wrong("others: T1548.005", "others: none", "`none` is no technique");
    wrong("jewel: keys", "jewel: gold", "line");
}
