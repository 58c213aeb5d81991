import { describe, expect, it } from "vitest";
import { admin, byService, line, looked } from "./used";

const used = (action: string, granted = true) => ({ action, access: "read" as const, granted, last: "2026-01-01T00:00:00Z", event: "e", resources: [], elsewhere: false });
const group = (service: string, ...actions: string[]) => ({ service, access: "read" as const, actions });

describe("what is granted against what was used", () => {
  it("is told by service, those first of which most was never used", () => {
    const services = byService({
      used: [used("s3:GetObject"), used("sqs:SendMessage"), used("sts:GetCallerIdentity", false)],
      never_used: [group("s3", "s3:PutObject"), { ...group("s3", "s3:DeleteBucket"), access: "write" }, group("iam", "iam:CreateUser")],
      never_tried: [group("kms", "kms:Decrypt", "kms:Encrypt")],
      unseen: [{ reason: "data_event", because: "", count: 2, groups: [group("s3", "s3:GetObject", "s3:GetObjectTagging")] }],
    });
    expect(services.map(({ service, granted, used, never, tried, unseen }) => [service, granted, used.length, never.length, tried.length, unseen.length])).toEqual([
      // What was used is not counted again among what no log shows whole; what nothing grants is not counted at all.
      ["s3", 4, 1, 2, 0, 1], ["kms", 2, 0, 0, 2, 0], ["iam", 1, 0, 1, 0, 0], ["sqs", 1, 1, 0, 0, 0],
    ]);
  });
  it("is nothing where nothing is granted", () => expect(byService({ used: [], never_used: [], never_tried: [], unseen: [] })).toEqual([]));
});

describe("the words", () => {
  it("say what was looked at", () => expect(looked([{ kind: "user", count: 1 }, { kind: "access_key", count: 2 }])).toEqual(["1 user", "2 access keys"]));
  it("say who can give itself everything, and of whom that is not known", () => {
    expect(admin("no")).toBeUndefined();
    expect([admin("yes"), admin("only_if"), admin("unknown")]).toEqual(["administrator", "administrator, only if", "perhaps administrator"]);
  });
  it("are the same on the command line", () => {
    expect(line({ days: 90 })).toBe("fathom unused");
    expect(line({ days: 30 })).toBe("fathom unused --days 30");
    expect(line({ principal: "a b", days: 365, drop: true })).toBe("fathom least-privilege 'a b' --days 365 --drop-unseen");
  });
});
