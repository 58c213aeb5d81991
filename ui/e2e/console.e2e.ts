// Journeys through the console, against a server that has scanned the sample organisation (`cargo xtask demo`).
import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ADDRESS, barriers, launch, open, settled, TOKEN } from "./browser";

const BUCKET = "arn:aws:s3:::northwind-tmp-export-7731";
const address = (uid: string, more = "") => `/resource?uid=${encodeURIComponent(uid)}${more}`;
const TRICK = '<img src=x onerror="alert(1)"><script>alert(2)</script>\u202e';

let browser: Browser;
beforeAll(async () => {
  if (TOKEN === "") throw new Error("set FATHOM_ADDRESS to the server's address and FATHOM_TOKEN to its token");
  browser = await launch();
});
afterAll(async () => browser?.close());

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

/** Presses a key until something holds, and not for ever. */
async function pressed(page: Page, key: string, until: () => Promise<boolean>): Promise<void> {
  for (let times = 0; times < 60; times++) {
    if (await until()) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} never led there`);
}

describe("who comes in", () => {
  it("is told what was wrong, and lands on the page that was asked for", () =>
    journey("/unexplained", async (page) => {
      await page.getByLabel("Owner's token").fill("wrong");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.getByLabel("Owner's token").fill(TOKEN);
      await page.keyboard.press("Enter");
      // Nobody is set up here, and that can wait.
      await page.getByRole("button", { name: "Later: look around as the owner" }).click();
      await page.getByRole("heading", { name: "Unexplained" }).waitFor();
      await page.getByRole("button", { name: /^You are owner/ }).click();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Set up this server" }).waitFor();
      await page.getByText("You are signed out.").waitFor();
    }, { signedIn: false, quiet: /401/ }));

  it("may bring the token in the address, where it does not stay", () =>
    journey(`/coverage?outcome=unknown#token=${TOKEN}`, async (page) => {
      await page.getByRole("button", { name: "Later: look around as the owner" }).click();
      await page.getByRole("heading", { name: "Coverage" }).waitFor();
      expect(page.url()).toBe(`${ADDRESS}/coverage?outcome=unknown`);
      expect(await page.evaluate((token) => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]).includes(token), TOKEN)).toBe(false);
    }, { signedIn: false }));
});

describe("a newcomer", () => {
  it("goes from the figure to the worst resource, and to the proof of what is missing", () =>
    journey("/", async (page) => {
      await page.getByRole("heading", { level: 1, name: /% understood/ }).waitFor();
      await settled(page);
      expect(await barriers(page)).toEqual([]);
      expect(await page.getByRole("list").filter({ has: page.getByRole("heading", { level: 3 }) }).getByRole("listitem").count()).toBeGreaterThan(0);
      await page.getByRole("link", { name: "northwind-tmp-export-7731" }).first().click();
      await page.getByRole("heading", { level: 1, name: "northwind-tmp-export-7731" }).waitFor();
      await page.getByText("Nobody states its owner, purpose, environment, data class and creator or code.").waitFor();
      await page.getByText("Its own settings say that it may be reached from outside.").waitFor();
      await page.getByRole("tab", { name: "History" }).click();
      await page.getByRole("tabpanel").getByText("first seen").waitFor();
      await page.getByRole("tab", { name: "Raw" }).click();
      await page.getByRole("tabpanel").getByText('"northwind-tmp-export-7731"').first().waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.goBack();
      await page.getByRole("heading", { level: 1, name: /% understood/ }).waitFor();
    }));

  it("opens a figure and finds as many rows behind it", () =>
    journey("/", async (page) => {
      const figure = page.getByRole("table").getByRole("row", { name: /^EC2 SecurityGroup/ }).getByRole("link").last();
      const all = Number(await figure.textContent());
      await figure.click();
      await page.getByText(new RegExp(`^${all} resources, `)).waitFor();
      expect(page.url()).toContain("type=AWS::EC2::SecurityGroup");
    }));
});

