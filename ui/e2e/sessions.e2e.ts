// Journeys of sessions that end: unused, ended by others, out of step with other tabs.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { barriers, launch, picture } from "./browser";
import { api, BINARY, person, type Running, serve, signIn, signOut, type Walk, walked } from "./signin";

/** Seconds without use after which sessions seem to end here; the warning comes when four tenths of it are left. */
const IDLE_S = 10;
/** The shortest limit there really is: that of a session from a recovery code. */
const EMERGENCY_S = 300;

let browser: Browser;
let server: Running;

beforeAll(async () => {
  if (BINARY === "") return;
  browser = await launch();
  server = await serve();
}, 240_000);
afterAll(async () => {
  await browser?.close();
  server?.end();
});

// A person for each journey: an authenticator has three codes before one has to wait for the next.
const journey = (path: string, walk: Walk) => walked(browser, server.named + path, walk);

/**
 * Makes limits of minutes look like seconds: what the server says of the end is moved towards now by as much, and when that
 * moment comes, the server ends the session for real. What counts as use stays with the server.
 */
async function shortened(page: Page, name: string): Promise<void> {
  let until = Infinity;
  await page.route("**/api/v1/**", async (route) => {
    const request = route.request();
    if (request.headers().accept === "text/event-stream") return route.continue();
    if (Date.now() > until && request.url().endsWith("/session")) {
      until = Infinity;
      const { sessions } = await api<{ sessions: { id: number; name: string }[] }>(server, "/sessions", { method: "GET" });
      for (const one of sessions) if (one.name === name) await api(server, `/sessions/${one.id}`, { method: "DELETE" });
    }
    const response = await route.fetch();
    const headers = { ...response.headers() };
    const told = Date.parse(headers["x-fathom-idle-until"] ?? "");
    const limit = 15 * 60;
    if (!Number.isNaN(told)) {
      until = told - (limit - IDLE_S) * 1000;
      headers["x-fathom-idle-until"] = new Date(until).toISOString();
    }
    const body = await response.text();
    await route.fulfill({ response, headers, body: body.replace(`"idle_seconds":${limit}`, `"idle_seconds":${IDLE_S}`) });
  });
}

