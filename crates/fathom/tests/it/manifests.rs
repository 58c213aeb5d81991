//! `fathom check` of Kubernetes manifests. What must be found follows from the reference of the Kubernetes API and from the Pod
//! Security Standards.

use std::{fmt::Write as _, fs};

use serde_json::{Value, json};

use crate::harness::{Place, sample};

const ALL: [&str; 8] =
    ["--status", "fail", "--status", "unknown", "--status", "pass", "--status", "not-applicable"];

/// A shop: objects of a file beside each other, and a list in it.
const SHOP: &str = "\
# The shop.
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: { pod-security.kubernetes.io/enforce: baseline }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      serviceAccountName: web
      hostNetwork: yes
      initContainers:
        - name: prepare
          image: registry.example.com:5000/prepare
      containers:
        - name: web
          image: registry.example.com/web:1.4
          securityContext:
            allowPrivilegeEscalation: false
            privileged: true
          env:
            - { name: DB_PASSWORD, value: hunter2-plain }
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ServiceAccount
    metadata: { name: web, namespace: shop }
    automountServiceAccountToken: false
  - apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: { name: deny, namespace: shop }
    spec: { podSelector: {}, policyTypes: [Ingress] }
  - apiVersion: monitoring.example.com/v1
    kind: Watcher
    metadata: { name: w }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: '0 3 * * *'
  jobTemplate:
    spec:
      template:
        spec:
          hostPID: true
          containers: [{ name: job, image: job@sha256:aa }]
";

fn report(place: &Place, arguments: &[&str]) -> Value {
    place.run(&[&["--json", "check"], arguments, &ALL[..]].concat()).ok().json()
}

fn of<'r>(report: &'r Value, check: &str, address: &str) -> &'r Value {
    let findings = report["findings"].as_array().expect("findings");
    let found = findings.iter().find(|one| one["check"] == check && one["address"] == address);
    found.unwrap_or_else(|| panic!("{check} of {address} is not told"))
}

#[test]
fn objects_are_asked_with_their_places_and_their_neighbours() {
    let place = Place::new();
    place.write("shop.yaml", SHOP);
    let found = report(&place, &["shop.yaml"]);
    let web = "Deployment/shop/web";
    for (check, address, status, line) in [
        ("kubernetes_pod_not_privileged", web, "fail", 26),
        ("kubernetes_pod_no_host_network", web, "fail", 17),
        // One container says it, the other does not: the line of that one.
        ("kubernetes_pod_no_escalation", web, "fail", 19),
        // The colon of a port is no version.
        ("kubernetes_pod_image_version", web, "fail", 20),
        ("kubernetes_pod_no_secret_values", web, "fail", 28),
        ("kubernetes_pod_no_host_pid", "CronJob/nightly", "fail", 54),
        ("kubernetes_pod_no_host_ipc", web, "pass", 8),
        ("kubernetes_pod_image_digest", "CronJob/nightly", "pass", 45),
        // What the account says is in the list below.
        ("kubernetes_pod_token_not_mounted", web, "pass", 8),
        ("kubernetes_pod_token_not_mounted", "CronJob/nightly", "unknown", 45),
        ("kubernetes_pod_own_namespace", "CronJob/nightly", "unknown", 45),
        ("kubernetes_namespace_policy", "Namespace/shop", "pass", 2),
        ("kubernetes_namespace_quota", "Namespace/shop", "unknown", 2),
        ("kubernetes_namespace_pod_security", "Namespace/shop", "pass", 2),
        ("kubernetes_policy_not_for_everybody", "NetworkPolicy/shop/deny", "pass", 37),
    ] {
        let one = of(&found, check, address);
        assert_eq!(one["status"], status, "{one}");
        assert_eq!(one["line"], line, "{one}");
        assert_eq!(one["file"], "shop.yaml");
    }
    let version = of(&found, "kubernetes_pod_image_version", web);
    let said = json!([{ "path": "spec.template.spec.initContainers[0].image", "value": "\"registry.example.com:5000/prepare\"" }]);
    assert_eq!(version["why"], said);
    let privileged = of(&found, "kubernetes_pod_not_privileged", web);
    assert_eq!(privileged["why"][0]["path"], "spec.template.spec.containers[0].securityContext.privileged");
    assert_eq!(privileged["resource"], "shop.yaml#Deployment/shop/web");
    assert_eq!(privileged["resource_type"], "Kubernetes::Apps::Deployment");
    assert!(!found.to_string().contains("hunter2"), "a password is shown");
    let gaps = found["gaps"].to_string();
    assert!(
        gaps.contains("shop.yaml: nothing is known of monitoring.example.com/v1 Watcher: Watcher/w"),
        "{gaps}"
    );
    // Nothing of AWS was there, so none of its checks is counted.
    let checks = found["checks"].as_object().expect("checks");
    assert!(checks.len() >= 30 && checks.keys().all(|id| id.starts_with("kubernetes_")), "{}", checks.len());
    // The same finding has the same name in every run, also where its file grew.
    place.write("shop.yaml", format!("# One line more.\n{SHOP}"));
    let again = report(&place, &["shop.yaml"]);
    assert_eq!(of(&again, "kubernetes_pod_not_privileged", web)["id"], privileged["id"]);
    assert_eq!(of(&again, "kubernetes_pod_not_privileged", web)["line"], 27);
}