describe("the list of resources", () => {
  it("keeps its filters in the address, over a reload and back", () =>
    journey("/resources", async (page) => {
      await settled(page);
      await page.getByRole("checkbox", { name: /^not understood/ }).check();
      await page.getByLabel("Find in Kind").fill("S3 Bucket");
      await page.getByRole("group", { name: "Kind" }).getByRole("checkbox", { name: /^S3 Bucket/ }).check();
      // The facet counts anew for each box that is checked, and so does the list.
      const rows = await vi.waitFor(async () => {
        const label = await page.getByRole("group", { name: "Kind" }).getByText(/^S3 Bucket\d+$/).textContent();
        const counted = Number(/\d+$/.exec(label ?? "")?.[0]);
        expect(counted).toBeGreaterThan(0);
        expect(await page.getByText(`${counted} rows`, { exact: true }).count()).toBe(1);
        return counted;
      }, { timeout: 30_000, interval: 100 });
      expect(page.url()).toBe(`${ADDRESS}/resources?understood=false&type=AWS::S3::Bucket`);
      await page.reload();
      await page.getByText(`${rows} resources that are not understood`).waitFor();
      expect(await page.getByRole("table", { name: "Resources" }).getByRole("cell", { name: "not understood" }).count()).toBe(rows);
      expect(await page.getByRole("checkbox", { name: /^S3 Bucket/ }).isChecked()).toBe(true);
      await page.getByLabel("Search name, id or uid").fill("no such thing at all");
      await page.getByText("No resource fits").waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.getByRole("button", { name: "Clear filters" }).first().click();
      await page.getByText(/understood$/).first().waitFor();
    }));

  it("goes on to the last page while somebody scrolls", () =>
    journey("/resources", async (page) => {
      await settled(page);
      const total = await page.getByText(/^\d+ of \d+ fetched$/).textContent();
      const all = Number(/of (\d+)/.exec(total ?? "")?.[1]);
      expect(all).toBeGreaterThan(200);
      const region = page.getByRole("region", { name: "Resources, scrolls" });
      await expect.poll(async () => {
        await region.evaluate((element) => { element.scrollTop = element.scrollHeight; });
        return page.getByText(`${all} rows`, { exact: true }).count();
      }, { timeout: 20_000 }).toBe(1);
      // Only what is in sight is drawn.
      expect(await page.getByRole("table", { name: "Resources" }).getByRole("row").count()).toBeLessThan(90);
    }));

  it("exports what no spreadsheet runs", () =>
    journey("/resources?type=AWS::S3::Bucket", async (page) => {
      await page.route("**/api/v1/resources?*", async (route) => {
        const response = await route.fetch();
        const body = await response.json();
        body.resources[0].name = '=HYPERLINK("http://evil.example")';
        await route.fulfill({ response, json: body });
      });
      await page.getByRole("button", { name: "Export" }).click();
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV", exact: true }).click()]);
      const text = await readFile(await download.path(), "utf8");
      expect(text).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
      expect(text.split("\r\n").length).toBeGreaterThan(10);
    }));
});

