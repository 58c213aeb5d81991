//! How an intruder would walk, asked over HTTP: of two small accounts, one of which trusts the other, and of the sample.
//!
//! What must be answered follows from IAM's documentation (`fathom-intrude/spec`): a trust policy that names an account leaves it to the
//! policies of that account who assumes the role; a bucket of another account is read where both sides allow it.

use std::collections::BTreeMap;

use fathom_model::{
    Coverage, Document, Outcome, Part, Resource, ResourceType, SourceKind, Statement, Timestamp, Uid,
};
use fathom_store::ScanResults;
use serde_json::{Value, json};

use crate::{
    door::{Browser, Door},
    findings::fixes_of,
    harness::{now, problem},
    runner::Played,
};

const OWN: &str = "111111111111";
const OTHER: &str = "222222222222";
const VENDOR: &str = "999988887777";
const ROLE: &str = "arn:aws:iam::111111111111:role/own-deployer";
const LEDGER: &str = "arn:aws:s3:::own-ledger";
const VAULT: &str = "arn:aws:s3:::far-vault";
const BUILDER: &str = "arn:aws:iam::222222222222:user/far-builder";
const KEY: &str = "arn:aws:iam::222222222222:user/far-builder/access-key/AKIAFAR";
/// Texts that stand for the other account and for whom it lets in.
const FOREIGN: [&str; 6] = [OTHER, VENDOR, "far-builder", "far-vault", "far-partner", "AKIAFAR"];

fn resource(account: &str, kind: &str, uid: &str, document: &Value) -> Resource {
    Resource {
        uid: Uid::from(uid),
        kind: ResourceType::from(kind),
        account: account.into(),
        region: if kind.contains("IAM") { "aws-global" } else { "eu-central-1" }.into(),
        id: uid.rsplit(['/', ':']).next().unwrap_or(uid).to_owned(),
        name: None,
        tags: BTreeMap::new(),
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(document),
    }
}

