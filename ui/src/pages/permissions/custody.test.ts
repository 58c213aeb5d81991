import { describe, expect, it } from "vitest";
import { called, counts, grouped, keysLine, rotation, secretsLine } from "./custody";

const none = { users: 0, roles: 0, roots: 0, services: 0, outside: 0, only_if: 0, unknown: 0 };

describe("who can", () => {
  it("is counted by what they are, and nobody is said", () => {
    expect(counts(none)).toBe("nobody");
    expect(counts({ ...none, users: 1, roles: 3, outside: 2 })).toBe("1 user, 3 roles and 2 from outside");
  });
});

describe("rotation", () => {
  it("is told with what is not known of it", () => {
    expect(rotation({ state: "on", every_days: 365, why: null })).toBe("every 365 days");
    expect(rotation({ state: "on", every_days: null, why: null })).toBe("on; how often was not read");
    expect(rotation({ state: "cannot", every_days: null, why: "it is asymmetric" })).toBe("never: it is asymmetric");
    expect(rotation({ state: "unknown", every_days: null, why: "it could not be read" })).toBe("not known: it could not be read");
  });
});

describe("a key", () => {
  const key = "arn:aws:kms:eu-west-1:111122223333:key/1234";
  it("is called by its alias, where it has one", () => {
    expect(called({ key, aliases: ["alias/payments"] })).toBe("alias/payments");
    expect(called({ key, aliases: [] })).toBe("1234");
  });
  it("encrypts things of several types", () => {
    expect(grouped(["arn:aws:s3:::one", "arn:aws:rds:eu-west-1:1:db:x", "arn:aws:s3:::two", "arn:aws:sqs:eu-west-1:1:jobs", "arn:aws:ec2:eu-west-1:1:volume/v-1"])).toEqual([
      ["s3", ["arn:aws:s3:::one", "arn:aws:s3:::two"]], ["ec2 volume", ["arn:aws:ec2:eu-west-1:1:volume/v-1"]], ["rds db", ["arn:aws:rds:eu-west-1:1:db:x"]], ["sqs", ["arn:aws:sqs:eu-west-1:1:jobs"]],
    ]);
  });
  it("is asked about on the command line, whatever it is called", () => {
    expect([keysLine(), keysLine("alias/a b"), secretsLine(), secretsLine("x")]).toEqual(["fathom keys", "fathom keys 'alias/a b' --who", "fathom secrets", "fathom secrets x --who"]);
  });
});
