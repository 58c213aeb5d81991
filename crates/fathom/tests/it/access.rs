//! `access` and `access_who` in SQL say what `what-can`, `what-on` and the openings say of the sample.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{Place, sample};

/// Rows of texts, without order.
type Rows = BTreeSet<Vec<String>>;

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The rows of a query; none comes twice.
fn asked(sql: &str) -> Rows {
    let found = sample().run(&["sql", "--limit", "1000000", "--format", "json", sql]).ok().json();
    let columns: Vec<&str> = sql
        .trim_start_matches("select ")
        .trim_start_matches("distinct ")
        .split(" from ")
        .next()
        .map(|list| list.split(", ").collect())
        .unwrap_or_default();
    let all = found.as_array().expect("rows");
    let rows: Rows =
        all.iter().map(|row| columns.iter().map(|column| text(&row[*column])).collect()).collect();
    assert_eq!(rows.len(), all.len(), "{sql}");
    rows
}

fn items<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

/// A row for each action, with the given texts before it.
fn spread(row: &Value, before: &[String]) -> Rows {
    let mut rows = Rows::new();
    for permitted in items(row, "permitted") {
        for action in items(permitted, "actions") {
            let mut one = before.to_vec();
            one.extend([text(&permitted["access"]), text(action), text(&permitted["decision"])]);
            rows.insert(one);
        }
    }
    rows
}

#[test]
fn a_principal_may_in_sql_what_it_may_elsewhere() {
    for (name, condition) in [
        ("SupportAccess", "principal_name = 'SupportAccess'"),
        ("storefront-task", "principal_name = 'storefront-task'"),
        ("ci-deploy", "principal_name = 'ci-deploy'"),
        ("break-glass-1", "principal_name = 'break-glass-1'"),
        ("908249470583", "principal = '908249470583'"),
    ] {
        let can = sample().run(&["what-can", "--json", name]).ok().json();
        let mut wanted = Rows::new();
        for row in items(&can, "rows") {
            for resource in items(row, "resources") {
                wanted.extend(spread(row, &[text(resource), text(&row["resource_type"])]));
            }
        }
        let sql = format!(
            "select resource, resource_type, access, action, decision from access \
             where {condition} and principal_kind in ('user', 'role', 'root')"
        );
        let found = asked(&sql);
        assert!(found == wanted, "{name}: {} rows, wanted {}", found.len(), wanted.len());
    }
}

#[test]
fn a_resource_is_open_in_sql_to_whom_it_is_elsewhere() {
    let mut some = vec![
        "arn:aws:s3:::northwind-tmp-export-7731".to_owned(),
        "arn:aws:s3:::northwind-audit-trail".to_owned(),
        "arn:aws:iam::908249470583:role/SupportAccess".to_owned(),
        "arn:aws:iam::908249470583:role/ci-deploy".to_owned(),
    ];
    for kind in ["AWS::KMS::Key", "AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::EC2::Instance"] {
        some.extend(sample().texts(&format!("select min(uid) from resources where type = '{kind}'")));
    }
    let mut all = 0;
    for resource in some {
        let on = sample().run(&["what-on", "--json", &resource]).ok().json();
        let mut wanted = Rows::new();
        for row in items(&on, "rows") {
            wanted.extend(spread(row, &[text(&row["principal"]), text(&row["kind"])]));
        }
        let sql = format!(
            "select principal, principal_kind, access, action, decision from access \
             where resource = '{resource}' and principal is not null"
        );
        let found = asked(&sql);
        assert!(found == wanted, "{resource}: {} rows, wanted {}", found.len(), wanted.len());
        all += found.len();
    }
    assert!(all > 900, "only {all} rows");
}

#[test]
fn openings_are_the_same_in_sql() {
    let mut wanted = Rows::new();
    for command in ["external", "cross-account"] {
        for row in items(&sample().run(&[command, "--json"]).ok().json(), "rows") {
            let before = ["from", "resource", "resource_type", "account", "principal", "kind"]
                .map(|name| text(&row[name]));
            wanted.extend(spread(row, &before));
        }
    }
    let sql = "select origin, resource, resource_type, account, principal, principal_kind, access, action, decision \
               from access_who where origin <> 'service'";
    assert_eq!(asked(sql), wanted);
    let gaps = "select resource from access_who where gap is not null and resource like '%:stream/clicks'";
    assert_eq!(asked(gaps).len(), 1, "a policy that no scan could read is told");
}

#[test]
fn everything_at_once_says_what_each_one_does() {
    // Hidden from the table, so that it works out everyone and everything.
    let of = |condition: &str| {
        asked(&format!(
            "select principal, principal_kind, resource, action, decision from access where {condition} and access = 'data'"
        ))
    };
    let named = "'arn:aws:iam::908249470583:role/SupportAccess'";
    assert_eq!(of(&format!("principal = {named}")), of(&format!("concat(principal, '') = {named}")));
    let bucket = "'arn:aws:s3:::northwind-tmp-export-7731'";
    assert_eq!(of(&format!("resource = {bucket}")), of(&format!("concat(resource, '') = {bucket}")));
}

#[test]
fn questions_of_the_guide_have_answers() {
    let readers = "select principal_name, resource from access \
        where resource_type = 'AWS::S3::Bucket' and action = 's3:GetObject' and decision in ('allowed', 'only_if') \
        and principal_name = 'SupportAccess'";
    let buckets = sample()
        .number("select count(*) from resources where type = 'AWS::S3::Bucket' and account = '908249470583'");
    assert_eq!(asked(readers).len() as u64, buckets, "it may do everything in its account, over TLS");
    let stranger =
        "select distinct resource, action, decision from access where principal in ('999988887777', '*')";
    let wanted = [
        ["arn:aws:iam::908249470583:role/SupportAccess", "sts:AssumeRole", "allowed"],
        ["arn:aws:s3:::northwind-tmp-export-7731", "s3:GetObject", "only_if"],
    ];
    let found = asked(stranger);
    for row in wanted {
        assert!(found.contains(row.map(str::to_owned).as_slice()), "{row:?} in {found:?}");
    }
}

#[test]
fn mistakes_about_permissions_say_what_to_write() {
    let cases = [
        ("select * from access where principal = 'SupportAccess'", "`principal_name`"),
        ("select * from access where action = 's3:getobject'", "`s3:GetObject`"),
        ("select * from access where access = 'all'", "list, read, data, tagging, write, admin"),
        ("select principle from access", "did you mean `principal`?"),
        ("select * from acces", "did you mean `access`"),
    ];
    for (sql, says) in cases {
        assert_eq!(sample().run(&["sql", sql]).code(1).says(&[says]).out, "", "{sql}");
    }
    let place = Place::with_sample();
    place.run(&["scan", "--sample"]).ok();
    place
        .run(&["sql", "--as-of", "scan:1", "select * from access"])
        .code(1)
        .says(&["as of scan 1 is not kept"]);
}
