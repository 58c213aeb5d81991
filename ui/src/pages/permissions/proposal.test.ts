import { describe, expect, it } from "vitest";
import { isJson, line, tidy, written } from "./proposal";

const POLICY = { Version: "2012-10-17", Statement: [] };

describe("the policies of a document", () => {
  it("are found where each type keeps them, as JSON or as text", () => {
    expect(written("principal", { RolePolicyList: [{ PolicyName: "own", PolicyDocument: JSON.stringify(POLICY) }] })).toEqual([{ name: "own", text: JSON.stringify(POLICY, null, 2) }]);
    expect(written("principal", { UserName: "ann" })).toEqual([]);
    const versions = [{ VersionId: "v1", Document: { old: true } }, { VersionId: "v2", Document: POLICY }];
    expect(written("managed", { DefaultVersionId: "v2", PolicyVersionList: versions })).toEqual([{ name: "", text: JSON.stringify(POLICY, null, 2) }]);
    expect(written("resource", { AssumeRolePolicyDocument: POLICY })).toHaveLength(1);
    expect(written("resource", { Policy: null })).toEqual([]);
    expect(written("scp", { Content: "{}" })).toEqual([{ name: "", text: "{}" }]);
    expect(written("resource", null)).toEqual([]);
  });
  it("stay as they are where they are no JSON", () => {
    expect(tidy("{ half")).toBe("{ half");
    expect([isJson("{}"), isJson("[]"), isJson("{ half"), isJson("")]).toEqual([true, false, false, false]);
  });
});

describe("the command line", () => {
  it("asks the same", () => {
    expect(line({ of: "principal", id: "deploy", name: "own", document: "{}" })).toBe("fathom what-if --policy new.json --principal deploy --name own");
    expect(line({ of: "principal", id: "deploy", name: "what-if", document: "{}" })).toBe("fathom what-if --policy new.json --principal deploy");
    expect(line({ of: "resource", id: "a b", document: null })).toBe("fathom what-if --remove --resource 'a b'");
  });
});
