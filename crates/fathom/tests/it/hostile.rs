//! Names and tags that somebody chose to do harm in a terminal, and values that are longer than anybody reads.

use fathom_testkit::front::Front;
use serde_json::{Value, json};

use crate::{
    cloud::{TYPES, answer, denied, on, small_estate},
    harness::Place,
};

/// Clears the screen, sets the window's title, turns the text around, breaks lines, and ends a string.
const EVIL: &str =
    "a\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\u{202e}gnp\u{2066}\u{200b}\u{2028}\r\nb\u{0}\u{7f}\u{feff}\"'<b>";

/// The longest line that a text for people may have.
const LINE_MAX: usize = 4_000;

fn estate() -> Front {
    let long = "long ".repeat(20_000);
    let tags = json!([
        {"Key": "Name", "Value": EVIL}, {"Key": "owner", "Value": EVIL}, {"Key": "data-class", "Value": EVIL},
        {"Key": EVIL, "Value": long}, {"Key": "purpose", "Value": long}, {"Key": "environment", "Value": EVIL},
    ]);
    let vpc = json!({"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "State": EVIL, "Tags": tags},
        {"VpcId": EVIL, "CidrBlock": long, "Tags": tags}]});
    let refused = fathom_testkit::front::Fault::Error {
        status: 400,
        code: "Evil\u{202e}".to_owned(),
        message: format!("no {EVIL} {long}"),
    };
    small_estate(vec![
        answer("ec2", "DescribeVpcs", vpc).region("eu-west-1"),
        on("sqs", "ListQueues", refused).region("us-east-1"),
        on("s3", "GetBucketLocation", denied()),
    ])
}

/// What a terminal would obey, or what hides something.
fn harmful(text: &str) -> Option<char> {
    let invisible = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars().find(|c| (c.is_control() && *c != '\n') || invisible(*c))
}

#[test]
fn no_text_for_people_obeys_or_hides() {
    let front = estate();
    let place = Place::asking(&front.url);
    let scanned = place.run(&["scan", "--types", TYPES]).ok();
    let uid = place.texts("select uid from resources where uid like '%vpc-1'").pop().expect("the network");
    let evil =
        place.texts("select uid from resources where type = 'AWS::EC2::VPC' and uid not like '%/vpc-%'");
    let [evil] = evil.as_slice() else { panic!("{evil:?}") };
    assert!(evil.contains('\u{1b}'), "the estate keeps names as they are: {evil:?}");
    let mut seen = vec![("scan", scanned)];
    for args in [
        &["explain", &uid][..],
        &["explain", "--raw", &uid],
        &["explain", "--json", &uid],
        &["explain", "\u{1b}[31mnobody"],
        &["explain", "arn:aws:ec2"],
        &["unknown"],
        &["unknown", "--json"],
        &["coverage"],
        &["coverage", "--all"],
        &["coverage", "--json"],
        &["summary"],
        &["scans"],
        &["gate", "--max-unknown", "0"],
        &["gate", "--max-unknown", "0", "--format", "junit"],
        &["gate", "--max-unknown", "0", "--format", "sarif"],
        &["ledger", "list"],
        &["sql", "select * from resources"],
        &["sql", "select * from coverage"],
        &["sql", "select * from explanations"],
        &["sql", "select no\u{1b}[31m from resources"],
        &["accept", &uid, "--part", "\u{1b}[31m", "--reason", "x", "--until", "2026-12-01"],
    ] {
        seen.push((args[0], place.run(args)));
    }
    for (command, ran) in seen {
        let seen = ran.seen();
        assert_eq!(harmful(&seen), None, "{command}: {seen:?}");
        let is_json = serde_json::from_str::<Value>(&ran.out).is_ok();
        let longest = seen.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(is_json || command == "explain" || longest < LINE_MAX, "{command}: a line of {longest}");
    }
    // A program still gets the value itself.
    let told = place.run(&["explain", "--json", &uid]).ok().json();
    assert_eq!(told["resource"]["name"], EVIL);
}

#[test]
fn long_values_are_cut_for_people_and_whole_for_programs() {
    let front = estate();
    let place = Place::asking(&front.url);
    place.run(&["scan", "--types", TYPES, "--quiet"]).ok();
    let uid = place.texts("select uid from resources where uid like '%vpc-1'").pop().expect("the network");
    let text = place.run(&["explain", &uid]).ok().out;
    let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
    assert!(text.contains('…') && longest < LINE_MAX, "{longest}");
    let table = place.run(&["sql", "select uid, tags from resources where uid like '%vpc-1'"]).ok().out;
    assert!(table.contains('…') && table.len() < LINE_MAX, "{}", table.len());
    let told = place.run(&["explain", "--json", &uid]).ok().json();
    assert_eq!(told["resource"]["tags"]["purpose"].as_str().map(str::len), Some(100_000));
}
