// Journeys through the page about permissions, on the sample organisation: a stranger may take on one of its roles, everyone may read a bucket.
import { describe, expect, it } from "vitest";
import { ADDRESS } from "./browser";
import { AS_OF, everySize, journey, whole } from "./journey";

const ROLE = "arn:aws:iam::908249470583:role/SupportAccess";
const BUCKET = "arn:aws:s3:::northwind-tmp-export-7731";

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

const WORKER = "arn:aws:iam::111122223333:role/people/with/a-rather-long-path/a-worker-with-a-name-of-the-longest-kind-that-there-may-be";

/** What nobody used, of every kind, with what is not known. */
function dusty(): object {
  const row = (kind: string, name: string, more: object) => ({
    state: "unused", kind, uid: `arn:aws:iam::111122223333:${kind === "role" ? "role" : "user"}/${name}`, principal: `arn:aws:iam::111122223333:${kind === "role" ? "role" : "user"}/${name}`, account: "111122223333", name, admin: "no", active: null, provider_made: false,
    created: "2019-01-01T00:00:00Z", last_used: "2024-05-01T00:00:00Z", days: 500, because: "last used 500 days ago, as IAM tells", ...more,
  });
  const rows = [
    row("access_key", "AKIAEXAMPLE", { admin: "yes", active: true, principal: "arn:aws:iam::111122223333:user/ann" }), row("password", "ben", { last_used: null, days: 2400, because: "never used" }), row("role", WORKER.split(":role/")[1] ?? "", { admin: "only_if" }),
    row("user", "cleo", { active: null }), row("role", "AWSServiceRoleForSupport", { provider_made: true }), row("role", "locked", { state: "unknown", last_used: null, days: null, admin: "unknown", because: "RoleLastUsed was not read: iam:GetRole is missing" }),
  ];
  return { days: 90, since: "2026-07-01T00:00:00Z", rows, total: 6, unused: 5, unknown: 1, next: null, young: 2, disagreements: [], gaps: ["users and roles of account 222233334444 were not read"], as_of: AS_OF, asked: [{ kind: "access_key", count: 3 }, { kind: "password", count: 4 }, { kind: "user", count: 9 }, { kind: "role", count: 40 }] };
}

/** One that uses little of what it has, with a log that does not cover everything. */
function greedy(): object {
  const group = (service: string, access: string, many: number) => ({ service, access, actions: Array.from({ length: many }, (_, at) => `${service}:DoThing${at}`) });
  const used = (action: string, granted = true) => ({ action, access: "read", granted, last: "2026-09-30T00:00:00Z", event: "e", resources: ["arn:aws:s3:::one/*"], elsewhere: false });
  const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: ["s3:GetObject", "sqs:SendMessage"], Resource: ["arn:aws:s3:::one/*", "arn:aws:sqs:eu-west-1:111122223333:jobs"] }] };
  return {
    principal: WORKER, since: "2026-07-01T00:00:00Z", until: "2026-10-01T00:00:00Z", days: 90, places: [{ region: "eu-west-1", first: "2026-07-02T00:00:00Z", last: "2026-09-30T00:00:00Z", days: 88, days_of_reads: 88 }, { region: "us-east-1", first: "2026-09-01T00:00:00Z", last: "2026-09-30T00:00:00Z", days: 30, days_of_reads: 0 }], silent: ["eu-central-1"],
    policies: ["own", "AmazonS3FullAccess"], granted: 264, used: [used("s3:GetObject"), used("sqs:SendMessage"), used("sts:GetCallerIdentity", false)], never_used: [group("s3", "write", 120), group("sqs", "write", 12), group("iam", "admin", 40)], never_used_count: 172,
    unseen: [{ reason: "data_event", because: "a data event, or one that a trail may leave out", count: 66, groups: [group("dynamodb", "data", 66)] }], not_mapped: [{ source: "new.amazonaws.com", name: "DoSomethingNew", last: "2026-09-30T00:00:00Z" }],
    drops_unseen: false, policy, policy_chars: 180, proof: { allowed: 14, not_granted: [{ action: "sts:GetCallerIdentity", resource: "*" }], not_wider: true, because: [] }, notes: ["the policy takes the place of the identity policies that were read"], as_of: AS_OF,
    never_tried: [group("kms", "write", 24)], never_tried_count: 24, remembered: { source: "IAM", made: "2026-10-01T08:00:00Z", window_days: 400, services: [{ service: "s3", last: "2026-09-30T00:00:00Z" }, { service: "kms", last: null }] }, disagreements: [{ what: "sqs:SendMessage", log: "2026-09-30T00:00:00Z", iam: null, because: "the log has a use that IAM does not remember" }],
  };
}