fn policy(statement: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn role(account: &str, name: &str, trusts: &str, may: &Value) -> Resource {
    let trust = json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{trusts}:root")}, "Action": "sts:AssumeRole"});
    let document = json!({
        "RoleName": name, "AssumeRolePolicyDocument": policy(&trust), "AttachedManagedPolicies": [],
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": policy(may)}],
    });
    resource(account, "AWS::IAM::Role", &format!("arn:aws:iam::{account}:role/{name}"), &document)
}

/// A user of the other account may take on a role of the own one, which reads a bucket of each; an account outside is trusted by a role of
/// the other.
async fn scan(door: &Door) {
    let reads =
        |what: &str| json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("{what}/*")});
    let both = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": [format!("{LEDGER}/*"), format!("{VAULT}/*")]});
    let assumes = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE});
    let lets_in = json!({"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "s3:GetObject", "Resource": format!("{VAULT}/*")});
    let block = json!({"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true});
    let bucket = |more: Value| {
        let mut document = json!({"PublicAccessBlock": block, "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}});
        document.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        document
    };
    let resources = vec![
        role(OWN, "own-deployer", OTHER, &both),
        role(OTHER, "far-partner", VENDOR, &reads(VAULT)),
        resource(
            OTHER,
            "AWS::IAM::User",
            BUILDER,
            &json!({
                "UserName": "far-builder", "GroupList": [], "AttachedManagedPolicies": [],
                "UserPolicyList": [{"PolicyName": "builds", "PolicyDocument": policy(&assumes)}],
            }),
        ),
        resource(
            OTHER,
            "AWS::IAM::AccessKey",
            KEY,
            &json!({"AccessKeyId": "AKIAFAR", "Status": "Active", "UserName": "far-builder"}),
        ),
        resource(OWN, "AWS::S3::Bucket", LEDGER, &bucket(json!({"Name": "own-ledger"}))),
        resource(
            OTHER,
            "AWS::S3::Bucket",
            VAULT,
            &bucket(json!({"Name": "far-vault", "Policy": policy(&lets_in)})),
        ),
    ];
    let mut results = ScanResults::default();
    for uid in [LEDGER, VAULT] {
        results.statements.push((
            Uid::from(uid),
            Statement {
                part: Part::DataClass,
                value: "restricted".to_owned(),
                source: SourceKind::Tag,
                origin: "data-class".to_owned(),
                as_of: now(),
            },
        ));
    }
    let kinds = [
        "AWS::IAM::User",
        "AWS::IAM::Role",
        "AWS::IAM::Group",
        "AWS::IAM::AccessKey",
        "AWS::IAM::ManagedPolicy",
        "AWS::S3::Bucket",
    ];
    for (account, kind) in [OWN, OTHER].iter().flat_map(|account| kinds.map(|kind| (*account, kind))) {
        results.coverage.push(Coverage {
            account: account.into(),
            region: "aws-global".into(),
            service: "iam".to_owned(),
            operation: "List".to_owned(),
            resource_type: Some(kind.into()),
            outcome: Outcome::Read,
            reason: None,
            permission: None,
            detail: None,
            calls: 1,
            items: 1,
            throttles: 0,
            failures: 0,
            millis: 1,
        });
    }
    let store = &door.api.store;
    let now = Timestamp::from_second(door.second()).expect("in range");
    let (accounts, regions) = ([OWN.to_owned(), OTHER.to_owned()], ["eu-central-1".to_owned()]);
    let scan = store.begin_scan("2 accounts", &accounts, &regions, now).await.expect("begins");
    store.stage(scan, &resources).await.expect("staged");
    store.finish_scan(scan, results, now).await.expect("finished");
}

fn rows(answer: &Value) -> &Vec<Value> {
    answer["rows"].as_array().expect("rows")
}

fn rules(story: &Value) -> Vec<&str> {
    story["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| step["rule"].as_str().expect("a rule"))
        .collect()
}

/// How each story begins and what it ends with.
fn ends(answer: &Value) -> Vec<(&str, &str)> {
    let row = |row: &'_ Value| -> Option<(String, String)> {
        Some((row["entry"].as_str()?.to_owned(), row["to"]["id"].as_str()?.to_owned()))
    };
    assert!(rows(answer).iter().all(|one| row(one).is_some()), "{answer}");
    rows(answer)
        .iter()
        .map(|row| (row["entry"].as_str().unwrap_or_default(), row["to"]["id"].as_str().unwrap_or_default()))
        .collect()
}

async fn seen(door: &Door, browser: &Browser, path: &str) -> (u16, String) {
    let answer = door.of(browser, "get", path).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn stories_with_proofs_and_edits() {
    let door = Door::open().await;
    scan(&door).await;
    let all = door.api.read("/paths").await;
    let mut found = ends(&all);
    found.retain(|(entry, _)| *entry != "internet");
    found.sort_unstable();
    assert_eq!(found, [("leaked_key", VAULT), ("leaked_key", LEDGER), ("vendor", VAULT)], "{all}");
    assert_eq!(
        (&all["total"], &all["facets"]["jewel"]),
        (&json!(3), &json!([{"jewel": "data", "count": 3}]))
    );
    assert_eq!(
        all["facets"]["entry"],
        json!([{"entry": "vendor", "count": 1}, {"entry": "leaked_key", "count": 2}])
    );
    assert_eq!(ends(&door.api.read("/paths?entry=vendor").await), [("vendor", VAULT)]);
    assert_eq!(ends(&door.api.read("/paths?from=far-builder&to=own-ledger").await), [("given", LEDGER)]);
    assert_eq!(door.api.read("/paths?jewel=keys").await["total"], 0);
    let first = door.api.read("/paths?limit=2").await;
    assert_eq!((rows(&first).len(), &first["next"]), (2, &json!(2)));
    assert_eq!(rows(&door.api.read("/paths?limit=2&cursor=2").await)[0], rows(&all)[2]);

    let told = door.api.read(&format!("/paths/story?to={LEDGER}&entry=leaked_key&jewel=data")).await;
    let story = &told["story"];
    assert_eq!(rules(story), ["finds-key", "assume-role", "read-objects"], "{told}");
    assert_eq!((&story["from"][0]["id"], &story["data_class"]), (&json!(KEY), &json!("restricted")));
    let asked = &story["steps"][1]["proof"]["asked"][0];
    assert_eq!((&asked["action"], &asked["resource"]), (&json!("sts:AssumeRole"), &json!(ROLE)), "{told}");
    let layers: Vec<&Value> =
        asked["because"].as_array().expect("reasons").iter().map(|one| &one["layer"]).collect();
    assert!(
        layers.contains(&&json!("identity_policies")) && layers.contains(&&json!("resource_policy")),
        "{asked}"
    );
    assert_eq!(story["steps"][2]["proof"]["asked"][0]["action"], "s3:GetObject");
    // One action alone stands in the statement: the key is switched off, or the statement goes. Either closes the only way.
    assert_eq!(
        (&told["edit"]["other_steps"], told["edit"]["kind"] == "withheld"),
        (&Value::Null, false),
        "{told}"
    );
    let listed = rows(&all).iter().find(|row| row["entry"] == "leaked_key" && row["to"]["id"] == LEDGER);
    assert_eq!(listed.expect("the same in the list")["steps"][1]["proof"], Value::Null);

    let fix = door.api.read("/paths/fix-first").await;
    // What is lost by the key: both buckets, and one of them also by the account outside.
    let steps = fix["steps"].as_array().expect("steps");
    assert!(steps.iter().any(|one| one["jewels"][0]["id"] == LEDGER && !one["edit"].is_null()), "{fix}");
    assert!(fix["cost"].as_u64() >= fix["at_least"].as_u64() && fix["cost"].as_u64() > Some(0), "{fix}");
    assert_eq!(fix["reached"], 2);

    let blast = door.api.read("/blast-radius?of=far-builder").await;
    let fallen: Vec<&Value> = rows(&blast).iter().map(|row| &row["what"]["id"]).collect();
    assert_eq!(fallen, [&json!(VAULT), &json!(LEDGER), &json!(ROLE)], "{blast}");
    assert_eq!(
        (&blast["outside"], &blast["jewels"]),
        (&json!(false), &json!([{"jewel": "data", "count": 2}]))
    );

    for (path, status, words) in [
        ("/paths?entry=door", 400, "door"),
        ("/paths?limit=0", 400, "limit"),
        ("/paths/story", 400, "`to` is needed"),
        ("/blast-radius", 400, "`of` is needed"),
        ("/paths/story?to=nowhere", 404, "nowhere"),
        ("/paths?from=nobody", 404, "nobody"),
        ("/blast-radius?of=nothing-at-all", 404, "nothing-at-all"),
        (&*format!("/paths/story?to={LEDGER}&entry=internet"), 404, "no way"),
    ] {
        let code = if status == 404 { "not_found" } else { "invalid_parameter" };
        let told = door.api.problem(door.api.get(path), status, code).await;
        assert!(told["detail"].as_str().is_some_and(|text| text.contains(words)), "{path}: {told}");
    }
    door.api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_outside_is_told_without_names() {
    let door = Door::open().await;
    scan(&door).await;
    let ann = door.enrol("ann", "viewer", json!({"accounts": [OWN]})).await.browser;
    let all = door.read(&ann, "/paths").await;
    assert_eq!(ends(&all), [("leaked_key", LEDGER)], "{all}");
    // Neither the other account nor its bucket is asked about, and how much there is besides is not told.
    let whole = door.api.read("/paths").await;
    assert_eq!(all["jewels"].as_u64().map(|own| own + 2), whole["jewels"].as_u64(), "{all}");
    assert_eq!((&all["nodes"], &all["entries"], whole["nodes"].is_u64()), (&Value::Null, &Value::Null, true));
    let told = door.read(&ann, &format!("/paths/story?to={LEDGER}")).await;
    let story = &told["story"];
    assert_eq!(rules(story), ["withheld", "assume-role", "read-objects"], "{told}");
    assert_eq!(story["answer"], door.api.read(&format!("/paths/story?to={LEDGER}")).await["story"]["answer"]);
    assert_eq!((&story["from"][0]["withheld"], &story["from"][0]["id"]), (&json!(true), &Value::Null));
    let step = &story["steps"][1];
    assert_eq!((&step["with"][0]["withheld"], &step["gains"]["id"]), (&json!(true), &json!(ROLE)));
    // Of the trust it is told what the own role says, and that there is more.
    let layers: Vec<&Value> = step["proof"]["asked"][0]["because"]
        .as_array()
        .expect("reasons")
        .iter()
        .map(|one| &one["layer"])
        .collect();
    assert_eq!(
        (layers, &step["proof"]["withheld"]),
        (vec![&json!("resource_policy")], &json!(true)),
        "{step}"
    );
    let blast = door.read(&ann, "/blast-radius?of=own-deployer").await;
    let fallen: Vec<&Value> = rows(&blast).iter().map(|row| &row["what"]["id"]).collect();
    assert_eq!((fallen, &blast["outside"]), (vec![&json!(LEDGER)], &json!(true)), "{blast}");
    let fix = door.read(&ann, "/paths/fix-first").await;
    assert_eq!(fix["reached"], 1, "{fix}");
    assert!(
        fix["steps"].as_array().is_some_and(|all| all.iter().any(|one| one["step"]["withheld"] == true)),
        "{fix}"
    );
    for path in [
        "/paths".to_owned(),
        "/paths?from=own-deployer".to_owned(),
        "/paths?limit=1000&entry=vendor".to_owned(),
        format!("/paths/story?to={LEDGER}"),
        "/paths/story?to=own-ledger&entry=leaked_key".to_owned(),
        "/paths/fix-first".to_owned(),
        "/paths/first".to_owned(),
        "/paths/fix-first?entry=vendor".to_owned(),
        "/blast-radius?of=own-deployer".to_owned(),
        "/blast-radius?of=internet".to_owned(),
        "/unauthenticated".to_owned(),
        "/unauthenticated?internal=true".to_owned(),
        "/web-firewall".to_owned(),
    ] {
        let (status, text) = seen(&door, &ann, &path).await;
        assert_eq!(status, 200, "{path}: {text}");
        for marker in FOREIGN {
            assert!(!text.contains(marker), "`{marker}` in the answer of {path}: {text}");
        }
    }
    // Nobody is told by asking whether there is something.
    for name in ["far-builder", "far-vault", BUILDER, VAULT, OTHER, VENDOR, "AKIAFAR", "not-there-at-all"] {
        for path in [
            format!("/blast-radius?of={name}"),
            format!("/paths?from={name}"),
            format!("/paths/story?to={name}"),
        ] {
            let told = door.refused(door.of(&ann, "get", &path), 404, "not_found").await;
            assert_eq!(told["detail"], format!("nothing that you may see is called `{name}`"), "{path}");
        }
    }
    // Whoever sees teams only, and none of these, is told of nothing.
    let bob = door.enrol("bob", "viewer", json!({"teams": ["team-nowhere"]})).await.browser;
    let none = door.read(&bob, "/paths").await;
    assert_eq!((&none["total"], &none["jewels"]), (&json!(0), &json!(0)), "{none}");
    door.api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_does_not_wait_for_what_is_not_worked_out() {
    let door = Door::open().await;
    scan(&door).await;
    let none = json!({"worked_out": false, "first": null, "reached": 0});
    assert_eq!(door.api.read("/paths/first").await, none);
    for _ in 0..200 {
        let found = door.api.read("/paths/first").await;
        if found["worked_out"] == true {
            let all = door.api.read("/paths/fix-first").await;
            let closable = all["steps"].as_array().expect("steps").iter().find(|one| !one["edit"].is_null());
            assert_eq!((Some(&found["first"]), &found["reached"]), (closable, &all["reached"]), "{all}");
            // The next scan makes it unknown again.
            scan(&door).await;
            assert_eq!(door.api.read("/paths/first").await, none);
            door.api.stop().await;
            return;
        }
        assert_eq!(found, none);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it was never worked out");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_walked_over_http() {
    let api = Played::start().await;
    let none = problem(api.get("/paths").send().await.expect("an answer"), 404, "not_found").await;
    assert!(none["detail"].as_str().is_some_and(|text| text.contains("no scan has ended")), "{none}");
    api.scan(&json!({})).await;
    let all = api.read("/paths?limit=1000").await;
    let (total, reached) =
        (all["total"].as_u64().expect("a count"), all["reached"].as_u64().expect("a count"));
    assert_eq!(total, rows(&all).len() as u64);
    assert!(reached > 0 && Some(reached) <= all["jewels"].as_u64(), "{all}");
    // The stranger whom a role trusts (`tools/estate/intruder.py`).
    let stranger =
        rows(&all).iter().find(|row| row["from"][0]["id"] == VENDOR).expect("the intruder's story");
    assert_eq!((&stranger["entry"], rules(stranger)[0]), (&json!("vendor"), "comes-by-trust"));
    let facets = |of: &str| -> u64 {
        all["facets"][of].as_array().expect("counts").iter().filter_map(|one| one["count"].as_u64()).sum()
    };
    assert_eq!((facets("entry"), facets("answer")), (total, total));

    let (entry, jewel) =
        (stranger["entry"].as_str().expect("a word"), stranger["jewel"].as_str().expect("a word"));
    let to = stranger["to"]["id"].as_str().expect("an id");
    let told = api.read(&format!("/paths/story?entry={entry}&jewel={jewel}&to={to}")).await;
    assert_eq!(rules(&told["story"]), rules(stranger));
    assert_eq!(told["story"]["with_it_counts"], stranger["with_it_counts"]);
    let first = &told["story"]["steps"][0]["proof"]["asked"][0];
    assert_eq!(
        (&first["action"], &first["decision"]),
        (&json!("sts:AssumeRole"), &json!("allowed")),
        "{told}"
    );
    assert!(!told["edit"].is_null(), "{told}");

    let fix = api.read("/paths/fix-first").await;
    let hang: Vec<u64> = fix["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .filter_map(|one| one["jewel_count"].as_u64())
        .collect();
    assert!(hang.is_sorted_by(|one, other| one >= other) && hang.first() <= Some(&reached), "{hang:?}");
    assert_eq!(fix["reached"], reached);
    let role = told["story"]["steps"][0]["gains"]["id"].as_str().expect("a role");
    let blast = api.read(&format!("/blast-radius?of={role}&limit=1000")).await;
    assert!(rows(&blast).iter().any(|row| row["what"]["id"] == to), "{blast}");

    // What everyone may read answers without asking who comes (`tools/estate/intruder.py`).
    let open = api.read("/unauthenticated?limit=1000").await;
    let bucket = rows(&open).iter().find(|row| row["resource"] == "arn:aws:s3:::northwind-tmp-export-7731");
    let bucket = bucket.unwrap_or_else(|| panic!("the open bucket is not in {open}"));
    // Its policy turns away whoever comes without TLS, which depends on the request.
    let told = (&bucket["verdict"], &bucket["asks"], &bucket["how"]);
    assert_eq!(told, (&json!("only_if"), &json!("nothing"), &json!("policy")), "{bucket}");
    assert!(bucket["conditions"].to_string().contains("aws:SecureTransport"), "{bucket}");
    assert_eq!(
        open["facets"]["verdict"]
            .as_array()
            .expect("counts")
            .iter()
            .filter_map(|one| one["count"].as_u64())
            .sum::<u64>(),
        rows(&open).len() as u64
    );
    let unknown = api.read("/unauthenticated?verdict=unknown&limit=1000").await;
    for row in rows(&unknown) {
        let said = |of: &str| row[of].as_array().is_some_and(|lines| !lines.is_empty());
        assert!(
            said("missing") || said("conditions") || said("assumptions") || said("proof"),
            "why is it not known: {row}"
        );
    }
    let inside = api.read("/unauthenticated?internal=true&limit=1000").await;
    assert!(rows(&inside).iter().all(|row| row["how"] != "share"), "{inside}");

    // What answers the web, what has no firewall first; what is not known says which call is missing.
    let web = api.read("/web-firewall?limit=1000").await;
    let worst = ["none", "cannot", "unknown", "empty", "only_counts", "stops"];
    let place = |row: &Value| worst.iter().position(|word| row["guard"] == *word).expect("a word");
    assert!(!rows(&web).is_empty() && rows(&web).iter().map(place).is_sorted(), "{web}");
    for row in rows(&web).iter().filter(|row| row["guard"] == "unknown") {
        assert!(row["missing"].as_array().is_some_and(|lines| !lines.is_empty()), "{row}");
    }
    let guards = web["facets"]["guard"].as_array().expect("counts");
    for guard in guards {
        let word = guard["value"].as_str().expect("a word");
        let some = api.read(&format!("/web-firewall?guard={word}&limit=1000")).await;
        assert_eq!(some["total"], guard["count"], "{word}");
    }
    for acl in web["acls"].as_array().expect("a list") {
        let before = rows(&web).iter().filter(|row| row["acl"] == acl["arn"]).count();
        assert_eq!(acl["guards"], before, "{acl}");
    }
    fixes_of(&api).await;
    api.stop().await;
}
