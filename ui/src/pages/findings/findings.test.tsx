import { describe, expect, it } from "vitest";
import { drawn, signedIn } from "../../testing/drawn";
import { lineOf, Takes, written } from "./AcceptRule";
import { Rows as Exceptions } from "./Exceptions";
import { One } from "./Finding";
import { Rows } from "./Findings";
import { type Filled, Touches, Undo } from "./Fix";
import { Then } from "./Fixed";
import { Counted, days, type Team } from "./Teams";
import { Drawn, type Told, way } from "./Trend";
import { type Answer, back, beneath, dataClass, type Exception, type Finding, isTaken, lastDay, line, lost, type Row, sentence } from "./words";

const row = (of: Partial<Row> = {}): Row => ({
  id: "483aa0fd81d159cc0097f58e874ea9ca", check: "s3_bucket_versioning", title: "The bucket keeps versions", severity: "medium", state: "open", confirmed: true, resource: "arn:aws:s3:::ledger", resource_type: "AWS::S3::Bucket", name: "ledger", account: "111122223333", region: "eu-west-1", owner: "payments", class: "restricted", class_assumed: false,
  because: "restricted data; medium severity", way: null, reached: null, first_seen: "2026-11-01T00:00:00Z", last_seen: "2026-11-20T00:00:00Z", since: "2026-11-01T00:00:00Z", fixed_by: null, reopened: 0, due: "2026-12-01T00:00:00Z", overdue: false, accepted: null, ...of,
});
const RULE = { finding: null, check: null, resource_type: null, account: null, tag: null, owner: null };
const exception = (of: Partial<Exception> = {}): Exception => ({ number: 4, rule: { ...RULE, finding: row().id }, words: "the finding 483aa0fd81d1", reason: "moves in May", approver: "k.lee", by: "ann", at: "2026-11-01T00:00:00Z", until: "2099-01-31T23:59:59Z", ended_at: null, ended_by: null, ended_why: null, ...of });
const told = (of: Partial<Finding> = {}): Finding => ({ finding: row(), matters: "Without them nothing is got back.", why: [{ path: "Versioning.Status", value: null }], proof: [], missing: [], withheld: false, fix: { console: "S3, Properties", cli: "aws s3api put-bucket-versioning", terraform: "aws_s3_bucket_versioning", money: "space", performance: "none", effort: "minutes" }, references: ["https://docs.aws.amazon.com/s3", "javascript:alert(1)"], controls: { soc2: ["A1.2"] }, history: [{ at: "2026-11-01T00:00:00Z", what: "opened", why: null, scan: 1 }, { at: "2026-11-09T00:00:00Z", what: "fixed", why: "gone", scan: 4 }], ranked: true, ...of });
const facets: Answer["facets"] = { state: [], severity: [{ value: "critical", count: 4 }, { value: "low", count: 1_200 }], service: [], check: [], account: [], owner: [], overdue: [{ value: "true", count: 7 }] };

describe("words of findings", () => {
  it("tell how much work there is", () => {
    expect(sentence({ total: 1_204, facets }, false)).toBe("1,204 findings need work: 4 critical and 1,200 low; 7 overdue.");
    expect(sentence({ total: 1, facets }, true)).toBe("1 finding fits.");
    expect(sentence({ total: 0, facets: { ...facets, severity: [] } }, false)).toBe("No check fails for anything that was asked about.");
  });
  it("say what became of one, once", () => {
    expect([back({ reopened: 0 }), back({ reopened: 1 }), back({ reopened: 3 })]).toEqual(["", "came back once", "came back 3 times"]);
    expect(beneath(row({ state: "fixed", fixed_by: "not_applicable", reopened: 2 }))).toBe("the check is not about it any more");
    expect([beneath(row({ state: "reopened", reopened: 2 })), beneath(row({ state: "accepted", reopened: 2 }))]).toEqual(["", "came back 2 times"]);
    expect([dataClass(row()), dataClass(row({ class: "confidential", class_assumed: true })), dataClass(row({ class: null }))]).toEqual(["restricted", "confidential, as nobody said which", undefined]);
  });
  it("find the end of an intruder's way, and what can be taken", () => {
    const way = (end: string | null) => ({ level: "yes" as const, from: null, to: end && `the data of ${end}, whatever it says`, end });
    expect([lost(way("arn:aws:s3:::ledger")), lost(way("111122223333")), lost(way(null)), lost(null)]).toEqual(["arn:aws:s3:::ledger", "111122223333", undefined, undefined]);
    expect([isTaken(row()), isTaken(row({ way: way("arn:aws:s3:::ledger") })), isTaken(row({ resource_type: "AWS::IAM::Role" }))]).toEqual([false, true, true]);
  });
  it("name the last day on which an exception holds", () => {
    expect([lastDay("2027-01-01T00:00:00Z"), lastDay("2026-12-31T12:00:00Z"), lastDay("some day")]).toEqual(["2026-12-31", "2026-12-31", "some day"]);
  });
  it("give the command that asks the same, and none where it would ask something else", () => {
    expect(line({ severity: ["critical", "high"], state: ["open"], overdue: true, owner: ["payments"], order: "due" })).toBe("fathom findings --state open --severity high --overdue --order due --owner payments");
    // The command takes what is worse too.
    expect([line({ severity: ["high"] }), line({ q: "x" }), line({ framework: "soc2", control: "CC6.1" }), line({ account: ["1", "2"] })]).toEqual([undefined, undefined, undefined, undefined]);
    expect(line({ framework: "soc2", check: ["a", "b"] })).toBe("fathom findings --check a --check b --framework soc2");
  });
});

