// Journeys through the page about permissions, on the sample organisation: a stranger may take on one of its roles, everyone may read a bucket.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADDRESS, barriers, launch, open, picture, pictured, settled } from "./browser";

const ROLE = "arn:aws:iam::908249470583:role/SupportAccess";
const BUCKET = "arn:aws:s3:::northwind-tmp-export-7731";

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => browser.close());

async function journey(path: string, walk: (page: Page) => Promise<void>, options: Parameters<typeof open>[2] = {}): Promise<void> {
  const { page, faults, close } = await open(browser, path, options);
  try {
    await walk(page);
    expect(faults).toEqual([]);
  } finally {
    await close();
  }
}

/** A name of a picture, with nothing loading and nobody kept out, on a telephone too. */
async function whole(page: Page, name: string): Promise<void> {
  await settled(page);
  expect(await barriers(page)).toEqual([]);
  await picture(page, name);
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
  expect(await barriers(page)).toEqual([]);
  await page.setViewportSize({ width: 768, height: 1024 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** The same also in the size of a tablet. */
async function everySize(page: Page, name: string): Promise<void> {
  await whole(page, name);
  await pictured(page, name, [[768, 1024, "light"], [768, 1024, "dark"]]);
}

/** Many things that can be reached, over long names and by every kind of step; more than a picture holds. */
function crowd(): object {
  const me = "arn:aws:iam::111122223333:user/people/with/a-rather-long-path/somebody-with-a-long-name-too";
  const role = (at: number) => `arn:aws:iam::111122223333:role/${at % 3 === 0 ? "a-service-role-with-a-name-of-the-longest-kind-that-there-may-be-" : "worker-"}${at}`;
  const step = (actor: string, at: number, decision: string) => ({
    rule: "pass", title: ["makes a function with the role and calls it", "assumes the role", "puts its own keys into the identity provider, then signs in as anybody"][at % 3], actor, on: at % 2 ? `arn:aws:lambda:eu-west-1:111122223333:function:orders-worker-${at}` : role(at), gains: role(at), decision, asked: [],
  });
  const reached = Array.from({ length: 80 }, (_, at) => {
    const decision = ["sure", "only_if", "unknown"][at % 3] ?? "sure";
    const steps = at > 2 && at % 4 === 0 ? [step(me, 0, "sure"), step(role(0), at, decision)] : [step(me, at, decision)];
    return { what: "role", name: role(at), decision, steps };
  });
  return { principal: { kind: "user", principal: me }, administers: null, reached, total: 80, cut: true, edit: null, gaps: ["whom a function lets in"], as_of: { scan: 1, finished_at: null } };
}

describe("permissions", () => {
  it("begin with what is open to the outside, and lead from there to the proof and back", () =>
    journey("/", async (page) => {
      await page.getByRole("navigation").getByRole("link", { name: "Permissions" }).click();
      await page.getByRole("tab", { name: "Public 1" }).waitFor();
      const open = page.getByRole("table", { name: "What is open" });
      await open.getByRole("rowheader", { name: /northwind-tmp-export-7731/ }).waitFor();
      await whole(page, "permissions-open");
      await page.getByRole("tab", { name: "Public 1" }).press("ArrowRight");
      await page.waitForURL(/from=external/);
      await open.getByRole("rowheader", { name: /SupportAccess.*999988887777/s }).waitFor();
      await open.getByRole("button", { name: /^write .*SupportAccess.*yes 1 ?action$/ }).click();
      await open.getByRole("link", { name: "sts:AssumeRole" }).click();
      await page.getByRole("heading", { name: "Can it?" }).waitFor();
      await page.getByText("Resource policy", { exact: true }).waitFor();
      await page.getByText(/^allowed by trust policy, Statement\[0\]/).waitFor();
      await whole(page, "permissions-proof");
      // The address holds the question.
      await page.reload();
      await page.getByText(/^allowed by trust policy, Statement\[0\]/).waitFor();
      await page.goBack();
      await page.getByRole("tab", { name: /^External/, selected: true }).waitFor();
    }));

  it("are asked by keyboard, and every row has its proof", () =>
    journey("/permissions", async (page) => {
      await page.getByRole("combobox", { name: "on what" }).focus();
      await page.keyboard.type("SupportAccess");
      // What was found for the first letters is not chosen from.
      await page.locator("[role=listbox]:not([aria-busy])").getByRole("option", { name: /SupportAccess/ }).first().waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.getByRole("table", { name: "Who can do what to it" }).waitFor();
      expect(page.url()).toContain(`resource=${ROLE}`);
      await whole(page, "permissions-on");
      await page.getByRole("combobox", { name: "does what" }).focus();
      await page.keyboard.type("assumerole");
      await page.getByRole("option", { name: /^sts:AssumeRole/ }).first().waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.getByText("1 can, 0 only if, 0 not known.").waitFor();
      const rows = page.getByRole("list", { name: "Who can" });
      await rows.getByText("999988887777, if its own account lets it").click();
      await rows.getByText("Service control policies", { exact: true }).first().waitFor();
      await whole(page, "permissions-who");
      await page.getByText(`fathom who-can sts:AssumeRole ${ROLE}`).waitFor();
    }));

  it("say under which conditions, and what somebody can do", () =>
    journey(`/permissions?action=s3:GetObject&resource=${encodeURIComponent(BUCKET)}`, async (page) => {
      await page.getByText("is asked of objects", { exact: false }).waitFor();
      const row = page.getByRole("list", { name: "Who can" }).getByRole("listitem").filter({ hasText: "ONLY IF" }).first();
      await row.locator("summary").click();
      await row.getByRole("heading", { name: "Only if" }).waitFor();
      await whole(page, "permissions-condition");
      await page.goto(`${ADDRESS}/permissions?principal=telemetry-sync`);
      await page.getByRole("table", { name: "What it can do" }).waitFor();
      await whole(page, "permissions-can");
      await page.goto(`${ADDRESS}/permissions?principal=telemetry-sync&action=iam:CreateUser&resource=${encodeURIComponent(ROLE)}`);
      await page.getByText("NO", { exact: true }).waitFor();
      await page.getByText("without it, nothing is allowed", { exact: false }).first().waitFor();
    }));

  it("are reached from a resource, and say what is wrong with a question", () =>
    journey(`/resource?uid=${encodeURIComponent(ROLE)}`, async (page) => {
      const facts = page.getByRole("complementary", { name: "Facts" });
      await facts.getByRole("link", { name: "What it can do" }).click();
      await page.getByRole("table", { name: "What it can do" }).waitFor();
      expect(page.url()).toContain(`principal=${ROLE}`);
      await page.goto(`${ADDRESS}/permissions?principal=nobody-is-called-so`);
      await page.getByRole("alert").filter({ hasText: "nobody-is-called-so" }).waitFor();
      await whole(page, "permissions-wrong");
      await page.goto(`${ADDRESS}/permissions?action=sts:AssumeRole`);
      await page.getByRole("heading", { name: "Name what it is done to" }).waitFor();
      await page.goto(`${ADDRESS}/permissions?principal=SupportAccess&action=iam:ListUsers&resource=*`);
      await page.getByText("YES", { exact: true }).waitFor();
    }, { quiet: /404/ }));

  it("say what a policy would give and take, with the proof before and after, and change nothing", () =>
    journey("/permissions", async (page) => {
      await page.getByRole("radio", { name: "What if" }).click();
      await page.waitForURL(/view=what-if/);
      await page.getByRole("combobox", { name: "A policy of" }).selectOption("resource");
      const which = page.getByRole("combobox", { name: "which" });
      await which.focus();
      await page.keyboard.type("northwind-tmp-export");
      await page.getByRole("option", { name: /northwind-tmp-export-7731/ }).first().waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      // What there is now stands there already.
      const policy = page.getByRole("textbox", { name: "The policy as it would be" });
      await policy.filter({ hasText: "Statement" }).waitFor();
      await page.getByRole("button", { name: "And if it goes?" }).click();
      const rows = page.getByRole("list", { name: "Changes" });
      await rows.getByText("LOST", { exact: true }).first().waitFor();
      await page.getByText(`fathom what-if --remove --resource ${BUCKET}`).waitFor();
      await whole(page, "permissions-what-if-gone");

      await page.goto(`${ADDRESS}/permissions?view=what-if&of=principal&id=${encodeURIComponent("arn:aws:iam::908249470583:role/storefront-task")}`);
      await page.getByRole("combobox", { name: "Inline policy" }).selectOption({ label: "a new one beside these" });
      await policy.fill("{ half");
      await page.getByText("is no JSON").waitFor();
      expect(await page.getByRole("button", { name: "What changes?" }).isDisabled()).toBe(true);
      await policy.fill(JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "iam:CreateUser", Resource: "*" }, { Effect: "Allow", Action: "sqs:ReceiveMessage", Resource: "*", Condition: { Bool: { "aws:SecureTransport": "true" } } }] }, null, 2));
      await page.getByRole("button", { name: "What changes?" }).click();
      const gained = rows.getByRole("listitem").filter({ hasText: "iam:CreateUser" }).first();
      await gained.locator("summary").click();
      await gained.getByRole("region", { name: "With the change" }).getByText("YES", { exact: true }).waitFor();
      await gained.getByRole("region", { name: "Now" }).getByText("NO", { exact: true }).waitFor();
      await gained.getByText(/^allowed by what-if, Statement\[0\]/).waitFor();
      await whole(page, "permissions-what-if");
      await policy.fill(JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Perhaps" } }));
      await page.getByRole("button", { name: "What changes?" }).click();
      await page.getByRole("alert").filter({ hasText: "Effect" }).waitFor();
    }, { quiet: /400/ }));

  it("say who can become more, by which steps, and what prevents it", () =>
    journey("/permissions", async (page) => {
      await page.getByRole("radio", { name: "Escalation" }).click();
      await page.waitForURL(/view=escalation/);
      const all = page.getByRole("table", { name: "Who can become more" });
      await all.getByRole("row", { name: /SupportAccess.*role of 908249470583.*YES.*become security-audit.*1.*assumes the role: security-audit/s }).waitFor();
      // Who can take over an account is first.
      expect(await all.getByRole("row").nth(1).textContent()).toMatch(/^root user of 123456789012.*take over account 908249470583/s);
      await page.getByText("fathom escalate", { exact: true }).waitFor();
      await everySize(page, "permissions-escalations");

      await all.getByRole("link", { name: /SupportAccess/ }).click();
      await page.getByText("SupportAccess can become security-audit, in 1 step.").waitFor();
      const prevent = page.getByRole("region", { name: "To prevent it" });
      await prevent.getByText("Take statement 0 out of the trust policy of security-audit.").waitFor();
      await prevent.getByText("Asked again as if that were done, no way is left.").waitFor();
      const way = page.getByRole("list", { name: /^Steps to/ });
      await way.getByText("sts:AssumeRole").click();
      await way.getByRole("heading", { name: "Resource policy" }).waitFor();
      await way.getByText("allowed by trust policy, Statement[0]").waitFor();
      await everySize(page, "permissions-escalation-one");
      await way.getByRole("link", { name: "Every layer of this answer" }).click();
      await page.getByText("YES", { exact: true }).waitFor();
      await page.getByRole("link", { name: "What it can become" }).click();
      await prevent.getByRole("link", { name: "What else that edit would take" }).click();
      await page.waitForURL(/view=what-if/);
      await page.getByRole("textbox", { name: "The policy as it would be" }).filter({ hasText: "sts:AssumeRole" }).waitFor();

      // With the second factor of a user of its own account, the owner of one account takes over the other.
      await page.goto(`${ADDRESS}/permissions?view=escalation&principal=123456789012`);
      await page.getByText("root user of 123456789012 can take over account 908249470583, only if conditions hold, in 1 step.").waitFor();
      const picture = page.getByRole("region", { name: /^Picture of what it can become/ });
      await picture.getByRole("button", { name: /^908249470583 the whole account only if$/, pressed: true }).focus();
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("Enter");
      await page.waitForURL(/to=arn/);
      await picture.getByRole("button", { name: /^break-glass role/, pressed: true }).waitFor();
      await page.getByRole("heading", { name: "Step by step: become break-glass" }).waitFor();
      await page.getByRole("region", { name: "All that it can become" }).getByRole("button", { name: /take over account 908249470583/ }).click();
      await way.getByText("aws:MultiFactorAuthPresent Bool true").first().waitFor();
      await way.getByText("can be break-glass-1 with any permissions", { exact: false }).waitFor();
      await everySize(page, "permissions-escalation");
      await page.reload();
      await way.getByText("aws:MultiFactorAuthPresent Bool true").first().waitFor();

      await page.goto(`${ADDRESS}/permissions?view=escalation&principal=payments-server`);
      await page.getByRole("heading", { name: "Nothing more" }).waitFor();
      await everySize(page, "permissions-escalation-none");
      await page.goto(`${ADDRESS}/permissions?view=escalation&principal=nobody-is-called-so`);
      await page.getByRole("alert").filter({ hasText: "nobody-is-called-so" }).waitFor();
    }, { quiet: /404/ }));

  it("draw as much as fits of what somebody can become, and list the rest", () =>
    journey("/permissions", async (page) => {
      await page.route(/\/permissions\/escalation\?/, (route) => route.fulfill({ json: crowd() }));
      await page.goto(`${ADDRESS}/permissions?view=escalation&principal=somebody`);
      await page.getByText("not all was followed").waitFor();
      const picture = page.getByRole("region", { name: /^Picture of what it can become/ });
      // The one that starts is no button.
      await expect.poll(() => picture.getByRole("button").count()).toBe(59);
      await page.getByText("21 things more").waitFor();
      await everySize(page, "permissions-escalation-crowd");
      const list = page.getByRole("region", { name: "All that it can become" });
      await list.getByRole("button", { name: "68 more" }).click();
      await list.getByRole("button", { name: /become worker-79/ }).click();
      await picture.getByRole("button", { name: /^worker-79/, pressed: true }).waitFor();
    }));
});
