import { describe, expect, it } from "vitest";
import { NODES_MAX, tree, wayTo } from "./branches";
import { byLayer, chosen, type Climb, done, type Edit, edited, escalate, keptIn, left, type Level, more, type Reached, says, type Step } from "./climb";
import { beside, BOX, placed, stacked } from "./picture";

const ME = "arn:aws:iam::111122223333:user/ann";
const role = (name: string, account = "111122223333") => `arn:aws:iam::${account}:role/${name}`;
const step = (actor: string, gains: string, of: Partial<Step> = {}): Step => ({ rule: "assume-role", title: "assumes the role", actor, on: gains, gains, decision: "sure", asked: [], ...of });
const being = (actor: string, account: string): Step => step(actor, account, { rule: "administers", title: "may do everything in its account" });
const reach = (what: Reached["what"], name: string, steps: Step[], decision: Level = "sure"): Reached => ({ what, name, decision, steps });
const answer = (reached: Reached[], principal: Climb["principal"] = { kind: "user", principal: ME }): Climb => ({ principal, administers: null, reached, total: reached.length, cut: false, edit: null, gaps: [], as_of: { scan: 1, finished_at: null } });

const A = step(ME, role("a"));
const B = step(role("a"), role("b"), { rule: "pass", title: "gives a function the role", on: "arn:aws:lambda:eu-west-1:111122223333:function:work", decision: "only_if" });
const ALL = answer([reach("account", "111122223333", [A, B, { ...being(role("b"), "111122223333"), decision: "only_if" }], "only_if"), reach("role", role("a"), [A]), reach("role", role("b"), [A, B], "only_if")]);

describe("the branches of what can be reached", () => {
  it("share the steps that ways have in common, in the order of the steps", () => {
    const { boxes, arrows, left: rest } = tree(ALL);
    expect(boxes.map(({ name, depth, level, at }) => [name, depth, level, at])).toEqual([["ann", 0, "sure", undefined], ["a", 1, "sure", 1], ["b", 2, "only_if", 2], ["111122223333", 3, "only_if", 0]]);
    expect(arrows.map(({ from, to }) => [from, to])).toEqual([["start", `role ${role("a")}`], [`role ${role("a")}`, `role ${role("b")}`], [`role ${role("b")}`, "account 111122223333"]]);
    expect(arrows[1]?.beside).toEqual(["on function:work"]);
    expect(rest).toBe(0);
  });
  it("say as whom the owner of an account takes a step, and take none to be its owner", () => {
    const owner = answer([reach("role", role("x", "444455556666"), [being("111122223333", "111122223333"), step(role("any"), role("x", "444455556666"))])], { kind: "root", principal: "111122223333" });
    const { boxes, arrows } = tree(owner);
    expect(boxes.map(({ name, is }) => `${name} ${is}`)).toEqual(["root user of 111122223333", "x role of 444455556666"]);
    expect(arrows).toMatchObject([{ from: "start", beside: ["as any"] }]);
  });
  it("tell a role from the same with more permissions, of whoever starts too", () => {
    const own = step(ME, ME, { rule: "put-user-policy", title: "writes a policy into the user" });
    const { boxes } = tree(answer([reach("account", "111122223333", [own, being(ME, "111122223333")]), reach("more", ME, [own])]));
    expect(boxes.map(({ id, note, depth }) => [id, note, depth])).toEqual([["start", "start", 0], [`more ${ME}`, "more permissions", 1], ["account 111122223333", "", 2]]);
  });
  it("end at their limit, and have what is chosen all the same", () => {
    const many = answer(Array.from({ length: 90 }, (_, at) => reach("role", role(`r${at}`), [step(ME, role(`r${at}`))])));
    const first = tree(many);
    expect([first.boxes.length, first.left]).toEqual([NODES_MAX, 31]);
    expect(first.boxes.some((box) => box.at === 85)).toBe(false);
    const other = tree(many, 85);
    expect(other.boxes.some((box) => box.at === 85)).toBe(true);
    expect(other.boxes).toHaveLength(NODES_MAX);
  });
  it("know the way to one", () => {
    expect([...wayTo(ALL, 2)]).toEqual(["start", `role ${role("a")}`, `role ${role("b")}`]);
  });
});

