import { describe, expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { drawn, signedIn } from "../../testing/drawn";
import { Sheet } from "./Report";
import { type Row, scope, summary, title } from "./words";

const row = (of: Partial<Row> = {}): Row => ({
  id: "1".repeat(32), check: "s3_bucket_versioning", title: "The bucket keeps versions", severity: "high", state: "open", confirmed: true, resource: "arn:aws:s3:::ledger", resource_type: "AWS::S3::Bucket", name: "ledger", account: "111122223333", region: "eu-west-1", owner: "payments", class: null, class_assumed: false,
  because: "restricted data; high severity", way: null, reached: null, first_seen: "2026-11-01T00:00:00Z", last_seen: "2026-11-20T00:00:00Z", since: "2026-11-01T00:00:00Z", fixed_by: null, reopened: 0, due: "2026-11-10T00:00:00Z", overdue: true, accepted: null, ...of,
});
const exception = { number: 4, reason: "moves in May", approver: "k.lee", until: "2099-02-01T00:00:00Z" } as Schemas["FindingExceptionView"];
const findings = (rows: Row[], total = rows.length) => ({ rows, total, next: null, ranked: true, gaps: [], run: { at: "2026-11-20T00:00:00Z", scan: 3, by: "fathom", checks: 440, resources: 90, whole: true }, as_of: { scan: 4, finished_at: "2026-11-21T00:00:00Z" }, facets: {} }) as unknown as Schemas["FindingsAnswer"];
const control = (of: Partial<Schemas["ControlRow"]>): Schemas["ControlRow"] => ({ control: "1.1", topic: "nothing is open", status: "fail", counts: { fail: 2, unknown: 1, pass: 3, not_applicable: 0 }, evidence: null, checks: [], ...of });
const framework = { framework: { id: "house", title: "House rules", source: "https://intranet.example", controls: 2, counts: { fail: 1, unknown: 0, needs_evidence: 1, untested: 0, not_applicable: 0, pass: 0 } }, controls: [control({}), control({ control: "1.2", status: "needs_evidence", evidence: "the minutes of the meeting" })], gaps: [], as_of: { scan: 4, finished_at: null } } as Schemas["FrameworkAnswer"];

describe("a report", () => {
  it("says of what it is, also to whom a part is shown", () => {
    expect([title({}, "House rules"), title({ owner: ["payments"] }), title({ owner: [""], account: ["1", "2"] }, "CIS")]).toEqual(["House rules", "Findings: team payments", "CIS: team nobody in accounts 1 and 2"]);
    expect(scope({}, undefined)).toBe("everything that was seen");
    expect(scope({ owner: ["payments"] }, { scope: { accounts: ["1"], teams: null } } as never)).toBe("what team payments answers for, within what its author may see: account 1");
  });
  it("counts what fails, what is late, what is accepted, and what has no place", () => {
    expect(summary([], [], 0)).toBe("Nothing of it fails, so far as it could be asked.");
    expect(summary([row(), row({ overdue: false, confirmed: false })], [row()], 1_204)).toBe("2 findings need work, 1 overdue, 1 not confirmed by the last run and 1 accepted until a date; 1,204 more are not listed here.");
  });
  it("has every control, whose each finding is and until when, and why others are accepted", async () => {
    signedIn("viewer");
    const text = await drawn(<Sheet part={{ framework: "house" }} name="House rules" framework={framework} findings={findings([row(), row({ id: "2".repeat(32), state: "accepted", overdue: false, accepted: exception })])} />);
    expect(text).toContain("estate as scan 4 left it");
    expect(text).toContain("440 checks asked of 90 resources");
    expect(text).toContain("a scan has ended since");
    expect(text).toContain("not named: its author may not read the ledger");
    expect(text).toMatch(/1\.2 nothing is open .*To show: the minutes of the meeting/);
    expect(text).toMatch(/What fails .*The bucket keeps versions .*restricted data; high severity payments 2026-11-01 2026-11-10/);
    expect(text).toMatch(/What is accepted .*moves in May k\.lee payments 2099-01-31/);
  });
});