describe("findings", () => {
  it("stand with why they stand there, and what is not known stays so", async () => {
    const text = await drawn(<Rows rows={[row({ way: { level: "yes", from: "the internet", to: "x", end: "x" }, overdue: true }), row({ id: "b", confirmed: false, owner: null, reached: "unknown" }), row({ id: "c", state: "accepted", accepted: exception() })]} />);
    expect(text).toContain("an intruder comes by restricted data; medium severity open overdue since 2026-12-01");
    expect(text).toContain("whether the internet reaches it is not known");
    expect(text).toContain("not confirmed");
    expect(text).toContain("accepted until 2099-01-31");
  });
  it("tell the values that decided, the ways to put it right, and what became of it", async () => {
    signedIn("analyst");
    const text = await drawn(<One told={told()} />);
    expect(text).toContain("Versioning.Status nothing");
    expect(text).toContain("AWS CLI By hand Terraform aws s3api put-bucket-versioning");
    expect(text).toMatch(/scan 1: the check failed first.*scan 4: fixed, the resource is gone/);
    expect(text).toContain("soc2 : A1.2");
    expect(text).toContain("No way of an intruder is known that passes it.");
    expect(text).toContain("Accept until a date…");
    expect(await drawn(<One told={told()} />, [], "/", true)).not.toContain("javascript:");
  });
  it("say how a fix is taken back, what it touches, and what the check says then", async () => {
    const fix: Filled = { withheld: false, script: [": \"${KEY:?the key}\"", "aws s3api x"], missing: [], choices: [{ variable: "KEY", what: "the key" }], terraform: "x", declared: null, undo: { kind: "reversible", because: null, script: ["aws s3api y"], missing: [] }, changes: [], touches: [{ from: "arn:aws:cloudfront::1:distribution/E1", kind: "calls", to: null }], more_touches: 3, then: { status: "pass", with_choices: true, missing: [] } };
    const text = await drawn(<><Then of={fix} /><Undo of={fix} /><Touches of={fix} /></>);
    expect(text).toContain("passes then The check was asked of a copy of what the last scans read with the change made, whatever you choose being as is said above.");
    expect(text).toContain("aws s3api y");
    expect(text).toContain("E1 calls it and 3 more");
    const gone = await drawn(<><Then of={{ ...fix, then: null }} /><Undo of={{ ...fix, undo: { kind: "one_way", because: "the old one is gone", script: [], missing: [] } }} /><Touches of={{ ...fix, touches: [] }} /></>);
    expect(gone).toContain("not proven");
    expect(gone).toContain("it cannot be taken back the old one is gone");
    expect(gone).toContain("Nothing that the last scans read refers to it.");
    expect(await drawn(<Undo of={{ ...fix, undo: null }} />)).toContain("not written yet");
  });
  it("keep to themselves what may not be seen, and offer nothing that one may not do", async () => {
    signedIn("viewer");
    const text = await drawn(<One told={told({ withheld: true, why: [], missing: ["s3:GetBucketVersioning was refused"], ranked: false })} />);
    expect(text).toContain("A part of it is outside of what you may see.");
    expect(text).toContain("not read s3:GetBucketVersioning was refused");
    expect(text).toContain("what an intruder could do is being worked out");
    expect(text).not.toContain("Accept until");
  });
  it("are ended only where the exception is about one and holds", async () => {
    signedIn("analyst");
    expect(await drawn(<One told={told({ finding: row({ state: "accepted", accepted: exception() }) })} />)).toContain("End it…");
    const ruled = await drawn(<One told={told({ finding: row({ state: "accepted", accepted: exception({ rule: { ...RULE, check: "s3_*" }, words: "checks like s3_*" }) }) })} />);
    expect(ruled).toContain("The exception is a rule: checks like s3_*.");
    expect(ruled).not.toContain("End it…");
    const text = await drawn(<Exceptions all={[exception(), exception({ number: 5, ended_at: "2026-11-02T00:00:00Z", ended_by: "bob", ended_why: "not agreed" }), exception({ number: 6, until: "2020-01-01T00:00:00Z" })]} names={new Map([[row().id, "The bucket keeps versions: ledger"]])} end={() => undefined} />);
    expect(text).toContain("The bucket keeps versions: ledger");
    expect(text.match(/End…/g)).toHaveLength(1);
    expect(text).toContain("“not agreed”");
    expect(text).toContain("its day is past");
  });
});

