import { describe, expect, it } from "vitest";
import { policies } from "./policy";

describe("the policy that grants what was denied", () => {
  it("names each action once, in order, and nothing that is none", () => {
    const [policy, ...more] = policies(["s3:GetBucketPolicy", "ec2:DescribeVpcs", "s3:GetBucketPolicy", "*", 'x", "*', "iam:*"]);
    expect(more).toEqual([]);
    expect(JSON.parse(policy?.text ?? "")).toEqual({ Version: "2012-10-17", Statement: [{ Sid: "FathomReads", Effect: "Allow", Action: ["ec2:DescribeVpcs", "s3:GetBucketPolicy"], Resource: "*" }] });
  });
  it("is cut where AWS would refuse it", () => {
    const all = Array.from({ length: 900 }, (_, at) => `service${at}:DescribeSomethingRatherLong`);
    const pieces = policies(all);
    expect(pieces.length).toBeGreaterThan(1);
    // AWS: at most 6,144 characters, white space not counted.
    for (const piece of pieces) expect(JSON.stringify(JSON.parse(piece.text)).length).toBeLessThanOrEqual(6_144);
    expect(pieces.flatMap((piece) => (JSON.parse(piece.text) as { Statement: { Action: string[] }[] }).Statement[0]?.Action)).toHaveLength(900);
  });
  it("is none where nothing was denied", () => {
    expect(policies([])).toEqual([]);
  });
});
