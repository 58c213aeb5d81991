//! Expectations are from the reference of the Kubernetes API: where pods lie, what an absent member means, what names what.

use fathom_content::{Content, checks::CheckFiles};
use serde_json::json;

use super::*;
use crate::Shapes;

const CHECK: &str = "
title: t
severity: high
because: b.
fix: { cli: c, manifest: m }
costs: { money: none, performance: none, effort: none }
references: [https://kubernetes.io/docs/]
";

fn checks(content: &Content, all: &[(&str, &str, &str)]) -> Checks {
    let texts = all.iter().map(|(id, kind, passes)| {
        let tests = "tests: { pass: [{ doc: {} }], fail: [{ doc: {} }] }";
        let text =
            format!("id: {id}\ntype: {kind}\npasses: {}\n{tests}{CHECK}", serde_json::Value::from(*passes));
        (format!("checks/kubernetes/x/{id}.yaml"), text)
    });
    let (checks, problems) = Checks::compile(CheckFiles::from_texts(&texts.collect()), &Shapes::of(content));
    assert!(problems.is_empty(), "{problems:?}");
    checks
}

fn objects<'k>(content: &'k Content, documents: &[Value]) -> Vec<DeclaredObject<'k>> {
    let of = |document: &Value| {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (api, kind) = (document["apiVersion"].as_str(), document["kind"].as_str());
        let name = text(&document["metadata"]["name"]).expect("a name");
        DeclaredObject {
            uid: format!("f.yaml#{}/{name}", kind.expect("a kind")),
            kind: content.manifests.kind(api.expect("an API"), kind.expect("a kind")).expect("a kind"),
            name,
            namespace: text(&document["metadata"]["namespace"]),
            document: document.clone(),
        }
    };
    documents.iter().map(of).collect()
}

fn told(content: &Content, checks: &Checks, documents: &[Value]) -> OfManifests {
    let objects = objects(content, documents);
    OfManifests::of(&content.manifests, checks, &objects, Timestamp::UNIX_EPOCH, &Status::ALL)
}

#[test]
fn a_pod_is_found_in_whatever_makes_it_and_places_are_those_of_the_manifest() {
    let content = Content::embedded().expect("content");
    let checks = checks(
        &content,
        &[
            (
                "not_privileged",
                "Kubernetes::Workload",
                "doc.containers.all(c, !c.?securityContext.?privileged.orValue(false))",
            ),
            ("no_host_pid", "Kubernetes::Workload", "!doc.pod.spec.?hostPID.orValue(false)"),
            ("no_latest", "Kubernetes::Workload", "doc.images.all(i, i.?tag.orValue('latest') != 'latest')"),
        ],
    );
    let pod = json!({ "hostPID": true, "containers": [{ "name": "a", "image": "a:1" }],
        "initContainers": [{ "name": "b", "image": "b:latest", "securityContext": { "privileged": true } }] });
    let meta = json!({ "name": "x", "namespace": "shop" });
    let found = told(
        &content,
        &checks,
        &[
            json!({ "apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": pod }),
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": { "template": { "spec": pod } } }),
            json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta, "spec": { "jobTemplate": { "spec": { "template": { "spec": pod } } } } }),
        ],
    );
    let mut places: Vec<(String, String)> = found
        .posture
        .findings
        .iter()
        .map(|one| {
            assert_eq!(one.status, Status::Fail, "{one:?}");
            (one.resource_type.clone(), one.why[0].path.clone())
        })
        .collect();
    places.sort();
    let mut wanted = Vec::new();
    for (kind, way) in [
        ("Kubernetes::Apps::Deployment", "spec.template."),
        ("Kubernetes::Batch::CronJob", "spec.jobTemplate.spec.template."),
        ("Kubernetes::Core::Pod", ""),
    ] {
        for path in [
            "spec.hostPID",
            "spec.initContainers[0].image",
            "spec.initContainers[0].securityContext.privileged",
        ] {
            wanted.push((kind.to_owned(), format!("{way}{path}")));
        }
    }
    assert_eq!(places, wanted);
}

#[test]
fn neighbours_that_are_not_in_the_files_are_not_known() {
    let content = Content::embedded().expect("content");
    let checks = checks(
        &content,
        &[
            (
                "has_policy",
                "Kubernetes::Core::Namespace",
                "in_namespace('Kubernetes::Networking::NetworkPolicy').exists(p, size(p.spec.podSelector) == 0)",
            ),
            (
                "no_token",
                "Kubernetes::Workload",
                "related('runs_as').all(a, !a.?automountServiceAccountToken.orValue(true))",
            ),
        ],
    );
    let policy = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": { "name": "deny", "namespace": "shop" }, "spec": { "podSelector": {} } });
    let namespace =
        |name: &str| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    let account = |namespace: &str, mounts: bool| json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "app", "namespace": namespace }, "automountServiceAccountToken": mounts });
    let pod = |name: &str, namespace: &str, account: &str| json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": namespace }, "spec": { "serviceAccountName": account, "containers": [] } });
    let found = told(
        &content,
        &checks,
        &[
            namespace("shop"),
            namespace("other"),
            policy,
            account("shop", false),
            account("other", true),
            pod("a", "shop", "app"),
            pod("b", "other", "app"),
            pod("c", "shop", "elsewhere"),
        ],
    );
    let of = |name: &str| {
        let one = found.posture.findings.iter().find(|one| one.resource.ends_with(name)).expect("a finding");
        (one.status, one.missing.join(" "))
    };
    assert_eq!(of("Namespace/shop").0, Status::Pass);
    assert_eq!(
        of("Namespace/other"),
        (Status::Unknown, "Kubernetes::Networking::NetworkPolicy that are not in these files".to_owned())
    );
    assert_eq!(of("Pod/a").0, Status::Pass);
    assert_eq!(of("Pod/b").0, Status::Fail);
    assert_eq!(
        of("Pod/c"),
        (Status::Unknown, "the ServiceAccount `elsewhere` is not in these files".to_owned())
    );
}

#[test]
fn secrets_are_not_shown_and_wrong_forms_are_not_known() {
    let content = Content::embedded().expect("content");
    let checks = checks(
        &content,
        &[
            (
                "no_password",
                "Kubernetes::Workload",
                "doc.containers.all(c, c.?env.orValue([]).all(e, e.?value.orValue('') == ''))",
            ),
            ("no_data", "Kubernetes::Core::Secret", "doc.data.all(k, doc.data[k] == '')"),
            ("no_host_ipc", "Kubernetes::Workload", "!doc.pod.spec.?hostIPC.orValue(false)"),
            (
                "own_namespace",
                "Kubernetes::Workload",
                "doc.metadata.?namespace.orValue('default') != 'default'",
            ),
        ],
    );
    let found = told(
        &content,
        &checks,
        &[
            json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a" },
                "spec": { "hostIPC": "false", "containers": [{ "name": "a", "env": [{ "name": "P", "value": "hunter2" }] }] } }),
            json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s" }, "data": { "k": "aHVudGVyMg==" } }),
        ],
    );
    let text = format!("{:?}", found.posture.findings);
    assert!(
        text.contains("(not shown)") && !text.contains("hunter2") && !text.contains("aHVudGVyMg"),
        "{text}"
    );
    let of = |check: &str| found.posture.findings.iter().find(|one| one.check == check).expect("a finding");
    assert_eq!(of("no_host_ipc").status, Status::Unknown);
    assert!(of("no_host_ipc").missing[0].contains("the API takes true or false"), "{:?}", of("no_host_ipc"));
    assert_eq!(of("own_namespace").status, Status::Unknown);
    assert_eq!(found.misfits.len(), 1);
}
