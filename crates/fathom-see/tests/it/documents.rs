//! Documents that a service should not send, and what becomes of them.

use fathom_model::secret::MARK;
use serde_json::{Value, json};

use crate::support::{CONTENT, definition, finish, one};

fn text(value: &Value) -> String {
    value.to_string()
}

#[test]
fn an_item_without_an_id_names_the_member() {
    let thing = definition("");
    for document in [
        json!({}),
        json!({"Id": null}),
        json!({"Id": ""}),
        json!({"Id": {"deep": 1}}),
        json!({"Id": ["x"]}),
        json!({"id": "x"}),
        json!([]),
        json!("x"),
        json!(null),
    ] {
        let error = finish(&thing, document.clone(), None).1.expect_err(&text(&document));
        assert_eq!(error, "T::Box::Thing: an item without an id (`{Id}`) in its description", "{document}");
    }
    let by_arn = one("type: T::Box::Thing
description: A thing.
service: box
list: { operation: ListThings, items: 'Things[]' }
identity: { id: '{Id}', arn: '{parent.Arn}/{Name}' }"
        .to_owned());
    let without = |parent: Option<&Value>| finish(&by_arn, json!({"Id": "x", "Name": "n"}), parent).1;
    let error = without(None).expect_err("no parent");
    assert_eq!(error, "T::Box::Thing: an item without an ARN (`{parent.Arn}/{Name}`) in its description");
    let item = without(Some(&json!({"Arn": "arn:p"}))).expect("a parent with an ARN");
    assert_eq!(item.resource.uid.as_str(), "arn:p/n");
}

#[test]
fn numbers_and_booleans_are_ids_too() {
    for (id, uid) in [(json!(7), "7"), (json!(true), "true"), (json!(1.5), "1.5")] {
        let item = finish(&definition(""), json!({ "Id": id }), None).1.expect("an id");
        assert_eq!(item.resource.id, uid);
        assert_eq!(item.resource.uid.as_str(), format!("arn:aws:box:eu-west-1:111111111111:thing/{uid}"));
    }
}

#[test]
fn what_the_document_does_not_say_is_what_was_asked() {
    let thing = one("type: T::Box::Thing
description: A thing.
service: box
list: { operation: ListThings, items: 'Things[]' }
identity:
  id: '{Id}'
  arn: 'arn:{region}:{account}:{Id}'
  name: 'Path|last'
  account: Owner
  also: ['Names[]']
  region: { path: Place, default: us-east-1, rename: { EU: eu-west-1 } }"
        .to_owned());
    for (more, uid) in [
        (json!({}), "arn:us-east-1:111111111111:x"),
        (json!({"Owner": "", "Place": ""}), "arn:us-east-1:111111111111:x"),
        (json!({"Owner": null, "Place": null}), "arn:us-east-1:111111111111:x"),
        (json!({"Owner": "2", "Place": "EU"}), "arn:eu-west-1:2:x"),
        (json!({"Owner": 3, "Place": "mars-1"}), "arn:mars-1:3:x"),
    ] {
        let mut document = json!({"Id": "x", "Path": "/a/b/", "Names": ["", "alias", null, {}, 5]});
        document.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
        let item = finish(&thing, document, None).1.expect("an item");
        assert_eq!(item.resource.uid.as_str(), uid, "{more}");
        assert_eq!(item.resource.name, None, "nothing follows the last `/`");
        assert_eq!(item.also, ["alias", "5"]);
    }
}

#[test]
fn control_characters_and_long_values_are_kept_as_they_are() {
    let thing = definition(
        "tags: Tags
relations: [{ kind: points, path: 'To[]', to: 'T::Box::Thing', ignore: ['0.0.0.0/0', 'x/*'] }]",
    );
    let odd = "a\u{0}b\r\n\u{1b}[31m\u{202e}\u{feff}\u{fffd}";
    let long = "x".repeat(100_000);
    let document = json!({
        "Id": odd, "Long": long, "Tags": {long.clone(): odd},
        "To": [odd, "", null, "0.0.0.0/0", "x/y", 7, ["deep"], long],
    });
    let item = finish(&thing, document.clone(), None).1.expect("an item");
    assert_eq!(item.resource.id, odd);
    assert_eq!(item.resource.tags[&long], odd);
    assert_eq!(item.resource.document.value(), document, "the document comes back as it was");
    let texts: Vec<&str> = item.references.iter().map(|reference| reference.text.as_str()).collect();
    assert_eq!(texts, [odd, "7", &long]);
    assert!(item.references.iter().all(|reference| reference.from == item.resource.uid));
}

