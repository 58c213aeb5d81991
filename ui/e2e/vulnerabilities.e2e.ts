// Journeys through the weaknesses of software, on the sample organisation: Amazon Inspector looked at some hosts, and no list of what is exploited was loaded.
import { describe, it } from "vitest";
import { ADDRESS } from "./browser";
import { AS_OF, everySize, journey } from "./journey";

const LONG = "a-package-with-a-name-of-the-longest-kind-that-there-may-be-in-an-organisation-where-names-say-everything";

/** Weaknesses of every kind that there may be, and lists of what is exploited. */
function crowd(count: number): object {
  const of = <T>(at: number, all: readonly T[]): T => all[at % all.length]!;
  const thing = (at: number) => ({
    resource: `arn:aws:ec2:eu-west-1:111122223333:instance/i-${String(at).padStart(17, "0")}`, software: of(at, ["host", "image", "function"]), resource_type: "AWS::EC2::Instance", name: at === 2 ? LONG : `worker-${at}`, account: "111122223333", region: "eu-west-1",
    owner: at % 3 ? "payments" : null, reached: of(at, ["yes", "only_if", "unknown", "no"]), way: of(at, ["tcp 443 of 203.0.113.10", "", "nothing that scans saw runs it", "no port of it is reached from the internet"]), looked: ["Amazon Inspector"], not_looked: [],
  });
  const rows = Array.from({ length: count }, (_, at) => ({
    class: (at % 6) + 1, because: ["known to be exploited: KEV has it since 2024-08-19"], id: `CVE-2024-${10_000 + at}`, also: [`GHSA-${at}`], title: at % 2 ? "A service takes what anybody sends it and runs it" : null, state: "open", judged: null, thing: thing(at),
    exploitation: of(at, ["known", "likely", "unknown", "unlikely"]), kev_since: at % 4 ? null : "2024-08-19", epss: of(at, [0.9447, 0.00043, null, 0.021]), severity: of(at, ["critical", "high", "medium", "low", null]), score: of(at, [9.8, 7.5, 5.3, 3.1, null]), vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", scored_by: "NVD", attack: of(at, ["network", "local", null]),
    packages: Array.from({ length: (at % 4) + 1 }, (__, each) => ({ name: each === 1 ? LONG : `lib-${each}`, version: "1.2.3", fixed: at % 2 ? "1.2.4" : null, kind: "OS" })), fix: of(at, ["unknown", "available", "none", "available"]), first_seen: "2026-04-05T00:00:00Z", sources: ["Amazon Inspector", "report.sarif (Trivy 0.50)"],
  }));
  const counts = (values: [string, number][]) => values.map(([value, each]) => ({ value, count: each }));
  return {
    rows, total: 41_203, next: 100, things: 9_120, not_looked_count: 812, not_looked: [], reports_about_nothing: 3, gaps: ["Inspector2 ListFindings of 111122223333 in eu-west-1: inspector2:ListFindings is missing"], as_of: AS_OF,
    feeds: [{ feed: "kev", loaded: true, version: "2026.09.30", released_at: "2026-09-30T16:00:00Z", entries: 1_401 }, { feed: "epss", loaded: false, version: null, released_at: null, entries: 0 }],
    facets: { class: counts([["1", 12], ["2", 203], ["6", 41_203]]), exploitation: counts([["known", 12], ["likely", 301], ["unknown", 40_890]]), reached: counts([["yes", 41], ["unknown", 38_000]]), fixable: counts([["true", 30_000], ["false", 11_203]]), software: counts([["host", 20_000], ["image", 21_203]]), account: counts([["111122223333", 41_203]]), owner: counts([["payments", 27_000]]) },
  };
}

