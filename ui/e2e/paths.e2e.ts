// Journeys through the attack paths, on the sample organisation: a role trusts a stranger, everyone may read a bucket.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ADDRESS } from "./browser";
import { AS_OF, everySize, journey } from "./journey";

const STRANGER = "999988887777";
const ROLE = "arn:aws:iam::908249470583:role/SupportAccess";
const LONG = "a-role-with-a-name-of-the-longest-kind-that-there-may-be-in-an-organisation-where-names-say-everything";

const node = (kind: string, id: string, of: object = {}) => ({ kind, id, uid: id.startsWith("arn:") ? id : null, name: null, resource_type: null, account: "111122223333", withheld: false, ...of });
const hidden = (kind: string) => node(kind, "", { id: null, uid: null, account: null, withheld: true });
const role = (name: string) => node("principal", `arn:aws:iam::111122223333:role/${name}`);

/** Far more stories than a picture can hold, of every kind of beginning, loss and answer. */
function crowd(count: number): object {
  const step = (from: object, to: object, title: string, answer: string) => ({ rule: "r", title, technique: "T1078", with: [from], on: null, gains: to, answer, proof: null, withheld: false });
  const rows = Array.from({ length: count }, (_, at) => {
    const answer = ["yes", "only_if", "unknown"][at % 3] ?? "yes";
    const [entry, from] = [["internet", node("internet", "internet", { account: null })], ["vendor", node("vendor", `99998888${1000 + (at % 14)}`, { account: null })], ["leaked_key", node("access_key", `arn:aws:iam::111122223333:user/u${at % 30}/access-key/AKIA${at % 30}`)]][at % 3] as [string, object];
    const server = node("server", `arn:aws:ec2:eu-west-1:111122223333:instance/i-${at % 9}`, { resource_type: "AWS::EC2::Instance", name: `web-${at % 9}` });
    const [one, other] = [role(at % 7 === 0 ? `${LONG}-${at % 21}` : `worker-${at % 25}`), role(`keeper-${at % 11}`)];
    const [jewel, to] = [["data", node("data", `arn:aws:s3:::bucket-${at}`, { resource_type: "AWS::S3::Bucket" })], ["keys", node("keys", `arn:aws:kms:eu-west-1:111122223333:key/${at}`, { resource_type: "AWS::KMS::Key" })], ["administrators", node("account", String(111122220000 + at))]][at % 5 === 0 ? 2 : at % 4 === 0 ? 1 : 0] as [string, object];
    const way = entry === "internet" ? [from, server, one, other, to] : [from, one, other, to];
    return { entry, from: [from], jewel, to, data_class: jewel === "data" ? "restricted" : null, answer, steps: way.slice(1).map((next, place) => step(way[place] ?? from, next, place === 0 ? "breaks into what listens there" : "goes on with the role that it runs as", answer)), with_it_counts: jewel === "administrators" ? [{ jewel: "data", count: 12 }] : [], with_it: [] };
  });
  const facets = { entry: [{ entry: "internet", count: 80 }, { entry: "vendor", count: 80 }, { entry: "leaked_key", count: 80 }], jewel: [{ jewel: "administrators", count: 48 }, { jewel: "data", count: 144 }, { jewel: "keys", count: 48 }], answer: [{ answer: "yes", count: 80 }, { answer: "only_if", count: 80 }, { answer: "unknown", count: 80 }] };
  return { rows, total: count + 700, next: 200, facets, jewels: 5_000, reached: 940, entries: 41, nodes: 50_000, steps: 199_702, unclassified: 1_204, cut: true, gap_count: 1, gaps: ["AWS::EC2::NetworkAcl of 111122223333 in eu-west-1: ec2:DescribeNetworkAcls is missing"], as_of: AS_OF };
}

/** A story of which the beginning is outside of what somebody may see. */
function withheld(): object {
  const proof = (of: object) => ({ asked: [], packet: null, hops: [], only_if: [], not_known: [], withheld: false, ...of });
  const asked = [{ action: "sts:AssumeRole", resource: role("own").id, decision: "allowed", because: [{ layer: "resource_policy", level: null, policy: "trust policy", statement: 0, sid: null, effect: "Allow" }], conditions: [] }];
  const to = node("data", "arn:aws:s3:::own-ledger", { resource_type: "AWS::S3::Bucket" });
  const step = (of: object) => ({ rule: "r", title: "assumes the role", technique: "T1548.005", with: [hidden("principal")], on: null, gains: role("own"), answer: "yes", proof: proof({ asked, withheld: true }), withheld: false, ...of });
  const steps = [step({ rule: "withheld", title: "a part of the way that is outside your scope", technique: null, with: [hidden("access_key")], gains: hidden("principal"), proof: null, withheld: true }), step({}), step({ title: "reads its objects", technique: "T1530", with: [role("own")], gains: to, answer: "unknown", proof: proof({ not_known: ["the policy of own-ledger was not read (s3:GetBucketPolicy)"], only_if: ["what listens there has a weakness"] }) })];
  return { story: { entry: "leaked_key", from: [hidden("access_key")], jewel: "data", to, data_class: "restricted", answer: "unknown", steps, with_it_counts: [], with_it: [] }, edit: { kind: "withheld", of: null, uid: null, layer: null, policy: null, statement: null, sid: null, action: null, rule: null, role: null, other_steps: 4 }, as_of: AS_OF };
}

