// Every page in every state: full, empty, while it waits, where the server fails, and for who may not. In each it keeps its
// title, fits a telephone and keeps nobody out.
import type { Browser, BrowserContext, Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { barriers, launch, opened, pictured, settled } from "./browser";
import { BINARY, PASSWORD, person, type Running, serve } from "./signin";

const BUCKET = "arn:aws:s3:::northwind-tmp-export-7731";
const uid = encodeURIComponent(BUCKET);
/** The addresses, by the names of their pictures. */
const PAGES: Record<string, string> = {
  overview: "/", resources: "/resources", resource: `/resource?uid=${uid}`, unexplained: "/unexplained", map: "/map", changes: "/changes", coverage: "/coverage", scans: "/scans", sql: "/sql?q=select+1+as+one", ledger: "/ledger",
  "graph-begin": "/graph", graph: `/graph?uid=${uid}`, "graph-all": "/graph?all=true", "graph-path": `/graph?from=${uid}&to=${uid}`, "drift-code": "/drift", "drift-approved": "/drift?tab=baseline",
  permissions: "/permissions", "permissions-on": `/permissions?resource=${uid}`, "permissions-who": `/permissions?action=s3:GetObject&resource=${uid}`, "permissions-can": "/permissions?principal=telemetry-sync",
  "permissions-matrix": "/permissions?view=matrix", "permissions-unused": "/permissions?view=unused", "permissions-least": "/permissions?view=unused&principal=storefront-task", "permissions-keys": "/permissions?view=keys", "permissions-secrets": "/permissions?view=secrets",
  "permissions-escalations": "/permissions?view=escalation", "permissions-escalation": "/permissions?view=escalation&principal=123456789012",
  network: "/network", "network-begin": "/network?view=reach", "network-reach": "/network?from=i-0b594fbe0dbec5c24&to=i-b987605e188495d90&port=443", "network-who": "/network?to=i-0b594fbe0dbec5c24&port=443", "network-open": "/network?view=open",
  paths: "/paths", "paths-story": "/paths?story=vendor+administrators+908249470583", "paths-fix-first": "/paths?view=fix-first", "paths-blast-begin": "/paths?view=blast", "paths-blast": "/paths?view=blast&of=SupportAccess",
  vulnerabilities: "/vulnerabilities", "vulnerabilities-judged": "/vulnerabilities?view=judged", "vulnerabilities-not-looked": "/vulnerabilities?view=not-looked",
  findings: "/findings", "findings-exceptions": "/findings?view=accepted", finding: "/findings/no-such-finding", frameworks: "/frameworks", framework: "/frameworks/soc2",
  "findings-teams": "/findings?view=teams", "findings-trend": "/findings?view=trend", protection: "/protection", report: "/reports?framework=soc2", "report-all": "/reports",
  "settings-account": "/settings/account", "settings-sessions": "/settings/sessions", "settings-tokens": "/settings/tokens", "settings-people": "/settings/people", "settings-signin": "/settings/signin", "settings-appearance": "/settings/appearance",
};
/** Every state; else the one in which a page is most easily forgotten. */
const ALL = Boolean(process.env.FATHOM_STATES ?? process.env.FATHOM_PICTURES);
/** What every page asks, whatever it shows. */
const FRAME = /\/api\/v1\/(session|events|health|changes\/stream|scans\/stream)\b/;

let browser: Browser;
let full: Running;
let bare: Running;
/** Sees what belongs to a team that has nothing. */
let narrow: Awaited<ReturnType<typeof person>>;
let admin: Awaited<ReturnType<typeof person>>;
let viewer: Awaited<ReturnType<typeof person>>;

beforeAll(async () => {
  if (BINARY === "") return;
  browser = await launch();
  [full, bare] = await Promise.all([serve({ sample: true }), serve()]);
  narrow = await person(full, "Nora Narrow", "viewer", { teams: ["no-such-team"] });
  admin = await person(full, "Ada Administers", "administrator");
  viewer = await person(full, "Vic Viewer", "viewer");
}, 240_000);
afterAll(async () => {
  await browser?.close();
  full?.end();
  bare?.end();
});

const problem = (status: number, code: string, title: string, detail: string, hint?: string) => (route: Route) =>
  route.fulfill({ status, contentType: "application/problem+json", json: { type: "about:blank", status, code, title, detail, hint } });

async function enter(context: BrowserContext, on: Running, who?: { name: string; app: { code: () => Promise<string> } }): Promise<void> {
  const [path, data] = who ? ["password", { name: who.name, password: PASSWORD, code: await who.app.code() }] as const : ["token", { token: on.token }] as const;
  const answer = await context.request.post(`${on.named}/api/v1/signin/${path}`, { data });
  if (!answer.ok()) throw new Error(`cannot sign in: ${answer.status()} ${await answer.text()}`);
  await context.addInitScript(() => sessionStorage.setItem("fathom.setup-later", "1"));
}

interface State { on: () => Running; who?: () => { name: string; app: { code: () => Promise<string> } }; answer?: (route: Route) => unknown; waits?: boolean }

/** Walks through all pages in one state and tells what is wrong with which. */
async function walk(name: string, { on, who, answer, waits }: State): Promise<void> {
  const { page, faults, close } = await opened(browser, `${on().named}/favicon.ico`, { quiet: /status of (40[134]|500)/, before: (context) => enter(context, on(), who?.()) });
  const wrong: string[] = [];
  try {
    if (answer) await page.route((url) => url.pathname.startsWith("/api/v1/") && !FRAME.test(url.pathname), answer);
    for (const [place, path] of Object.entries(PAGES)) {
      await page.goto(on().named + path);
      await page.locator("main h1").first().waitFor({ timeout: 10_000 }).catch(() => wrong.push(`${place}: no title`));
      if (!waits) await settled(page);
      else await page.waitForTimeout(500);
      if ((await page.locator("main h1:visible").count()) !== 1) wrong.push(`${place}: ${await page.locator("main h1:visible").count()} titles`);
      if (place.startsWith("settings-") && (await page.locator("main h2:visible").count()) === 0) wrong.push(`${place}: the part has no heading`);
      wrong.push(...(await barriers(page)).map((each) => `${place}: ${each}`));
      await pictured(page, `state-${name}-${place}`, [[1440, 900, "light"], [390, 844, "dark"]]);
      if (await tooWide(page)) wrong.push(`${place}: wider than a telephone`);
    }
    expect(wrong).toEqual([]);
    expect(faults).toEqual([]);
  } finally {
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await close();
  }
}

async function tooWide(page: Page): Promise<boolean> {
  await page.setViewportSize({ width: 390, height: 844 });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await page.setViewportSize({ width: 1440, height: 900 });
  return over > 0;
}

// Each walks through all addresses.
describe.skipIf(BINARY === "")("every page", { timeout: 400_000 }, () => {
  it("is whole where the server fails", () => walk("error", { on: () => full, who: () => admin, answer: problem(500, "internal", "Something failed here", "the estate could not be read: the disk is full", "look into the server's log") }));
  // These take two minutes more: `cargo xtask journeys --states`.
  it.skipIf(!ALL)("is whole where the server refuses", () => walk("refused", { on: () => full, who: () => admin, answer: problem(403, "forbidden", "Not for this role", "your role may not read this", "an administrator gives roles") }));
  it.skipIf(!ALL)("is whole for a viewer to whom nothing belongs", () => walk("narrow", { on: () => full, who: () => narrow }));
  it.skipIf(!ALL)("is whole while it waits", () => walk("waiting", { on: () => full, who: () => admin, waits: true, answer: () => new Promise(() => undefined) }));
  it.skipIf(!ALL)("is whole where nothing was scanned yet", () => walk("empty", { on: () => bare }));
  // The other journeys walk through these.
  it.skipIf(!ALL)("is whole for a viewer", () => walk("viewer", { on: () => full, who: () => viewer }));
  it.skipIf(!ALL)("is whole", () => walk("full", { on: () => full }));
});