#[test]
fn reports_and_gates_are_those_of_other_code() {
    let place = Place::new();
    place.write("k/shop.yaml", SHOP);
    place.write("k/values.yaml", "replicas: 1\n");
    place.write("k/bucket.yaml", "Resources:\n  Logs:\n    Type: AWS::S3::Bucket\n");
    let reports = ["--sarif", "o.sarif", "--junit", "o.xml", "--markdown", "o.md"];
    place.run(&[&["check", "k", "--fail-on", "critical"], &reports[..]].concat()).code(3);
    place.run(&["check", "k", "--fail-on", "critical", "--check", "kubernetes_pod_no_host_network"]).ok();
    let sarif: Value = serde_json::from_slice(&place.read("o.sarif")).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let one = results.iter().find(|one| one["ruleId"] == "kubernetes_pod_not_privileged").expect("a result");
    let at = &one["locations"][0]["physicalLocation"];
    assert_eq!(
        (&at["artifactLocation"]["uri"], &at["region"]["startLine"]),
        (&json!("k/shop.yaml"), &json!(26))
    );
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
    let rule = rules.iter().find(|one| one["id"] == "kubernetes_pod_not_privileged").expect("a rule");
    assert!(rule["help"]["text"].as_str().expect("a text").starts_with("In the container"), "{rule}");
    // Templates of the same folder are asked by their own checks.
    assert!(
        results.iter().any(|one| one["ruleId"] == "s3_bucket_access_logged"),
        "the template is not asked"
    );
    let comment = String::from_utf8(place.read("o.md")).expect("text");
    assert!(comment.contains("`k/shop.yaml:26` `Deployment/shop/web`"), "{comment}");
    assert!(comment.contains("- `kubernetes_pod_not_privileged`: In the container"), "{comment}");
    let junit = String::from_utf8(place.read("o.xml")).expect("text");
    assert!(junit.contains("kubernetes_pod_not_privileged"), "{junit}");
    let text = place.run(&["check", "k"]).ok().out;
    assert!(text.contains("k/shop.yaml:26 Deployment/shop/web"), "{text}");
    assert!(text.contains("k: 1 JSON and YAML files are neither Terraform plans"), "{text}");
    let csv = place.run(&["check", "k", "--csv"]).ok().out;
    let row =
        |line: &str| line.contains("kubernetes_pod_not_privileged") && line.ends_with(",k/shop.yaml,26");
    assert!(csv.lines().any(row), "{csv}");
}

#[test]
fn what_others_must_write_first_is_named_with_how() {
    let place = Place::new();
    let pod = |name: &str| {
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{ name: {name} }}\nspec: {{ containers: [] }}\n")
    };
    place.write("all/plain.yaml", pod("plain"));
    place.write("all/chart/Chart.yaml", "apiVersion: v2\nname: web\n");
    place.write(
        "all/chart/templates/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n",
    );
    place.write(
        "all/chart/templates/if.yaml",
        "{{- if .Values.on }}\napiVersion: v1\nkind: Pod\n{{- end }}\n",
    );
    place.write(
        "all/overlay/kustomization.yaml",
        "resources: [pod.yaml]\npatches: [{ path: sub/patch.yaml }]\n",
    );
    place.write("all/overlay/pod.yaml", pod("kustomized"));
    place.write("all/overlay/sub/patch.yaml", pod("patched"));
    // What others have in braces is none of Helm.
    place.write(
        "all/alerts.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: alerts }\ndata: { a: \"{{ $labels.pod }} is {{ .Value }}\" }\n",
    );
    let found = report(&place, &["all"]);
    of(&found, "kubernetes_pod_no_host_pid", "Pod/plain");
    of(&found, "kubernetes_config_map_no_secrets", "ConfigMap/alerts");
    assert!(!found.to_string().contains("Pod/kustomized"), "a part of what Kustomize makes is asked");
    let gaps = found["gaps"].to_string();
    for part in [
        "all/chart: left out as Helm templates: if.yaml, pod.yaml; write what they make with `helm template NAME all/chart > all.yaml`",
        "all/overlay: left out as parts of what Kustomize makes: pod.yaml, patch.yaml; write what they make with `kubectl kustomize all/overlay > all.yaml`",
    ] {
        assert!(gaps.contains(part), "{part}: {gaps}");
    }
    place
        .run(&["check", "all/chart/templates/pod.yaml", "all/plain.yaml"])
        .code(1)
        .says(&["pod.yaml: a Helm template; write what it makes with `helm template"]);
    let named = report(&place, &["all/overlay/pod.yaml"]);
    of(&named, "kubernetes_pod_no_host_pid", "Pod/kustomized");
    assert!(named["assumed"].to_string().contains("`kubectl kustomize FOLDER`"), "{}", named["assumed"]);
}

