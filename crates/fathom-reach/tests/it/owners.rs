//! Whose a network interface is: by what documents name, by what the service wrote on it, and by what it looks like.

use fathom_content::owners;
use fathom_net::traffic::{Protocol, TCP};
use fathom_net::{Answer, Builder, Found, Network, Place, Question, Traffic, Verdict, ask, exposure, trace};
use fathom_reach::owner;
use serde_json::{Value, json};

use crate::estate::{ACCOUNT, REGION, Thing, interface, network, thing};

/// The network of such things, with whose its interfaces are.
fn of(things: &[Thing], rivals: &[&str]) -> Network {
    let mut builder = Builder::default();
    for one in things {
        builder.add(Found {
            kind: &one.kind,
            uid: &one.arn,
            account: ACCOUNT,
            region: REGION,
            document: &one.document,
            unread: &one.unread,
        });
        let rules = owners::rules().unwrap();
        let Some(rule) = rules.iter().find(|rule| rule.kind.as_str() == one.kind) else { continue };
        let name = one.arn.rsplit(':').next();
        if let Some(mut owned) = owner::owned(rule, &one.document, (ACCOUNT, REGION), name) {
            owned.rivals.extend(rivals.iter().map(|one| (*one).to_owned()));
            builder.owned(&one.arn, owned);
        }
    }
    builder.build()
}

fn database(name: &str, group: &str, cluster: Option<&str>) -> Thing {
    let arn = format!("arn:aws:rds:{REGION}:{ACCOUNT}:db:{name}");
    let document = json!({"DBInstanceIdentifier": name, "DBClusterIdentifier": cluster, "Endpoint": {"Port": 5432},
        "VpcSecurityGroups": [{"VpcSecurityGroupId": group}], "DBSubnetGroup": {"Subnets": [{"SubnetIdentifier": "subnet-1"}]}});
    thing("AWS::RDS::DBInstance", &arn, document)
}

fn with(more: Vec<Thing>) -> Vec<Thing> {
    let mut things = network();
    things.extend(more);
    things
}

fn from_internet(network: &Network, name: &str, port: u16) -> Answer {
    let place = trace::find(network, name).unwrap();
    ask(network, &Question::new(Place::Internet, place, Traffic::tcp(port)))
}

#[test]
fn a_database_alone_with_its_looks_is_taken_to_have_the_interface() {
    let network = of(&with(vec![database("orders", "sg-db", None)]), &[]);
    let answer = from_internet(&network, "orders", 5432);
    assert_eq!(answer.verdict, Verdict::Yes);
    assert!(answer.assumptions.iter().any(|one| one.contains("eni-db")), "{:?}", answer.assumptions);
    assert_eq!(from_internet(&network, "orders", 22).verdict, Verdict::No);
    let rows = exposure(&network, &[Protocol(TCP)]);
    let row = rows.iter().find(|row| row.id == "eni-db").unwrap();
    assert_eq!(row.owners[0].name.as_deref(), Some("orders"));
    assert!(!row.owners[0].is_one_of_several);
    // What belongs to a server or was made by another service is not the database's.
    assert!(rows.iter().filter(|row| row.id != "eni-db").all(|row| row.owners.is_empty()), "{rows:#?}");
}

#[test]
fn of_two_that_look_alike_none_is_sure_where_it_matters() {
    let mut things = with(vec![database("orders", "sg-db", None), database("people", "sg-db", None)]);
    let both = of(&things, &[]);
    // One interface that either of them may have, and then the other has none that was seen.
    assert_eq!(from_internet(&both, "orders", 5432).verdict, Verdict::Unknown);
    things.push(interface("eni-db-2", "sg-db", "RDSNetworkInterface", 21, Some("54.0.0.21")));
    assert_eq!(from_internet(&of(&things, &[]), "orders", 5432).verdict, Verdict::Yes);
    things.pop();
    things.push(interface("eni-db-2", "sg-db", "RDSNetworkInterface", 21, None));
    let both = of(&things, &[]);
    let answer = from_internet(&both, "orders", 5432);
    assert_eq!(answer.verdict, Verdict::Unknown);
    let missing = answer.missing.join("; ");
    assert!(missing.contains("eni-db, eni-db-2") && missing.contains("db:people"), "{missing}");
    // Neither of the two is reached here, so it does not matter whose is whose.
    assert_eq!(from_internet(&both, "orders", 22).verdict, Verdict::No);
    let rows = exposure(&both, &[Protocol(TCP)]);
    let row = rows.iter().find(|row| row.id == "eni-db").unwrap();
    assert!(row.owners.len() == 2 && row.owners.iter().all(|owner| owner.is_one_of_several));
}

