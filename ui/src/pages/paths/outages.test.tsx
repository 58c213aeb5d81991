import { describe, expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { drawn } from "../../testing/drawn";
import { Outages } from "./Outages";
import { because, fails, gone, type Outage, outageLine, summed, zoned } from "./outages";

const thing = (uid: string, name: string | null = null): Schemas["OutageThing"] => ({ uid, name, resource_type: "AWS::RDS::DBInstance", account: "1", region: "eu-west-1" });
const counts = (fail: number, may = 0, less = 0): Outage["counts"] => [{ outcome: "fails", count: fail }, { outcome: "unknown", count: may }, { outcome: "weaker", count: less }];
const answer = (of: Partial<Outage> = {}): Outage => ({ gone: thing("arn:key"), gone_count: 1, rows: [], total: 0, next: null, counts: counts(0), outside: false, unseen_needs: 0, as_of: { scan: 1, finished_at: null }, ...of });

describe("words of outages", () => {
  it("read zones out of the address and back", () => {
    expect(gone(zoned("eu-west-1a", "111"))).toEqual({ zone: "eu-west-1a", account: "111" });
    expect(gone("zone:eu-west-1a")).toEqual({ zone: "eu-west-1a", account: undefined });
    expect(gone("arn:aws:kms:eu-west-1:1:key/zone:a")).toEqual({ of: "arn:aws:kms:eu-west-1:1:key/zone:a" });
  });
  it("say what fails, may fail and goes on", () => {
    expect(fails(answer(), {})).toBe("If it goes, nothing fails that the last scans read.");
    expect(fails(answer({ counts: counts(1, 2, 3) }), {})).toBe("If it goes, 1 other fails, 2 may fail and 3 go on with less.");
    expect(fails(answer({ gone: null, gone_count: 12, counts: counts(2) }), { zone: "eu-west-1a", account: "1" })).toBe("If zone eu-west-1a of account 1 goes, 12 things go with it. Then 2 others fail.");
    expect([answer(), answer({ counts: counts(3) }), answer({ counts: counts(3, 1) })].map(summed)).toEqual(["0", "3", "3 or more"]);
    expect(because("encrypted_by")).toBe("encrypted by");
    expect([outageLine({ of: "i-1" }), outageLine({ zone: "eu-west-1a", account: "111" })]).toEqual(["fathom outage i-1", "fathom outage eu-west-1a --account 111"]);
  });
});

describe("what fails", () => {
  it("is told with what was lost, and how many are left", async () => {
    const rows: Outage["rows"] = [
      { what: thing("arn:db", "orders"), outcome: "fails", because: "encrypted_by", lost: thing("arn:key", "main"), after: 1, left: null },
      { what: thing("arn:lb", "front"), outcome: "weaker", because: "targets", lost: null, after: 2, left: 1 },
    ];
    const text = await drawn(<Outages gone={{ of: "x" }} />, [[["paths", "outage", "x", undefined, undefined], { pages: [answer({ counts: counts(1, 0, 1), rows, total: 2, outside: true, unseen_needs: 4 })], pageParams: [0] }]]);
    expect(text).toMatch(/If it goes, 1 other fails and 1 goes on with less\. More has a part in it that is outside your scope\./);
    expect(text).toMatch(/orders.*FAILS.*encrypted by main.*front.*GOES ON 1 left.*targets what you may not see/);
    expect(text).toContain("4 needs lead to what was never seen");
  });
});
