import { describe, expect, it } from "vitest";
import { asks, command, condition, ofKey, short, statement, type Verdict, vendor, who, why, withKey } from "./words";

const verdict = (more: Partial<Verdict>): Verdict => ({ decision: "allowed", because: [], conditions: [], missing_keys: [], blocked_by: [], layers: [], unknown: [], faults: [], ...more });

describe("the question", () => {
  it("follows from what is filled in", () => {
    expect(asks({})).toBe("openings");
    expect(asks({ principal: "a" })).toBe("what-can");
    expect(asks({ resource: "r" })).toBe("what-on");
    expect(asks({ principal: "a", resource: "r" })).toBe("what-on");
    expect(asks({ action: "s3:GetObject", resource: "r" })).toBe("who-can");
    expect(asks({ principal: "a", action: "s3:GetObject", resource: "r" })).toBe("explain");
    expect(asks({ principal: "a", action: "s3:GetObject" })).toBe("resource-lacks");
  });
  it("is the same on the command line, whatever somebody called things", () => {
    expect(command({ action: "s3:GetObject", resource: "a b", context: ["aws:SourceIp=10.0.0.1"] })).toBe("fathom who-can s3:GetObject 'a b' --context aws:SourceIp=10.0.0.1");
    expect(command({ from: "confined" })).toBe("fathom external");
    expect(command({ from: "service" })).toBeUndefined();
    const all = { principal: "1", action: "sts:AssumeRole", resource: "r" };
    expect(command(all)).toBe("fathom iam simulate --principal 1 --action sts:AssumeRole --resource r");
    expect(command({ ...all, kind: "outside" })).toBeUndefined();
    expect(command({ action: "s3:GetObject" })).toBeUndefined();
  });
});

describe("the words of an answer", () => {
  it("say of strangers that only the resource was asked", () => {
    expect(who({ kind: "outside", principal: "999988887777" })).toBe("999988887777, if its own account lets it");
    expect(who({ kind: "anyone", principal: "*" })).toBe("everyone, without credentials");
    expect(short("arn:aws:iam::1:role/path/name")).toBe("path/name");
  });
  it("turn the conditions of a denial around", () => {
    const one = { layer: "scps", policy: "p", statement: 0, effect: "Deny", operator: "StringEquals", key: "aws:RequestedRegion", values: ["eu-west-1", "eu-west-2"] } as const;
    expect(condition({ ...one, values: [...one.values] })).toBe("not aws:RequestedRegion StringEquals eu-west-1, eu-west-2");
  });
  it("name the statements that grant, and not those that only let pass", () => {
    const reason = (layer: "identity_policies" | "scps", policy: string) => ({ layer, policy, statement: 2, sid: layer === "scps" ? null : "Read", level: null, effect: "Allow" as const });
    expect(why(verdict({ because: [reason("scps", "FullAWSAccess"), reason("identity_policies", "own")] }))).toBe("identity policies: own, Statement[2] “Read”");
    expect(why(verdict({}))).toBe("its account's own root user");
    expect(why(verdict({ decision: "implicitly_denied", blocked_by: ["permission_boundaries"] }))).toBe("no statement allows it in: permissions boundary");
    expect(statement({ policy: "a grant", statement: null, sid: null })).toBe("a grant");
  });
  it("make tricky characters of names visible", () => {
    expect(statement({ policy: "a\u202eb", statement: 0, sid: "x\u200b" })).toBe("a\\u{202e}b, Statement[0] “x\\u{200b}”");
  });
  it("say what the key says beside the action", () => {
    expect(ofKey({ needs: ["kms:Decrypt"], says: "denied", note: null })).toBe("and kms:Decrypt of its key: not allowed");
    expect(ofKey({ needs: ["kms:GenerateDataKey", "kms:Decrypt"], says: "unknown", note: "no scan saw it" })).toBe("and kms:GenerateDataKey and kms:Decrypt of its key: not known (no scan saw it)");
    expect(withKey({ key: "k", needs: ["kms:Decrypt"], actions: ["s3:GetObject"], key_says: "only_if", content: "only_if" })).toBe("s3:GetObject: also takes kms:Decrypt of its key: only under conditions");
  });
  it("say whose an account is, and when their time is over", () => {
    expect(vendor({ name: "Backup\u202e Ltd", purpose: null, until: "2026-01-31", over: true, source: null })).toBe("Backup\\u{202e} Ltd, until 2026-01-31, which is over");
    expect(vendor({ name: "AWS", purpose: "logs", until: null, over: false, source: null })).toBe("AWS: logs");
  });
});