describe("vulnerabilities", () => {
  it("begin with the most urgent, and each tells what its class is made of", () =>
    journey("/", async (page) => {
      await page.getByRole("navigation").getByRole("link", { name: "Vulnerabilities" }).click();
      const table = page.getByRole("table", { name: "Weaknesses" });
      await table.getByRole("rowheader", { name: /CVE-2024-23897/ }).waitFor();
      await page.getByText("8 weaknesses, 1 of class 1 or 2", { exact: false }).waitFor();
      // Where no list was loaded, exploitation is unknown, and the way to the list stands there.
      await table.getByText("KEV was not asked").first().waitFor();
      await page.getByText("fathom import kev known_exploited_vulnerabilities.json").waitFor();
      await everySize(page, "vulnerabilities");
      await page.getByRole("checkbox", { name: /has a fix/ }).check();
      await page.waitForURL(/fixable=true/);
      await page.getByText("fathom vulnerabilities --fixable").waitFor();
      await table.getByRole("link", { name: "CVE-2024-23897" }).click();
      await page.waitForURL(/open=CVE-2024-23897/);
      const opened = page.getByRole("region", { name: "The weakness with its proof" });
      await opened.getByText("Why it is of class 2 of 6").waitFor();
      await opened.getByText("Reached from the internet under a condition.").waitFor();
      await opened.getByText("tcp 8080 of 203.0.113.246", { exact: false }).waitFor();
      await opened.getByText("org.jenkins-ci.main:jenkins-core 2.426.2, mended in 2.442").waitFor();
      await everySize(page, "vulnerability");
      // The address holds what is open.
      await page.reload();
      await opened.getByRole("link", { name: "The way of the packet" }).click();
      await page.waitForURL(/\/network\?.*from=internet/);
      await page.goBack();
      await opened.getByRole("button", { name: "Close" }).click();
      await opened.waitFor({ state: "detached" });
    }));

  it("are asked for by name, and things at which nobody looked stand on a list of their own", () =>
    journey("/vulnerabilities", async (page) => {
      const name = page.getByRole("combobox", { name: "Weakness" });
      await name.fill("cve-2023-4911");
      await page.getByRole("option", { name: /CVE-2023-4911.*on 3 things/ }).click();
      await page.waitForURL(/id=cve-2023-4911/);
      await page.getByText("3 weaknesses", { exact: false }).waitFor();
      await page.getByRole("button", { name: "Leave open: Weakness" }).click();
      await name.fill("CVE-1999-0001");
      await name.press("Enter");
      await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
      await page.getByRole("button", { name: "Show all" }).click();
      await page.getByRole("link", { name: /^Nobody looked at/ }).click();
      await page.waitForURL(/view=not-looked/);
      const dark = page.getByRole("table", { name: "Things at which nobody looked" });
      await dark.getByText("UNMANAGED EC2 INSTANCE", { exact: false }).first().waitFor();
      await page.getByText("fathom import sarif report.sarif").waitFor();
      await everySize(page, "vulnerabilities-not-looked");
      await page.getByRole("radio", { name: "Judged not to count" }).click();
      await page.waitForURL(/view=judged/);
      await page.getByText(/judged (a weakness )?not to count\./).first().waitFor();
      await everySize(page, "vulnerabilities-judged");
    }));

  it("say what to do where nobody looked at anything, and stay readable where there are thousands", () =>
    journey("/vulnerabilities", async (page) => {
      const empty = { ...crowd(0), total: 0, next: null, things: 38, not_looked_count: 38, reports_about_nothing: 0, gaps: [], facets: { class: [], exploitation: [], reached: [], fixable: [], software: [], account: [], owner: [] } };
      await page.route(/\/api\/v1\/vulnerabilities/, (route) => route.fulfill({ json: empty }));
      await page.goto(`${ADDRESS}/vulnerabilities`);
      await page.getByRole("heading", { name: "Nobody looked" }).waitFor();
      await page.getByText("fathom import cyclonedx bom.json --about i-0a1b2c3d").waitFor();
      await everySize(page, "vulnerabilities-none");
      await page.unroute(/\/api\/v1\/vulnerabilities/);
      await page.route(/\/api\/v1\/vulnerabilities/, (route) => route.fulfill({ json: crowd(100) }));
      await page.goto(`${ADDRESS}/vulnerabilities`);
      await page.getByText("41,203 weaknesses, 203 of class 1 or 2", { exact: false }).waitFor();
      await page.getByText("KEV of 2026-09-30, version 2026.09.30: 1,401 weaknesses.").waitFor();
      await everySize(page, "vulnerabilities-crowd");
    }));

  it("are reached from the resource that has them", () =>
    journey("/vulnerabilities", async (page) => {
      await page.getByRole("table", { name: "Weaknesses" }).getByRole("link", { name: "jenkins-old" }).first().click();
      await page.waitForURL(/\/resource\?uid=/);
      await page.getByRole("complementary", { name: "Facts" }).getByRole("link", { name: "Its weaknesses" }).click();
      await page.waitForURL(/\/vulnerabilities\?resource=/);
      await page.getByText("2 weaknesses", { exact: false }).waitFor();
    }));
});
