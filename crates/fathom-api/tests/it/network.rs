//! What reaches what, asked over HTTP: of two small networks in two accounts, joined by a peering, and of the sample.
//!
//! What must be answered follows from AWS's documentation (`fathom-net/spec`): an internet gateway and a public address let in what the
//! group allows, groups may name groups, a peering needs a route on both sides.

use std::collections::BTreeMap;

use fathom_model::{
    Coverage, Document, Outcome, Part, Resource, ResourceType, SourceKind, Statement, Timestamp, Uid,
};
use fathom_store::ScanResults;
use serde_json::{Value, json};

use crate::{
    door::{Browser, Door},
    harness::{now, problem},
    runner::Played,
};

pub(crate) const OWN: &str = "111111111111";
pub(crate) const OTHER: &str = "222222222222";
const REGION: &str = "eu-central-1";
/// Texts that stand for the network of the other account.
const FOREIGN: [&str; 11] = [
    OTHER,
    "vpc-far",
    "subnet-far",
    "eni-far",
    "i-far",
    "sg-far",
    "acl-far",
    "rtb-far",
    "igw-far",
    "10.2.1.10",
    "far away",
];

fn resource(account: &str, kind: &str, id: &str, document: &Value) -> Resource {
    let path = kind.rsplit("::").next().unwrap_or_default().to_lowercase();
    Resource {
        uid: Uid::from(format!("arn:aws:ec2:{REGION}:{account}:{path}/{id}")),
        kind: ResourceType::from(kind),
        account: account.into(),
        region: REGION.into(),
        id: id.to_owned(),
        name: Some(format!("name of {id}")),
        tags: BTreeMap::new(),
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(document),
    }
}

