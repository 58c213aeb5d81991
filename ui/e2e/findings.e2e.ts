// Journeys through findings and frameworks, on the sample organisation, whose checks the server asks by itself.
import { describe, expect, it } from "vitest";
import { ADDRESS, TOKEN } from "./browser";
import { AS_OF, everySize, journey } from "./journey";
import { bare, read } from "./pdf";

const LONG = "a-bucket-with-a-name-of-the-longest-kind-that-there-may-be-in-an-organisation-where-names-say-everything";

/** Waits until the server has asked its checks and worked out the order. */
async function asked(): Promise<void> {
  await expect.poll(async () => {
    const answer = await fetch(`${ADDRESS}/api/v1/findings?limit=1`, { headers: { Authorization: `Bearer ${TOKEN}` } });
    return answer.ok && ((await answer.json()) as { ranked: boolean }).ranked;
  }, { timeout: 90_000, interval: 1_000 }).toBe(true);
}

/** What the server answers. */
async function told<T>(path: string): Promise<T> {
  const answer = await fetch(`${ADDRESS}/api/v1${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

/** Findings of every kind that there may be. */
function crowd(count: number): object {
  const of = <T>(at: number, all: readonly T[]): T => all[at % all.length]!;
  const exception = { number: 4, rule: { finding: null, check: "s3_*", resource_type: null, account: null, tag: null, owner: null }, words: "checks like s3_*", reason: "the site is public by intent", approver: "k.lee", by: "owner", at: "2026-09-01T08:00:00Z", until: "2027-01-31T23:59:59Z", ended_at: null, ended_by: null, ended_why: null };
  const rows = Array.from({ length: count }, (_, at) => {
    const state = of(at, ["reopened", "open", "accepted", "fixed", "open"]);
    return {
      id: String(at).padStart(32, "0"), check: "s3_bucket_block_public_access", title: "The bucket blocks all public access, by itself or by its account", severity: of(at, ["critical", "high", "medium", "low"]), state, confirmed: at % 5 !== 4,
      resource: `arn:aws:s3:::bucket-${at}`, resource_type: "AWS::S3::Bucket", name: at === 1 ? LONG : null, account: "111122223333", region: "eu-west-1", owner: at % 3 ? "payments" : null, class: of(at, ["restricted", "confidential", null]), class_assumed: at % 3 === 1,
      because: "on the way of an intruder from the internet to the data of arn:aws:s3:::bucket; restricted data; high severity", way: of(at, [{ level: "yes", from: "the internet", to: "the data" }, { level: "only_if", from: null, to: null }, { level: "unknown", from: null, to: null }, null]), reached: of(at, ["yes", "only_if", "unknown", null]),
      first_seen: "2026-08-01T08:00:00Z", last_seen: "2026-10-01T08:00:00Z", since: "2026-08-01T08:00:00Z", fixed_by: state === "fixed" ? "gone" : null, reopened: state === "reopened" ? 3 : 0, due: "2026-09-15T08:00:00Z", overdue: at % 2 === 0 && state !== "accepted" && state !== "fixed", accepted: state === "accepted" ? exception : null,
    };
  });
  const counts = (values: [string, number][]) => values.map(([value, each]) => ({ value, count: each }));
  return {
    rows, total: 51_204, next: 100, ranked: false, run: { at: "2026-10-01T08:00:00Z", scan: 1, by: "fathom", checks: 438, resources: 912_330, whole: true }, gaps: ["AWS::S3::Bucket of account 111122223333 was not read: s3:ListAllMyBuckets is missing"], as_of: { ...AS_OF, scan: 2 },
    facets: { state: counts([["open", 50_000], ["reopened", 1_204], ["accepted", 41]]), severity: counts([["critical", 12], ["high", 4_000], ["low", 47_192]]), service: counts([["s3", 51_204]]), check: counts([["s3_bucket_block_public_access", 51_204]]), account: counts([["111122223333", 51_204]]), owner: counts([["payments", 30_000]]), overdue: counts([["true", 20_000]]) },
  };
}

describe("findings", () => {
  it("begin with what an intruder could use, and one tells what decided and how it is put right", () =>
    journey("/", async (page) => {
      await asked();
      await page.getByRole("navigation").getByRole("link", { name: "Findings" }).click();
      const table = page.getByRole("table", { name: "Findings" });
      await page.getByText(/findings need work: \d+ critical/).waitFor();
      // What stands on the way of an intruder comes first, whatever its severity.
      await table.getByRole("row").nth(1).getByText("an intruder comes by").waitFor();
      await everySize(page, "findings");
      await page.getByRole("searchbox", { name: "Title, check, name or ARN" }).fill("rds_instance_in_network");
      await page.waitForURL(/q=rds_instance_in_network/);
      await table.getByRole("link", { name: "The database stands in a network of yours" }).first().click();
      await page.waitForURL(/\/findings\/[0-9a-f]{32}/);
      await page.getByRole("table", { name: "Values that decided" }).getByRole("rowheader", { name: "DBSubnetGroup" }).waitFor();
      await page.getByText("the check failed first").waitFor();
      await everySize(page, "finding");
      await page.getByRole("tabpanel").getByText("aws rds modify-db-instance").waitFor();
      await page.getByRole("heading", { name: "How it is taken back" }).waitFor();
      await page.getByRole("tabpanel").getByRole("button", { name: "Copy the commands" }).click();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("aws rds modify-db-instance");
      await page.getByRole("tab", { name: "AWS CLI" }).focus();
      await page.keyboard.press("ArrowRight");
      await page.getByRole("tab", { name: "By hand", selected: true }).waitFor();
      await page.getByRole("tab", { name: "Terraform" }).click();
      await page.getByRole("tabpanel").getByText("db_subnet_group_name").waitFor();
      await everySize(page, "finding-terraform");
      await page.getByRole("link", { name: "The attack paths that it lies on" }).click();
      await page.waitForURL(/\/paths\?to=/);
      await page.getByRole("table", { name: "Stories, the worst first" }).waitFor();
    }));

  it("are narrowed by what stands in the address, and are reached from a resource", () =>
    journey("/findings?severity=critical&severity=high&order=severity", async (page) => {
      await asked();
      await page.getByText(/findings? fits?\./).waitFor();
      await page.getByText("fathom findings --severity high --order severity").waitFor();
      await page.getByRole("combobox", { name: "Framework" }).selectOption("soc2");
      await page.waitForURL(/framework=soc2/);
      await page.getByRole("searchbox", { name: "Title, check, name or ARN" }).fill("nothing-is-called-so");
      await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
      await page.getByRole("button", { name: "Show all" }).click();
      await page.getByText(/findings need work/).waitFor();
      await page.getByRole("table", { name: "Findings" }).getByRole("row").nth(1).getByRole("cell").nth(1).getByRole("link").click();
      await page.waitForURL(/\/resource\?uid=/);
      await page.getByRole("complementary", { name: "Facts" }).getByRole("link", { name: "What checks found on it" }).click();
      await page.waitForURL(/\/findings\?resource=/);
      await page.getByRole("button", { name: "Of every resource" }).waitFor();
      await page.goto(`${ADDRESS}/findings/no-such-finding`);
      await page.getByRole("heading", { name: "No such finding, or not for you to see" }).waitFor();
      await everySize(page, "finding-none");
    }, { quiet: /status of 404/ }));

  it("stay readable where there are thousands, of every state", () =>
    journey("/findings", async (page) => {
      await page.route(/\/api\/v1\/findings\?/, (route) => route.fulfill({ json: crowd(100) }));
      await page.route(/\/api\/v1\/findings$/, (route) => route.fulfill({ json: crowd(100) }));
      await page.goto(`${ADDRESS}/findings`);
      await page.getByText("51,204 findings need work: 12 critical, 4,000 high and 47,192 low; 20,000 overdue.").waitFor();
      await page.getByText("order is being worked out").waitFor();
      await page.getByText("a scan has ended since").waitFor();
      await everySize(page, "findings-crowd");
    }));
});

describe("teams", () => {
  it("are told what they have to do, and each figure opens as many findings", () =>
    journey("/findings", async (page) => {
      await asked();
      await page.getByRole("radio", { name: "Teams" }).click();
      await page.waitForURL(/view=teams/);
      const teams = page.getByRole("table", { name: "Teams" });
      await teams.getByRole("rowheader", { name: "nobody answers" }).waitFor();
      await everySize(page, "findings-teams");
      const { rows } = await told<{ rows: { value: string | null; needs_work: Record<string, number> }[] }>("/findings/teams");
      for (const value of [null, "payments"]) {
        const row = rows.find((each) => each.value === value)!;
        const high = row.needs_work.high!;
        expect(high).toBeGreaterThan(0);
        await teams.getByRole("link", { name: `${high} high, of ${value ?? "nobody"}` }).click();
        await page.getByText(`${high} finding${high === 1 ? " fits" : "s fit"}.`).waitFor();
        await page.goBack();
      }
      await page.getByRole("radio", { name: "Account" }).click();
      await page.waitForURL(/by=account/);
      await page.getByRole("table", { name: "Accounts" }).getByRole("rowheader").nth(1).waitFor();
      await page.getByRole("link", { name: /^Trend of \d{12}$/ }).first().click();
      await page.waitForURL(/view=trend&account=\d{12}/);
      await page.getByText(/findings? (is|are) failing/).waitFor();
      await page.getByRole("button", { name: "Of all" }).click();
      await page.waitForURL(/view=trend$/);
      await everySize(page, "findings-trend-first");
    }));

  it("go up and down over many runs, for a framework too", () =>
    journey("/findings?view=trend", async (page) => {
      const day = (at: number) => new Date(Date.UTC(2026, 7, 1 + at, 6)).toISOString();
      const points = Array.from({ length: 90 }, (_, at) => ({ at: day(at), scan: at + 1, failing: { critical: 12 - Math.floor(at / 9), high: 120 - at + (at % 7), medium: 300 + 3 * (at % 11) - at, low: 900 - 2 * at }, controls: 31 - Math.floor(at / 8) }));
      const teams = ["payments", "platform", "storefront", null, "data", "search"].map((owner, one) => ({ owner, failing: points.map((_, at) => 300 - one * 40 - at + (at % (one + 3))) }));
      await page.route(/\/api\/v1\/findings\/trend/, (route) => route.fulfill({ json: { points, teams, controls: 61, by_day: true } }));
      await page.goto(`${ADDRESS}/findings?view=trend&framework=soc2`);
      await page.getByRole("img", { name: /^By severity, over 90 runs: critical from 12 to 3/ }).waitFor();
      await page.getByRole("img", { name: /^Controls of which a check fails, of 61: 20 now/ }).waitFor();
      await page.getByText("By team: the 4 with most of 6").waitFor();
      await everySize(page, "findings-trend");
    }));
});

describe("reports", () => {
  it("are printed with their title, every control, what fails and the seal", () =>
    journey("/frameworks/soc2", async (page) => {
      await asked();
      await page.getByRole("link", { name: "Report" }).click();
      await page.waitForURL(/\/reports\?framework=soc2/);
      const report = page.getByRole("article", { name: "Report" });
      await report.getByText(/\d+ entr(y|ies), root /).waitFor();
      await report.getByRole("table", { name: "What fails" }).getByRole("row").nth(1).waitFor();
      await everySize(page, "report");
      const { framework, controls } = await told<{ framework: { title: string }; controls: { control: string; topic: string }[] }>("/frameworks/soc2");
      const findings = await told<{ rows: { title: string; check: string }[]; total: number }>("/findings?framework=soc2&state=open&state=reopened&state=accepted&limit=1000");
      const { root } = await told<{ root: string }>("/ledger");
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      const { pages, text } = read(await page.pdf({ format: "A4", printBackground: true }));
      expect(pages).toBeGreaterThan(2);
      const said = bare(text);
      expect(said).toContain(bare(framework.title));
      expect(said).toContain(root);
      expect(controls.filter(({ control, topic }) => said.includes(bare(control + topic))).length).toBe(controls.length);
      expect(controls.length).toBe(61);
      expect(findings.total).toBe(findings.rows.length);
      expect(findings.rows.filter(({ title, check }) => !said.includes(bare(title + check)))).toEqual([]);
      // Buttons and fields do not stand on paper.
      expect(said).not.toContain("PrintorsaveasPDF");
      await page.emulateMedia({ media: null, colorScheme: null });
      // The same of one team.
      await page.getByRole("combobox", { name: "Framework" }).selectOption("");
      await page.getByRole("combobox", { name: "Team" }).selectOption({ label: "payments" });
      await page.waitForURL(/\/reports\?owner=payments$/);
      await report.getByRole("heading", { name: "Findings: team payments" }).waitFor();
      await report.getByText(/^\d+ findings need work/).waitFor();
      expect(await report.getByRole("table", { name: "What fails" }).getByRole("row").filter({ hasText: "payments" }).count()).toBe((await told<{ total: number }>("/findings?owner=payments")).total);
      await everySize(page, "report-team");
      await page.goto(`${ADDRESS}/reports?framework=no-such-framework`);
      await page.getByRole("heading", { name: "No such framework" }).waitFor();
    }, { quiet: /status of 404/ }));
});

describe("protection", () => {
  it("is a matrix of systems and layers, and a cell opens what is to be closed, down to its finding", () =>
    journey("/", async (page) => {
      await asked();
      await page.getByRole("navigation").getByRole("link", { name: "Protection" }).click();
      const matrix = page.getByRole("table", { name: "Systems and layers" });
      const payments = matrix.getByRole("row", { name: /^payments/ });
      await payments.getByText("restricted", { exact: true }).waitFor();
      await everySize(page, "protection");
      await payments.getByRole("button", { name: /^payments, rest: \d+ fail$/ }).click();
      await page.waitForURL(/system=payments&layer=rest/);
      const opened = page.getByRole("region", { name: "payments: Encrypted where it lies" });
      await opened.getByRole("list", { name: "What is to be closed" }).getByText("ec2_volume_encrypted").first().waitFor();
      await page.getByText("fathom protection payments").waitFor();
      await everySize(page, "protection-opened");
      await opened.getByRole("link", { name: "The disk is encrypted" }).first().click();
      await page.waitForURL(/\/findings\/[0-9a-f]{32}/);
      await page.getByRole("heading", { name: "The disk is encrypted" }).waitFor();
      await page.goBack();
      // What nobody says the purpose of is a system too, and stands in the address.
      await matrix.getByRole("row", { name: /^nobody says what for/ }).getByRole("button").first().click();
      await page.waitForURL(/system=&layer=/);
      await page.getByRole("region", { name: /^nobody says what for: / }).waitFor();
      await page.getByRole("group", { name: "Data at least" }).getByRole("checkbox", { name: /restricted/ }).check();
      await page.waitForURL(/class=restricted/);
      await matrix.getByRole("row", { name: /^storefront \d/ }).waitFor({ state: "detached" });
      await payments.waitFor();
    }));
});

describe("frameworks", () => {
  it("say how each control stands, down to the findings of a check, and are printed whole", () =>
    journey("/frameworks", async (page) => {
      await asked();
      const all = page.getByRole("table", { name: "Frameworks" });
      await all.getByRole("rowheader", { name: /cis-aws-7\.0\.0/ }).waitFor();
      await everySize(page, "frameworks");
      await all.getByRole("link", { name: /asks for evidence, of soc2$/ }).click();
      await page.waitForURL(/\/frameworks\/soc2\?status=needs_evidence/);
      await page.getByText("To show:").first().waitFor();
      await page.getByRole("button", { name: /^all \d+/ }).click();
      await page.getByText(/^Of 61 controls \d+ fail/).waitFor();
      const control = page.getByRole("table", { name: "Controls" }).getByRole("row").filter({ hasText: "CC6.1" }).first();
      await control.locator("summary").click();
      await control.getByRole("list", { name: "Checks of CC6.1" }).getByText(/\d+ fail/).first().waitFor();
      await everySize(page, "framework");
      // On paper everything is open, in light colours, and nothing is cut off by the window.
      await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      expect(await page.evaluate(() => document.querySelectorAll("main details:not([open])").length)).toBe(0);
      expect(await page.evaluate(() => getComputedStyle(document.querySelector("main")!).overflowY)).toBe("visible");
      // Checks of which nothing fails are told as a number.
      expect(await page.locator("main li[data-holds]").first().isVisible()).toBe(false);
      await page.getByText(/checks? of which nothing fails and nothing is unknown/).first().waitFor();
      const pages = (await page.pdf({ format: "A4" })).toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0;
      expect(pages).toBeGreaterThan(5);
      await page.emulateMedia({ media: null, colorScheme: null });
      await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
      await control.getByRole("link", { name: "Its findings" }).click();
      await page.waitForURL(/\/findings\?framework=soc2&control=CC6\.1/);
      await page.getByText(/findings? fits?\./).waitFor();
      await page.goto(`${ADDRESS}/frameworks/no-such-framework`);
      await page.getByRole("heading", { name: "No such framework" }).waitFor();
    }, { quiet: /status of 404/ }));
});