/** Ten thousand principals before as many resources: a part of it. */
function vast(address: URL): object {
  const number = (name: string, or: number) => Number(address.searchParams.get(name) ?? or);
  const [row, column] = [number("row", 0), number("column", 0)];
  const marks = (at: number) => ["admin", "write", "data", "read", "list"].flatMap((access, step) => ((at + step) % 3 === 0 ? [{ access, decision: ["allowed", "only_if", "unknown"][(at + step) % 7 % 3], actions: 3, resources: 2 }] : []));
  const columns = Array.from({ length: number("columns", 12) }, (_, at) => ({ key: `AWS::Service${column + at}::SomethingWithALongName`, resource_type: "AWS::S3::Bucket", account: null, resources: 900, without_actions: 0, not_asked: at === 2 ? 700 : 0, gaps: [], gaps_count: 0 }));
  return { rows: Array.from({ length: number("rows", 50) }, (_, at) => ({ kind: "role", principal: `${WORKER}-${row + at}`, cells: columns.map((_, step) => marks(row + at + column + step)) })), columns, rows_total: 10_100, columns_total: 214, resources_total: 1_000_000, questions: 900, gaps: [], as_of: AS_OF };
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
      await page.locator("[role=listbox]:not([aria-busy])").getByRole("option", { name: /^sts:AssumeRole/ }).first().waitFor();
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

  it("stand in a grid that is walked through by keyboard, from a cell to its proof", () =>
    journey("/permissions", async (page) => {
      await page.getByRole("radio", { name: "Matrix" }).click();
      await page.waitForURL(/view=matrix/);
      const grid = page.getByRole("grid", { name: "Who may do what to what" });
      await grid.waitFor();
      await grid.getByRole("columnheader", { name: /908249470583/ }).waitFor();
      await everySize(page, "permissions-matrix");
      await page.getByRole("searchbox", { name: "Name of a user or role" }).fill("telemetry-sync");
      await page.getByRole("radio", { name: "Types" }).click();
      await page.getByRole("searchbox", { name: "Part of an ARN" }).fill("s3:::northwind-t");
      const cell = grid.getByRole("gridcell", { name: /^telemetry-sync, S3 Bucket: .*data only if/ });
      await cell.waitFor();
      await page.getByRole("radio", { name: "Resources" }).click();
      await grid.getByRole("columnheader", { name: /northwind-tmp-export-7731/ }).waitFor();
      // By keyboard to the bucket, and in.
      const first = grid.getByRole("gridcell").first();
      await first.focus();
      await page.keyboard.press("ArrowRight");
      expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-colindex"))).toBe("3");
      await page.keyboard.press("Home");
      await page.keyboard.press("Enter");
      const opened = page.getByRole("region", { name: "What the cell stands for", exact: true });
      await opened.getByRole("table", { name: "What the cell stands for" }).waitFor();
      expect(page.url()).toContain("cell=arn:aws:s3:::");
      await opened.getByRole("button", { name: /^data / }).first().click();
      await everySize(page, "permissions-matrix-cell");
      // The address holds the cell that is open.
      await page.reload();
      await opened.getByRole("button", { name: /^data / }).first().click();
      await opened.getByRole("link", { name: "s3:GetObject", exact: true }).click();
      await page.getByRole("heading", { name: "Can it?" }).waitFor();
      await page.getByText("Identity policies", { exact: true }).waitFor();
      await page.goBack();
      await opened.waitFor();
      await page.getByRole("button", { name: "Close" }).click();
      await opened.waitFor({ state: "detached" });
      await page.getByRole("searchbox", { name: "Name of a user or role" }).fill("nobody-is-called-so");
      await page.getByRole("heading", { name: "Nobody" }).waitFor();

      // On a telephone the list says the same.
      await page.setViewportSize({ width: 390, height: 844 });
      await page.goto(`${ADDRESS}/permissions?view=matrix&by=type&who=telemetry-sync&on=s3:::northwind`);
      const twin = page.getByRole("list", { name: "Who may do what to what" });
      await twin.getByText("telemetry-sync").click();
      await twin.getByRole("button", { name: /S3 Bucket.*data only if/s }).click();
      await opened.getByRole("heading", { name: /telemetry-sync/ }).waitFor();
      await page.setViewportSize({ width: 1440, height: 900 });
    }));

  it("stay in parts of a grid where there are ten thousand", () =>
    journey("/permissions", async (page) => {
      await page.route(/\/permissions\/matrix\?/, (route) => route.fulfill({ json: vast(new URL(route.request().url())) }));
      await page.goto(`${ADDRESS}/permissions?view=matrix&by=type`);
      await page.getByText("rows 1–50 of 10,100").waitFor();
      const grid = page.getByRole("grid");
      expect(await grid.getAttribute("aria-rowcount")).toBe("10101");
      await grid.getByText("700 not asked").waitFor();
      await everySize(page, "permissions-matrix-vast");
      // Over the edge into the part beside it; the focus goes along.
      await grid.getByRole("gridcell").first().focus();
      await page.keyboard.press("Control+End");
      await page.keyboard.press("ArrowDown");
      await page.getByText("rows 51–100 of 10,100").waitFor();
      await expect.poll(() => page.evaluate(() => document.activeElement?.closest("tr")?.getAttribute("aria-rowindex"))).toBe("52");
      await page.keyboard.press("ArrowRight");
      await page.getByText("columns 13–24 of 214").waitFor();
      await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-colindex"))).toBe("14");
    }));

  it("tell what nobody uses, and what one needs of what it has", () =>
    journey("/permissions", async (page) => {
      await page.getByRole("radio", { name: "Unused" }).click();
      await page.waitForURL(/view=unused/);
      await page.getByText(/^(Nothing that was looked at is unused|\d+ things? (was|were) not used) for 90 days\.$/).waitFor();
      await everySize(page, "permissions-unused-none");
      await page.getByRole("radio", { name: "30", exact: true }).click();
      await page.waitForURL(/days=30/);
      await page.getByText("fathom unused --days 30").waitFor();
      await page.goto(`${ADDRESS}/permissions?view=unused&principal=storefront-task`);
      await page.getByText("no log", { exact: false }).first().waitFor();
      await everySize(page, "permissions-least-none");

      await page.route(/\/permissions\/unused\?/, (route) => route.fulfill({ json: dusty() }));
      await page.route(/\/permissions\/least-privilege\?/, (route) => route.fulfill({ json: greedy() }));
      await page.goto(`${ADDRESS}/permissions?view=unused`);
      const all = page.getByRole("table", { name: "What nobody uses" });
      await all.getByRole("row", { name: /AKIAEXAMPLE.*access key of ann.*administrator/s }).waitFor();
      await all.getByRole("row", { name: /locked.*not known.*iam:GetRole is missing/s }).waitFor();
      await everySize(page, "permissions-unused");
      await all.getByRole("row", { name: /a-worker-with/ }).getByRole("link", { name: "What it needs" }).click();
      await page.getByText("2 used, 172 never used, 24 never tried as IAM remembers, 66 that no log would show.", { exact: false }).waitFor();
      await page.getByText("It allows nothing that is not granted today.").waitFor();
      await page.getByRole("list", { name: "Granted against used, by service" }).getByText("s3", { exact: true }).click();
      await everySize(page, "permissions-least");
      await page.getByRole("button", { name: "Copy the policy" }).click();
      expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))).toMatchObject({ Version: "2012-10-17" });
      await page.getByRole("checkbox", { name: "Leave out what no log would show" }).check();
      await page.waitForURL(/drop=true/);
      await page.getByText("--drop-unseen", { exact: false }).waitFor();
    }));

  it("tell of keys and secrets who can use them, and lead from one to the other", () =>
    journey("/permissions", async (page) => {
      await page.getByRole("radio", { name: "Keys" }).click();
      await page.waitForURL(/view=keys/);
      const keys = page.getByRole("table", { name: "Keys" });
      await keys.getByRole("rowheader", { name: /alias\/audit/ }).waitFor();
      await everySize(page, "permissions-keys");
      await keys.getByRole("link", { name: "alias/checkout" }).click();
      await page.getByRole("region", { name: "Who can use it" }).getByText("kms:Decrypt").first().waitFor();
      await everySize(page, "permissions-key");
      await page.getByRole("list", { name: "What hangs on the key" }).getByRole("link", { name: /storefront\/database/ }).click();
      const readers = page.getByRole("list", { name: "Who can read it" });
      await readers.getByText("storefront-proxy").waitFor();
      await everySize(page, "permissions-secret");
      await readers.getByRole("listitem").filter({ hasText: "storefront-proxy" }).getByRole("link", { name: "Why" }).click();
      await page.getByRole("heading", { name: "Can it?" }).waitFor();
      await page.getByRole("heading", { name: "And its key" }).waitFor();
      await page.goto(`${ADDRESS}/permissions?view=secrets`);
      await page.getByRole("table", { name: "Secrets" }).getByRole("rowheader", { name: /storefront-eu\/database/ }).waitFor();
      await everySize(page, "permissions-secrets");
      await page.goto(`${ADDRESS}/permissions?view=keys&key=arn:aws:kms:eu-west-1:1:key/none`);
      await page.getByRole("heading", { name: "No such key" }).waitFor();
    }));
});