#[test]
fn what_cannot_be_read_takes_nothing_from_the_others() {
    let place = Place::new();
    let broken = "apiVersion: v1\nkind: Pod\nmetadata: { name: good }\nspec: { containers: [] }\n---\napiVersion: v1\nkind: Pod\nmetadata: { name: bad\n---\n\
                  apiVersion: v1\nkind: Pod\nmetadata: { name: twice }\nspec:\n  hostPID: true\n  hostPID: false\n";
    place.write("broken.yaml", broken);
    let mut bomb = String::from(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n",
    );
    for at in 1..12 {
        let before = vec![format!("*a{}", at - 1); 10].join(", ");
        let _ = writeln!(bomb, "a{at}: &a{at} [{before}]");
    }
    place.write("bomb.yaml", bomb);
    place.write(
        "deep.json",
        format!(
            "{{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"x\": {}{}}}",
            "[".repeat(5_000),
            "]".repeat(5_000)
        ),
    );
    // Nothing is written of it: a file may be as long as it says.
    let huge = place.write("huge.yaml", "apiVersion: v1\nkind: Pod\n");
    fs::OpenOptions::new()
        .write(true)
        .open(huge)
        .and_then(|file| file.set_len(64 * 1024 * 1024 + 1))
        .expect("a long file");
    let ran = place
        .run(&[
            "check",
            "broken.yaml",
            "bomb.yaml",
            "deep.json",
            "huge.yaml",
            "--check",
            "kubernetes_pod_not_privileged",
            "--status",
            "pass",
        ])
        .code(1);
    assert!(ran.out.contains("broken.yaml:1 Pod/good"), "{}", ran.out);
    ran.says(&[
        "broken.yaml:8: not a Kubernetes manifest: unclosed",
        "broken.yaml:15: not a Kubernetes manifest: duplicate mapping key: hostPID\n",
        "bomb.yaml:9: not a Kubernetes manifest: alias replay limit",
        "deep.json:1: not a Kubernetes manifest",
        "huge.yaml has 67108865 bytes",
    ]);
    place.write("odd.yaml", "apiVersion: v1\nkind: Pod\nmetadata: { name: odd }\nspec:\n  hostPid: true\n  hostIPC: \"true\"\n  containers: []\n---\napiVersion: v1\nkind: Pod\nmetadata: { name: odd }\nspec: {}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: none }\n");
    let found = report(&place, &["odd.yaml"]);
    let gaps = found["gaps"].to_string();
    for part in [
        "odd.yaml:5: Pod/odd: `spec.hostPid`: there is no such member; did you mean `hostPID`?",
        "odd.yaml:6: Pod/odd: `spec.hostIPC`: the API takes true or false there",
        "odd.yaml:9: Pod/odd is declared again",
        "odd.yaml:14: Deployment/none: there is no pod in it: `spec.template.spec` is not there",
    ] {
        assert!(gaps.contains(part), "{part}: {gaps}");
    }
    assert_eq!(of(&found, "kubernetes_pod_no_host_ipc", "Pod/odd")["status"], "unknown");
    assert_eq!(of(&found, "kubernetes_pod_no_host_ipc", "Pod/odd (2)")["status"], "pass");
    assert_eq!(of(&found, "kubernetes_pod_no_host_pid", "Pod/odd")["status"], "pass");
}

#[test]
fn a_scan_knows_nothing_of_manifests() {
    let place = sample();
    let found = place.run(&["--json", "check", "--no-keep"]).ok().json();
    let checks = found["checks"].as_object().expect("checks");
    assert!(checks.len() > 400 && !checks.keys().any(|id| id.starts_with("kubernetes_")));
    assert!(!found["gaps"].to_string().contains("Kubernetes::"), "{}", found["gaps"]);
    let frameworks = place.run(&["--json", "frameworks", "cis-aws-7.0.0"]).ok().out;
    assert!(!frameworks.contains("kubernetes_"), "a framework of AWS names checks of manifests");
    let listed = place.run(&["--json", "check", "--list"]).ok().json();
    let of_manifests = |one: &&Value| one["id"].as_str().is_some_and(|id| id.starts_with("kubernetes_"));
    assert!(listed.as_array().expect("a list").iter().filter(of_manifests).count() >= 30);
    place
        .run(&["check", "--check", "kubernetes_pod_no_host_pid"])
        .code(1)
        .says(&["`kubernetes_pod_no_host_pid` is asked of Kubernetes manifests only: name files"]);
    let told = place.run(&["check", "--explain", "kubernetes_pod_no_host_pid"]).ok().out;
    assert!(told.contains("fix in the manifest") && !told.contains("fix in Terraform"), "{told}");
}
