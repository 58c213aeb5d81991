// Journeys of who may come in: first start, the ways to sign in, ends of sessions, and what each role sees.
import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { barriers, launch, picture, settled } from "./browser";
import { added, api, BINARY, device, enrol, PASSWORD, person, type Running, serve, signIn, signOut, type Walk, walked, type Walking } from "./signin";

let browser: Browser;
let server: Running;

beforeAll(async () => {
  if (BINARY === "") return;
  browser = await launch();
  server = await serve({ sample: true });
}, 240_000);
afterAll(async () => {
  await browser?.close();
  server?.end();
});

const journey = (path: string, walk: Walk, options: Walking = {}) => walked(browser, server.named + path, walk, options);

describe.skipIf(BINARY === "")("sign-in", () => {
  describe("a newcomer's first ten minutes", () => {
    it("lead from the owner's token to a passkey, recovery codes, the overview and the first accepted gap", () =>
      walked(browser, `${server.address}/unexplained`, async (page, { context }) => {
        const device1 = await device(context, page);
        await page.getByRole("heading", { name: "Set up this server" }).waitFor();
        expect(await barriers(page)).toEqual([]);
        await picture(page, "setup-empty");
        await page.getByLabel("Owner's token").fill("not-the-token");
        await page.keyboard.press("Enter");
        await page.getByRole("alert").waitFor();
        await page.getByLabel("Owner's token").fill(server.token);
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: "Set up the first administrator" }).waitFor();
        expect(await page.evaluate((token) => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie, location.href]).includes(token), server.token)).toBe(false);
        expect(await barriers(page)).toEqual([]);
        await picture(page, "setup-name");
        await page.getByLabel(/^Your name/).fill("Ann Example");
        await page.getByRole("button", { name: /^Go on/ }).first().click();
        // An address in figures has no passkeys, so the setup moves to the name of this machine.
        await page.getByRole("heading", { name: "You are invited" }).waitFor();
        expect(new URL(page.url()).hostname).toBe("localhost");
        expect(page.url()).not.toContain("invite");
        await picture(page, "invited");
        await page.getByRole("button", { name: "Begin" }).click();
        await page.getByRole("heading", { name: "Welcome, Ann Example" }).waitFor();
        expect(await barriers(page)).toEqual([]);
        await picture(page, "setup-ways");
        await page.getByRole("button", { name: "Make a passkey" }).click();
        const codes = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
        await codes.first().waitFor();
        expect(await codes.count()).toBe(8);
        expect(new Set(await codes.allTextContents()).size).toBe(8);
        expect(await barriers(page)).toEqual([]);
        await picture(page, "setup-codes");
        const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
        expect(await readFile(await file.path(), "utf8")).toContain((await codes.first().textContent()) ?? "?");
        expect(await page.getByRole("button", { name: "Go to the console" }).isDisabled()).toBe(true);
        await page.getByLabel("I kept them").check();
        await page.getByRole("button", { name: "Go to the console" }).click();

        await page.getByRole("heading", { level: 1, name: /% understood/ }).waitFor();
        await page.getByRole("button", { name: /^You are Ann Example ?, ?administrator$/ }).waitFor();
        await page.getByRole("link", { name: "Unexplained", exact: true }).click();
        await settled(page);
        const row = page.getByRole("table").getByRole("row", { name: /northwind-tmp-export-7731/ });
        await row.getByRole("button", { name: /^Act/ }).click();
        await page.getByRole("button", { name: "Accept…" }).click();
        const plan = page.getByRole("dialog", { name: /^Accept/ });
        await plan.getByLabel("Reason").fill("looked at in the first ten minutes");
        await plan.getByRole("button", { name: "Accept", exact: true }).click();
        await plan.waitFor({ state: "detached" });
        await page.getByRole("link", { name: "Ledger" }).click();
        await page.getByRole("table").getByRole("row", { name: /accepted.*Ann Example/ }).first().waitFor();
        await page.getByRole("table").getByRole("row", { name: /passkey.added.*Ann Example/ }).first().waitFor();

        // And in again, with what was made.
        await device1.present(false);
        await signOut(page);
        expect(await barriers(page)).toEqual([]);
        await picture(page, "signin");
        // What waits in the field for names was asked of a device whose owner is away; the button asks anew.
        await page.waitForTimeout(1_000);
        await device1.present(true);
        await page.getByRole("button", { name: "Sign in with a passkey" }).click();
        await page.getByRole("table", { name: "Entries" }).waitFor();
      }), 180_000);
  });

  describe("password and one-time code", () => {
    it("are set up from an invitation, work once per code, and never say what was wrong", async () => {
      const { invitation } = await added(server, "Ben Analyst", "analyst");
      await journey(invitation.path, async (page) => {
        const app = await enrol(page);
        await page.getByRole("link", { name: "Coverage" }).click();
        await settled(page);
        await page.getByRole("checkbox", { name: /^not answered/ }).check();
        await page.waitForURL(/reason=not_answered/);
        const address = page.url();
        await signOut(page);
        const said: string[] = [];
        for (const [name, password] of [["Ben Analyst", "not the password at all"], ["nobody of this name", PASSWORD]] as const) {
          await signIn(page, name, undefined, password);
          const alert = page.getByRole("alert").last();
          await expect.poll(() => page.getByLabel("Password", { exact: true }).inputValue()).toBe("");
          said.push((await alert.textContent()) ?? "");
        }
        expect(said[0]).toBe(said[1]);
        expect(said[0]).not.toBe("");
        expect(await barriers(page)).toEqual([]);
        await signIn(page, "Ben Analyst", app);
        await page.getByRole("heading", { level: 1, name: "Coverage" }).waitFor();
        // The same address, filters and all.
        expect(page.url()).toBe(address);
      });
      // The link was for once.
      await journey(invitation.path, async (page) => {
        await page.getByRole("button", { name: "Begin" }).click();
        await page.getByText(/This invitation opens nothing/).waitFor();
      });
    });
  });

  describe("a recovery code", () => {
    it("lets in once, for as long as it takes to make a new way in", async () => {
      const cleo = await person(server, "Cleo Recovers", "responder");
      await journey("/", async (page, { context }) => {
        const keys = await device(context, page);
        const use = async (code: string) => {
          await page.getByRole("button", { name: "Use a recovery code" }).click();
          await page.getByLabel("Name", { exact: true }).fill(cleo.name);
          await page.getByLabel("Recovery code", { exact: true }).fill(code);
          await page.getByRole("button", { name: "Sign in with this code" }).click();
        };
        await use(cleo.codes[0] ?? "");
        await page.getByText(/You came in with a recovery code/).waitFor();
        expect(await barriers(page)).toEqual([]);
        await page.getByRole("link", { name: "set up a way to sign in" }).click();
        await page.getByText("7 codes are left", { exact: false }).waitFor();
        await page.getByRole("button", { name: "Add a passkey…" }).click();
        await page.getByRole("button", { name: "Make it", exact: true }).click();
        await page.getByText("You sign in with 1 passkey, or with a password and an authenticator app.").waitFor();
        await picture(page, "settings-account");
        // A device that says yes to everything would sign in by itself.
        await keys.present(false);
        await signOut(page);
        await use(cleo.codes[0] ?? "");
        await page.getByRole("alert").last().waitFor();
        await page.getByRole("button", { name: "Sign in with this code" }).waitFor();
        expect(await barriers(page)).toEqual([]);
      });
    });
  });

  describe("the whole way in and out", () => {
    it("is walked with the keyboard only", async () => {
      const dora = await person(server, "Dora Keys", "analyst");
      await journey("/scans", async (page) => {
        const at = () => page.evaluate(() => (document.activeElement as HTMLElement | null)?.getAttribute("aria-label") ?? (document.activeElement as HTMLInputElement | null)?.labels?.[0]?.textContent ?? document.activeElement?.textContent ?? "");
        const to = async (wanted: RegExp) => {
          for (let steps = 0; steps < 60; steps++) {
            if (wanted.test(await at())) return;
            await page.keyboard.press("Tab");
          }
          throw new Error(`the focus never came to ${wanted}`);
        };
        await page.getByLabel("Name", { exact: true }).waitFor();
        await to(/^Name$/);
        await page.keyboard.type(dora.name);
        await page.keyboard.press("Tab");
        await page.keyboard.type(PASSWORD);
        await page.keyboard.press("Tab");
        await page.keyboard.type(await dora.app.code());
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { level: 1, name: "Scans" }).waitFor();
        await page.keyboard.press("Control+k");
        await page.keyboard.type("api tokens");
        await page.getByRole("option", { name: /API tokens/ }).waitFor();
        await page.keyboard.press("Enter");
        await page.getByText("No token was made").waitFor();
        await to(/^Make a token/);
        await page.keyboard.press("Enter");
        await page.keyboard.type("nightly report");
        await page.keyboard.press("Enter");
        await page.getByText("This is the only time that it is shown.", { exact: false }).waitFor();
        expect(await barriers(page)).toEqual([]);
        const secret = (await page.locator("dialog code").first().textContent()) ?? "";
        expect(secret).toMatch(/^fathom_/);
        const who = await api<{ name: string; role: string }>(server, "/session", { method: "GET", token: secret });
        expect(who.role).toBe("viewer");
        await to(/^I kept it$/);
        await page.keyboard.press("Enter");
        await page.getByRole("row", { name: /nightly report/ }).waitFor();
        expect(await page.evaluate((text) => document.body.innerText.includes(text), secret)).toBe(false);
        await to(/^Revoke nightly report/);
        await page.keyboard.press("Enter");
        await page.getByRole("dialog").getByText("cannot be brought back", { exact: false }).waitFor();
        await page.keyboard.press("Enter");
        await page.getByRole("row", { name: /nightly report.*revoked/ }).waitFor();
        await expect(api(server, "/session", { method: "GET", token: secret })).rejects.toThrow(/401/);
        await to(/^You are Dora Keys/);
        await page.keyboard.press("Enter");
        await to(/^Sign out$/);
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
        await page.getByText("You are signed out.").waitFor();
      });
    });
  });
});
