// Journeys through the pages of the estate: lists, map, graph, drift, time.
import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADDRESS, barriers, launch, open, picture, settled, TOKEN } from "./browser";

const BUCKET = "arn:aws:s3:::northwind-tmp-export-7731";

let browser: Browser;
beforeAll(async () => {
  if (TOKEN === "") throw new Error("set FATHOM_ADDRESS to the server's address and FATHOM_TOKEN to its token");
  browser = await launch();
});
afterAll(async () => browser.close());

/** Opens, does, and then holds against it whatever the browser complained of. */
async function journey(path: string, walk: (page: Page) => Promise<void>, options: Parameters<typeof open>[2] = {}): Promise<void> {
  const { page, faults, close } = await open(browser, path, options);
  try {
    await walk(page);
    expect(faults).toEqual([]);
  } finally {
    await close();
  }
}

const wide = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

describe("the table of resources", () => {
  it("shows the columns that somebody chose, also after a reload", () =>
    journey("/resources", async (page) => {
      await settled(page);
      await page.getByRole("button", { name: "Columns" }).click();
      const columns = page.getByRole("dialog", { name: "Columns" });
      await columns.getByRole("checkbox", { name: "Tags" }).check();
      await columns.getByRole("checkbox", { name: "Region" }).uncheck();
      expect(await barriers(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.reload();
      await page.getByRole("columnheader", { name: "Tags" }).waitFor();
      expect(await page.getByRole("columnheader", { name: "Region" }).count()).toBe(0);
      expect(page.url()).toContain("columns=tags");
    }));

  it("keeps a view under a name, and opens it again", () =>
    journey("/resources?exposed=true", async (page) => {
      await settled(page);
      const rows = await page.getByText(/^\d+ rows?$/).textContent();
      await page.getByRole("button", { name: "Views" }).click();
      const views = page.getByRole("dialog", { name: "Saved views" });
      await views.getByLabel("Save what is shown as").fill("Open to the world");
      await page.keyboard.press("Enter");
      await views.getByRole("button", { name: "Open to the world", exact: true }).waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.goto(`${ADDRESS}/resources`);
      await page.getByRole("button", { name: "Views" }).click();
      await page.getByRole("button", { name: "Open to the world", exact: true }).click();
      await page.waitForURL(/exposed=true/);
      await page.getByText(rows ?? "", { exact: true }).waitFor();
      await page.getByRole("button", { name: "Open to the world" }).click();
      await page.getByRole("button", { name: "Forget Open to the world" }).click();
      await page.getByText("No view is saved yet.").waitFor();
    }));

  it("never shows the rows of one question as those of the next, and begins with the first of them", () =>
    journey("/resources", async (page) => {
      await settled(page);
      const region = page.getByRole("region", { name: "Resources, scrolls" });
      await region.evaluate((element) => { element.scrollTop = 2_000; });
      let go: () => void = () => undefined;
      const held = new Promise<void>((resolve) => { go = resolve; });
      await page.route(/\/api\/v1\/resources\?.*understood=false/, async (route) => {
        await held;
        await route.continue();
      });
      await page.getByRole("checkbox", { name: /^not understood/ }).check();
      await page.locator('[role="table"][aria-busy="true"]').waitFor();
      expect(await page.getByText(/^\d+ resources\b/).count()).toBe(0);
      go();
      await page.getByText(/resources that are not understood/).waitFor();
      await page.locator('[role="table"][aria-busy="true"]').waitFor({ state: "detached" });
      expect(await region.evaluate((element) => element.scrollTop)).toBe(0);
    }));

  it("finds what nobody owns, and as many as the facet says", () =>
    journey("/resources", async (page) => {
      await settled(page);
      const owners = page.getByRole("group", { name: "Owner" });
      const label = await owners.getByText(/^nobody says\d+$/).textContent();
      await owners.getByRole("checkbox", { name: /^nobody says/ }).check();
      await page.waitForURL(/owner=(&|$)/);
      await page.getByText(`${/\d+$/.exec(label ?? "")?.[0] ?? ""} resources, `, { exact: false }).waitFor();
      expect(await page.getByRole("table").getByText("nobody says").count()).toBeGreaterThan(5);
    }));
});

describe("the map", () => {
  it("opens the list behind an area, with as many resources", () =>
    journey("/map", async (page) => {
      const area = page.getByRole("link", { name: /^main \d+ resources/ });
      const told = await area.textContent();
      const all = Number(/^main (\d+) resources/.exec(told ?? "")?.[1]);
      expect(all).toBeGreaterThan(10);
      expect(await barriers(page)).toEqual([]);
      await picture(page, "map");
      await area.click();
      await page.getByText(new RegExp(`^${all} resources, `)).waitFor();
      expect(page.url()).toContain("network=arn:aws:ec2:us-east-1:");
    }));

  it("says the same as a list, whose figures are doors too", () =>
    journey("/map?view=list", async (page) => {
      const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: /^account / }) }).first();
      const unknown = await row.getByRole("link").nth(1).textContent();
      expect(await barriers(page)).toEqual([]);
      await row.getByRole("link").nth(1).click();
      await page.getByText(`${unknown ?? ""} resources that are not understood`).waitFor();
    }));

  it("goes nearer to one account and back, and fits a telephone", () =>
    journey("/map", async (page) => {
      await page.getByRole("button", { name: /^Only account/ }).first().click();
      await page.waitForURL(/account=\d{12}/);
      await page.getByText(/^1 account, /).waitFor();
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await wide(page)).toBeLessThanOrEqual(0);
      await page.getByRole("button", { name: "Whole organisation" }).click();
      await page.getByText(/^2 accounts, /).waitFor();
    }));
});

