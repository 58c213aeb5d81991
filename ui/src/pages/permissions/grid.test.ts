import { describe, expect, it } from "vitest";
import { beside, heading, type Mark, move, notAsked, says, signs } from "./grid";

const mark = (access: Mark["access"], decision: Mark["decision"], actions = 1, resources = 1): Mark => ({ access, decision, actions, resources });
const column = { key: "AWS::S3::Bucket", resource_type: "AWS::S3::Bucket", account: null, resources: 12, without_actions: 0, not_asked: 0, gaps: [], gaps_count: 0 };

describe("a cell", () => {
  it("shows what weighs most first, the surest of each kind", () => {
    expect(signs([mark("list", "allowed"), mark("admin", "only_if"), mark("data", "unknown")])).toEqual([
      { access: "admin", decision: "only_if" }, { access: "data", decision: "unknown" }, { access: "list", decision: "allowed" },
    ]);
    expect(signs([])).toEqual([]);
  });
  it("never hides what is not known behind what is sure", () => {
    expect(signs([mark("write", "unknown"), mark("write", "allowed")])).toEqual([{ access: "write", decision: "allowed", also: "unknown" }]);
    expect(signs([mark("write", "only_if"), mark("write", "allowed")])).toEqual([{ access: "write", decision: "allowed", also: "only_if" }]);
    expect(signs([mark("write", "unknown"), mark("write", "only_if"), mark("write", "allowed")])).toEqual([{ access: "write", decision: "allowed", also: "unknown" }]);
  });
  it("says all of it in words", () => {
    expect(says([mark("read", "unknown", 1, 1), mark("write", "allowed", 5, 3)], false)).toBe("write yes, 5 actions on 3 resources; read not known, 1 action on 1 resource");
    expect(says([mark("write", "only_if", 2)], true)).toBe("write only if, 2 actions");
    expect(says([], true)).toBe("nothing");
  });
});

describe("a column", () => {
  it("is called as people call it", () => {
    expect(heading(column, "type")).toEqual({ name: "S3 Bucket", beside: "12 resources" });
    expect(heading({ ...column, key: "arn:aws:s3:::one", account: "111122223333", resources: 1 }, "resource")).toEqual({ name: "one", beside: "S3 Bucket · 111122223333" });
    expect(heading({ ...column, key: "", resources: 1 }, "account")).toEqual({ name: "no account", beside: "1 resource" });
  });
  it("says what was not asked", () => {
    expect(notAsked(column)).toBeUndefined();
    expect(notAsked({ ...column, not_asked: 3 })).toBe("3 not asked");
    expect(notAsked({ ...column, not_asked: 12 })).toBe("not asked");
    expect(notAsked({ ...column, without_actions: 12 })).toBe("no action");
  });
});

describe("the keys", () => {
  const size = { rows: 50, columns: 12 };
  const at = (row: number, column: number, key: string, control = false) => move({ row, column }, key, control, size);
  it("move by cells, and lead over the edges", () => {
    expect(at(0, 0, "ArrowDown")).toEqual({ row: 1, column: 0 });
    expect(at(49, 0, "ArrowDown")).toEqual({ over: "down" });
    expect(at(0, 3, "ArrowUp")).toEqual({ over: "up" });
    expect(at(2, 11, "ArrowRight")).toEqual({ over: "right" });
    expect(at(2, 0, "ArrowLeft")).toEqual({ over: "left" });
    expect(at(45, 2, "PageDown")).toEqual({ row: 49, column: 2 });
    expect(at(3, 2, "PageUp")).toEqual({ row: 0, column: 2 });
    expect(at(3, 2, "End")).toEqual({ row: 3, column: 11 });
    expect(at(3, 2, "Home", true)).toEqual({ row: 0, column: 0 });
    expect(at(3, 2, "x")).toBeUndefined();
  });
  it("find the part beside this one", () => {
    expect(beside(0, 50, 120, 1)).toBe(50);
    expect(beside(100, 50, 120, 1)).toBeUndefined();
    expect(beside(30, 50, 120, -1)).toBe(0);
    expect(beside(0, 50, 120, -1)).toBeUndefined();
  });
});
