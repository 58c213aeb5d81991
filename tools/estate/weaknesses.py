"""What scanners of software found in servers, images and functions: Amazon Inspector in servers and functions, Amazon ECR in images.

The weaknesses are real, with the scores and versions that were published for them; that this company has them is invented. Some
servers nobody looks at.
"""

import hashlib
import json

from company import PRODUCTION, post
from workloads import MAIN

# What Inspector answers is kept for each way of asking: the scan and the check after seeding ask in their own ways.
ASKED = 8
SEEN = 1_793_491_200  # 1 November 2026
DAY = 86_400
NVD = "https://nvd.nist.gov/vuln/detail/"

# name: score, vector, severity, package, version, the version that has it no more, kind, whether an exploit is known, days ago
KNOWN = {
    "CVE-2024-23897": (9.8, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CRITICAL", "org.jenkins-ci.main:jenkins-core", "2.426.2", "2.442", "JAR", "YES", 210),
    "CVE-2024-6387": (8.1, "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", "HIGH", "openssh-server", "1:9.2p1-2+deb12u2", "1:9.2p1-2+deb12u3", "OS", "YES", 90),
    "CVE-2023-4911": (7.8, "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", "HIGH", "libc6", "2.36-9+deb12u1", "2.36-9+deb12u3", "OS", "YES", 90),
    "CVE-2023-44487": (7.5, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "HIGH", "nghttp2", "1.52.0-1", "1.52.0-1+deb12u1", "OS", "YES", 30),
    "CVE-2023-32681": (6.1, "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:C/C:H/I:N/A:N", "MEDIUM", "requests", "2.30.0", "2.31.0", "PYTHONPKG", "NO", 400),
}


def finding(number, name, kind, thing, status="ACTIVE"):
    score, vector, severity, package, version, fixed, manager, exploit, days = KNOWN[name]
    return {
        "findingArn": f"arn:aws:inspector2:{MAIN}:{PRODUCTION}:finding/{hashlib.sha256(f'{number} {name} {thing}'.encode()).hexdigest()[:32]}",
        "awsAccountId": PRODUCTION, "type": "PACKAGE_VULNERABILITY", "status": status, "severity": severity,
        "title": f"{name} - {package}", "description": f"{package} before {fixed}",
        "firstObservedAt": SEEN - days * DAY, "lastObservedAt": SEEN, "updatedAt": SEEN,
        "inspectorScore": score, "fixAvailable": "YES", "exploitAvailable": exploit,
        "resources": [{"type": kind, "id": thing, "partition": "aws", "region": MAIN}],
        "remediation": {"recommendation": {"text": "None Provided"}},
        "packageVulnerabilityDetails": {
            "vulnerabilityId": name, "source": "NVD", "sourceUrl": NVD + name, "vendorSeverity": severity, "relatedVulnerabilities": [], "referenceUrls": [],
            "cvss": [{"baseScore": score, "scoringVector": vector, "version": "3.1", "source": "NVD"}],
            "vulnerablePackages": [{"name": package, "version": version, "fixedInVersion": fixed, "packageManager": manager, "epoch": 0, "arch": "X86_64"}],
        },
    }


def servers(account):
    """The ids of servers by their names."""
    found = {}
    for page in account("ec2").get_paginator("describe_instances").paginate():
        for one in (one for reservation in page["Reservations"] for one in reservation["Instances"]):
            for tag in one.get("Tags", []):
                if tag["Key"] == "Name":
                    found[tag["Value"]] = one["InstanceId"]
    return found


def inspector(company):
    account = company.production
    account("inspector2").enable(accountIds=[PRODUCTION], resourceTypes=["EC2", "LAMBDA"])
    named = servers(account)
    functions = [one["FunctionArn"] for one in account("lambda").list_functions()["Functions"] if one["FunctionName"].endswith("order-mailer")]
    wanted = [
        ("jenkins-old", "CVE-2024-23897", "ACTIVE"), ("jenkins-old", "CVE-2023-4911", "ACTIVE"),
        ("payments-1", "CVE-2024-6387", "ACTIVE"), ("payments-2", "CVE-2024-6387", "SUPPRESSED"), ("payments-2", "CVE-2023-4911", "ACTIVE"),
    ]
    found = [finding(i, name, "AWS_EC2_INSTANCE", named[server], status) for i, (server, name, status) in enumerate(wanted) if server in named]
    found += [finding(i, "CVE-2023-32681", "AWS_LAMBDA_FUNCTION", f"{arn}:$LATEST") for i, arn in enumerate(functions)]
    post(company.endpoint, "/moto-api/static/inspector2/findings-results", {"results": [found] * ASKED, "account_id": PRODUCTION, "region": MAIN})


def image(ecr, repository, tag):
    """Pushes an image whose digest is the same in every run; it has no layers that anybody could pull."""
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    layer = hashlib.sha256(f"{repository}:{tag}".encode()).hexdigest()
    manifest = {
        "schemaVersion": 2, "mediaType": kind,
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 7023, "digest": f"sha256:{layer}"},
        "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 32654, "digest": f"sha256:{layer}"}],
    }
    return ecr.put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageManifestMediaType=kind, imageTag=tag)["image"]["imageId"]


def registry(company):
    ecr = company.production("ecr")
    there = {one["repositoryName"] for one in ecr.describe_repositories()["repositories"]}
    results = []
    for repository, tag, names in (
        ("storefront/web", "2026.11", ["CVE-2023-44487"]), ("storefront/cart", "2026.11", []), ("payments/api", "2026.10", ["CVE-2023-44487", "CVE-2023-4911"]),
    ):
        if repository not in there:
            continue
        made = image(ecr, repository, tag)
        ecr.start_image_scan(repositoryName=repository, imageId={"imageDigest": made["imageDigest"]})
        findings = [
            {
                "name": name, "uri": NVD + name, "severity": KNOWN[name][2],
                "attributes": [
                    {"key": "package_name", "value": KNOWN[name][3]}, {"key": "package_version", "value": KNOWN[name][4]},
                    {"key": "CVSS3_VECTOR", "value": KNOWN[name][1]}, {"key": "CVSS3_SCORE", "value": str(KNOWN[name][0])},
                ],
            }
            for name in names
        ]
        counts = {severity: sum(one["severity"] == severity for one in findings) for severity in {one["severity"] for one in findings}}
        results += [{
            "registryId": PRODUCTION, "repositoryName": repository, "imageId": {"imageDigest": made["imageDigest"]},
            "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
            "imageScanFindings": {"imageScanCompletedAt": SEEN, "vulnerabilitySourceUpdatedAt": SEEN, "findings": findings, "findingSeverityCounts": counts},
        }] * ASKED
    # Nobody ever scanned the base of the others.
    if "platform/base" in there:
        image(ecr, "platform/base", "2023.02")
    post(company.endpoint, "/moto-api/static/ecr/scan-finding-results", {"results": results, "account_id": PRODUCTION, "region": MAIN})


def seed(company):
    inspector(company)
    registry(company)