describe("what others wrote", () => {
  it("is text, made visible and cut, wherever it stands", () =>
    journey("/", async (page) => {
      const evil = TRICK + "A".repeat(100_000);
      await page.route(/\/api\/v1\/(resource|resources|unknowns|resource\/history|graph)\?/, async (route) => {
        const response = await route.fetch();
        const text = await response.text();
        await route.fulfill({ response, body: text.replaceAll(/"name":("(?:[^"\\]|\\.)*"|null)/g, `"name":${JSON.stringify(evil)}`).replaceAll('"value":"', `"value":${JSON.stringify(evil).slice(0, -1)}`) });
      });
      for (const path of [address(BUCKET), "/resources", "/unexplained", `/graph?uid=${encodeURIComponent(BUCKET)}&view=list`]) {
        await page.goto(ADDRESS + path);
        await page.getByText("<img src=x", { exact: false }).first().waitFor();
        await page.getByText("\\u{202e}", { exact: false }).first().waitFor();
        expect(await page.locator("main img, main script").count()).toBe(0);
        expect(await page.evaluate(() => document.body.innerText.length)).toBeLessThan(60_000);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
      }
    }));
});

describe("a gap", () => {
  it("is accepted after its plan was shown, and stands in the ledger", () =>
    journey("/unexplained", async (page) => {
      await settled(page);
      const row = page.getByRole("table").getByRole("row", { name: /terraform-locks-old/ });
      await row.getByRole("button", { name: /^Act/ }).click();
      await page.getByRole("button", { name: "Accept…" }).click();
      const plan = page.getByRole("dialog", { name: /^Accept/ });
      await plan.getByText("comes back by itself", { exact: false }).waitFor();
      expect(await plan.getByRole("button", { name: "Accept", exact: true }).isDisabled()).toBe(true);
      await plan.getByLabel("Reason").fill("goes away with the old pipeline");
      expect(await barriers(page)).toEqual([]);
      await plan.getByRole("button", { name: "Accept", exact: true }).click();
      await plan.waitFor({ state: "detached" });
      await row.getByText(/accepted: /).waitFor();
      await page.goto(`${ADDRESS}/ledger`);
      await page.getByRole("table").getByRole("row", { name: /accepted.*terraform-locks-old/ }).first().getByRole("link").click();
      await page.getByRole("dialog").getByText("goes away with the old pipeline", { exact: false }).waitFor();
      const [proof] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Proof" }).click()]);
      expect(await readFile(await proof.path(), "utf8")).toContain("c2sp.org/tlog-proof");
    }));
});

describe("coverage", () => {
  it("says of each call why it is unknown and what to do", () =>
    journey("/coverage", async (page) => {
      await settled(page);
      await page.getByRole("checkbox", { name: /^not answered/ }).check();
      await page.waitForURL(/reason=not_answered/);
      await page.getByRole("cell", { name: /does not offer it/ }).first().waitFor();
      expect(await page.getByRole("cell", { name: "not defined" }).count()).toBe(0);
      expect(await barriers(page)).toEqual([]);
    }));
});

describe("questions in SQL", () => {
  it("are completed, answered, drawn, kept, and lead to resources", () =>
    journey("/sql", async (page) => {
      const field = page.getByLabel("Question in SQL");
      await page.getByText("resource_versions").waitFor();
      await field.fill("");
      await field.pressSequentially("select uid, understood from res");
      await page.getByRole("option", { name: /^resources/ }).waitFor();
      await page.keyboard.press("Tab");
      await field.pressSequentially(" where id = 'northwind-tmp-export-7731'");
      await page.keyboard.press("Control+Enter");
      await page.getByRole("link", { name: BUCKET }).waitFor();
      expect(page.url()).toContain("/sql?q=");
      await page.getByRole("button", { name: "Keep" }).click();
      await page.getByLabel("Name").fill("my export");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: "Keep this question" }).waitFor({ state: "detached" });
      await page.getByText("as it is kept").waitFor();
      const kept = await field.inputValue();
      await field.fill(`${kept} and understood`);
      await page.getByText("changed, not kept").first().waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.getByRole("button", { name: "Keep the change" }).click();
      await page.getByText("as it is kept").waitFor();
      await field.fill(kept);
      await page.getByRole("button", { name: "Back to the kept one" }).click();
      await expect.poll(() => field.inputValue()).toBe(`${kept} and understood`);
      await field.fill(kept);
      await page.getByRole("button", { name: "Keep the change" }).click();
      await page.getByText("as it is kept").waitFor();
      await field.fill("select nothing from nowhere");
      await page.keyboard.press("Control+Enter");
      await page.getByRole("alert").filter({ hasText: /nowhere/ }).waitFor();
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Search and commands" }).fill("my export");
      await page.getByRole("option", { name: /Question: my export/ }).waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: BUCKET }).click();
      await page.getByRole("heading", { level: 1, name: "northwind-tmp-export-7731" }).waitFor();
      await page.goto(`${ADDRESS}/sql?view=chart&q=${encodeURIComponent("select type, count(*) as n from resources group by type order by n desc")}`);
      await page.getByRole("rowheader", { name: "AWS::KMS::Alias" }).waitFor();
      expect(await barriers(page)).toEqual([]);
    }, { quiet: /400/ }));
});

describe("the graph", () => {
  it("is drawn, opened further, told as a list, and saved", () =>
    journey("/graph", async (page) => {
      await page.getByRole("list", { name: "Most connected" }).getByRole("link").first().click();
      await page.getByRole("img", { name: /^Graph with \d+ nodes/ }).waitFor();
      expect(await barriers(page)).toEqual([]);
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as picture" }).click()]);
      expect((await readFile(await download.path())).subarray(1, 4).toString()).toBe("PNG");
      await page.getByRole("radio", { name: "list" }).click();
      const twin = page.getByRole("list", { name: "Connections as a list" });
      const before = await twin.locator("> li").count();
      await twin.getByRole("button", { name: /^show each/ }).first().click();
      await expect.poll(() => twin.locator("> li").count()).toBeGreaterThan(before);
      expect(page.url()).toContain("open=");
    }));
});