describe("the graph", () => {
  it("begins with a resource that is found by typing, opens what is alike, and undoes", () =>
    journey("/graph", async (page) => {
      await page.getByRole("combobox", { name: "Resource" }).fill("main");
      await page.getByRole("option", { name: /^main\s*EC2 VPC/ }).click();
      await page.getByRole("heading", { level: 1, name: "main" }).waitFor();
      await page.getByRole("img", { name: /^Graph with \d+ nodes/ }).waitFor();
      expect(await barriers(page)).toEqual([]);
      await picture(page, "graph");
      const before = await page.getByText(/^\d+ nodes, /).textContent();
      await page.getByRole("radio", { name: "list" }).click();
      await page.getByRole("button", { name: /^show each/ }).first().click();
      await expect.poll(() => page.getByText(/^\d+ nodes, /).textContent()).not.toBe(before);
      expect(await barriers(page)).toEqual([]);
      await page.getByRole("radio", { name: "picture" }).click();
      await page.getByRole("button", { name: "Undo" }).click();
      await expect.poll(() => page.getByText(/^\d+ nodes, /).textContent()).toBe(before);
    }));

  it("is saved as a drawing in which nothing runs", () =>
    journey("/graph?all=true", async (page) => {
      await page.getByRole("img", { name: /^Graph with \d+ nodes/ }).waitFor();
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as drawing" }).click()]);
      const text = await readFile(await download.path(), "utf8");
      expect(text.startsWith("<svg")).toBe(true);
      expect(text).not.toMatch(/<script|onload=|href=/);
      expect(text.match(/<circle/g)?.length).toBeGreaterThan(500);
    }));

  it("finds the way between two, hop by hop", () =>
    journey("/graph", async (page) => {
      await page.getByRole("combobox", { name: "From" }).fill("payments-1");
      await page.getByRole("option", { name: /^payments-1\s*EC2 Instance/ }).click();
      await page.getByRole("combobox", { name: "To" }).fill("main");
      await page.getByRole("option", { name: /^main\s*EC2 VPC/ }).click();
      const hops = page.getByRole("list", { name: "Hops" });
      await hops.getByRole("link", { name: "main", exact: true }).waitFor();
      expect(await hops.getByRole("listitem").count()).toBe(1);
      await hops.getByText("in vpc").waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.goto(`${ADDRESS}/graph?from=${encodeURIComponent(BUCKET)}&to=${encodeURIComponent("arn:aws:s3:::no-such-bucket")}`);
      await page.getByRole("alert").filter({ hasText: "no-such-bucket" }).waitFor();
    }, { quiet: /404/ }));
});