/// A VPC with a public subnet: everything passes its ACL, its way out is an internet gateway.
fn vpc(account: &str, name: &str, ranges: (&str, &str), far: &str) -> Vec<Resource> {
    let (vpc, subnet) = (format!("vpc-{name}"), format!("subnet-{name}"));
    let (acl, table, gateway) = (format!("acl-{name}"), format!("rtb-{name}"), format!("igw-{name}"));
    let entry = |egress: bool| json!({"Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 100, "CidrBlock": "0.0.0.0/0"});
    let route =
        |to: &str, member: &str, by: &str| json!({"DestinationCidrBlock": to, member: by, "State": "active"});
    vec![
        resource(
            account,
            "AWS::EC2::VPC",
            &vpc,
            &json!({"VpcId": vpc, "CidrBlock": ranges.0, "OwnerId": account}),
        ),
        resource(
            account,
            "AWS::EC2::Subnet",
            &subnet,
            &json!({"SubnetId": subnet, "VpcId": vpc, "CidrBlock": ranges.1}),
        ),
        resource(
            account,
            "AWS::EC2::NetworkAcl",
            &acl,
            &json!({"NetworkAclId": acl, "VpcId": vpc, "Associations": [{"SubnetId": subnet}], "Entries": [entry(true), entry(false)]}),
        ),
        resource(
            account,
            "AWS::EC2::RouteTable",
            &table,
            &json!({"RouteTableId": table, "VpcId": vpc, "Associations": [{"Main": true}, {"SubnetId": subnet}], "Routes": [
                route(ranges.0, "GatewayId", "local"), route(far, "VpcPeeringConnectionId", "pcx-12"), route("0.0.0.0/0", "GatewayId", &gateway),
            ]}),
        ),
        resource(
            account,
            "AWS::EC2::InternetGateway",
            &gateway,
            &json!({"InternetGatewayId": gateway, "Attachments": [{"VpcId": vpc, "State": "available"}]}),
        ),
        resource(
            account,
            "AWS::EC2::VPCBlockPublicAccessOptions",
            &format!("{account}-{REGION}"),
            &json!({"InternetGatewayBlockMode": "off"}),
        ),
    ]
}

/// A server with an interface and a group of its own, which lets everything out.
fn server(
    account: &str,
    place: &str,
    name: &str,
    at: (&str, Option<&str>),
    inbound: &Value,
) -> Vec<Resource> {
    let (instance, interface, group) = (format!("i-{name}"), format!("eni-{name}"), format!("sg-{name}"));
    let mut address = json!({"Primary": true, "PrivateIpAddress": at.0});
    if let Some(public) = at.1 {
        address["Association"] = json!({"PublicIp": public});
    }
    let description = if name == "far" { "far away" } else { "" };
    vec![
        resource(
            account,
            "AWS::EC2::Instance",
            &instance,
            &json!({"InstanceId": instance, "State": {"Name": "running"}}),
        ),
        resource(
            account,
            "AWS::EC2::NetworkInterface",
            &interface,
            &json!({
                "NetworkInterfaceId": interface, "VpcId": format!("vpc-{place}"), "SubnetId": format!("subnet-{place}"),
                "Groups": [{"GroupId": group}], "PrivateIpAddresses": [address], "Description": description, "Status": "in-use",
                "Attachment": {"InstanceId": instance, "DeviceIndex": 0},
            }),
        ),
        resource(
            account,
            "AWS::EC2::SecurityGroup",
            &group,
            &json!({
                "GroupId": group, "GroupName": group, "VpcId": format!("vpc-{place}"), "IpPermissions": inbound,
                "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
            }),
        ),
    ]
}

/// A second scan, which finds both networks; one interface is of a team. `is_cut` leaves the ACLs unread.
pub(crate) async fn scan(door: &Door, is_cut: bool) {
    let tcp = |port: u16, from: &str| json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": from}]});
    let named = json!([{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": "sg-web"}]}]);
    let mut resources = vpc(OWN, "own", ("10.1.0.0/16", "10.1.1.0/24"), "10.2.0.0/16");
    resources.extend(vpc(OTHER, "far", ("10.2.0.0/16", "10.2.1.0/24"), "10.1.0.0/16"));
    resources.extend(server(
        OWN,
        "own",
        "web",
        ("10.1.1.10", Some("203.0.113.10")),
        &json!([tcp(443, "0.0.0.0/0")]),
    ));
    resources.extend(server(OWN, "own", "db", ("10.1.1.11", None), &named));
    let inbound = json!([tcp(8443, "10.1.0.0/16"), tcp(22, "0.0.0.0/0")]);
    resources.extend(server(OTHER, "far", "far", ("10.2.1.10", Some("203.0.113.20")), &inbound));
    let side = |vpc: &str, owner: &str, range: &str| json!({"VpcId": vpc, "OwnerId": owner, "Region": REGION, "CidrBlock": range});
    resources.push(resource(
        OWN,
        "AWS::EC2::VPCPeeringConnection",
        "pcx-12",
        &json!({
            "VpcPeeringConnectionId": "pcx-12", "Status": {"Code": "active"},
            "RequesterVpcInfo": side("vpc-own", OWN, "10.1.0.0/16"), "AccepterVpcInfo": side("vpc-far", OTHER, "10.2.0.0/16"),
        }),
    ));
    let web = resources.iter().find(|one| one.id == "eni-web").expect("an interface").uid.clone();
    let mut results = ScanResults::default();
    results.statements.push((
        web,
        Statement {
            part: Part::Owner,
            value: "team-web".to_owned(),
            source: SourceKind::Tag,
            origin: "owner".to_owned(),
            as_of: now(),
        },
    ));
    for account in [OWN, OTHER] {
        for kind in fathom_net::Builder::kinds() {
            let is_acl = is_cut && kind == "AWS::EC2::NetworkAcl";
            results.coverage.push(Coverage {
                account: account.into(),
                region: REGION.into(),
                service: "ec2".to_owned(),
                operation: if is_acl { "DescribeNetworkAcls" } else { "Describe" }.to_owned(),
                resource_type: Some(kind.into()),
                outcome: if is_acl { Outcome::Unknown } else { Outcome::Read },
                reason: is_acl.then_some(fathom_model::Reason::Denied),
                permission: is_acl.then(|| "ec2:DescribeNetworkAcls".to_owned()),
                detail: None,
                calls: 1,
                items: 0,
                throttles: 0,
                failures: 0,
                millis: 1,
            });
        }
    }
    if is_cut {
        resources.retain(|one| one.kind.as_str() != "AWS::EC2::NetworkAcl");
    }
    let store = &door.api.store;
    let now = Timestamp::from_second(door.second()).expect("in range");
    let (accounts, regions) = ([OWN.to_owned(), OTHER.to_owned()], [REGION.to_owned()]);
    let scan = store.begin_scan("2 accounts", &accounts, &regions, now).await.expect("begins");
    store.stage(scan, &resources).await.expect("staged");
    store.finish_scan(scan, results, now).await.expect("finished");
}

/// The hops of the first answer: way, id and what is said.
fn hops(answer: &Value) -> Vec<(&str, &str, &str)> {
    let hops = answer["answers"][0]["hops"].as_array().expect("hops");
    let told =
        hops.iter().map(|hop| Some((hop["leg"].as_str()?, hop["id"].as_str()?, hop["says"].as_str()?)));
    told.collect::<Option<_>>().expect("each hop has all of them")
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["rows"].as_array().expect("rows").iter().filter_map(|row| row["id"].as_str()).collect()
}

#[tokio::test]
async fn both_ends_and_the_rule_that_decides() {
    let door = Door::open().await;
    scan(&door, false).await;
    let read = async |query: &str| door.api.read(&format!("/network/reach?{query}")).await;
    let found = read("from=internet&to=i-web&port=443").await;
    let one = &found["answers"][0];
    assert_eq!((&one["verdict"], &one["disposition"]), (&json!("yes"), &json!("accepted")), "{found}");
    assert_eq!((&one["first"], &one["decides"], &found["total"]), (&json!(443), &Value::Null, &json!(1)));
    assert_eq!(found["to"]["uid"], "arn:aws:ec2:eu-central-1:111111111111:instance/i-web");
    assert_eq!((&found["from"]["kind"], &found["to"]["name"]), (&json!("internet"), &json!("name of i-web")));
    // There by gateway, ACL and group, and the answer back.
    for hop in [("there", "igw-own"), ("there", "acl-own"), ("there", "sg-web"), ("back", "acl-own")] {
        assert!(hops(&found).iter().any(|(leg, id, _)| (*leg, *id) == hop), "{hop:?} in {found}");
    }
    let gateway =
        one["hops"].as_array().expect("hops").iter().find(|hop| hop["id"] == "igw-own").expect("a gateway");
    assert_eq!(gateway["uid"], "arn:aws:ec2:eu-central-1:111111111111:internetgateway/igw-own");
    assert_eq!(gateway["resource_type"], "AWS::EC2::InternetGateway");

    let found = read("from=internet&to=eni-web&port=22").await;
    let one = &found["answers"][0];
    assert_eq!((&one["verdict"], &one["disposition"]), (&json!("no"), &json!("denied_in")), "{found}");
    let held = &one["hops"][one["decides"].as_u64().expect("a hop") as usize];
    assert_eq!((&held["id"], &held["code"]), (&json!("sg-web"), &json!("ENI_SG_RULES_MISMATCH")), "{found}");

    // A group names a group: one way, and not the other.
    assert_eq!(read("from=i-web&to=i-db&port=5432").await["answers"][0]["verdict"], "yes");
    assert_eq!(read("from=i-db&to=i-web&port=5432").await["answers"][0]["verdict"], "no");
    // Across the peering, by address.
    let across = read("from=i-web&to=10.2.1.10&port=8443").await;
    assert_eq!((&across["answers"][0]["verdict"], &across["to"]["id"]), (&json!("yes"), &json!("eni-far")));
    assert!(hops(&across).iter().any(|(_, id, _)| *id == "pcx-12"), "{across}");
    // All ports at once: 5432 alone is open.
    let all = read("from=i-web&to=i-db").await;
    let yes: Vec<(&Value, &Value)> = all["answers"]
        .as_array()
        .expect("answers")
        .iter()
        .filter(|one| one["verdict"] == "yes")
        .map(|one| (&one["first"], &one["last"]))
        .collect();
    assert_eq!(yes, [(&json!(5432), &json!(5432))], "{all}");
    // A protocol without ports.
    let echo = read("from=i-web&to=i-db&protocol=icmp").await;
    assert_eq!((&echo["answers"][0]["verdict"], &echo["answers"][0]["first"]), (&json!("no"), &Value::Null));

    for (query, words) in [
        ("reach?to=i-web", "`from` is needed"),
        ("reach?from=internet&to=i-web&protocol=gopher", "gopher"),
        ("reach?from=internet&to=i-web&protocol=icmp&port=7", "no ports"),
        ("reach?from=internet&to=i-web&port=65536", "port"),
        ("who-reaches?to=i-web", "`port` is needed"),
        ("who-reaches?to=internet&port=443", "two ends"),
        ("exposed?verdict=maybe", "maybe"),
        ("exposed?limit=0", "limit"),
    ] {
        let told =
            door.api.problem(door.api.get(&format!("/network/{query}")), 400, "invalid_parameter").await;
        assert!(format!("{} {}", told["detail"], told["hint"]).contains(words), "{query}: {told}");
    }
    let nobody = door.api.get("/network/reach?from=internet&to=i-nobody&port=1");
    let told = door.api.problem(nobody, 404, "not_found").await;
    assert!(told["detail"].as_str().is_some_and(|words| words.contains("i-nobody")), "{told}");
    door.api.problem(door.api.get("/network/exposed?ports=443"), 400, "unknown_parameter").await;
    door.api.stop().await;
}

#[tokio::test]
async fn everybody_at_once_and_what_the_internet_reaches() {
    let door = Door::open().await;
    scan(&door, false).await;
    let read = async |query: &str| door.api.read(&format!("/network/{query}")).await;
    let who = read("who-reaches?to=i-db&port=5432").await;
    assert_eq!((ids(&who), &who["internet"]), (vec!["eni-web"], &json!("no")), "{who}");
    assert_eq!(who["counts"], json!({"yes": 1, "only_if": 0, "unknown": 0, "no": 1}));
    assert_eq!((&who["asked"], &who["rows"][0]["server"]["id"]), (&json!(2), &json!("i-web")));
    let what = read("what-reaches?from=eni-web&port=8443").await;
    assert_eq!((ids(&what), &what["internet"]), (vec!["eni-far"], &json!("yes")), "{what}");
    // A row is answered as it is alone.
    let alone = read("reach?from=eni-web&to=eni-far&port=8443").await;
    assert_eq!(what["rows"][0]["verdict"], alone["answers"][0]["verdict"]);

    let all = read("exposed").await;
    let told: Vec<_> = all["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (&row["id"], &row["protocol"], &row["ports"][0]["first"], &row["verdict"]))
        .collect();
    let (yes, tcp) = (json!("yes"), json!("tcp"));
    assert_eq!(
        told,
        [(&json!("eni-web"), &tcp, &json!(443), &yes), (&json!("eni-far"), &tcp, &json!(22), &yes)]
    );
    assert_eq!(
        (&all["interfaces"], &all["load_balancers"], &all["not_read_count"]),
        (&json!(3), &json!(0), &json!(0))
    );
    assert_eq!(all["rows"][0]["addresses"], json!(["203.0.113.10"]));
    assert_eq!(all["facets"]["account"], json!([{"value": OWN, "count": 1}, {"value": OTHER, "count": 1}]));
    assert_eq!(all["facets"]["port"], json!([{"value": "22", "count": 1}, {"value": "443", "count": 1}]));
    // A facet counts as if nothing were chosen in it.
    let some = read("exposed?port=22").await;
    assert_eq!((ids(&some), &some["facets"]["port"]), (vec!["eni-far"], &all["facets"]["port"]));
    assert_eq!(some["facets"]["account"], json!([{"value": OTHER, "count": 1}]));
    assert_eq!(read(&format!("exposed?account={OWN}&verdict=unknown")).await["total"], 0);
    assert_eq!(ids(&read(&format!("exposed?account={OWN}&verdict=yes")).await), ["eni-web"]);
    let first = read("exposed?limit=1").await;
    assert_eq!((ids(&first), &first["next"], &first["total"]), (vec!["eni-web"], &json!(1), &json!(2)));
    assert_eq!(ids(&read("exposed?limit=1&cursor=1").await), ["eni-far"]);

    // The next scan is what the next answer is of.
    scan(&door, false).await;
    let again = read("exposed").await;
    assert_eq!(again["as_of"]["scan"].as_i64(), all["as_of"]["scan"].as_i64().map(|scan| scan + 1));
    assert_eq!(again["rows"], all["rows"]);
    door.api.stop().await;
}

#[tokio::test]
async fn what_was_not_read_is_unknown_and_never_closed() {
    let door = Door::open().await;
    scan(&door, true).await;
    let cut = door.api.read("/network/exposed").await;
    assert_eq!((&cut["rows"][0]["verdict"], &cut["not_read_count"]), (&json!("unknown"), &json!(2)), "{cut}");
    assert!(cut["not_read"][0].as_str().expect("a list").contains("ec2:DescribeNetworkAcls"), "{cut}");
    let missing = &cut["rows"][0]["ports"][0]["missing"][0];
    assert!(missing.as_str().expect("what is missing").contains("NetworkAcl"), "{missing}");
    let who = door.api.read("/network/who-reaches?to=i-db&port=5432").await;
    // Between two of one subnet no ACL is asked; to another subnet, and out, it would be.
    assert_eq!((&who["counts"]["yes"], &who["internet"]), (&json!(1), &json!("no")), "{who}");
    let what = door.api.read("/network/what-reaches?from=eni-web&port=8443").await;
    assert_eq!(what["counts"], json!({"yes": 0, "only_if": 0, "unknown": 1, "no": 1}), "{what}");
    assert_eq!((ids(&what), &what["internet"]), (vec!["eni-far"], &json!("unknown")), "{what}");
    // What was not read of others is not told.
    let ann = door.enrol("ann", "viewer", json!({"accounts": [OWN]})).await.browser;
    assert_eq!(door.read(&ann, "/network/exposed").await["not_read_count"], 1);
    let (_, text) = seen(&door, &ann, "/network/exposed").await;
    assert!(!text.contains(OTHER), "{text}");
    door.api.stop().await;
}

async fn seen(door: &Door, browser: &Browser, path: &str) -> (u16, String) {
    let answer = door.of(browser, "get", path).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

#[tokio::test]
async fn what_may_not_be_seen_is_in_no_hop() {
    let door = Door::open().await;
    scan(&door, false).await;
    let ann = door.enrol("ann", "viewer", json!({"accounts": [OWN]})).await.browser;
    let own = door.read(&ann, "/network/reach?from=internet&to=i-web&port=443").await;
    assert_eq!((&own["answers"][0]["verdict"], hops(&own).len() > 4), (&json!("yes"), true), "{own}");
    // Nobody is told by asking whether there is something.
    for end in [
        "i-far",
        "10.2.1.10",
        "10.2.1.99",
        "10.2.1.10@vpc-far",
        "arn:aws:ec2:eu-central-1:222222222222:instance/i-far",
    ] {
        let path = format!("/network/reach?from=i-web&to={end}&port=8443");
        let told = door.refused(door.of(&ann, "get", &path), 404, "not_found").await;
        let words = told["detail"].as_str().expect("words");
        assert_eq!(words, format!("nothing that you may see is called `{end}`"));
    }
    // To a public address of the other account: the answer, and of the way only what is the own.
    let path = "/network/reach?from=i-web&to=203.0.113.20&port=22";
    let whole = door.api.read(path).await;
    let part = door.read(&ann, path).await;
    assert_eq!(part["answers"][0]["verdict"], whole["answers"][0]["verdict"]);
    assert_eq!(whole["answers"][0]["verdict"], "yes", "{whole}");
    let withheld =
        part["answers"][0]["hops"].as_array().expect("hops").iter().filter(|hop| hop["withheld"] == true);
    assert!(withheld.count() > 0, "{part}");
    let held = door.read(&ann, "/network/reach?from=i-web&to=203.0.113.20&port=25").await;
    let one = &held["answers"][0];
    let decides = &one["hops"][one["decides"].as_u64().expect("a hop") as usize];
    assert_eq!(
        (&one["verdict"], &decides["says"], &decides["withheld"]),
        (&json!("no"), &json!("blocked"), &json!(true))
    );
    for address in [
        path.to_owned(),
        "/network/reach?from=i-web&to=203.0.113.20&port=25".to_owned(),
        "/network/reach?from=i-web&to=203.0.113.20".to_owned(),
        "/network/exposed".to_owned(),
        "/network/exposed?port=22".to_owned(),
        "/network/what-reaches?from=i-web&port=8443".to_owned(),
        "/network/who-reaches?to=i-web&port=443".to_owned(),
    ] {
        let (status, text) = seen(&door, &ann, &address).await;
        assert_eq!(status, 200, "{address}: {text}");
        for marker in FOREIGN {
            assert!(!text.contains(marker), "`{marker}` in the answer of {address}: {text}");
        }
    }
    let exposed = door.read(&ann, "/network/exposed").await;
    assert_eq!((ids(&exposed), &exposed["interfaces"]), (vec!["eni-web"], &json!(2)));
    assert_eq!(door.read(&ann, &format!("/network/exposed?account={OTHER}")).await["total"], 0);
    assert_eq!(door.read(&ann, "/network/what-reaches?from=i-web&port=8443").await["total"], 0);

    // Of a team: the interface alone.
    let bob = door.enrol("bob", "viewer", json!({"teams": ["team-web"]})).await.browser;
    let told = door.read(&bob, "/network/exposed").await;
    assert_eq!(
        (ids(&told), &told["rows"][0]["server"], &told["rows"][0]["vpc"]),
        (vec!["eni-web"], &Value::Null, &json!(""))
    );
    for address in ["/network/exposed", "/network/reach?from=internet&to=eni-web&port=22"] {
        let (status, text) = seen(&door, &bob, address).await;
        assert_eq!(status, 200, "{address}: {text}");
        for marker in ["igw-own", "acl-own", "sg-web", "rtb-own", "vpc-own", "subnet-own", "instance/i-web"] {
            assert!(!text.contains(marker), "`{marker}` in the answer of {address}: {text}");
        }
    }
    door.api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_asked_over_http() {
    let api = Played::start().await;
    let none = problem(api.get("/network/exposed").send().await.expect("an answer"), 404, "not_found").await;
    assert!(none["detail"].as_str().is_some_and(|text| text.contains("no scan has ended")), "{none}");
    api.scan(&json!({})).await;
    // Its groups let nobody in on this port (`tools/estate`).
    let of = async |name: &str| {
        let found = api.read(&format!("/resources?type=AWS::EC2::Instance&search={name}")).await;
        found["resources"][0]["id"].as_str().expect("a server").to_owned()
    };
    let (from, to) = (of("payments-1").await, of("payments-2").await);
    let found = api.read(&format!("/network/reach?from={from}&to={to}&port=443")).await;
    let one = &found["answers"][0];
    assert_eq!((&one["verdict"], &one["disposition"]), (&json!("no"), &json!("denied_in")), "{found}");
    assert_eq!((&found["from"]["name"], &found["to"]["name"]), (&json!("payments-1"), &json!("payments-2")));
    let held = &one["hops"][one["decides"].as_u64().expect("a hop") as usize];
    assert_eq!(held["component"], "security_group");
    // moto answers for no interfaces of load balancers: that is said, and not that nothing is open.
    let exposed = api.read("/network/exposed").await;
    let rows = exposed["rows"].as_array().expect("rows");
    let balancer = rows.iter().find(|row| row["name"] == "storefront").expect("the load balancer");
    assert_eq!(balancer["verdict"], "unknown");
    assert!(
        exposed["not_read_count"].as_u64() > Some(0) && exposed["interfaces"].as_u64() > Some(10),
        "{exposed}"
    );
    api.stop().await;
}