describe("attack paths", () => {
  it("open on the stories, and one of them tells its proof and what breaks it", () =>
    journey("/", async (page) => {
      await page.getByRole("navigation").getByRole("link", { name: "Attack paths" }).click();
      const table = page.getByRole("table", { name: "Stories, the worst first" });
      await table.getByRole("rowheader", { name: new RegExp(STRANGER) }).first().waitFor();
      await page.getByText(/things that must not be lost can be come by/).waitFor();
      await everySize(page, "paths-stories");
      // A box that several stories pass keeps these; the address holds what is chosen.
      const picture = page.getByRole("region", { name: "Picture of all stories, scrolls" });
      await picture.getByRole("button", { name: new RegExp(STRANGER) }).click();
      await page.waitForURL(/through=|story=/);
      await page.goto(`${ADDRESS}/paths?entry=vendor`);
      await page.getByRole("checkbox", { name: /account outside/, checked: true }).waitFor();
      await table.getByRole("rowheader", { name: new RegExp(STRANGER) }).first().getByRole("link").click();
      await page.waitForURL(/story=vendor/);
      const steps = page.getByRole("list", { name: /^Steps from/ });
      await steps.getByText("comes in by the trust in its account").waitFor();
      const asked = steps.getByRole("list", { name: "What is asked" }).first();
      await asked.getByText("sts:AssumeRole").waitFor();
      await asked.getByRole("group").first().locator("summary").click();
      await asked.getByText(/allowed by/).first().waitFor();
      await page.getByRole("region", { name: "To break it" }).getByText(/Asked again as if that were done/).waitFor();
      await everySize(page, "paths-story");
      // What the picture is saved as has the same boxes.
      await page.goto(`${ADDRESS}/paths`);
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as drawing" }).click()]);
      const text = readFileSync(await file.path(), "utf8");
      expect(text.startsWith("<svg")).toBe(true);
      expect(text).toContain(STRANGER);
      expect(text).not.toMatch(/light-dark|var\(/);
    }));

  it("say what to mend first, what falls with one thing, and are reached from a resource", () =>
    journey("/paths?view=fix-first", async (page) => {
      const ranked = page.getByRole("list", { name: "Steps to close, by how much hangs on them" });
      await ranked.getByRole("listitem").first().waitFor();
      await page.getByText(/stop every way that can be stopped/).waitFor();
      await ranked.locator("summary").first().click();
      await ranked.getByText("To close it", { exact: true }).first().waitFor();
      await everySize(page, "paths-fix-first");
      await page.goto(`${ADDRESS}/resource?uid=${encodeURIComponent(ROLE)}`);
      await page.getByRole("complementary", { name: "Facts" }).getByRole("link", { name: "What falls with it" }).click();
      await page.waitForURL(/view=blast/);
      await page.getByText(/^With SupportAccess .* fall/).waitFor();
      await everySize(page, "paths-blast");
      await page.getByRole("table", { name: "What falls with it" }).getByRole("link").first().click();
      await page.waitForURL(/story=given/);
      await page.getByRole("heading", { name: "Step by step" }).waitFor();
      await page.goto(`${ADDRESS}/paths?view=blast&of=nothing-of-this-name`);
      await page.getByRole("alert").filter({ hasText: "nothing-of-this-name" }).waitFor();
      // The first page has the step that most hang on among what to do next.
      await page.goto(ADDRESS);
      await page.getByRole("heading", { name: /^Close the step that/ }).waitFor();
      await everySize(page, "overview-paths");
    }, { quiet: /status of 404/ }));

  it("tell what answers without asking who comes, on the page about the network", () =>
    journey("/network?view=open", async (page) => {
      const table = page.getByRole("table", { name: "What answers without asking who comes" });
      await table.getByRole("rowheader", { name: /northwind-tmp-export-7731/ }).waitFor();
      await everySize(page, "network-open");
      await page.getByRole("radio", { name: "Inside", exact: true }).click();
      await page.waitForURL(/internal=true/);
      await page.getByText(/whoever is inside, or in the clear/).waitFor();
      await everySize(page, "network-open-internal");
    }));

  it("stay readable where there are hundreds, and tell what is outside without names", () =>
    journey("/paths", async (page) => {
      await page.route(/\/api\/v1\/paths\?/, (route) => route.fulfill({ json: crowd(240) }));
      await page.route(/\/paths\/story\?/, (route) => route.fulfill({ json: withheld() }));
      await page.goto(`${ADDRESS}/paths`);
      const picture = page.getByRole("region", { name: "Picture of all stories, scrolls" });
      await picture.getByRole("button", { name: /roles/ }).first().waitFor();
      await page.getByText("700 stories more").waitFor();
      await everySize(page, "paths-crowd");
      // By keyboard: from the first box to the group beside it, which opens.
      await picture.getByRole("button").first().focus();
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Enter");
      await page.waitForURL(/open=/);
      await page.getByRole("button", { name: /^Close the/ }).waitFor();
      await everySize(page, "paths-crowd-open");
      await page.goto(`${ADDRESS}/paths?story=${encodeURIComponent("leaked_key data arn:aws:s3:::own-ledger")}`);
      await page.getByText("A part of the proof is outside your scope.").waitFor();
      await page.getByText("An edit outside your scope.").waitFor();
      await everySize(page, "paths-withheld");
    }));
});