describe("without a mouse", () => {
  it("everything is within reach", () =>
    journey("/", async (page) => {
      await page.getByRole("heading", { level: 1, name: /% understood/ }).waitFor();
      await page.keyboard.press("Control+k");
      await page.keyboard.type("unexpl");
      await page.getByRole("option", { name: /^Unexplained/ }).waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "Unexplained" }).waitFor();
      await page.getByRole("row", { name: /northwind-tmp-export-7731/ }).waitFor();
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "northwind-tmp-export-7731" }).waitFor();
      await pressed(page, "Tab", () => page.evaluate(() => document.activeElement?.getAttribute("role") === "tab"));
      await page.keyboard.press("ArrowRight");
      await page.waitForURL(/tab=relations/);
      await page.keyboard.press("ArrowRight");
      await page.getByRole("tab", { name: "History", selected: true }).waitFor();
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.keyboard.press("Control+k");
      await page.keyboard.type("northwind-tmp");
      await page.getByRole("option", { name: /S3 Bucket/ }).waitFor();
      expect(await barriers(page)).toEqual([]);
      await pressed(page, "ArrowDown", async () => (await page.getByRole("option", { name: /S3 Bucket/, selected: true }).count()) > 0);
      await page.keyboard.press("Control+Enter");
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`fathom explain ${BUCKET}`);
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.keyboard.type("resources");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "Resources" }).waitFor();
      await page.getByLabel("Search name, id or uid").waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type("export-7731");
      await page.getByText(/^1 resource, /).waitFor();
    }));

  it("nothing is chosen that was found for another text", () =>
    journey("/", async (page) => {
      await page.getByRole("heading", { level: 1, name: /% understood/ }).waitFor();
      let go: () => void = () => undefined;
      const held = new Promise<void>((resolve) => { go = resolve; });
      await page.route(/\/api\/v1\/resources\?.*search=/, async (route) => {
        await held;
        await route.continue();
      });
      await page.keyboard.press("Control+k");
      // What is typed before it is there goes to the page.
      const search = page.getByRole("combobox", { name: "Search and commands" });
      await search.waitFor();
      await page.keyboard.type("terraform-locks-old");
      await page.keyboard.press("Enter");
      await page.waitForTimeout(300);
      await search.waitFor();
      go();
      await page.getByRole("option", { name: /^terraform-locks-old/ }).waitFor();
      await pressed(page, "ArrowDown", async () => (await page.getByRole("option", { name: /^terraform-locks-old/, selected: true }).count()) > 0);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "terraform-locks-old" }).waitFor();
    }));
});

describe("a server that is gone", () => {
  it("is said plainly, keeps what is shown, and comes back by itself", () =>
    journey("/", async (page) => {
      await page.getByRole("heading", { level: 1, name: /% understood/ }).waitFor();
      await page.context().setOffline(true);
      await page.getByRole("link", { name: "Scans" }).click();
      await page.getByText(/The server has not answered for/).waitFor();
      await page.getByRole("link", { name: "Overview" }).click();
      await page.getByRole("heading", { level: 1, name: /% understood/ }).waitFor();
      await page.getByRole("link", { name: "Ledger" }).click();
      await page.context().setOffline(false);
      await page.getByText(/The server has not answered for/).waitFor({ state: "detached" });
      await page.getByRole("table", { name: "Entries" }).getByRole("row").nth(1).waitFor();
    }, { quiet: /ERR_INTERNET_DISCONNECTED|Failed to load resource|Failed to fetch dynamically/ }));

  it("is said to be slow when it is", () =>
    journey("/", async (page) => {
      await page.route("**/api/v1/ledger", async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 6_500));
        await route.continue();
      });
      await page.getByRole("link", { name: "Ledger" }).click();
      await page.getByText(/The server is slow: waiting for/).waitFor();
      await page.getByRole("table", { name: "Entries" }).waitFor();
      await page.getByText(/The server is slow/).waitFor({ state: "detached" });
    }));

  it("with other data asks to sign in again, and leads back", () =>
    journey("/scans", async (page) => {
      await page.getByRole("table", { name: "Scans" }).waitFor();
      await page.context().clearCookies();
      await page.reload();
      await page.getByRole("alert").waitFor();
      await page.getByLabel("Owner's token").fill(TOKEN);
      await page.keyboard.press("Enter");
      await page.getByRole("table", { name: "Scans" }).waitFor();
    }, { quiet: /401/ }));
});

describe("a scan", () => {
  // It needs a server that can reach a cloud or a test endpoint.
  it.skipIf(!process.env.FATHOM_E2E_SCAN)("is planned, started, followed to its end, and told of on other pages", () =>
    journey("/scans#start", async (page) => {
      const plan = page.getByRole("dialog", { name: "Start a scan" });
      await plan.getByText("Changes nothing in the cloud.", { exact: false }).waitFor();
      await plan.getByLabel(/Only these regions/).fill("us-east-1");
      await plan.getByLabel(/Only these kinds/).fill("AWS::S3::Bucket");
      await plan.getByText("fathom scan --regions us-east-1 --types AWS::S3::Bucket").waitFor();
      const rows = page.getByRole("table", { name: "Scans" }).getByRole("row");
      const before = await rows.count();
      await plan.getByRole("button", { name: "Start", exact: true }).click();
      await page.getByText(/^Scan \d+: \d+ resources?/).waitFor();
      await expect.poll(() => rows.count()).toBe(before + 1);
      await page.getByText(/^Scan \d+ ended:/).waitFor();
      expect(await barriers(page)).toEqual([]);
    }));
});