describe("the picture", () => {
  const wide = answer(Array.from({ length: 50 }, (_, at) => {
    const own = step(ME, role(`r${at}`), { title: at % 2 ? "puts its own keys into the identity provider, then signs in as anybody" : "assumes the role", on: role("some-other-thing-that-is-used") });
    return at % 3 ? reach("role", role(`r${at}`), [own]) : reach("role", role(`s${at}`), [own, step(role(`r${at}`), role(`s${at}`))]);
  }));
  it.each([["in columns", placed(tree(wide))], ["under each other", stacked(tree(wide), 340)]])("lets nothing stand on anything else, nor outside: %s", (_, { boxes, arrows, width, height }) => {
    expect([boxes.length, arrows.length]).toEqual([NODES_MAX, NODES_MAX - 1]);
    const rooms = [...boxes.map(({ id, x, y }) => ({ id, x, width: BOX.width, top: y - BOX.height / 2, end: y + BOX.height / 2 })), ...arrows.map(({ to, label }) => ({ id: `label ${to}`, x: label.x, width: label.width, top: label.y - label.above, end: label.y + label.below }))];
    for (const [at, one] of rooms.entries()) {
      expect(one.x >= 0 && one.top >= 0 && one.x + one.width <= width && one.end <= height, one.id).toBe(true);
      for (const other of rooms.slice(at + 1)) {
        const isOver = one.x < other.x + other.width && other.x < one.x + one.width && one.top < other.end && other.top < one.end;
        expect(isOver, `${one.id} over ${other.id}`).toBe(false);
      }
    }
  });
  it("fits a telephone where each stands under what it is reached from", () => {
    expect(stacked(tree(wide), 340).width).toBeLessThanOrEqual(340);
  });
  it("begins at the top, and goes to the right with each step", () => {
    const { boxes } = placed(tree(wide));
    expect(boxes[0]?.y).toBeLessThan(150);
    for (const box of boxes) for (const other of boxes) if (box.depth < other.depth) expect(box.x + BOX.width).toBeLessThan(other.x);
  });
  it("is walked through with the arrows of the keyboard", () => {
    const { boxes, arrows } = placed(tree(ALL));
    const go = (from: number, key: string) => { const box = boxes[from]; return box && beside(boxes, arrows, box, key)?.name; };
    expect([go(1, "ArrowRight"), go(2, "ArrowLeft"), go(1, "ArrowLeft"), go(3, "ArrowRight"), go(1, "ArrowDown"), go(1, "Tab")]).toEqual(["b", "a", undefined, undefined, undefined, undefined]);
    const star = placed(tree(answer([reach("role", role("a"), [A]), reach("role", role("c"), [step(ME, role("c"))])])));
    expect(star.boxes[1] && beside(star.boxes, star.arrows, star.boxes[1], "ArrowDown")?.name).toBe("c");
  });
});

describe("the words", () => {
  it("say what can be, how surely, and in how many steps", () => {
    expect(ALL.reached.map(says)).toEqual(["can take over account 111122223333, only if conditions hold, in 2 steps", "can become a, in 1 step", "can become b, only if conditions hold, in 2 steps"]);
    expect(says(reach("more", ME, [step(ME, ME)], "unknown"))).toBe("can give more permissions to ann, if what was not read allows it, in 1 step");
    expect(done(B)).toBe("gives a function the role: function:work");
    expect(done(step(ME, ME, { title: "writes a policy into the user" }))).toBe("writes a policy into the user");
    expect(done(step(ME, role("a\u202eb")))).toBe("assumes the role: a\\u{202e}b");
    expect([more({ accounts: ["1"], others: 2 }), more({ accounts: [], others: 1 })]).toEqual([2, 0]);
  });
  const edit: Edit = { prevents: role("b"), holder: ME, layer: "identity_policies", policy: "work", statement: 2, sid: "Pass", action: "iam:PassRole", other_steps: null };
  it("say the edit and what is left", () => {
    expect(edited(edit)).toBe("Take iam:PassRole out of statement 2 “Pass” of the policy work of ann.");
    expect(edited({ ...edit, action: null, sid: null, layer: "resource_policy", policy: "trust policy", holder: role("b") })).toBe("Take statement 2 out of the trust policy of b.");
    expect(left({ other_steps: null })).toBe("Asked again as if that were done, no way is left.");
    expect(left({ other_steps: 3 })).toBe("Asked again as if that were done, another way is left, in 3 steps.");
  });
  it("find the policy of the edit where it is kept", () => {
    expect(keptIn({ ...edit, layer: "resource_policy" }, undefined)).toEqual({ of: "resource", id: ME });
    expect(keptIn(edit, { UserPolicyList: [{ PolicyName: "work" }] })).toEqual({ of: "principal", id: ME });
    expect(keptIn(edit, { AttachedManagedPolicies: [{ PolicyName: "work", PolicyArn: "arn:aws:iam::111122223333:policy/work" }] })).toEqual({ of: "managed", id: "arn:aws:iam::111122223333:policy/work" });
    // A policy of a group is not in the document of its user, and a role may hide documents.
    expect(keptIn(edit, { GroupList: ["work"] })).toBeUndefined();
    expect(keptIn(edit, null)).toBeUndefined();
  });
  it("put what grants before what only lets pass", () => {
    const reason = (layer: "scps" | "rcps" | "identity_policies" | "resource_policy") => ({ layer, policy: "p", statement: 0, effect: "Allow" as const });
    expect(byLayer([reason("rcps"), reason("scps"), reason("identity_policies"), reason("scps"), reason("resource_policy")]).map(({ name, reasons }) => `${name} ${reasons.length}`)).toEqual(["Identity policies 1", "Resource policy 1", "Service control policies 2", "Resource control policies 1"]);
  });
  it("choose by name, and with more permissions where that is meant", () => {
    const both = [reach("role", role("a"), [A]), reach("more", role("a"), [A])];
    expect([chosen(both, role("a")), chosen(both, role("a"), true), chosen(both.slice(1), role("a")), chosen(both, "nobody")]).toEqual([0, 1, 0, -1]);
  });
  it("are the same on the command line", () => {
    expect([escalate(), escalate("a b"), escalate("ann", role("b"))]).toEqual(["fathom escalate", "fathom escalate 'a b'", `fathom escalate ann --to ${role("b")}`]);
  });
});
