// Journeys of people and roles: who sees what, what an administrator does, and names that somebody else chose.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROLES, ROLES_THAT } from "../src/session/roles";
import { barriers, launch, picture, settled } from "./browser";
import { api, BINARY, person, type Running, serve, signIn, type Walk, walked, type Walking } from "./signin";

/** What somebody may well be called who means no good. */
const TRICK = "Eve <img src=x onerror=alert(1)><b>\u05e9\u05dc\u05d5\u05dd".padEnd(100, "W");

let browser: Browser;
let server: Running;
let ann: Awaited<ReturnType<typeof person>>;

beforeAll(async () => {
  if (BINARY === "") return;
  browser = await launch();
  server = await serve({ sample: true });
  ann = await person(server, "Ann Example", "administrator");
}, 240_000);
afterAll(async () => {
  await browser?.close();
  server?.end();
});

const journey = (path: string, walk: Walk, options: Walking = {}) => walked(browser, server.named + path, walk, options);
const rail = (page: Page) => page.getByRole("navigation", { name: "Pages" }).getByRole("link");

describe.skipIf(BINARY === "")("roles", () => {
  it("may what the console believes that they may", async () => {
    // No token may change an account, people or tokens, whatever its role.
    const never = ["own_account", "manage_people", "manage_tokens"];
    for (const role of ROLES) {
      const { secret } = await api<{ secret: string }>(server, "/tokens", { body: { name: `asks as ${role}`, role, days: 1 } });
      const { permissions } = await api<{ permissions: string[] }>(server, "/session", { method: "GET", token: secret });
      const believed = Object.entries(ROLES_THAT).filter(([power, roles]) => roles.includes(role) && !never.includes(power)).map(([power]) => power);
      expect({ role, permissions: [...permissions].sort() }).toEqual({ role, permissions: believed.sort() });
    }
  });

  it("decide which pages and buttons somebody sees", async () => {
    const vera = await person(server, "Vera Views", "viewer");
    await journey("/sql", async (page) => {
      await signIn(page, vera.name, vera.app);
      await page.getByRole("heading", { name: "SQL is not part of your role" }).waitFor();
      await page.getByText("You are a viewer. An analyst, a responder, an auditor or an administrator can.").waitFor();
      expect(await barriers(page)).toEqual([]);
      await picture(page, "not-your-role");
      const names = await rail(page).allTextContents();
      expect(names).toContain("Unexplained");
      expect(names).not.toContain("SQL");
      expect(names).not.toContain("Ledger");
      for (const [path, absent] of [["/unexplained", /^Act|Accept/], ["/scans", /Start a scan/], ["/resources", /^SQL$/]] as const) {
        await page.getByRole("link", { name: path === "/unexplained" ? "Unexplained" : path === "/scans" ? "Scans" : "Resources", exact: true }).click();
        await settled(page);
        await page.getByRole("row").nth(1).waitFor();
        for (const role of ["button", "link"] as const) expect(await page.getByRole(role, { name: absent }).count(), `${path} ${role}`).toBe(0);
        expect(await page.getByRole("alert").count()).toBe(0);
      }
      await page.getByRole("link", { name: "Settings", exact: true }).click();
      await page.getByText("You sign in with a password and an authenticator app.").waitFor();
      expect(await page.getByRole("navigation", { name: "Settings" }).getByRole("link").allTextContents()).toEqual(["My account", "Sessions", "Appearance"]);
      // Who asks all the same is refused by the server, not by the page.
      const forced = await page.evaluate(async () => (await fetch("/api/v1/people")).status);
      expect(forced).toBe(403);
      await page.keyboard.press("Control+k");
      await page.keyboard.type("scan");
      await page.getByRole("option", { name: /^Scans/ }).waitFor();
      expect(await page.getByRole("option", { name: "Start a scan" }).count()).toBe(0);
    }, { quiet: /status of 40[13]/ });
  });

  it("are changed by an administrator, which holds at once in open sessions", async () => {
    const finn = await person(server, "Finn Follows", "viewer");
    await journey("/", async (page) => {
      await signIn(page, finn.name, finn.app);
      await page.getByRole("heading", { level: 1, name: /% understood/ }).waitFor();
      await journey("/settings/people", async (admin) => {
        await signIn(admin, ann.name, ann.app);
        await admin.getByRole("button", { name: finn.name }).click();
        await admin.getByRole("button", { name: "Change role or scope…" }).click();
        const plan = admin.getByRole("dialog");
        expect(await plan.getByRole("button", { name: "Change it" }).isDisabled()).toBe(true);
        await plan.getByRole("radio", { name: /^auditor/ }).check();
        await plan.getByText("read raw documents, ask in SQL, read the ledger and see people and sessions").waitFor();
        expect(await barriers(admin)).toEqual([]);
        await picture(admin, "settings-change");
        await plan.getByRole("button", { name: "Change it" }).click();
        await plan.waitFor({ state: "detached" });
        await admin.getByRole("row", { name: /Finn Follows.*auditor/ }).waitFor();
      });
      await page.getByText(/An administrator changed what you may do: you are an auditor now/).waitFor();
      await page.getByRole("button", { name: /^You are Finn Follows ?, ?auditor$/ }).waitFor();
      expect(await rail(page).allTextContents()).toContain("Ledger");
    });
  });
});