#[test]
fn a_list_that_was_not_read_may_have_what_looks_the_same() {
    let mut things = with(vec![database("orders", "sg-db", None)]);
    things.push(interface("eni-db-2", "sg-db", "RDSNetworkInterface", 21, None));
    let network = of(&things, &["AWS::DocDB::DBCluster that was not read"]);
    let answer = from_internet(&network, "orders", 5432);
    assert_eq!(answer.verdict, Verdict::Unknown);
    assert!(answer.missing.join("; ").contains("AWS::DocDB::DBCluster that was not read"));
}

#[test]
fn an_instance_of_a_cluster_is_no_rival_of_the_cluster() {
    let cluster = thing(
        "AWS::RDS::DBCluster",
        "arn:aws:rds:eu-central-1:111122223333:cluster:shop",
        json!({"DBClusterIdentifier": "shop", "Port": 5432, "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-db"}]}),
    );
    let network = of(&with(vec![cluster, database("shop-1", "sg-db", Some("shop"))]), &[]);
    assert!(network.owned.iter().all(|(_, one)| one.rivals.is_empty() && one.interfaces.len() == 1));
    assert_eq!(from_internet(&network, "shop", 5432).verdict, Verdict::Yes);
}

#[test]
fn what_documents_name_is_sure() {
    let named = |kind: &str, arn: &str, document: Value| thing(kind, arn, document);
    let things = with(vec![
        named(
            "AWS::ECS::Task",
            "arn:aws:ecs:eu-central-1:111122223333:task/shop/a1",
            json!({"attachments": [{"type": "ElasticNetworkInterface", "details": [
                {"name": "subnetId", "value": "subnet-1"}, {"name": "networkInterfaceId", "value": "eni-any"}]}]}),
        ),
        named(
            "AWS::Redshift::Cluster",
            "arn:aws:redshift:eu-central-1:111122223333:cluster:lake",
            json!({"ClusterIdentifier": "lake", "VpcId": "vpc-1", "Endpoint": {"Port": 5439},
                "ClusterNodes": [{"NodeRole": "LEADER", "PrivateIPAddress": "10.0.0.12"}]}),
        ),
        interface("eni-cache", "sg-db", "ElastiCache carts-001", 30, None),
        named(
            "AWS::ElastiCache::CacheCluster",
            "arn:aws:elasticache:eu-central-1:111122223333:cluster:carts-001",
            json!({"CacheClusterId": "carts-001"}),
        ),
        // A database that looks like the cluster's interface does not get it.
        database("like", "sg-dw", None),
    ]);
    let network = of(&things, &[]);
    let owner = |id: &str| -> Vec<String> {
        let number = network.interfaces.number(id).unwrap();
        network
            .owners(number)
            .map(|(uid, one)| format!("{} {}", uid.rsplit(':').next().unwrap(), one.is_taken()))
            .collect()
    };
    assert_eq!(owner("eni-any"), ["task/shop/a1 false"]);
    assert_eq!(owner("eni-dw"), ["lake false"]);
    assert_eq!(owner("eni-cache"), ["carts-001 false"]);
    let answer = from_internet(&network, "lake", 5439);
    assert_eq!(answer.verdict, Verdict::Yes);
    assert!(answer.assumptions.iter().all(|one| !one.contains("eni-dw")), "{:?}", answer.assumptions);
    let error = trace::find(&network, "like").unwrap_err();
    assert!(
        error.contains("no network interface of") && error.contains("ec2:DescribeNetworkInterfaces"),
        "{error}"
    );
}