#[test]
fn the_parent_is_a_reference_by_its_uid() {
    let child = definition("relations: [{ kind: part_of, path: parent, to: 'T::Box::Thing' }]");
    let item = finish(&child, json!({"Id": "x"}), Some(&json!({"Id": "p"}))).1.expect("an item");
    assert_eq!(item.references[0].text, "arn:aws:box:eu-west-1:111111111111:parent/p");
    let alone = finish(&child, json!({"Id": "x", "parent": "mine"}), None).1.expect("an item");
    assert!(alone.references.is_empty(), "a member named so is not the parent");
}

#[test]
fn secrets_are_masked_however_deep() {
    let thing = definition("secret: [Variables, 'List[].Value', Latest.Password]");
    let (document, item) = finish(
        &thing,
        json!({
            "Id": "x",
            "Variables": {"KEY": "hunter2", "N": 4242, "B": true, "E": "", "Z": null, "L": ["hunter2", {"D": "hunter2"}]},
            "List": [{"Name": "n", "Value": "hunter2"}, {"Value": {"In": ["hunter2"]}}, "hunter-not-a-pair", {}],
            "Latest": {"Password": "hunter2"},
        }),
        None,
    );
    let mark = MARK;
    assert_eq!(
        document,
        json!({
            "Id": "x",
            "Variables": {"KEY": mark, "N": mark, "B": mark, "E": "", "Z": null, "L": [mark, {"D": mark}]},
            "List": [{"Name": "n", "Value": mark}, {"Value": {"In": [mark]}}, "hunter-not-a-pair", {}],
            "Latest": {"Password": mark},
        })
    );
    let stored = item.expect("an item").resource.document;
    assert!(!stored.as_str().contains("hunter2") && !stored.as_str().contains("4242"));
    // Masking what is masked changes nothing.
    assert_eq!(finish(&thing, document.clone(), None).0, document);
}

#[test]
fn what_an_element_says_to_be_no_secret_is_kept() {
    let thing = definition(
        "secret: ['List[].Value']\nnot_secret: [{ each: 'List[]', by: Of, is: [health, logs], member: Value }]",
    );
    let list = json!([{"Of": "health", "Value": "enhanced"}, {"Of": "program", "Value": "hunter2"}, {"Value": "hunter2"}, {"Of": "logs"}, 1]);
    let document = finish(&thing, json!({"Id": "x", "List": list}), None).0;
    assert_eq!(
        document["List"],
        json!([{"Of": "health", "Value": "enhanced"}, {"Of": "program", "Value": MARK}, {"Value": MARK}, {"Of": "logs"}, 1])
    );
}

#[test]
fn a_secret_inside_a_json_text_is_masked() {
    let thing = definition("json: [Policy]\nsecret: [Policy.Key]");
    for policy in ["{\"Key\":\"hunter2\"}", "%7B%22Key%22%3A%22hunter2%22%7D"] {
        let document = finish(&thing, json!({"Id": "x", "Policy": policy}), None).0;
        assert_eq!(document["Policy"], json!({ "Key": MARK }));
    }
}

#[test]
fn json_texts_are_opened_where_they_are_json() {
    let thing = definition("json: [Policy, 'List[].Text']");
    let opened = |text: &str| finish(&thing, json!({"Id": "x", "Policy": text}), None).0["Policy"].clone();
    assert_eq!(opened("{\"a\":[1]}"), json!({"a": [1]}));
    assert_eq!(opened(" \n[1]"), json!([1]));
    assert_eq!(opened("%7B%22a%22%3A%20%22b%2Bc%22%7D"), json!({"a": "b+c"}));
    let deep = "[".repeat(200_000);
    let long = format!("[\"{}\"]", "x".repeat(2 * 1024 * 1024));
    for text in [
        "",
        "plain",
        "\"text\"",
        "7",
        "null",
        "{",
        "{\"a\":}",
        "{} {}",
        "%7B",
        "%7B%22a%22",
        "%",
        "%ff%7B%7D",
        "100%",
        "\u{feff}{}",
        deep.as_str(),
        long.as_str(),
    ] {
        assert_eq!(opened(text), json!(text), "stays as it is: {text:.40}");
    }
    let list = finish(&thing, json!({"Id": "x", "List": [{"Text": "{}"}, {"Text": 7}, {}, "{}"]}), None).0;
    assert_eq!(list["List"], json!([{"Text": {}}, {"Text": 7}, {}, "{}"]));
}

