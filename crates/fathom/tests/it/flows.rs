//! Flow logs: who was seen talking to whom, and what breaks if one of them is isolated.
//!
//! The lines are in AWS's default format. Of a connection both interfaces write both directions, so what is added up must not count twice.

use serde_json::{Value, json};

use crate::harness::Place;

/// An interface of a server of the sample.
struct Server {
    interface: String,
    address: String,
    instance: String,
    account: String,
}

/// Two servers of the sample in one network.
fn two(place: &Place) -> [Server; 2] {
    let query = "select account, document from aws_ec2_network_interface order by uid";
    let rows = place.rows(query);
    let read = |row: &Value| {
        let document = match &row["document"] {
            Value::String(text) => serde_json::from_str(text).expect("JSON"),
            document => document.clone(),
        };
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let server = Server {
            interface: text("/NetworkInterfaceId")?,
            address: text("/PrivateIpAddress")?,
            instance: text("/Attachment/InstanceId")?,
            account: row["account"].as_str()?.to_owned(),
        };
        Some((text("/VpcId")?, server))
    };
    let mut servers: Vec<(String, Server)> = rows.iter().filter_map(read).collect();
    servers.sort_by(|one, other| one.0.cmp(&other.0));
    let at = servers.windows(2).position(|pair| pair[0].0 == pair[1].0).expect("two in one network");
    let mut pair = servers.into_iter().skip(at).map(|(_, server)| server);
    [pair.next().expect("one"), pair.next().expect("another")]
}

/// A line: sender and receiver with their ports, packets, bytes, and what became of it.
fn line(of: &Server, ends: ((&str, u16), (&str, u16)), sent: (u32, u32), action: &str) -> String {
    let start = jiff::Timestamp::now().as_second() - 3 * 3600;
    let ((from, from_port), (to, to_port)) = ends;
    let (packets, bytes) = sent;
    format!(
        "2 {} {} {from} {to} {from_port} {to_port} 6 {packets} {bytes} {start} {} {action} OK",
        of.account,
        of.interface,
        start + 60
    )
}

#[test]
fn who_talks_to_a_thing_breaks_when_it_is_isolated() {
    let place = Place::with_sample();
    let [asks, server] = two(&place);
    let before = place.run(&["--json", "blast-radius", &server.instance]).ok().json();
    assert_eq!(before["isolation"]["cover"], "none", "{}", before["isolation"]);
    let told = place.run(&["blast-radius", &server.instance]).ok().out;
    assert!(
        told.contains("If it is isolated, UNKNOWN") && told.contains("what breaks is not known"),
        "{told}"
    );

    let (client, service) = ((asks.address.as_str(), 49152), (server.address.as_str(), 5432));
    let mut lines = vec![
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
            .to_owned(),
    ];
    for of in [&asks, &server] {
        lines.push(line(of, (client, service), (10, 1000), "ACCEPT"));
        lines.push(line(of, (service, client), (8, 9000), "ACCEPT"));
    }
    lines.push(line(&server, (("198.51.100.7", 40000), (&server.address, 22)), (1, 40), "REJECT"));
    lines.push(format!("2 {} {} - - - - - - - 1 2 - NODATA", server.account, server.interface));
    lines.push(line(&server, (("10.0.0.300", 1), (&server.address, 2)), (1, 40), "ACCEPT"));
    let number = lines.len();
    place.write("logs/flow.log", lines.join("\n") + "\n");
    let told = place.run(&["--json", "import", "flow-logs", "logs"]).ok().json();
    assert_eq!(
        (&told["records"], &told["broken_lines"], &told["flows"]),
        (&json!(5), &json!(1), &json!(3)),
        "{told}"
    );
    let problems = told["problems"].to_string();
    assert!(problems.contains("10.0.0.300") && problems.contains(&format!("line {number}")), "{problems}");

    let found = place.run(&["--json", "blast-radius", &server.instance]).ok().json()["isolation"].clone();
    assert_eq!((&found["cover"], &found["rejected"]), (&json!("part"), &json!(1)), "{found}");
    let talks = found["talks"].as_array().expect("talks");
    assert_eq!(talks.len(), 1, "{found}");
    let talk = &talks[0];
    assert_eq!(
        (&talk["way"], &talk["port"], &talk["answered"]),
        (&json!("asks_it"), &json!(5432), &json!(true))
    );
    assert!(talk["other"]["uid"].as_str().is_some_and(|uid| uid.ends_with(&asks.instance)), "{talk}");
    // Both interfaces wrote the same 1,000 and 9,000 bytes.
    assert_eq!(talk["volume"], json!({"bytes": 10_000, "packets": 18}));
    let other = place.run(&["--json", "blast-radius", &asks.instance]).ok().json()["isolation"].clone();
    assert_eq!(other["talks"][0]["way"], "is_asked", "{other}");

    // The same file under another name counts nothing, and the table has what was kept.
    place.write("logs/again.log", lines.join("\n") + "\n");
    let told = place.run(&["--json", "import", "flow-logs", "logs"]).ok().json();
    assert_eq!((&told["records"], &told["known_files"]), (&json!(0), &json!(2)), "{told}");
    assert_eq!(place.number("select count(*) from flows"), 3);
    assert_eq!(place.number("select count(*) from flows where not accepted and port = 22"), 1);
    place.run(&["ledger", "verify"]).ok();
}

#[test]
fn files_that_are_no_flow_logs_are_named_and_change_nothing() {
    let place = Place::with_sample();
    place.write("a.log", "what is this\n");
    assert!(place.run(&["import", "flow-logs", "a.log"]).code(1).seen().contains("a.log"));
    place.run(&["import", "flow-logs", "nowhere"]).code(1).says(&["nowhere"]);
    assert_eq!(place.number("select count(*) from flows"), 0);
}