describe("drift", () => {
  const drifted = {
    state: "compared", as_of: { scan: 1, at: "2026-11-22T10:00:00Z" }, compared_at: "2026-11-22T10:00:01Z", counts: { drifted: 1, missing: 1, undeclared: 0, not_comparable: 0, in_line: 3 }, attributes_compared: 12, total: 2, next: null, notes: [], left_out: [],
    facets: { verdict: [], type: [{ value: "AWS::S3::Bucket", count: 2 }], account: [], region: [], file: [{ value: "prod.tfstate", count: 2 }] },
    rows: [
      {
        verdict: "drifted", uid: BUCKET, type: "AWS::S3::Bucket", account: "908249470583", region: "us-east-1", name: "<b>export</b>", declared_by: [{ language: "terraform", file: "prod.tfstate", address: "aws_s3_bucket.export", module: null, part: false }],
        differences: [{ attribute: "versioning", declared: true, actual: false, by_name: false, seen_by: null, withheld: false, file: "prod.tfstate", address: "aws_s3_bucket.export" }], compared: 4, not_compared: [{ attribute: "policy", why: "its value is hidden" }], notes: [], last_change: null,
      },
      { verdict: "missing", uid: null, type: "AWS::S3::Bucket", account: null, region: null, name: null, declared_by: [{ language: "terraform", file: "prod.tfstate", address: "aws_s3_bucket.gone", module: null, part: false }], differences: [], compared: 0, not_compared: [], notes: [], last_change: null },
    ],
  };

  it("says attribute by attribute what was declared and what is, and where", () =>
    journey("/", async (page) => {
      await page.route(/\/api\/v1\/drift\b/, (route) => route.fulfill({ json: drifted }));
      await page.getByRole("link", { name: "Drift" }).click();
      await page.getByText("1 drifted, 1 declared and not there").waitFor();
      const row = page.getByRole("list", { name: "Compared resources" }).getByRole("listitem").first();
      await row.getByRole("link", { name: "<b>export</b>" }).waitFor();
      expect(await row.getByRole("row", { name: /versioning/ }).textContent()).toMatch(/true.*false/);
      await row.getByText("aws_s3_bucket.export").waitFor();
      await page.getByText("aws_s3_bucket.gone").first().waitFor();
      expect(await barriers(page)).toEqual([]);
      await picture(page, "drift");
    }));

  it("says how to name the code where none is", () =>
    journey("/", async (page) => {
      const empty = { ...drifted, state: "no_code", hint: "name Terraform states in fathom.yaml", rows: [], total: 0, counts: { drifted: 0, missing: 0, undeclared: 0, not_comparable: 0, in_line: 0 } };
      await page.route(/\/api\/v1\/drift\b/, (route) => route.fulfill({ json: empty }));
      await page.getByRole("link", { name: "Drift" }).click();
      await page.getByText("No code is named that could be compared").waitFor();
      expect(await barriers(page)).toEqual([]);
    }));

  it("approves a state after its plan was shown, and then lists what differs from it", () =>
    journey("/drift?tab=baseline", async (page) => {
      await page.getByRole("button", { name: "Approve the state as it is…" }).click();
      const plan = page.getByRole("dialog", { name: "Approve the state as it is" });
      await plan.getByText(/resources as scan \d+ left them/).waitFor();
      await plan.getByText("what was approved stays in the ledger", { exact: false }).waitFor();
      expect(await plan.getByRole("button", { name: "Approve", exact: true }).isDisabled()).toBe(true);
      await plan.getByLabel("Reason").fill("release 12");
      expect(await barriers(page)).toEqual([]);
      await plan.getByRole("button", { name: "Approve", exact: true }).click();
      await plan.waitFor({ state: "detached" });
      await page.getByText(/approved by/).first().waitFor();
      await page.getByText("release 12").first().waitFor();
      await page.getByText("As approved", { exact: false }).first().waitFor();
      expect(await barriers(page)).toEqual([]);
      await picture(page, "baseline");
      await page.goto(`${ADDRESS}/ledger`);
      await page.getByRole("row", { name: /baseline/ }).first().waitFor();
    }));
});