describe.skipIf(BINARY === "")("a session", () => {
  it("that nobody uses is warned of, goes on when somebody says so, and else ends and leads back", async () => {
    const ben = await person(server, "Ben Analyst", "analyst");
    await journey("/sql?q=select+1", async (page) => {
      await shortened(page, ben.name);
      await signIn(page, ben.name, ben.app);
      await page.getByRole("heading", { level: 1, name: "SQL" }).waitFor();
      const warning = page.getByRole("dialog", { name: "Are you still there?" });
      const began = Date.now();
      // Live streams and what the page asks by itself do not count as use.
      await warning.waitFor({ timeout: 2 * IDLE_S * 1000 });
      expect(Date.now() - began).toBeGreaterThan(IDLE_S * 300);
      await warning.getByRole("timer").filter({ hasText: /^0:0\d$/ }).waitFor();
      await warning.getByRole("button", { name: "Stay signed in" }).click();
      await warning.waitFor({ state: "detached" });
      await warning.waitFor({ timeout: 2 * IDLE_S * 1000 });
      expect(await warning.textContent()).toContain("was typed and not sent is lost");
      expect(await barriers(page)).toEqual([]);
      await picture(page, "idle-warning");
      await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor({ timeout: 2 * IDLE_S * 1000 });
      await page.getByRole("alert").filter({ hasText: /without use/ }).waitFor();
      expect(await page.locator("dialog").count()).toBe(0);
      expect(await barriers(page)).toEqual([]);
      await picture(page, "signin-why");
      await signIn(page, ben.name, ben.app);
      await page.getByRole("heading", { level: 1, name: "SQL" }).waitFor();
      expect(new URL(page.url()).search).toContain("select");
    });
  }, 120_000);

  // Five minutes, which is too long for each run.
  it.skipIf(!process.env.FATHOM_E2E_SLOW)("from a recovery code ends after five minutes without use, with a warning two minutes before", async () => {
    const cleo = await person(server, "Cleo Recovers", "viewer");
    await journey("/settings/sessions", async (page) => {
      await page.getByRole("button", { name: "Use a recovery code" }).click();
      await page.getByLabel("Name", { exact: true }).fill(cleo.name);
      await page.getByLabel("Recovery code", { exact: true }).fill(cleo.codes[0] ?? "");
      await page.getByRole("button", { name: "Sign in with this code" }).click();
      await page.getByRole("row", { name: /this one/ }).waitFor();
      const began = Date.now();
      await page.getByRole("dialog", { name: "Are you still there?" }).waitFor({ timeout: EMERGENCY_S * 1000 });
      // The list of sessions is asked for again and again meanwhile, which is no use.
      expect((Date.now() - began) / 1000).toBeGreaterThan(EMERGENCY_S - 125);
      await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor({ timeout: EMERGENCY_S * 1000 });
      expect((Date.now() - began) / 1000).toBeLessThan(EMERGENCY_S + 15);
      await page.getByRole("alert").filter({ hasText: "after 5 minutes without use" }).waitFor();
    });
  }, 400_000);

  it("that is used by typing only goes on", async () => {
    const tom = await person(server, "Tom Types", "analyst");
    await journey("/sql", async (page) => {
      await shortened(page, tom.name);
      await signIn(page, tom.name, tom.app);
      const field = page.getByLabel("Question in SQL");
      await field.waitFor();
      for (let second = 0; second < IDLE_S + 5; second++) {
        await field.press(second % 2 ? "Backspace" : "x");
        await page.waitForTimeout(1_000);
      }
      expect(await page.getByRole("dialog").count()).toBe(0);
      await field.waitFor();
    });
  }, 120_000);

  it("that an administrator ends is over at once, says so, and leads back", async () => {
    const ann = await person(server, "Ann Example", "administrator");
    const ida = await person(server, "Ida Ended", "analyst");
    await journey("/scans", async (page) => {
      await signIn(page, ida.name, ida.app);
      await page.getByRole("heading", { level: 1, name: "Scans" }).waitFor();
      await journey("/settings/sessions", async (admin) => {
        await signIn(admin, ann.name, ann.app);
        await admin.getByRole("row", { name: ida.name }).first().waitFor();
        await picture(admin, "settings-sessions-all");
        await admin.getByRole("button", { name: `End the session of ${ida.name}…` }).first().click();
        await admin.getByRole("dialog").getByText("ends within a second", { exact: false }).waitFor();
        await admin.getByRole("button", { name: "End it" }).click();
        await admin.getByRole("dialog").waitFor({ state: "detached" });
        await admin.getByRole("row", { name: /this one/ }).waitFor();
      });
      await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor({ timeout: 6_000 });
      await page.getByRole("alert").filter({ hasText: /ended before its time/ }).waitFor();
      await signIn(page, ida.name, ida.app);
      await page.getByRole("heading", { level: 1, name: "Scans" }).waitFor();
    });
  }, 120_000);

  it("is one for all tabs: out in one, out in all, and in again in all", async () => {
    const tess = await person(server, "Tess Tabs", "viewer");
    await journey("/scans", async (page, { context }) => {
      await signIn(page, tess.name, tess.app);
      await page.getByRole("heading", { level: 1, name: "Scans" }).waitFor();
      const other = await context.newPage();
      await other.goto(`${server.named}/settings/appearance`);
      await other.getByRole("heading", { name: "Appearance" }).waitFor();
      await signOut(other);
      await page.getByText("You signed out in another tab.").waitFor();
      await signIn(other, tess.name, tess.app);
      await other.getByRole("heading", { name: "Appearance" }).waitFor();
      await page.getByRole("heading", { level: 1, name: "Scans" }).waitFor();
    });
  }, 120_000);
});
