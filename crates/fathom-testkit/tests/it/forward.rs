//! A front before a real moto.

use fathom_testkit::{
    front::{Fault, FrontOptions, Rule},
    moto::Moto,
};
use http::header::AUTHORIZATION;
use serde_json::json;

use crate::support::{KEY, Plain, authorization, front};

#[tokio::test]
async fn what_no_rule_takes_passes_as_it_is() {
    let Some(moto) = tokio::task::spawn_blocking(Moto::start).await.expect("a start") else { return };
    let options = FrontOptions {
        moto: Some(moto.url.clone()),
        rules: vec![Rule::new(Fault::Answer(json!({"TableNames": ["orders"]}))).operation("ListTables")],
        ..FrontOptions::default()
    };
    let (front, mut plain) = front(options);

    // A call that the models do not have.
    let made = plain
        .http
        .put(format!("{}/books", front.url))
        .header(AUTHORIZATION, authorization(KEY, "us-east-1", "s3"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(made.status(), 200);

    let through = plain.answer("s3", "ListBuckets", &json!({})).await.expect("an answer");
    let direct = Plain::at(&moto.url).answer("s3", "ListBuckets", &json!({})).await.expect("an answer");
    assert_eq!((through.status, &through.body), (direct.status, &direct.body));
    assert_eq!(through.headers.get("content-type"), direct.headers.get("content-type"));
    assert!(String::from_utf8_lossy(&through.body).contains("<Name>books</Name>"));
    assert_eq!(plain.value("dynamodb", "ListTables", &json!({})).await, json!({"TableNames": ["orders"]}));

    let params = json!({"RoleArn": "arn:aws:iam::222222222222:role/reader", "RoleSessionName": "scan"});
    let role = plain.value("sts", "AssumeRole", &params).await;
    plain.key = role["Credentials"]["AccessKeyId"].as_str().expect("a key").to_owned();
    let identity = plain.value("sts", "GetCallerIdentity", &json!({})).await;
    assert_eq!(identity["Account"], "222222222222");

    let calls = front.calls();
    let accounts: Vec<&str> = calls.iter().map(|call| call.account.as_str()).collect();
    assert_eq!(accounts, ["123456789012", "123456789012", "123456789012", "123456789012", "222222222222"]);
    assert_eq!((calls[0].service.as_str(), calls[0].operation.as_str()), ("s3", ""));
    assert!(calls.iter().all(|call| call.status == 200));
}