describe("what nobody can explain", () => {
  it("is assigned, several at once and by keyboard, and the assignment ends", () =>
    journey("/unexplained", async (page) => {
      await page.getByRole("row", { name: /northwind-tmp-export-7731/ }).waitFor();
      for (const key of ["j", "x", "j", "x"]) await page.keyboard.press(key);
      await page.getByText("2 resources chosen").waitFor();
      await page.getByRole("button", { name: "Assign…" }).click();
      const plan = page.getByRole("dialog", { name: "Assign 2 resources" });
      await plan.getByText("closes no gap", { exact: false }).waitFor();
      await plan.getByLabel("Team").fill("platform");
      await plan.getByLabel("Note").fill("look before Friday");
      expect(await barriers(page)).toEqual([]);
      await plan.getByRole("button", { name: "Assign", exact: true }).click();
      await plan.waitFor({ state: "detached" });
      const row = page.getByRole("row", { name: /northwind-tmp-export-7731/ });
      await row.getByText("platform").waitFor();
      await row.getByRole("link").first().click();
      await page.getByText("look before Friday", { exact: false }).waitFor();
      await page.getByRole("complementary", { name: "Facts" }).getByRole("button", { name: "End…" }).click();
      const end = page.getByRole("dialog", { name: "End the assignment" });
      await end.getByLabel("Why it ends").fill("done");
      await end.getByRole("button", { name: "End it" }).click();
      await end.waitFor({ state: "detached" });
      await page.getByText("Nobody is assigned.").waitFor();
    }));

  it("gets lines for fathom.yaml that match it", () =>
    journey(`/resource?uid=${encodeURIComponent(BUCKET)}`, async (page) => {
      await page.getByRole("button", { name: /^Lines for fathom.yaml/ }).click();
      const dialog = page.getByRole("dialog", { name: /in fathom.yaml$/ });
      await dialog.getByLabel(/^Owner/).fill("payments");
      await dialog.getByLabel(/^Purpose/).fill("nightly export");
      await dialog.getByRole("button", { name: "Suggest lines" }).click();
      const lines = dialog.getByRole("region", { name: "Suggested lines" });
      await lines.getByText("nightly export", { exact: false }).waitFor();
      await lines.getByText(/^These lines match it/).waitFor();
      expect(await barriers(page)).toEqual([]);
      await lines.getByRole("button", { name: "Copy the lines" }).click();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("payments");
    }));

  it("is accepted until a date, and the acceptance ends early", () =>
    journey("/unexplained?search=warehouse-door", async (page) => {
      await page.getByRole("button", { name: /^Act/ }).click();
      await page.getByRole("button", { name: "Accept…" }).click();
      const plan = page.getByRole("dialog", { name: /^Accept/ });
      await plan.getByLabel("Gap").selectOption("owner");
      await plan.getByLabel("Reason").fill("is sold with the house");
      await plan.getByRole("button", { name: "Accept", exact: true }).click();
      await plan.waitFor({ state: "detached" });
      await page.getByText("accepted: owner").waitFor();
      await page.getByRole("button", { name: /^Act/ }).click();
      await page.getByRole("button", { name: "End acceptance…" }).click();
      const end = page.getByRole("dialog", { name: /^End the acceptance/ });
      await end.getByText("is sold with the house", { exact: false }).waitFor();
      await end.getByLabel("Why it ends").fill("it was not");
      expect(await barriers(page)).toEqual([]);
      await end.getByRole("button", { name: "End it" }).click();
      await end.waitFor({ state: "detached" });
      await page.getByText("accepted: owner").waitFor({ state: "detached" });
    }));
});

describe("time", () => {
  it("is one control: it stands in the address, goes along, and says that the past is shown", () =>
    journey("/", async (page) => {
      await page.getByRole("heading", { level: 1, name: /% understood/ }).waitFor();
      await page.getByRole("button", { name: "Now", exact: true }).click();
      const control = page.getByRole("dialog", { name: "Time" });
      await control.getByLabel(/^or a time/).fill("the day before");
      await control.getByRole("button", { name: "Show" }).click();
      await control.getByRole("alert").filter({ hasText: "That is no moment" }).waitFor();
      await control.getByLabel(/^or a time/).fill("scan:1");
      expect(await barriers(page)).toEqual([]);
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "scan 1" }).waitFor();
      expect(page.url()).toContain("as_of=scan:1");
      await page.getByRole("navigation").getByRole("link", { name: "Resources" }).click();
      await page.getByText(/resources, .* understood/).waitFor();
      expect(page.url()).toContain("as_of=scan:1");
      await page.getByRole("row", { name: /SECURITY/ }).getByRole("link").click();
      await page.getByRole("heading", { level: 1, name: "SECURITY" }).waitFor();
      expect(await page.getByRole("button", { name: "Accept…" }).count()).toBe(0);
      expect(await barriers(page)).toEqual([]);
      await page.getByRole("button", { name: "scan 1" }).click();
      await page.getByRole("button", { name: /^now, as the last scan/ }).click();
      await page.getByRole("button", { name: "Accept…" }).first().waitFor();
      expect(page.url()).not.toContain("as_of");
    }));

  it("holds for the graph: what was not there then is said so, and the present is one click away", () =>
    journey(`/graph?uid=${encodeURIComponent(BUCKET)}&as_of=scan:1`, async (page) => {
      const asked: string[] = [];
      page.on("request", (request) => { if (request.url().includes("/api/v1/graph")) asked.push(request.url()); });
      await page.reload();
      await page.getByText("The estate as of scan 1.", { exact: false }).waitFor();
      await page.getByRole("heading", { level: 1, name: "northwind-tmp-export-7731" }).waitFor();
      await page.getByRole("img", { name: /^Graph with \d+ nodes/ }).waitFor();
      expect(await barriers(page)).toEqual([]);
      await picture(page, "graph-past");
      await page.goto(`${ADDRESS}/graph?all=true&as_of=scan:1`);
      await page.getByRole("heading", { level: 1, name: "The whole estate" }).waitFor();
      expect(asked.length).toBeGreaterThan(1);
      expect(asked.filter((each) => !each.includes("as_of=scan%3A1") && !each.includes("as_of=scan:1"))).toEqual([]);
      await page.route(/\/api\/v1\/graph\?.*as_of/, (route) => route.fulfill({ status: 404, contentType: "application/problem+json", json: { type: "", status: 404, code: "not_found", title: "Not found", detail: `\`${BUCKET}\` was not there as of scan 1` } }));
      await page.goto(`${ADDRESS}/graph?uid=${encodeURIComponent(BUCKET)}&as_of=scan:1`);
      await page.getByRole("heading", { name: "Not seen at that moment" }).waitFor();
      await page.getByText("was not there as of scan 1", { exact: false }).waitFor();
      await page.getByRole("link", { name: "Look at it now" }).click();
      await page.getByRole("heading", { level: 1, name: "northwind-tmp-export-7731" }).waitFor();
      expect(page.url()).not.toContain("as_of");
      await page.goto(`${ADDRESS}/graph?uid=${encodeURIComponent(BUCKET)}`);
      await page.getByRole("button", { name: "Now", exact: true }).click();
      const control = page.getByRole("dialog", { name: "Time" });
      await control.getByLabel(/^or a time/).fill("2001-01-01");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "Graph" }).waitFor();
      await page.getByRole("heading", { name: "Not seen at that moment" }).waitFor();
    }, { quiet: /404/ }));

  it("says that there is nothing to compare with yet", () =>
    journey("/changes", async (page) => {
      await page.getByText("One scan so far").waitFor();
      expect(await barriers(page)).toEqual([]);
    }));
});