describe.skipIf(BINARY === "")("names that others chose", () => {
  it("are text, cut and in their place, wherever they stand", async () => {
    const eve = await person(server, TRICK, "auditor");
    await journey("/settings/account", async (page) => {
      await signIn(page, TRICK, eve.app);
      await page.getByText("You sign in with a password", { exact: false }).waitFor();
      for (const part of ["account", "people", "sessions"]) {
        await page.goto(`${server.named}/settings/${part}`);
        await page.locator("main").getByText("Eve <img src=x", { exact: false }).first().waitFor();
        expect(await page.locator("main img, main b").count()).toBe(0);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
        expect(await barriers(page)).toEqual([]);
        await picture(page, `settings-${part}`);
      }
      await page.getByRole("button", { name: /^You are Eve/ }).click();
      await page.getByRole("group", { name: "You" }).waitFor();
      await picture(page, "me");
      await page.goto(`${server.named}/settings/people?id=${eve.id}`);
      await page.getByRole("dialog").getByText("signs in with").waitFor();
      expect(await page.locator("dialog img, dialog b").count()).toBe(0);
      await page.goto(`${server.named}/ledger`);
      await page.getByRole("row", { name: /Eve <img/ }).first().waitFor();
      expect(await page.locator("main img, main b").count()).toBe(0);
    });
  });

  it("are refused where they are taken, and the form says so", () =>
    journey("/settings/people", async (page) => {
      await signIn(page, ann.name, ann.app);
      await page.getByRole("button", { name: "Add a person…" }).click();
      const form = page.getByRole("dialog");
      await form.getByLabel(/^Name/).fill("ANN example");
      await picture(page, "settings-add");
      await form.getByRole("button", { name: "Add", exact: true }).click();
      await form.getByRole("alert").waitFor();
      await form.getByLabel(/^Name/).fill("Gina New");
      await form.getByRole("radio", { name: /^analyst/ }).check();
      await form.getByRole("radio", { name: "only these" }).first().check();
      expect(await form.getByRole("button", { name: "Add", exact: true }).isDisabled()).toBe(true);
      await form.getByRole("button", { name: /^Add the account/ }).first().click();
      await form.getByRole("button", { name: "Add", exact: true }).click();
      await page.getByRole("dialog", { name: /Invitation of Gina/ }).getByText("/#invite=", { exact: false }).first().waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.getByRole("button", { name: "I sent it" }).click();
      await page.getByRole("row", { name: /Gina New.*invited.*analyst.*account/ }).waitFor();
    }, { quiet: /status of 40[19]/ }));
});
