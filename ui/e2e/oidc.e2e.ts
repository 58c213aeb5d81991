// Journeys through another place that says who somebody is.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { barriers, launch, picture } from "./browser";
import { hasIssuer, issuer, type Issuer } from "./issuer";
import { api, BINARY, person, type Running, serve, signIn, signOut, type Walk, walked } from "./signin";

const HERE = BINARY !== "" && hasIssuer();
if (BINARY !== "" && !HERE && process.env.FATHOM_REQUIRE_PEERS === "1") throw new Error("oidc-provider is not installed");
if (BINARY !== "" && !HERE) console.log("skipped: oidc-provider is not installed; `cargo xtask test` does it");

let browser: Browser;
let server: Running;
let corp: Issuer;

beforeAll(async () => {
  if (!HERE) return;
  browser = await launch();
  corp = await issuer({
    ada: { preferred_username: "ada", groups: ["staff", "security"] },
    noel: { preferred_username: "noel", groups: ["staff"] },
  });
  server = await serve({
    sample: true,
    prepare: (data) => {
      writeFileSync(join(data, "corp.secret"), "s3cret", { mode: 0o600 });
      writeFileSync(join(data, "signin.yaml"), `version: 1
openid_connect:
  - id: corp
    name: Example <b>Corp</b>
    issuer: ${corp.url}
    client_id: fathom
    client_secret_file: corp.secret
    scopes: [profile, groups]
    groups_claim: groups
    roles:
      - { group: security, role: analyst, accounts: ["908249470583"] }
`);
    },
  });
  await corp.redirectTo(server.named);
}, 240_000);
afterAll(async () => {
  await browser?.close();
  server?.end();
  corp?.end();
});

// The pages of the provider ask for fonts and pictures that are not here.
const journey = (path: string, walk: Walk) => walked(browser, server.named + path, walk, { quiet: /NAME_NOT_RESOLVED|status of 40[0134]/ });

/** What the provider's own pages ask. */
async function signInThere(page: Page, login: string): Promise<void> {
  await page.locator('input[name="login"]').fill(login);
  await page.locator('input[name="password"]').fill("anything");
  await page.locator('button[type="submit"]').click();
  await page.getByRole("button", { name: "Continue" }).click();
}

describe.skipIf(!HERE)("OpenID Connect", () => {
  it("leads there and back to the page that was asked for, with the role of the group", async () => {
    // While nobody is set up, only the owner is asked for.
    const ann = await person(server, "Ann Example", "administrator");
    await journey("/unexplained?account=908249470583", async (page) => {
      const way = page.getByRole("link", { name: "Sign in with Example <b>Corp</b>" });
      await way.waitFor();
      expect(await barriers(page)).toEqual([]);
      await picture(page, "signin-oidc");
      await way.click();
      await signInThere(page, "ada");
      await page.getByRole("heading", { level: 1, name: "Unexplained" }).waitFor();
      expect(page.url()).toBe(`${server.named}/unexplained?account=908249470583`);
      await page.getByRole("button", { name: /^You are ada ?, ?analyst, limited$/ }).waitFor();
      // Limited people are not offered what cannot be cut to their part.
      expect(await page.getByRole("navigation", { name: "Pages" }).getByRole("link").allTextContents()).not.toContain("SQL");
      await page.goto(`${server.named}/sql`);
      await page.getByText("You see account 908249470583.", { exact: false }).waitFor();
      await page.goto(`${server.named}/settings/account`);
      await page.getByText("You sign in through OpenID Connect.").waitFor();
      expect(await page.getByRole("button", { name: /passkey|password/i }).count()).toBe(0);
      const { people } = await api<{ people: { name: string; issuer: string | null }[] }>(server, "/people", { method: "GET" });
      expect(people.find((each) => each.name === "ada")?.issuer).toBe(corp.url);
      await signOut(page);
    });
    await journey("/settings/signin", async (page) => {
      await signIn(page, ann.name, ann.app);
      await page.getByRole("region", { name: "Example <b>Corp</b>" }).getByText("1 person", { exact: true }).waitFor();
      await page.getByText(`${server.named}/api/v1/signin/oidc/callback`).waitFor();
      expect(await barriers(page)).toEqual([]);
      await picture(page, "settings-signin");
    });
  });

  it("says plainly that somebody is known there and has no role here", () =>
    journey("/", async (page) => {
      await page.getByRole("link", { name: /^Sign in with Example/ }).click();
      await signInThere(page, "noel");
      await page.getByRole("alert").filter({ hasText: "nobody has given you a role here" }).waitFor();
      expect(page.url()).not.toContain("signin_failed");
      expect(await barriers(page)).toEqual([]);
    }));
});