describe("coverage", () => {
  it("hands out the policy that grants what was denied", () =>
    journey("/", async (page) => {
      const address = `${ADDRESS}/api/v1/coverage?limit=2`;
      const some = await (await page.request.get(address)).json();
      await page.route(/\/api\/v1\/coverage\?/, async (route) => {
        const response = await route.fetch();
        const body = await response.json();
        body.coverage = some.coverage.map((row: object, at: number) => ({ ...row, outcome: "unknown", reason: "denied", permission: ["kms:ListAliases", "ec2:DescribeVpcs"][at] }));
        body.totals = [{ outcome: "unknown", reason: "denied", count: 2 }];
        body.next = null;
        await route.fulfill({ response, json: body });
      });
      await page.getByRole("link", { name: "Coverage" }).click();
      await page.getByRole("button", { name: "Policy that grants it" }).click();
      const dialog = page.getByRole("dialog", { name: "Grant what was denied" });
      await dialog.getByRole("button", { name: "Copy the policy" }).click();
      expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))).toEqual({ Version: "2012-10-17", Statement: [{ Sid: "FathomReads", Effect: "Allow", Action: ["ec2:DescribeVpcs", "kms:ListAliases"], Resource: "*" }] });
      expect(await barriers(page)).toEqual([]);
    }));
});

describe("a resource", () => {
  it("says that the provider's log was not read, and what code says of it", () =>
    journey(`/resource?uid=${encodeURIComponent(BUCKET)}&tab=activity`, async (page) => {
      await page.getByText("The provider's log was not read").waitFor();
      await page.getByRole("tab", { name: "Drift" }).click();
      await page.getByRole("tabpanel").getByText("not declared").waitFor();
      expect(await barriers(page)).toEqual([]);
    }));
});

describe("what others wrote", () => {
  it("is text and is cut, on the new pages too", () =>
    journey("/", async (page) => {
      const evil = `<img src=x onerror="alert(1)">\u202e${"A".repeat(100_000)}`;
      await page.route(/\/api\/v1\/(map|graph|unknowns|resources)(\?|$)/, async (route) => {
        const response = await route.fetch();
        const text = await response.text();
        await route.fulfill({ response, body: text.replaceAll(/"name":("(?:[^"\\]|\\.)*"|null)/g, `"name":${JSON.stringify(evil)}`) });
      });
      for (const path of ["/map", "/map?view=list", `/graph?uid=${encodeURIComponent(BUCKET)}&view=list`, "/unexplained", "/resources"]) {
        await page.goto(ADDRESS + path);
        await page.getByText("<img src=x", { exact: false }).first().waitFor();
        expect(await page.locator("main img:not([src^='/']), main script").count(), path).toBe(0);
        expect(await page.evaluate(() => document.body.innerText.length), path).toBeLessThan(60_000);
        expect(await wide(page), path).toBeLessThanOrEqual(0);
      }
    }));
});
