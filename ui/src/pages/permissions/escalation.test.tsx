import { describe, expect, it } from "vitest";
import { drawn } from "../../testing/drawn";
import type { Climb } from "./climb";
import { Everybody } from "./Escalation";
import { OneClimb } from "./OneClimb";

const AS_OF = { scan: 3, finished_at: null };
const ME = "arn:aws:iam::111122223333:user/ann";
const ROLE = "arn:aws:iam::111122223333:role/a";
const choose = () => undefined;

describe("everybody who can become more", () => {
  const nobody = { rows: [], total: 0, next: null, asked: 12, administrators: 2, cut: false, gaps: ["what a boundary says"], as_of: AS_OF };
  const all = (of: object) => drawn(<Everybody />, [[["permissions", "escalations"], { pages: [{ ...nobody, ...of }], pageParams: [0] }]]);
  it("may be nobody, as far as was asked", async () => {
    const text = await all({});
    expect(text).toContain("Nobody that was asked about can become more than it is.");
    expect(text).toContain("12 users, roles and root users asked about; 2 of them may do everything in their account already.");
    expect(text).toContain("1 thing not seen");
  });
  it("are told with the first that they can become, and that not all was followed", async () => {
    const nearest = { what: "account", name: "111122223333", decision: "unknown", steps: [{ rule: "put-user-policy", title: "writes a policy into the user", actor: ME, on: ME, gains: ME, decision: "unknown", asked: [] }] };
    const text = await all({ total: 1, cut: true, rows: [{ principal: { kind: "user", principal: ME }, accounts: ["111122223333"], others: 3, nearest }] });
    expect(text).toContain("1 can become more than it is.");
    expect(text).toContain("ann user of 111122223333 UNKNOWN take over account 111122223333 and 3 more 1 step writes a policy into the user");
    expect(text).toContain("not all was followed");
  });
});

describe("what one can become", () => {
  const nothing: Climb = { principal: { kind: "user", principal: ME }, administers: "only_if", reached: [], total: 0, cut: false, edit: null, gaps: [], as_of: AS_OF };
  const one = (of: Partial<Climb>, to?: string) => drawn(<OneClimb principal="ann" to={to} choose={choose} />, [[["permissions", "escalation", "ann"], { ...nothing, ...of }], [["permissions", "escalation", { principal: ME, to: ROLE }], { ...nothing, ...of }]]);
  const reached: Climb["reached"] = [{ what: "role", name: ROLE, decision: "sure", steps: [{ rule: "assume-role", title: "assumes the role", actor: ME, on: ROLE, gains: ROLE, decision: "sure", asked: [{ action: "sts:AssumeRole", resource: ROLE, decision: "allowed", because: [], conditions: [] }] }] }];
  it("may be nothing more", async () => {
    const text = await one({});
    expect(text).toContain("ann can become nothing more that was asked about.");
    expect(text).toContain("It may do everything in its account already (only if).");
  });
  it("is told with what no edit prevents, and what is not told", async () => {
    const text = await one({ reached, total: 700 }, "nobody");
    expect(text).toContain("It cannot become nobody ; what it can is below.");
    expect(text).toContain("699 other things besides.");
    expect(text).toContain("The nearest 1 of 700 is told.");
    expect(text).toContain("No single statement can be edited that would prevent it.");
    expect(text).toContain("no statement decides it");
  });
});
