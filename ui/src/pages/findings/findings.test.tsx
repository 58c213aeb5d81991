import { describe, expect, it } from "vitest";
import { drawn, signedIn } from "../../testing/drawn";
import { Rows as Exceptions } from "./Exceptions";
import { One } from "./Finding";
import { Rows } from "./Findings";
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
    const way = (to: string | null) => ({ level: "yes" as const, from: null, to });
    expect([lost(way("the data of arn:aws:s3:::ledger")), lost(way("everything in account 111122223333")), lost(way(null)), lost(null)]).toEqual(["arn:aws:s3:::ledger", "111122223333", undefined, undefined]);
    expect([isTaken(row()), isTaken(row({ way: way("the data of arn:aws:s3:::ledger") })), isTaken(row({ resource_type: "AWS::IAM::Role" }))]).toEqual([false, true, true]);
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
    const text = await drawn(<Rows rows={[row({ way: { level: "yes", from: "the internet", to: "x" }, overdue: true }), row({ id: "b", confirmed: false, owner: null, reached: "unknown" }), row({ id: "c", state: "accepted", accepted: exception() })]} />);
    expect(text).toContain("an intruder comes by restricted data; medium severity open overdue since 2026-12-01");
    expect(text).toContain("whether the internet reaches it is not known");
    expect(text).toContain("not confirmed");
    expect(text).toContain("accepted until 2099-01-31");
  });
  it("tell the values that decided, the ways to put it right, and what became of it", async () => {
    signedIn("analyst");
    const text = await drawn(<One told={told()} />);
    expect(text).toContain("Versioning.Status nothing");
    expect(text).toContain("By hand AWS CLI Terraform S3, Properties");
    expect(text).toMatch(/scan 1: the check failed first.*scan 4: fixed, the resource is gone/);
    expect(text).toContain("soc2 : A1.2");
    expect(text).toContain("No way of an intruder is known that passes it.");
    expect(text).toContain("Accept until a date…");
    expect(await drawn(<One told={told()} />, [], "/", true)).not.toContain("javascript:");
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
