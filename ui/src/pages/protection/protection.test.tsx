import { describe, expect, it } from "vitest";
import { drawn } from "../../testing/drawn";
import { Closing, Matrix } from "./Protection";
import { type Cell, line, says, sentence, type System } from "./words";

const counts = { fail: 0, unknown: 0, pass: 0, not_applicable: 0 };
const cell = (layer: string, status: Cell["status"], of: Partial<Cell["counts"]> = {}): Cell => ({ layer, status, counts: { ...counts, ...of }, untested: 0, gaps: [] });
const system = (of: Partial<System> = {}): System => ({ system: "payments", class: "restricted", stores: 4, assumed: 0, cells: [cell("rest", "fail", { fail: 2, pass: 3 }), cell("keys", "pass", { pass: 1_200 })], ...of });
const layers = [{ id: "rest", title: "Encrypted where it lies" }, { id: "keys", title: "Keys of one's own" }];
const matrix = (systems: System[]) => drawn(<Matrix answer={{ layers, systems }} query={{}} onOpen={() => undefined} />);

describe("protection", () => {
  it("is told in a sentence, in which what is not known is not good", () => {
    const good = system({ cells: [cell("rest", "pass", { pass: 1 }), cell("keys", "not_demanded")] });
    expect(sentence([])).toBe("Nothing that keeps data was seen.");
    expect(sentence([good])).toBe("1 system keeps data; everything that is demanded and can be asked holds.");
    expect(sentence([system(), good, system({ cells: [cell("rest", "untested")] })])).toBe("3 systems keep data: of 1 something that is demanded does not hold, of 1 it is not known of every layer.");
  });
  it("says in each cell how many, and of what nobody named that nobody did", async () => {
    expect([says(cell("a", "fail", { fail: 1_204 })), says(cell("a", "unknown", { unknown: 2 })), says(cell("a", "untested")), says(cell("a", "not_demanded"))]).toEqual(["1,204 fail", "2 unknown", "untested", "–"]);
    const text = await matrix([system(), system({ system: null, class: "confidential", assumed: 4, cells: [cell("rest", "not_demanded"), cell("keys", "untested")] })]);
    expect(text).toContain("payments 4 things keep data restricted payments, rest: 2 fail payments, keys: 1,200 pass");
    expect(text).toContain("nobody says what for 4 things keep data confidential 4 of no class – nothing demanded nobody says what for, keys: untested");
  });
  it("leads from what is to be closed to its finding, where there is one", async () => {
    const gap = { check: "ec2_volume_encrypted", title: "The disk is encrypted", severity: "medium" as const, unknown: false, finding: "f".repeat(32), resource: "arn:aws:ec2:eu-west-1:1:volume/vol-7", resource_type: "AWS::EC2::Volume", name: null };
    const html = await drawn(<Closing gaps={[gap, { ...gap, unknown: true, finding: null, resource: "arn:aws:ec2:eu-west-1:1:volume/vol-8" }]} />, [], "/", true);
    expect(html.match(/href="\/findings\/f{32}"/g)).toHaveLength(1);
    expect(html).toContain("vol-8");
    expect(html).toContain("unknown");
  });
  it("gives the command that says the same, and none where it would say something else", () => {
    expect([line({}), line({ class: "restricted" }, "order desk"), line({ owner: ["a"] }), line({}, "")]).toEqual(["fathom protection", "fathom protection 'order desk' --class restricted", undefined, undefined]);
  });
});
