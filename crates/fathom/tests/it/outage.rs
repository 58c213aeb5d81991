//! What fails if something goes, through the command: two zones, a group over both, one in one, databases, and data under a key.

use serde_json::{Value, json};

use crate::harness::Place;

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555";

fn estate() -> Place {
    let place = Place::new();
    let write = |name: &str, answer: Value| {
        place.write(&format!("saved/111122223333/eu-central-1/{name}.json"), answer.to_string());
    };
    let subnet = |id: &str, zone: &str| {
        json!({"SubnetId": id, "VpcId": "vpc-1", "AvailabilityZone": zone, "CidrBlock": "10.0.0.0/24", "OwnerId": "111122223333",
            "SubnetArn": format!("arn:aws:ec2:eu-central-1:111122223333:subnet/{id}")})
    };
    write(
        "ec2-describe-subnets",
        json!({"Subnets": [subnet("subnet-a", "eu-central-1a"), subnet("subnet-b", "eu-central-1b")]}),
    );
    write(
        "ec2-describe-vpcs",
        json!({"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "OwnerId": "111122223333"}]}),
    );
    let server = |id: &str, letter: &str| {
        json!({"InstanceId": id, "VpcId": "vpc-1", "SubnetId": format!("subnet-{letter}"), "State": {"Name": "running"},
            "Placement": {"AvailabilityZone": format!("eu-central-1{letter}")}})
    };
    let servers = [server("i-1", "a"), server("i-2", "b"), server("i-3", "a")];
    write(
        "ec2-describe-instances",
        json!({"Reservations": [{"OwnerId": "111122223333", "Instances": servers}]}),
    );
    let group = |name: &str, members: &[&str]| {
        let members: Vec<Value> = members.iter().map(|id| json!({"InstanceId": id})).collect();
        json!({"AutoScalingGroupName": name, "Instances": members,
            "AutoScalingGroupARN": format!("arn:aws:autoscaling:eu-central-1:111122223333:autoScalingGroup:1:autoScalingGroupName/{name}")})
    };
    write(
        "autoscaling-describe-auto-scaling-groups",
        json!({"AutoScalingGroups": [group("spread", &["i-1", "i-2"]), group("alone", &["i-3"]), group("doubtful", &["i-3", "i-9"])]}),
    );
    let database = |id: &str, both: bool| {
        json!({"DBInstanceIdentifier": id, "AvailabilityZone": "eu-central-1a", "MultiAZ": both, "Engine": "postgres",
            "DBInstanceArn": format!("arn:aws:rds:eu-central-1:111122223333:db:{id}"), "KmsKeyId": KEY})
    };
    write(
        "rds-describe-db-instances",
        json!({"DBInstances": [database("one", false), database("both", true)]}),
    );
    write(
        "kms-list-keys",
        json!({"Keys": [{"KeyId": "11111111-2222-3333-4444-555555555555", "KeyArn": KEY}]}),
    );
    write(
        "kms-describe-key",
        json!({"KeyMetadata": {"KeyId": "11111111-2222-3333-4444-555555555555", "Arn": KEY, "KeyManager": "CUSTOMER"}}),
    );
    place.run(&["import", "aws-json", "saved", "--quiet"]).ok();
    place
}

/// The answers by the ends of names, without what is gone itself.
fn told(place: &Place, id: &str) -> Vec<(String, String)> {
    let found = place.run(&["outage", id, "--json"]).ok().json();
    let of = |one: &Value| {
        let uid = one["uid"].as_str().expect("a name");
        let end = uid.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
        (end, one["answer"].as_str().expect("an answer").to_owned())
    };
    let all = found["outage"].as_array().expect("a list");
    all.iter().filter(|one| one["after"] != 0).map(of).collect()
}

#[test]
fn a_zone_takes_what_is_in_it_alone_and_leaves_what_is_in_two() {
    let place = estate();
    let mut told_of_zone = told(&place, "eu-central-1a");
    told_of_zone.sort();
    let wanted = [("alone", "fails"), ("doubtful", "unknown"), ("spread", "weaker")];
    assert_eq!(told_of_zone, wanted.map(|(name, answer)| (name.to_owned(), answer.to_owned())));
    let found = place.run(&["outage", "eu-central-1a", "--json"]).ok().json();
    let gone: Vec<&str> = found["outage"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["after"] == 0)
        .filter_map(|one| one["uid"].as_str()?.rsplit(['/', ':']).next())
        .collect();
    assert_eq!(gone, ["i-1", "i-3", "subnet-a", "one"], "the database in two zones goes on");
    let spread = found["outage"].as_array().expect("a list").iter().find(|one| one["answer"] == "weaker");
    assert_eq!(spread.expect("the group")["left"], 1);

    let text = place.run(&["outage", "eu-central-1a"]).ok().out;
    assert!(text.contains("these fail") && text.contains("1 left"), "{text}");
    let none = place.run(&["outage", "eu-central-1a", "--account", "999999999999"]).ok().out;
    assert!(none.contains("nothing that the last scans read needs it"), "{none}");
}

#[test]
fn a_key_takes_the_data_under_it() {
    let place = estate();
    let of_key = told(&place, KEY);
    assert_eq!(
        of_key,
        [("both", "fails"), ("one", "fails")].map(|(name, answer)| (name.to_owned(), answer.to_owned()))
    );
    assert_eq!(told(&place, "vpc-1").iter().filter(|(_, answer)| answer == "fails").count(), 7);
    assert_eq!(told(&place, "alone"), []);
    let wrong = place.run(&["outage", "i-1", "--account", "111122223333"]);
    assert!(wrong.code != Some(0) && wrong.err.contains("eu-central-1a, eu-central-1b"), "{}", wrong.err);
}
