//! The weaknesses of software as a table. That it equals the command is tested on the sample, with that.

use fathom_content::Content;
use fathom_lake::{Lake, Limits};
use fathom_model::{Document, Resource};
use serde_json::{Value, json};

use crate::{
    access::{resource, scanned},
    estate::{error, lake, rows},
};

/// Two servers, of which one has a finding with hostile words.
fn servers() -> Vec<Resource> {
    let of = |kind: &str, arn: &str, document: Value| Resource {
        document: Document::new(&document),
        ..resource(kind, arn, &document)
    };
    let server = |id: &str| {
        let arn = format!("arn:aws:ec2:eu-central-1:111122223333:instance/{id}");
        of("AWS::EC2::Instance", &arn, json!({"InstanceId": id, "State": {"Name": "running"}}))
    };
    let finding = json!({"type": "PACKAGE_VULNERABILITY", "status": "ACTIVE", "severity": "HIGH", "title": "a, \"b\"\n\u{1b}[2J'; drop",
        "resources": [{"id": "i-1"}], "epss": {"score": 0.25}, "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-2024-23897",
            "cvss": [{"baseScore": 9.8, "scoringVector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "source": "=NVD"}],
            "vulnerablePackages": [{"name": "@'; drop", "version": "1", "fixedInVersion": "2"}]}});
    let arn = "arn:aws:inspector2:eu-central-1:111122223333:finding/1";
    vec![server("i-1"), server("i-2"), of("AWS::InspectorV2::Finding", arn, finding)]
}

#[tokio::test]
async fn weaknesses_are_a_table_that_joins() {
    let dir = tempfile::tempdir().expect("a directory");
    let content = Content::embedded().expect("content");
    let lake = Lake::new(scanned(dir.path(), &servers()).await, &content).expect("a lake");
    let sql =
        "SELECT class, id, state, software, exploitation, epss, severity, score, scored_by, fix, reached,
        json_get_str(packages, 0, 'name') AS package FROM vulnerabilities WHERE id IS NOT NULL";
    let told = json!([{"class": 3, "id": "CVE-2024-23897", "state": "open", "software": "host", "exploitation": "likely", "epss": 0.25,
        "severity": "critical", "score": 9.8, "scored_by": "=NVD", "fix": "available", "reached": "unknown", "package": "@'; drop"}]);
    assert_eq!(rows(&lake, sql).await, told);
    let joined = "SELECT right(r.uid, 3) AS id, v.state, v.score > 9 AS bad FROM vulnerabilities v JOIN resources r ON r.uid = v.resource ORDER BY r.uid";
    let told = json!([{"id": "i-1", "state": "open", "bad": true}, {"id": "i-2", "state": "not_looked", "bad": null}]);
    assert_eq!(rows(&lake, joined).await, told);
    let gaps =
        "SELECT count(*) > 0 AS told FROM vulnerabilities WHERE gap LIKE '%AWS::InspectorV2::Coverage%'";
    assert_eq!(rows(&lake, gaps).await, json!([{"told": true}]), "what no scan asked for is told");
}

#[tokio::test]
async fn where_the_source_does_not_know_it_that_is_said() {
    let error = error(&lake(), "SELECT * FROM vulnerabilities", Limits::default()).await;
    assert!(error.to_string().contains("not known of this estate"), "{error}");
}