#[test]
fn what_changes_by_itself_makes_no_version_and_is_not_lost() {
    let thing = definition("volatile: [Used, 'Parts[].Count', Stats.Total]");
    let document = |used: Value, count: u64, total: u64| json!({"Id": "x", "Used": used, "Parts": [{"Name": "a", "Count": count}, {"Name": "b"}], "Stats": {"Total": total, "Limit": 5}});
    let stored = |document: Value| finish(&thing, document, None).1.expect("an item").resource.document;
    let (before, after) = (document(json!({"At": 1}), 3, 7), document(json!(null), 4, 8));
    let (first, second) = (stored(before.clone()), stored(after.clone()));
    assert_eq!(first.hash(), second.hash(), "no new version");
    assert_eq!(
        first.value(),
        json!({"Id": "x", "Parts": [{"Name": "a"}, {"Name": "b"}], "Stats": {"Limit": 5}})
    );
    assert_eq!(first.observed(), Some(r#"{"Parts[0].Count":3,"Stats.Total":7,"Used":{"At":1}}"#));
    assert_eq!((first.whole().value(), second.whole().value()), (before, after));
    // What never was used has no version of its own either.
    let mut unused = document(json!(1), 3, 7);
    unused.as_object_mut().expect("members").remove("Used");
    assert_eq!(stored(unused).hash(), first.hash());
    // Any other change does make one.
    let mut renamed = document(json!({"At": 1}), 3, 7);
    renamed["Parts"][1]["Name"] = json!("c");
    assert_ne!(stored(renamed).hash(), first.hash());
}

#[test]
fn volatile_members_still_point_and_are_still_masked() {
    let thing = definition(
        "volatile: [Targets, Secret]\nsecret: [Secret]\nrelations: [{ kind: targets, path: 'Targets[]', to: 'T::Box::Thing' }]",
    );
    let item =
        finish(&thing, json!({"Id": "x", "Targets": ["y"], "Secret": "hunter2"}), None).1.expect("an item");
    assert_eq!(item.references.len(), 1);
    let document = item.resource.document;
    assert!(!document.whole().as_str().contains("hunter2"), "{document:?}");
    assert_eq!(document.observed(), Some(r#"{"Secret":"(secret)","Targets":["y"]}"#));
}

/// Everyone, without a condition, in one and the same statement.
#[test]
fn a_statement_for_everyone_exposes() {
    let exposed = |kind: &str, document: Value| {
        let item = finish(&CONTENT.resources[kind], document, None).1;
        item.unwrap_or_else(|problem| panic!("{problem}")).resource.exposed
    };
    let queue = |statement: Value| {
        let policy = json!({ "Statement": statement }).to_string();
        let arn = "arn:aws:sqs:eu-west-1:111111111111:q";
        exposed("AWS::SQS::Queue", json!({"QueueUrl": "https://q/q", "QueueArn": arn, "Policy": policy}))
    };
    let allow = |principal: Value| json!({"Effect": "Allow", "Principal": principal, "Action": "sqs:*"});
    let with = |mut statement: Value, condition: Value| {
        statement["Condition"] = condition;
        statement
    };
    let source = json!({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111111111111:t"}});
    let account = json!({"AWS": "arn:aws:iam::111111111111:root"});
    for (statement, expected) in [
        (json!([allow(json!("*"))]), true),
        (allow(json!("*")), true),
        (json!([allow(json!({"AWS": "*"}))]), true),
        (json!([allow(json!({"AWS": ["arn:aws:iam::1:root", "*"]}))]), true),
        (json!([with(allow(json!("*")), json!({}))]), true),
        (json!([with(allow(json!("*")), source.clone())]), false),
        (json!([allow(account.clone())]), false),
        (json!([allow(json!({"Service": "sns.amazonaws.com"}))]), false),
        (json!([{"Effect": "Deny", "Principal": "*", "Action": "sqs:*"}]), false),
        // Each half in a statement of its own is no statement for everyone.
        (
            json!([{"Effect": "Deny", "Principal": "*"}, allow(account), with(allow(json!("*")), source)]),
            false,
        ),
        (json!([]), false),
    ] {
        assert_eq!(queue(statement.clone()), expected, "{statement}");
    }
    let open = json!({"Statement": [allow(json!("*"))]}).to_string();
    let arn = "arn:aws:iam::111111111111:role/r";
    let role = json!({"RoleName": "r", "Arn": arn, "AssumeRolePolicyDocument": open});
    assert!(exposed("AWS::IAM::Role", role), "anybody may take the role");
}

#[test]
fn parameters_have_one_slash_before_their_name() {
    for name in ["/shop/db", "shop"] {
        let parameter = &CONTENT.resources["AWS::SSM::Parameter"];
        let item = finish(parameter, json!({ "Name": name }), None).1.expect("an item");
        let name = name.trim_start_matches('/');
        assert_eq!(
            item.resource.uid.as_str(),
            format!("arn:aws:ssm:eu-west-1:111111111111:parameter/{name}")
        );
    }
}
