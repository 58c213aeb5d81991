//! `fathom net trace`, `reach` and `exposed`: on networks that others recorded, and on the sample.
//!
//! What must be answered of the recorded ones stands in `fathom-net/spec/recorded`, stated from AWS's documentation.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::harness::{Place, sample};

/// The folder with the recorded networks; none where the data is not here.
fn recorded(place: &Place) -> Option<PathBuf> {
    let shared = match std::env::var_os("FATHOM_SHARED_DATA") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    let archive = shared.join("network/aws-vpc-snapshots.tar.zst");
    let Ok(packed) = fs::read(&archive) else {
        println!("skipped: the recorded networks are not on this machine");
        return None;
    };
    let tar = zstd::decode_all(packed.as_slice()).expect("zstd");
    place.write("all.tar", tar);
    let unpacked = Command::new("tar").arg("-xf").arg("all.tar").current_dir(place.path()).status();
    assert!(unpacked.expect("tar").success(), "the networks cannot be unpacked");
    Some(place.path().join("projects/batfish/src/test/resources/org/batfish/representation/aws"))
}

/// A recording as AWS answers: what its makers joined into one file, of several calls, is taken apart again.
fn as_answered(folder: &Path) {
    let read = |name: &str| -> Option<Value> {
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).ok()?;
        Some(serde_json::from_str(&text).expect("JSON"))
    };
    let write = |call: &str, thing: &str, answer: &Value| {
        let folder = folder.join(format!("elbv2-{call}"));
        fs::create_dir_all(&folder).expect("a folder");
        let name = thing.replace(':', "%3A").replace('/', "%2F");
        fs::write(folder.join(format!("{name}.json")), answer.to_string()).expect("a file");
    };
    for (name, call, id, members) in [
        ("LoadBalancerListeners", "describe-listeners", "LoadBalancerArn", "Listeners"),
        ("LoadBalancerAttributes", "describe-load-balancer-attributes", "LoadBalancerArn", "Attributes"),
        ("LoadBalancerTargetHealth", "describe-target-health", "TargetGroupArn", "TargetHealthDescriptions"),
    ] {
        for one in read(name).iter().flat_map(|all| all[name].as_array().expect("a list")) {
            write(call, one[id].as_str().expect("an ARN"), &json!({members: one[members]}));
            for listener in one["Listeners"].as_array().into_iter().flatten() {
                // A listener without rules of its own has the one that it comes with.
                write(
                    "describe-rules",
                    listener["ListenerArn"].as_str().expect("an ARN"),
                    &json!({"Rules": []}),
                );
            }
        }
    }
    let off = json!({"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": "off"}});
    fs::write(folder.join("ec2-describe-vpc-block-public-access-options.json"), off.to_string())
        .expect("a file");
}

/// The rows of the tables, each by the names of its columns.
fn rows() -> Vec<BTreeMap<String, String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fathom-net/spec/recorded/networks.md");
    let rows = fathom_spec::examples(&file, |_| true, |_, _| ());
    rows.into_iter().map(|row| row.cells).collect()
}

/// The arguments of a question.
fn asked(row: &BTreeMap<String, String>) -> Vec<&str> {
    let mut args = vec!["net", "trace", "--json", "--from", &row["from"], "--to", &row["to"], "--proto"];
    match row["traffic"].split_once(' ') {
        Some((protocol, port)) => args.extend([protocol, "--port", port]),
        None => args.push(&row["traffic"]),
    }
    args
}

/// The code of the hop that held the packet up.
fn code(answer: &Value) -> String {
    let hops = answer["hops"].as_array().expect("hops");
    let held = hops.iter().rev().find(|hop| hop["says"] == "blocked" || hop["says"] == "unknown");
    held.and_then(|hop| hop["code"].as_str()).unwrap_or_default().to_owned()
}

