import { describe, expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { drawn as page, signedIn } from "../../testing/drawn";
import { Falls } from "./Blast";
import { drawing } from "./drawing";
import { Told as Fix } from "./FixFirst";
import { beside, LAYER_MAX, layered, OPENED_MAX } from "./layers";
import { Told } from "./OneStory";
import { bare, blastLine, called, comes, edited, gap, key, loss, type Node, pathsLine, read, type Step, type Story } from "./words";

const AS_OF = { scan: 3, finished_at: null };
const node = (kind: Node["kind"], id: string, of: Partial<Node> = {}): Node => ({ kind, id, uid: id.startsWith("arn:") ? id : null, name: null, resource_type: null, account: id.split(":")[4] ?? null, withheld: false, ...of });
const hidden = (kind: Node["kind"]): Node => node(kind, "", { id: null, uid: null, account: null, withheld: true });
const INTERNET = node("internet", "internet", { account: null });
const role = (name: string) => node("principal", `arn:aws:iam::111122223333:role/${name}`);
const bucket = (name: string) => node("data", `arn:aws:s3:::${name}`, { resource_type: "AWS::S3::Bucket", account: "111122223333" });
const server = (id: string, kind: "server" | "listener" = "server") => node(kind, `arn:aws:ec2:eu-west-1:111122223333:instance/${id}`, { resource_type: "AWS::EC2::Instance" });
const proof = (of: Partial<NonNullable<Step["proof"]>> = {}) => ({ asked: [], packet: null, hops: [], only_if: [], not_known: [], withheld: false, ...of });
const step = (from: Node, to: Node, of: Partial<Step> = {}): Step => ({ rule: "r", title: "goes on", technique: null, with: [from], on: null, gains: to, answer: "yes", proof: null, withheld: false, ...of });
const story = (way: Node[], of: Partial<Story> = {}): Story => {
  const [from = INTERNET, ...rest] = way;
  const to = rest.at(-1) ?? from;
  return { entry: "internet", from: [from], jewel: "data", to, data_class: "restricted", answer: "yes", steps: rest.map((next, at) => step(way[at] ?? from, next)), with_it_counts: [], with_it: [], ...of };
};
const edit: Schemas["PathEdit"] = { kind: "statement", of: "arn:aws:iam::111122223333:role/deployer", uid: "arn:aws:iam::111122223333:role/deployer", layer: "identity_policies", policy: "reads", statement: 0, sid: null, action: "s3:GetObject", rule: null, role: null, other_steps: null };

describe("words", () => {
  it("name what an intruder has, and nothing of what is outside", () => {
    expect([INTERNET, role("deploy"), bucket("ledger"), server("i-1", "listener"), node("access_key", "arn:aws:iam::1:user/ci/access-key/AKIA1"), node("vendor", "999988887777", { name: "Backup Ltd" })].map(called)).toEqual([
      "the internet", "deploy", "the data of ledger", "what listens on i-1", "access key AKIA1", "Backup Ltd (account 999988887777)",
    ]);
    expect(called(hidden("access_key"))).toBe("an access key outside your scope");
    expect([called(hidden("principal")), bare(hidden("server"))]).toEqual(["a user or role outside your scope", "outside your scope"]);
    expect(bare(node("balancer", "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/storefront/0123"))).toBe("storefront");
    expect(bare(node("principal", "111122223333"))).toBe("root user of 111122223333");
    expect(bare(server("i-1", "server"))).toBe("i-1");
    expect(bare({ ...server("i-1"), name: "web\u202e" })).toBe("web\\u{202e}");
  });
  it("say what is lost, and with what", () => {
    expect(loss(story([INTERNET, bucket("a")]))).toBe("restricted data");
    expect(loss({ jewel: "administrators", data_class: null, with_it_counts: [{ jewel: "data", count: 2 }, { jewel: "keys", count: 1 }, { jewel: "backups", count: 3 }] })).toBe("a whole account, and with it 2 things with data, 1 key and 3 backups");
  });
  it("say each edit, and what comes of it", () => {
    expect(edited(edit)).toBe("Take s3:GetObject out of statement 0 of the policy reads of deployer.");
    expect(edited({ ...edit, kind: "group_rule", of: "sg-1", rule: "tcp 22 from 0.0.0.0/0" })).toBe("Take the rule for tcp 22 from 0.0.0.0/0 out of the security group sg-1.");
    expect(edited({ ...edit, kind: "role", of: "arn:aws:ec2:eu-west-1:1:instance/i-1", role: "arn:aws:iam::1:role/web" })).toBe("Let i-1 run without web.");
    expect(edited({ ...edit, kind: "access_key", of: "arn:aws:iam::1:user/ci/access-key/AKIA1" })).toBe("Switch off the access key AKIA1.");
    expect(edited({ ...edit, kind: "withheld", of: null })).toBe("An edit outside your scope.");
    expect(comes({ other_steps: null })).toContain("nothing leads there");
    expect(comes({ other_steps: 3 })).toContain("another way is left, in 3 steps");
  });
  it("say how good a cut is known to be", () => {
    expect(gap({ cost: 3, at_least: 3 })).toBe("No smaller cut exists.");
    expect(gap({ cost: 638, at_least: 633 })).toBe("Nothing that costs less than 633 can do it; between that and 638 it is not known.");
  });
  it("keep a story in the address", () => {
    const one = story([INTERNET, node("data", "arn:aws:x:::a b")]);
    expect(read(key(one))).toEqual({ entry: "internet", jewel: "data", to: "arn:aws:x:::a b" });
    expect([read("internet data"), read("door data x"), read("")]).toEqual([undefined, undefined, undefined]);
  });
  it("name the commands that ask the same", () => {
    expect(pathsLine({ entry: ["leaked_key"], jewel: ["data"], to: "a b" })).toBe("fathom paths --entry leaked-key --jewel data --to 'a b'");
    expect(blastLine("arn:aws:iam::1:role/x")).toBe("fathom blast-radius arn:aws:iam::1:role/x");
  });
});

describe("the picture", () => {
  it("stands in layers, and an open port is one with its server", () => {
    const { boxes, lines } = layered([story([INTERNET, server("i-1", "listener"), server("i-1"), role("web"), bucket("ledger")])]);
    expect(boxes.map(({ layer, name }) => [layer, name])).toEqual([[0, "the internet"], [1, "i-1"], [2, "web"], [3, "ledger"]]);
    expect(lines.map(({ from, to, count }) => [from.split(" ")[0], to.split(" ")[0], count])).toEqual([["internet", "server", 1], ["server", "principal", 1], ["principal", "data", 1]]);
    expect(boxes.every((one) => boxes.every((other) => one === other || one.x !== other.x || Math.abs(one.y - other.y) >= 52))).toBe(true);
  });
  it("keeps hundreds of stories readable, and opens what stands together", () => {
    const many = Array.from({ length: 300 }, (_, at) => story([INTERNET, server(`i-${at % 3}`), role(`r${at % 40}`), bucket(`b${at}`)], { answer: at === 0 ? "yes" : "unknown" }));
    const { boxes } = layered(many);
    for (const layer of [0, 1, 2, 3]) expect(boxes.filter((box) => box.layer === layer).length).toBeLessThanOrEqual(LAYER_MAX);
    const group = boxes.find((box) => box.layer === 3);
    expect([group?.name, group?.is, group?.answer, group?.stories.length]).toEqual(["300 × S3 Bucket", "of 111122223333", "yes", 300]);
    expect(boxes.find((box) => box.layer === 2)?.name).toBe("40 roles");
    const opened = layered(many, [group?.id ?? ""]).boxes.filter((box) => box.layer === 3);
    expect([opened.length, opened.at(-1)?.name]).toEqual([OPENED_MAX + 1, `${300 - OPENED_MAX} more`]);
    expect(opened.slice(0, -1).every((box) => box.stories.length === 1 && !box.group)).toBe(true);
  });
  it("draws ways within a layer and back, counts a story once, and tells the surest", () => {
    const { lines } = layered([story([INTERNET, role("a"), role("b"), bucket("x")]), story([INTERNET, role("a"), role("b"), bucket("x")], { answer: "unknown" }), story([role("c"), node("account", "111122223333"), role("d"), bucket("y")], { entry: "given" })]);
    const between = lines.find((line) => line.from.endsWith("/a") && line.to.endsWith("/b"));
    expect([between?.count, between?.answer, between?.tip.turn]).toEqual([2, "yes", 180]);
    expect(lines.find((line) => line.from.startsWith("account") && line.to.endsWith("/d"))?.tip.turn).toBe(180);
  });
  it("is walked by the arrows of the keyboard", () => {
    const { boxes } = layered([story([INTERNET, role("a"), bucket("x")]), story([INTERNET, role("b"), bucket("y")])]);
    const at = (name: string) => boxes.find((box) => box.name === name) ?? boxes[0];
    const first = at("the internet");
    if (!first) throw new Error("a box");
    const right = beside(boxes, first, "ArrowRight");
    expect(["a", "b"]).toContain(right?.name);
    expect([beside(boxes, first, "ArrowLeft"), beside(boxes, first, "Enter")]).toEqual([undefined, undefined]);
    expect(right && beside(boxes, right, "ArrowLeft")?.name).toBe("the internet");
  });
  it("is saved as a drawing in which nothing runs", () => {
    const ink = { ground: "#fff", text: "#000", soft: "#555", line: "#888", box: "#fff", hatch: ["#ddd", "#aaa"] as [string, string] };
    const text = drawing(layered([story([INTERNET, bucket("x"), node("data", "arn:aws:s3:::y", { name: "<script>alert(1)</script>" })], { answer: "unknown" })]), ink);
    expect(text).not.toContain("<script");
    expect(text).toContain("&lt;script&gt;");
    expect(text).toContain('fill="url(#unknown)"');
  });
});

describe("one story", () => {
  const query = { to: "arn:aws:s3:::ledger", jewel: "data" as const, entry: "internet" as const };
  const told = (of: Partial<Story>, one: Schemas["PathEdit"] | null = edit) => page(<Told query={query} />, [[["paths", "story", query], { story: story([INTERNET, role("web"), bucket("ledger")], of), edit: one, as_of: AS_OF }]]);
  it("tells each step with its proof, and the edit with what comes of it", async () => {
    signedIn("analyst");
    const asked = [{ action: "s3:GetObject", resource: "arn:aws:s3:::ledger/*", decision: "allowed" as const, because: [{ layer: "identity_policies" as const, level: null, policy: "reads", statement: 0, sid: null, effect: "Allow" as const }], conditions: [] }];
    const text = await told({ steps: [step(INTERNET, role("web"), { title: "comes in", technique: "T1199" }), step(role("web"), bucket("ledger"), { title: "reads its objects", proof: proof({ asked }) })] });
    expect(text).toContain("From the internet to the data of ledger, in 2 steps: every step is possible as things are.");
    expect(text).toContain("reads its objects");
    expect(text).toContain("s3:GetObject");
    expect(text).toContain("T1199");
    expect(text).toContain("Take s3:GetObject out of statement 0 of the policy reads of deployer. Asked again as if that were done, nothing leads there.");
    expect(await told({}, null)).toContain("No single edit that is known closes this way");
  });
  it("tells what is outside without names", async () => {
    const text = await told({ from: [hidden("access_key")], steps: [step(hidden("access_key"), hidden("principal"), { rule: "withheld", title: "a part of the way that is outside your scope", withheld: true }), step(hidden("principal"), bucket("ledger"), { proof: proof({ withheld: true }) })] });
    expect(text).toContain("From an access key outside your scope to the data of ledger: every step");
    expect(text).toContain("A part of the way that is outside your scope.");
    expect(text).toContain("A part of the proof is outside your scope.");
  });
  it("says what was not read and what must hold", async () => {
    const text = await told({ answer: "unknown", steps: [step(INTERNET, bucket("ledger"), { answer: "unknown", proof: proof({ not_known: ["the policy was not read"], only_if: ["a weakness"] }) })] });
    expect(text).toContain("what decides a step was not read");
    expect(text).toContain("Only if a weakness");
    expect(text).toContain("Not seen the policy was not read");
  });
});

describe("what to mend first", () => {
  const first = (count: number, of: object = {}) => ({ step: step(INTERNET, bucket("ledger")), jewel_count: count, jewels: [bucket("ledger")], edit, ...of });
  const answer = (of: Partial<Schemas["FixFirstAnswer"]>): Schemas["FixFirstAnswer"] => ({ steps: [first(6)], passed: [], smallest_cut: [first(0), first(6)], smallest_cut_count: 102, cost: 5, at_least: 4, open_count: 1, open: [node("account", "111122223333")], reached: 9, cut: false, as_of: AS_OF, ...of });
  it("ranks steps, tells what remains, and the gap of the cut", async () => {
    const text = await page(<Fix answer={answer({})} />);
    expect(text).toContain("6 things of 9 that can be come by hang on one step.");
    expect(text).toContain("3 things can be come by all the same.");
    expect(text).toContain("102 steps stop every way that can be stopped , at a cost of 5. Nothing that costs less than 4 can do it");
    expect(text).toContain("and 100 more");
    expect(text).toContain("It closes nothing alone, only with the others.");
    expect(text).toContain("No edit of a step stops the way to everything in account 111122223333");
  });
  it("is nothing where nothing is lost, and says where not all was tried", async () => {
    expect(await page(<Fix answer={answer({ reached: 0, steps: [], smallest_cut: [], smallest_cut_count: 0, open: [], open_count: 0 })} />)).toContain("no way leads to what must not be lost");
    const cut = await page(<Fix answer={answer({ cut: true, steps: [] })} />);
    expect(cut).toContain("not all was tried");
    expect(cut).toContain("no one step that an edit can close");
  });
});

describe("what falls", () => {
  it("is told jewels first, with what is outside", async () => {
    const rows = [{ what: bucket("ledger"), jewel: "data", data_class: "restricted", answer: "yes", steps: 2 }, { what: role("b"), jewel: null, data_class: null, answer: "unknown", steps: 1 }];
    const text = await page(<Falls of="x" />, [[["paths", "blast", "x"], { pages: [{ taken: role("a"), rows, total: 2, next: null, jewels: [{ jewel: "data", count: 1 }], kept_under_count: 0, kept_under: [], outside: true, cut: false, gap_count: 0, gaps: [], as_of: AS_OF }], pageParams: [0] }]]);
    expect(text).toContain("With a 2 things fall, among them 1 thing with data that must not be lost. More falls that is outside your scope.");
    expect(text).toContain("data (restricted)");
  });
});
