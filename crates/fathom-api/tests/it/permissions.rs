//! Who can do what, asked over HTTP: of the sample organisation, whose policies `tools/estate` wrote.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{door::Door, harness::problem, runner::Played};

/// The role that a stranger may take on, and the bucket that everyone may read (`tools/estate/intruder.py`).
const ROLE: &str = "arn:aws:iam::908249470583:role/SupportAccess";
const STRANGER: &str = "999988887777";
const BUCKET: &str = "arn:aws:s3:::northwind-tmp-export-7731";

async fn refused(api: &Played, path: &str, status: u16, code: &str) -> Value {
    problem(api.get(path).send().await.expect("an answer"), status, code).await
}

fn rows(answer: &Value) -> &Vec<Value> {
    answer["rows"].as_array().expect("rows")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_says_who_can_take_on_its_roles_and_what_is_open() {
    let api = Played::start().await;
    let none = refused(&api, "/permissions/openings", 404, "not_found").await;
    assert!(none["detail"].as_str().is_some_and(|text| text.contains("no scan has ended")), "{none}");
    api.scan(&json!({})).await;

    // A name is enough where only one has it.
    let found = api.read("/permissions/who-can?action=sts:AssumeRole&resource=SupportAccess").await;
    assert_eq!(found["resource"], ROLE);
    let who: Vec<_> = rows(&found).iter().map(|row| (&row["kind"], &row["principal"])).collect();
    assert_eq!(who, [(&json!("outside"), &json!(STRANGER))], "{found}");
    let row = &rows(&found)[0];
    assert_eq!(row["decision"], "allowed");
    let trust =
        row["because"].as_array().expect("reasons").iter().find(|one| one["layer"] == "resource_policy");
    let trust = trust.expect("the role's own policy");
    assert_eq!((&trust["effect"], &trust["statement"]), (&json!("Allow"), &json!(0)), "{trust}");
    let counts = &found["counts"];
    assert_eq!(counts["allowed"], 1);
    let counted: u64 =
        ["allowed", "only_if", "unknown", "denied"].iter().filter_map(|of| counts[of].as_u64()).sum();
    assert_eq!(found["asked"], counted, "{found}");
    assert_eq!((&found["as_of"]["scan"], &found["notes"]), (&json!(1), &json!([])));

    let public = api.read("/permissions/openings?from=public").await;
    let open: Vec<_> = rows(&public).iter().map(|row| &row["resource"]).collect();
    assert_eq!(open, [BUCKET], "{public}");
    let external = api.read("/permissions/openings?from=public,external").await;
    assert!(
        rows(&external).iter().any(|row| row["resource"] == ROLE && row["principal"] == STRANGER),
        "{external}"
    );
    // Whatever is shown, the counts are of everything.
    assert_eq!(public["counts"], external["counts"]);
    let sum: u64 =
        public["counts"].as_array().expect("counts").iter().filter_map(|one| one["count"].as_u64()).sum();
    assert_eq!(api.read("/permissions/openings").await["total"], sum);

    // A row is explained as it was answered, also that of a stranger and that of a bucket's objects.
    let address = format!(
        "/permissions/explain?principal={STRANGER}&kind=outside&action=sts:AssumeRole&resource={ROLE}"
    );
    let told = api.read(&address).await;
    assert_eq!(told["verdict"]["decision"], "allowed");
    assert_eq!(told["verdict"]["layers"], row["layers"], "{told}");
    let decision = rows(&public)[0]["permitted"][0]["decision"].clone();
    let told = api
        .read(&format!("/permissions/explain?principal=*&kind=anyone&action=s3:GetObject&resource={BUCKET}"))
        .await;
    assert_eq!(told["verdict"]["decision"], decision, "{told}");
    assert_eq!(told["resource"], format!("{BUCKET}/*"));
    assert!(told["notes"][0].as_str().is_some_and(|note| note.contains("asked of objects")), "{told}");
    let told = api
        .read(&format!("/permissions/explain?principal=telemetry-sync&action=iam:CreateUser&resource={ROLE}"))
        .await;
    assert_eq!(told["verdict"]["decision"], "implicitly_denied", "{told}");
    assert_eq!(told["verdict"]["blocked_by"], json!(["identity_policies"]), "{told}");

    // Its policy gives all of S3 and reading secrets.
    let can = api.read("/permissions/what-can?principal=telemetry-sync&kind=data&limit=1000").await;
    assert_eq!(can["principal"]["kind"], "role");
    let not_asked: u64 = can["without_actions"]
        .as_array()
        .expect("types")
        .iter()
        .filter_map(|one| one["count"].as_u64())
        .sum();
    let counted: u64 =
        ["allowed", "only_if", "unknown", "denied"].iter().filter_map(|of| can["counts"][of].as_u64()).sum();
    assert_eq!(can["resources"], counted + not_asked, "{can}");
    // What is sure comes before what is not known.
    let is_open = |row: &Value| {
        row["permitted"].as_array().expect("permitted").iter().all(|one| one["decision"] == "unknown")
    };
    assert!(rows(&can).iter().is_sorted_by_key(is_open), "{can}");
    let data_of = |kind: &str| -> Vec<&Value> {
        let rows = rows(&can).iter().filter(|row| row["resource_type"] == kind);
        let permitted = rows.flat_map(|row| row["permitted"].as_array().expect("permitted"));
        permitted
            .inspect(|one| assert_eq!(one["access"], "data"))
            // Where the policy of a resource was not read, it may give more.
            .filter(|one| one["decision"] != "unknown")
            .flat_map(|one| one["actions"].as_array().expect("actions"))
            .collect()
    };
    assert!(data_of("AWS::S3::Bucket").contains(&&json!("s3:GetObject")), "{can}");
    let secrets = data_of("AWS::SecretsManager::Secret");
    assert!(
        !secrets.is_empty() && secrets.iter().all(|one| **one == "secretsmanager:GetSecretValue"),
        "{can}"
    );
    assert_eq!(data_of("AWS::DynamoDB::Table"), Vec::<&Value>::new());

    let on = api.read(&format!("/permissions/what-on?resource={ROLE}")).await;
    assert!(rows(&on).iter().any(|row| row["principal"] == STRANGER), "{on}");
    let one = api.read(&format!("/permissions/what-on?resource={ROLE}&principal={STRANGER}")).await;
    assert_eq!(one["total"], 1, "{one}");

    // Pages hang together.
    let all = api.read(&format!("/permissions/what-on?resource={ROLE}&limit=1000")).await;
    let (mut paged, mut cursor) = (Vec::new(), Some(0));
    while let Some(from) = cursor {
        let page = api.read(&format!("/permissions/what-on?resource={ROLE}&limit=1&cursor={from}")).await;
        assert_eq!(page["total"], all["total"]);
        paged.extend(rows(&page).iter().cloned());
        cursor = page["next"].as_u64();
    }
    assert_eq!(&paged, rows(&all));

    mistakes(&api).await;

    // A scan that ends is what the next answer is as of.
    api.scan(&json!({"types": ["AWS::S3::Bucket"]})).await;
    assert_eq!(api.read("/permissions/openings?from=public").await["as_of"]["scan"], 2);
    api.stop().await;
}

async fn mistakes(api: &Played) {
    for (path, status, code, parameter, words) in [
        ("who-can?resource=SupportAccess", 400, "invalid_parameter", "action", "`action` is needed"),
        ("who-can?action=%20&resource=x", 400, "invalid_parameter", "action", "`action` is needed"),
        ("who-can?action=nonsense&resource=SupportAccess", 400, "invalid_parameter", "", "nonsense"),
        (
            "who-can?action=sts:AssumeRole&resource=nobody-is-called-so",
            404,
            "not_found",
            "",
            "nobody-is-called-so",
        ),
        (
            "who-can?action=s3:GetObject&resource=*&context=x",
            400,
            "invalid_parameter",
            "context",
            "KEY=VALUE",
        ),
        ("what-can?principal=nobody-is-called-so", 404, "not_found", "", "nobody-is-called-so"),
        ("what-can?principal=x&limit=5000", 400, "invalid_parameter", "limit", "1000"),
        ("openings?from=public,moon", 400, "invalid_parameter", "from", "`moon` is not one of public"),
        (
            "explain?principal=nobody&action=iam:GetRole&resource=SupportAccess",
            404,
            "not_found",
            "",
            "nobody",
        ),
        ("openings?form=public", 400, "unknown_parameter", "form", "no parameter `form`"),
    ] {
        let told = refused(api, &format!("/permissions/{path}"), status, code).await;
        assert!(told["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{path}: {told}");
        if !parameter.is_empty() {
            assert_eq!(told["parameter"], parameter, "{path}: {told}");
        }
    }
    // An action that nobody knows is answered, with what makes the answer doubtful.
    let told = api.read("/permissions/who-can?action=iam:NoSuchAction&resource=SupportAccess").await;
    assert!(told["notes"][0].as_str().is_some_and(|note| note.contains("does not know")), "{told}");
}

#[tokio::test]
async fn whoever_sees_a_part_gets_no_answer_about_all() {
    let door = Door::open().await;
    let accounts = door.enrol("ada", "responder", json!({"accounts": ["111111111111"]})).await;
    let teams = door.enrol("tim", "auditor", json!({"teams": ["team-a"]})).await;
    let whole = door.enrol("vic", "viewer", json!({})).await;
    for path in [
        "/permissions/who-can?action=s3:GetObject&resource=*",
        "/permissions/what-can?principal=111111111111",
        "/permissions/what-on?resource=arn:aws:s3:::bucket-000",
        "/permissions/openings",
        "/permissions/explain?principal=111111111111&action=s3:ListAllMyBuckets&resource=*",
    ] {
        for one in [&accounts, &teams] {
            let told = door.refused(door.of(&one.browser, "get", path), 403, "scope_limited").await;
            assert!(told["detail"].as_str().is_some_and(|text| text.contains("about all of it")), "{told}");
        }
        door.read(&whole.browser, path).await;
    }
    // What actions there are is no secret.
    let known = door.read(&accounts.browser, "/permissions/actions?search=sts%20assumerole&limit=2").await;
    assert_eq!(known["actions"][0]["action"], "sts:AssumeRole", "{known}");
    let on = door.read(&whole.browser, "/permissions/actions?on=arn:aws:s3:::bucket-000&limit=500").await;
    let actions = on["actions"].as_array().expect("actions");
    assert!(actions.iter().any(|one| one["action"] == "s3:DeleteBucket"), "{on}");
    assert!(actions.iter().all(|one| one["action"] != "iam:CreateUser"), "{on}");
    door.api.stop().await;
}

/// The roles of a row's list, by the last part of their name, with a member.
fn roles(list: &Value, member: &str) -> Vec<(String, Value)> {
    let rows = list.as_array().expect("a list").iter().filter(|row| row["kind"] == "role");
    let last =
        |row: &Value| row["principal"].as_str().and_then(|arn| arn.rsplit('/').next()).map(str::to_owned);
    rows.map(|row| (last(row).expect("a name"), row[member].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_says_whom_keys_serve_and_whose_accounts_are() {
    let api = Played::start().await;
    refused(&api, "/permissions/keys", 404, "not_found").await;
    api.scan(&json!({})).await;

    let keys = api.read("/permissions/keys").await;
    let of = |alias: &str| -> Value {
        let mut rows = rows(&keys).iter();
        rows.find(|row| row["aliases"] == json!([alias])).cloned().expect("a key")
    };
    let payments = of("alias/payments");
    assert_eq!(
        roles(&payments["used_by"], "says"),
        ["SupportAccess", "break-glass", "payments-server"].map(|name| (name.to_owned(), json!("allowed")))
    );
    assert_eq!(payments["rotation"], json!({"state": "on", "every_days": null, "why": null}));
    assert_eq!(of("alias/lake")["concerns"], json!(["it does not rotate"]));
    let one = api.read(&format!("/permissions/keys?key={}", payments["key"].as_str().expect("an ARN"))).await;
    assert_eq!((&one["total"], &one["rows"][0]), (&json!(1), &payments));
    refused(&api, "/permissions/keys?old_days=0", 400, "invalid_parameter").await;

    let secrets = api.read("/permissions/secrets").await;
    let database = rows(&secrets).iter().find(|row| row["name"] == "storefront/database").expect("a secret");
    let content = roles(&database["read_by"], "content");
    assert!(content.contains(&("telemetry-sync".to_owned(), json!("denied"))), "{database}");
    assert_eq!((&database["without_key"], &database["readers"]["outside"]), (&json!(2), &json!(0)));
    assert_eq!(api.read("/permissions/secrets?limit=1").await["next"], 1);

    // An action and its key are two steps; what is counted is both.
    let queue = "arn:aws:sqs:us-east-1:908249470583:payments-webhooks";
    let can = api.read(&format!("/permissions/who-can?action=sqs:SendMessage&resource={queue}")).await;
    let task = rows(&can).iter().find(|row| {
        row["principal"].as_str().is_some_and(|principal| principal.ends_with("/storefront-task"))
    });
    let task = task.expect("the task");
    assert_eq!((&task["decision"], &task["content"]), (&json!("allowed"), &json!("denied")));
    assert_eq!(task["key"]["says"], "denied");
    let allowed = rows(&can).iter().filter(|row| row["content"] == "allowed").count();
    assert_eq!(can["counts"]["allowed"], allowed);
    let counts = &can["counts"];
    let counted: u64 =
        ["allowed", "only_if", "unknown", "denied"].iter().filter_map(|of| counts[of].as_u64()).sum();
    assert_eq!(can["asked"], counted, "{can}");
    let address =
        format!("/permissions/explain?principal=storefront-task&action=sqs:SendMessage&resource={queue}");
    let told = api.read(&address).await;
    assert_eq!((&told["content"], &told["key"]["key"]), (&json!("denied"), &task["key"]["key"]));
    let on = api.read(&format!("/permissions/what-on?resource={queue}&kind=data")).await;
    let said = rows(&on).iter().find(|row| row["principal"] == task["principal"]).expect("the task");
    assert_eq!(said["with_key"][0]["content"], "denied");

    let external = api.read("/permissions/openings?from=external").await;
    let stranger = rows(&external).iter().find(|row| row["principal"] == STRANGER).expect("the stranger");
    assert_eq!((&stranger["not_named"], &stranger["vendor"]), (&json!(true), &Value::Null));
    assert_eq!(stranger["from_account"], STRANGER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_would_be_is_asked_about_and_changes_nothing() {
    let api = Played::start().await;
    api.scan(&json!({})).await;
    let send = |path: &'static str, body: Value| {
        let request = api.post(path, &body);
        async move { request.send().await.expect("an answer") }
    };
    let ask = |body: Value| {
        let answer = send("/permissions/what-if", body);
        async move {
            let answer = answer.await;
            assert_eq!(answer.status(), StatusCode::OK);
            answer.json::<Value>().await.expect("JSON")
        }
    };
    // Everyone may read the bucket by its policy.
    let gone = json!({"of": "resource", "id": "northwind-tmp-export-7731", "document": null});
    let found = ask(json!({"change": gone.clone()})).await;
    assert_eq!(found["gained"], 0, "{found}");
    let row =
        rows(&found).iter().find(|row| row["principal"] == "*" && row["access"] == "data").expect("all");
    assert_eq!((&row["effect"], &row["after"]), (&json!("lost"), &Value::Null), "{row}");
    let request = json!({"change": gone, "principal": "*", "kind": row["kind"], "action": row["actions"][0], "resource": row["resource"]});
    let proof = send("/permissions/what-if/explain", request).await.json::<Value>().await.expect("JSON");
    assert_eq!((&proof["before"]["decision"], &proof["after"]), (&row["before"], &Value::Null), "{proof}");

    let document = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*"}});
    let given = json!({"of": "principal", "id": "telemetry-sync", "document": document.to_string()});
    let found = ask(json!({"change": given.clone(), "limit": 1})).await;
    assert!(found["gained"].as_u64().expect("a count") > 0 && found["lost"] == 0, "{found}");
    let row = &rows(&found)[0];
    assert_eq!(
        (&row["effect"], &row["access"], &row["before"]),
        (&json!("gained"), &json!("admin"), &Value::Null)
    );
    let request = json!({"change": given, "principal": row["principal"], "kind": row["kind"], "action": "iam:CreateUser", "resource": row["resource"]});
    let proof = send("/permissions/what-if/explain", request).await.json::<Value>().await.expect("JSON");
    assert_eq!(proof["before"]["decision"], "implicitly_denied", "{proof}");
    assert_eq!(proof["after"]["decision"], "allowed", "{proof}");
    assert_eq!(proof["after"]["because"][0]["policy"], "what-if", "{proof}");
    // It is as it was.
    let told = api
        .read(&format!("/permissions/explain?principal=telemetry-sync&action=iam:CreateUser&resource={ROLE}"))
        .await;
    assert_eq!(told["verdict"]["decision"], "implicitly_denied", "{told}");

    for (change, status, code, words) in [
        (json!({"of": "principal", "id": "nobody-such", "document": null}), 404, "not_found", "nobody-such"),
        (
            json!({"of": "managed", "id": "arn:aws:iam::1:policy/x", "document": null}),
            404,
            "not_found",
            "policy/x",
        ),
        (
            json!({"of": "principal", "id": "telemetry-sync", "document": "{"}),
            400,
            "invalid_parameter",
            "what-if",
        ),
        (json!({"of": "scp", "id": "p-none", "document": null}), 400, "invalid_parameter", "p-none"),
        (
            json!({"of": "scp", "id": "p-1", "document": " ".repeat(130 * 1024)}),
            413,
            "body_too_large",
            "bytes",
        ),
        (json!({"of": "everything", "id": "p-1", "document": null}), 400, "invalid_body", "everything"),
    ] {
        let answer = send("/permissions/what-if", json!({"change": change})).await;
        let told = problem(answer, status, code).await;
        assert!(told["detail"].as_str().is_some_and(|text| text.contains(words)), "{told}");
    }
    api.stop().await;
}
