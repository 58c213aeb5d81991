import { describe, expect, it } from "vitest";
import { drawn, signedIn } from "../../testing/drawn";
import { Relations } from "./Relations";
import { NotKnown } from "./Resource";

describe("connections", () => {
  const detail = (withheld: number) => ({ resource: { uid: "u" }, relations: { outgoing: [], incoming: [], truncated: false, withheld } }) as never;
  it("that lead to what one may not see are counted", async () => {
    expect(await drawn(<Relations detail={detail(3)} />)).toContain("3 connections lead to what you may not see.");
    expect(await drawn(<Relations detail={detail(1)} />)).toContain("1 connection leads to");
    expect(await drawn(<Relations detail={detail(0)} />)).toContain("No connections");
  });
});

describe("a resource that is not there", () => {
  const problem = { detail: "`u` was not there as of scan 3", hint: "its history says when it came and went" };
  it("says what the server says of it", async () => {
    signedIn("analyst");
    const said = await drawn(<NotKnown uid="u" problem={problem} />);
    expect(said).toContain("`u` was not there as of scan 3. Its history says when it came and went.");
    expect(said).toContain("who refers to it");
    expect(said).not.toContain("Look at it now");
  });
  it("can be looked at now where the page shows the past", async () => {
    signedIn("analyst");
    expect(await drawn(<NotKnown uid="u" problem={problem} />, [], "/?as_of=scan:3")).toContain("Look at it now");
  });
  it("may be one that is kept from whoever sees a part", async () => {
    signedIn("analyst", ["payments"]);
    const said = await drawn(<NotKnown uid="u" problem={problem} />);
    expect(said).toContain("Not seen, or not for you to see");
    expect(said).not.toContain("who refers to it");
  });
});