#[test]
fn recorded_networks_answer_as_documented() {
    let place = Place::new();
    let Some(folder) = recorded(&place) else { return };
    let rows = rows();
    assert!(rows.len() > 30, "{} rows", rows.len());
    let mut homes: BTreeMap<String, Place> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in &rows {
        let answers = folder.join(&row["network"]).join("aws_configs");
        let home = homes.entry(row["network"].clone()).or_insert_with(|| {
            as_answered(&answers);
            let home = Place::new();
            home.run(&["import", "aws-json", answers.to_str().expect("a path"), "--quiet"]).ok();
            home
        });
        let answer = home.run(&asked(row)).ok().json();
        let found =
            [answer["verdict"].as_str(), answer["disposition"].as_str()].map(Option::unwrap_or_default);
        if found != [row["verdict"].as_str(), row["disposition"].as_str()] || code(&answer) != row["code"] {
            wrong.push(format!("{row:?}\n  is {found:?} {}\n  {}", code(&answer), answer["missing"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are otherwise:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    // The same without taking it in first.
    let is_out =
        |row: &&BTreeMap<String, String>| row["network"] == "test-nat-gateway" && row["to"] == "internet";
    let row = rows.iter().find(is_out).expect("a row");
    let answers = folder.join(&row["network"]).join("aws_configs");
    let mut args = asked(row);
    args.extend(["--aws-json", answers.to_str().expect("a path")]);
    let straight = place.run(&args).ok().json();
    assert_eq!(straight["verdict"].as_str(), Some(row["verdict"].as_str()), "{straight}");
    assert!(!place.data().join("fathom.db").exists(), "a question keeps nothing");
    // Without the switch that was not recorded, what it would have to be is told.
    fs::remove_file(answers.join("ec2-describe-vpc-block-public-access-options.json")).expect("a file");
    let open = place.run(&args).ok().json();
    assert_eq!(open["verdict"], "only_if", "{open}");
    assert_eq!(open["disposition"], straight["disposition"]);
    assert!(
        open["conditions"][0].as_str().expect("a condition").contains("DescribeVpcBlockPublicAccessOptions")
    );
}

#[test]
fn the_sample_says_what_the_internet_reaches() {
    let place = sample();
    let found = place.run(&["exposed", "--json"]).ok().json();
    let rows = found["exposed"].as_array().expect("rows");
    for row in rows {
        let verdicts: Vec<&str> = row["ports"]
            .as_array()
            .expect("ports")
            .iter()
            .filter_map(|one| one["answer"]["verdict"].as_str())
            .collect();
        assert!(!verdicts.is_empty() && !verdicts.contains(&"no"), "{row}");
    }
    // Who names nothing that is there, is told what places are.
    place
        .run(&["net", "trace", "--from", "internet", "--to", "i-nowhere", "--port", "22"])
        .code(1)
        .says(&["i-nowhere"]);
    place.run(&["net", "trace", "--from", "internet", "--to", "i-nowhere"]).code(2).says(&["--port"]);
}

/// A text of JSON in a row.
fn inner(row: &Value, member: &str) -> Value {
    serde_json::from_str(row[member].as_str().expect("JSON as text")).expect("JSON")
}

#[test]
fn sql_says_what_the_commands_say_of_the_network() {
    let place = sample();
    let found = place.run(&["exposed", "--json"]).ok().json();
    let mut told: Vec<Value> = Vec::new();
    for row in found["exposed"].as_array().expect("rows") {
        for port in row["ports"].as_array().expect("ports") {
            let answer = &port["answer"];
            let list = |member: &str| answer.get(member).cloned().unwrap_or_else(|| json!([]));
            told.push(json!([
                row["id"],
                row["protocol"],
                row["addresses"],
                answer["verdict"],
                answer["disposition"],
                // In SQL what has no ports has none; here it has all of them.
                if row["protocol"] == "icmp" { Value::Null } else { port["first"].clone() },
                list("missing"),
                list("conditions"),
                answer["hops"]
            ]));
        }
    }
    let rows = place.rows("select * from exposure");
    let asked: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!([
                row["id"],
                row["protocol"],
                inner(row, "addresses"),
                row["verdict"],
                row["disposition"],
                row["first_port"],
                inner(row, "missing"),
                inner(row, "conditions"),
                inner(row, "hops")
            ])
        })
        .collect();
    assert!(!told.is_empty(), "the sample has something public");
    assert_eq!(asked, told);

    // Two load balancers have a name of their own; the ports of one are asked one by one, too.
    let all = place.run(&["reach", "internet", "storefront", "--json"]).ok().json();
    let ranges: Vec<Value> = all["ports"]
        .as_array()
        .expect("ranges")
        .iter()
        .map(|one| json!([one["first"], one["last"], one["answer"]["verdict"], one["answer"]["hops"]]))
        .collect();
    let rows = place.rows("select * from reach('internet', 'storefront', null)");
    let asked: Vec<Value> = rows
        .iter()
        .map(|row| json!([row["first_port"], row["last_port"], row["verdict"], inner(row, "hops")]))
        .collect();
    assert_eq!(asked, ranges);
    let one = place.run(&["reach", "internet", "storefront", "--port", "443", "--json"]).ok().json();
    let row = place.rows("select * from reach('internet', 'storefront', 443)").remove(0);
    assert_eq!([&row["verdict"], &row["packet"]], [&one["verdict"], &one["packet"]]);
    assert_eq!(inner(&row, "hops"), one["hops"]);
}

#[test]
fn the_sample_says_what_answers_without_asking_who_comes() {
    let place = sample();
    let mut told = Vec::new();
    for (list, flags) in [("internet", &[][..]), ("internal", &["--internal"][..])] {
        let found = place.run(&[&["unauthenticated", "--json"], flags].concat()).ok().json();
        let rows = found["rows"].as_array().expect("rows");
        assert!(!rows.is_empty(), "{list}");
        for row in rows {
            assert_eq!(row["list"], list);
            assert_ne!(row["verdict"], "no", "{row}");
            let is_told = !row["proof"].as_array().expect("a list").is_empty() || row["missing"].is_array();
            assert!(is_told, "neither proof nor what is missing: {row}");
        }
        told.extend(rows.iter().cloned());
    }
    // A few that the sample was made with, each with its proof.
    let row = |rule: &str| {
        let found = told.iter().find(|row| row["rule"] == rule);
        found.unwrap_or_else(|| panic!("nothing by the rule {rule}")).clone()
    };
    let listener = row("listener-no-authentication");
    assert_eq!(listener["verdict"], "unknown", "the interfaces of the load balancer were not recorded");
    assert!(listener["missing"].to_string().contains("ec2:DescribeNetworkInterfaces"), "{listener}");
    let methods = row("rest-method");
    assert!(methods["proof"].to_string().contains("authorizationType is NONE"), "{methods}");
    let cloudfront = row("distribution");
    assert_eq!(cloudfront["verdict"], "yes");
    assert!(cloudfront["proof"].to_string().contains("Enabled is true"), "{cloudfront}");

    // The same in SQL, row by row.
    let key = |row: &Value| {
        [&row["list"], &row["rule"], &row["resource"], &row["verdict"], &row["asks"]]
            .map(|cell| cell.as_str().unwrap_or_default().to_owned())
    };
    let mut asked: Vec<_> =
        place.rows("select * from unauthenticated where gap is null").iter().map(key).collect();
    let mut said: Vec<_> = told.iter().map(key).collect();
    asked.sort();
    said.sort();
    assert_eq!(asked, said);
    // People read it in a table; a type that is none is a mistake.
    let shown = place.run(&["unauthenticated", "--type", "AWS::CloudFront::Distribution"]).ok().out;
    assert!(shown.contains("YES") && shown.contains(":distribution/"), "{shown}");
    place.run(&["unauthenticated", "--type", "AWS::Nothing::Here"]).code(1).says(&["AWS::Nothing::Here"]);
    place.run(&["unauthenticated", "--asks", "money"]).code(2).says(&["nothing", "any-account"]);
}

#[test]
fn a_folder_of_answers_says_what_answers_and_what_is_missing() {
    let place = Place::new();
    let group = json!({"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "db", "VpcId": "vpc-1", "OwnerId": "111122223333",
        "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        "IpPermissionsEgress": []}]});
    let database = json!({"DBInstances": [{"DBInstanceIdentifier": "shop", "PubliclyAccessible": true, "Engine": "postgres",
        "DBInstanceArn": "arn:aws:rds:eu-central-1:111122223333:db:shop", "Endpoint": {"Address": "x", "Port": 5432},
        "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "active"}],
        "DBSubnetGroup": {"VpcId": "vpc-1", "Subnets": [{"SubnetIdentifier": "subnet-1"}]}}]});
    fs::create_dir(place.path().join("answers")).expect("a folder");
    place.write("answers/rds-describe-db-instances.json", database.to_string());
    place.write("answers/ec2-describe-security-groups.json", group.to_string());
    let folder = place.path().join("answers");
    let args = [
        "unauthenticated",
        "--json",
        "--aws-json",
        folder.to_str().expect("a path"),
        "--account",
        "111122223333",
        "--region",
        "eu-central-1",
    ];
    let found = place.run(&args).ok().json();
    let rows = found["rows"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["rule"] == "database-instance").expect("the database");
    assert_eq!(row["verdict"], "unknown", "{row}");
    assert!(row["missing"].to_string().contains("ec2:DescribeNetworkInterfaces"), "{row}");
    let clusters =
        rows.iter().find(|row| row["resource_type"] == "AWS::EKS::Cluster").expect("what was not listed");
    assert_eq!((&clusters["verdict"], &clusters["resource"]), (&json!("unknown"), &json!("")), "{clusters}");
    assert!(!place.data().join("fathom.db").exists(), "a question keeps nothing");
    // The group shuts it, whatever else is not known.
    place.write(
        "answers/ec2-describe-security-groups.json",
        group.to_string().replace("0.0.0.0/0", "10.0.0.0/8").replace("tcp", "udp"),
    );
    let found = place.run(&args).ok().json();
    let rows = found["rows"].as_array().expect("rows");
    assert!(!rows.iter().any(|row| row["rule"] == "database-instance"), "{rows:?}");
}
