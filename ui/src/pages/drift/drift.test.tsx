import { describe, expect, it } from "vitest";
import type { Drift } from "../../api/types";
import { Difference } from "../../parts/Difference";
import { drawn, signedIn } from "../../testing/drawn";
import { NoneYet } from "./Baselines";
import { Differences } from "./DriftRow";

const one = (more: object): Drift["differences"] => [{ attribute: "tags.owner", withheld: false, by_name: false, file: "main.tf", address: "a.b", ...more }];

describe("an approved state", () => {
  const page = (last_scan: object | null) => drawn(<NoneYet button="Approve it" />, [[["summary", {}], { last_scan }]]);
  it("is offered where a scan left one, and not before", async () => {
    signedIn("administrator");
    expect(await page({ id: 1 })).toContain("Approve it");
    const said = await page(null);
    expect(said).toContain("Nothing was scanned yet");
    expect(said).toContain("Start the first scan");
    expect(said).not.toContain("Approve it");
  });
});

describe("a difference from the code", () => {
  it("is kept from whoever may not read documents, and never told as nothing", async () => {
    const said = await drawn(<Differences of={one({ withheld: true })} />);
    expect(said.match(/not for your role/g)).toHaveLength(2);
    expect(said).not.toContain("nothing");
  });
  it("tells what is not there from what is", async () => {
    const said = await drawn(<Differences of={one({ declared: "payments", actual: null })} />);
    expect(said).toContain("payments nothing");
    expect(said).not.toContain("null");
    expect(await drawn(<Differences of={one({ declared: null, actual: "" })} />)).toContain('nothing ""');
  });
});

describe("a change within a document", () => {
  it("says that its values are kept back", async () => {
    const of = { changes: [{ what: "changed", path: "Tags[].Value", of: [], cut: false }], more: 0 };
    const kept = await drawn(<Difference of={{ ...of, withheld: true }} />);
    expect(kept).toContain("not for your role");
    expect(kept).not.toContain("→");
    expect(await drawn(<Difference of={{ ...of, withheld: false }} />)).not.toContain("your role");
  });
});
