//! What expressions give: as CEL's definition says, and what is not known. Rows: expression, what it gives (`none`: no value).

use fathom_checks::holds;
use serde_json::json;

#[test]
fn expressions_give_what_the_language_says() {
    let document = json!({
        "A": { "B": 1, "Off": false }, "Text": "Hello", "List": [1, 2, 3], "Rules": [{ "Port": 22, "To": "0.0.0.0/0" }, { "Port": 443 }],
        "Tags": { "Owner": "x", "a.b": 2 }, "One": { "Effect": "Deny" }, "Null": null, "Half": 0.5,
    });
    for (expression, gives) in [
        ("doc.A.B == 1", Some(true)),
        ("doc.A.B == 1.0", Some(true)),
        ("doc.A.Missing == 1", None),
        ("has(doc.A.Missing)", Some(false)),
        // Otherwise than in CEL: documents keep as null what the provider answered that it is not set.
        ("has(doc.Null)", Some(false)),
        ("doc.?Null.?Inner.orValue(3) == 3", Some(true)),
        ("doc[?'Null'].hasValue()", Some(false)),
        ("doc.Null == null", Some(true)),
        ("false && doc.A.Missing", Some(false)),
        ("doc.A.Missing && false", Some(false)),
        ("doc.A.Missing || true", Some(true)),
        ("doc.A.Missing || false", None),
        ("doc.?A.?B.orValue(7) == 1", Some(true)),
        ("doc.?A.?C.orValue(7) == 7", Some(true)),
        ("doc.?X.?C.orValue(7) == 7", Some(true)),
        ("doc.?X.hasValue()", Some(false)),
        ("doc.List.all(n, n > 0)", Some(true)),
        ("doc.List.exists(n, n == 4)", Some(false)),
        ("doc.List.exists_one(n, n > 2)", Some(true)),
        ("doc.List.exists_one(n, n > 1)", Some(false)),
        ("doc.List.map(n, n * 2) == [2, 4, 6]", Some(true)),
        ("size(doc.List.filter(n, n % 2 == 1)) == 2", Some(true)),
        ("doc.Rules.exists(r, r.Port == 22 && r.To == '0.0.0.0/0')", Some(true)),
        // An element without the member does not decide where another does.
        ("doc.Rules.exists(r, r.To == '0.0.0.0/0')", Some(true)),
        ("doc.Rules.all(r, r.To == '0.0.0.0/0')", None),
        ("doc.Rules.all(r, r.To == 'elsewhere')", Some(false)),
        ("'Owner' in doc.Tags", Some(true)),
        ("doc.Tags['a.b'] == 2", Some(true)),
        ("doc.Tags[?'none'].orValue(3) == 3", Some(true)),
        ("doc.Tags.exists(t, t == 'Owner')", Some(true)),
        ("2 in doc.List", Some(true)),
        ("doc.Text.startsWith('He') && doc.Text.endsWith('lo') && doc.Text.contains('ll')", Some(true)),
        ("doc.Text.lowerAscii() == 'hello'", Some(true)),
        ("doc.Text == 5", Some(false)),
        ("doc.Text < 5", None),
        ("doc.A.B > 0 ? doc.A.Off == false : doc.A.Missing", Some(true)),
        ("each(doc.One).exists(s, s.Effect == 'Deny')", Some(true)),
        ("size(each(doc.?None)) == 0", Some(true)),
        ("doc.Half < 1 && doc.Half * 2.0 == 1.0", Some(true)),
        ("9223372036854775807 + 1 > 0", None),
        ("1 / 0 == 1", None),
        ("doc.Text", None),
    ] {
        let found = holds(expression, &document, &[]).unwrap_or_else(|error| panic!("{expression}: {error}"));
        assert_eq!(found, gives, "{expression}");
    }
}

#[test]
fn what_was_not_read_is_never_false() {
    let document = json!({ "Name": "a", "A": { "B": 1 }, "List": [{ "P": 1 }, { "P": 2 }] });
    let unread = ["Policy".to_owned(), "A.C".to_owned(), "List[1].P".to_owned()];
    for (expression, gives) in [
        ("has(doc.Policy)", None),
        ("!has(doc.Policy)", None),
        ("doc.?Policy.orValue('x') == 'x'", None),
        ("doc.?Policy.?Statement.orValue([]).exists(s, true)", None),
        ("doc.Name == 'b' && has(doc.Policy)", Some(false)),
        ("has(doc.Policy) && doc.Name == 'b'", Some(false)),
        ("doc.Name == 'a' || has(doc.Policy)", Some(true)),
        ("doc.Name == 'a' && has(doc.Policy)", None),
        ("doc.Name == 'a' ? true : has(doc.Policy)", Some(true)),
        ("has(doc.Policy) ? true : true", None),
        ("doc.A.B == 1", Some(true)),
        ("has(doc.A.C)", None),
        ("doc.A == doc.A", None),
        ("size(doc.List) == 2", Some(true)),
        ("doc.List.exists(l, l.P == 1)", Some(true)),
        ("doc.List.exists(l, l.P == 2)", None),
        ("doc.List.all(l, l.P == 2)", Some(false)),
        ("doc.List == doc.List", None),
        ("'Policy' in doc", None),
    ] {
        let found =
            holds(expression, &document, &unread).unwrap_or_else(|error| panic!("{expression}: {error}"));
        assert_eq!(found, gives, "{expression}");
    }
}

#[test]
fn what_is_kept_as_a_secret_is_there_and_not_known() {
    let document = json!({ "Name": "a", "Settings": [{ "Name": "Mode", "Value": "(secret)" }, { "Name": "Size", "Value": "(secret)" }] });
    for (expression, gives) in [
        ("doc.Settings.exists(s, s.Name == 'Mode' && s.Value == 'safe')", None),
        ("doc.Settings.exists(s, s.Name == 'Other' && s.Value == 'safe')", Some(false)),
        ("doc.Settings.all(s, has(s.Value))", Some(true)),
        ("doc.Settings[0].?Value.orValue('') == 'safe'", None),
        ("doc.Settings[0]['Value'] == 'safe'", None),
        ("size(doc.Settings) == 2", Some(true)),
    ] {
        let found = holds(expression, &document, &[]).unwrap_or_else(|error| panic!("{expression}: {error}"));
        assert_eq!(found, gives, "{expression}");
    }
}

#[test]
fn an_expression_that_would_not_end_in_time_has_no_value() {
    let many: Vec<u32> = (0..2_000).collect();
    let document = json!({ "L": many });
    let nested = "doc.L.all(a, doc.L.all(b, doc.L.all(c, a + b + c >= 0)))";
    assert_eq!(holds(nested, &document, &[]), Ok(None));
    let doubling = "doc.L.map(a, doc.L.map(b, doc.L)).exists(x, false)";
    assert_eq!(holds(doubling, &document, &[]), Ok(None));
}