describe("teams", () => {
  const team = (of: Partial<Team> = {}): Team => ({ value: "payments", needs_work: { critical: 1, high: 0, medium: 1_200, low: 3 }, overdue: 2, not_confirmed: 0, accepted: 4, unknown: 7, fixed: 5, days_to_fix: 3.26, ...of });
  const counted = (rows: Team[], by: "owner" | "account" = "owner", marked = false) => drawn(<Counted told={{ rows, fixed_days: 30, fixed_since: "2026-10-24T08:00:00Z", as_of: { scan: 1, finished_at: null } }} by={by} />, [], "/", marked);
  it("are told with what is late, and what nobody answers for beside them", async () => {
    const text = await counted([team(), team({ value: null, overdue: 0, days_to_fix: null, fixed: 0 })]);
    expect(text).toContain("2,408 findings need work; 1 team has something overdue.");
    expect(text).toMatch(/payments 1 0 1,200 3 2 0 4 7 5 3\.3 days trend report/);
    expect(text).toContain("nobody answers 1 0 1,200 3 0 0 4 7 0 – trend report");
  });
  it("open with each figure the list that it counts", async () => {
    const html = await counted([team({ value: "111122223333" })], "account", true);
    expect([days(null), days(0.2), days(1), days(12.34)]).toEqual(["–", "under a day", "1 day", "12.3 days"]);
    for (const [name, search] of [["2 overdue", { account: ["111122223333"], overdue: true }], ["5 fixed", { account: ["111122223333"], state: ["fixed"], turned_since: "2026-10-24T08:00:00Z" }], ["7 unknown", { outcome: "unknown", account: ["111122223333"] }]] as const) {
      const link = html.split("<a ").find((each) => each.includes(`aria-label="${name}, of 111122223333`)) ?? "";
      const address = decodeURIComponent(/href="([^"]*)"/.exec(link)?.[1]?.replace(/&amp;/g, "&") ?? "");
      for (const [key, value] of Object.entries(search)) {
        expect(address).toContain(`${key}=`);
        expect(address).toContain(String(Array.isArray(value) ? value[0] : value));
      }
    }
  });
});

describe("the trend", () => {
  const point = (at: string, high: number, controls: number | null = null): Told["points"][number] => ({ at, scan: 1, failing: { critical: 0, high, medium: 1, low: 0 }, controls });
  it("says which way it goes, and nothing where there is nothing to go by", () => {
    expect(way([])).toBe("No check was asked yet.");
    expect(way([point("2026-11-01T00:00:00Z", 4)])).toBe("5 findings are failing. One run so far; the second shows which way it goes.");
    expect(way([point("2026-11-01T00:00:00Z", 4), point("2026-11-02T00:00:00Z", 1)])).toMatch(/^2 findings are failing, 3 fewer than at /);
    expect(way([point("2026-11-01T00:00:00Z", 0), point("2026-11-02T00:00:00Z", 0)])).toMatch(/^1 finding is failing, as many as at /);
  });
  it("stands as figures too, the newest first", async () => {
    const text = await drawn(<Drawn told={{ points: [point("2026-11-01T00:00:00Z", 4, 9), point("2026-11-02T00:00:00Z", 1, 8)], teams: [], controls: 61, by_day: true }} alone={false} />);
    expect(text).toContain("Of each day the last run is shown.");
    expect(text).toMatch(/2 Nov 2026.* 1 0 1 1 0 2 8 .*1 Nov 2026.* 1 0 4 1 0 5 9/);
  });
});

describe("a rule", () => {
  it("is made of the patterns that are written, and is a command", () => {
    const rule = written({ check: " s3_* ", resource_type: "", account: "1", owner: "", tag: "a=b c" });
    expect(rule).toEqual({ check: "s3_*", account: "1", tag: "a=b c" });
    expect(lineOf(rule, "", "k.lee", "2027-01-31")).toBe("fathom findings accept --check 's3_*' --account 1 --tag 'a=b c' --reason '…' --approver k.lee --until 2027-01-31");
  });
  it("says what it takes before it takes it", async () => {
    const preview = { words: "", takes: { critical: 0, high: 2, medium: 9, low: 0 }, overdue: 3, accepted: 1, resources: 4, checks: [{ value: "s3_a", count: 11 }], some: [{ id: "1", title: "The bucket keeps versions", severity: "high" as const, resource: "arn:aws:s3:::ledger", name: null }] };
    const text = await drawn(<Takes of={preview} />);
    expect(text).toContain("It takes 11 findings: 2 high and 9 medium , 3 of them overdue; of 4 resources, by 1 check. 1 other is accepted already.");
    expect(text).toContain("The bucket keeps versions: ledger and 10 more");
    expect(await drawn(<Takes of={{ ...preview, takes: { critical: 0, high: 0, medium: 0, low: 0 }, accepted: 0 }} />)).toBe("It takes no finding that needs work now , only what comes later.");
  });
});
