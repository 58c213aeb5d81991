import { describe, expect, it } from "vitest";
import type { Counts, Map as Estate } from "../../api/types";
import { areas, owned, place } from "./layout";

const counts = (resources: number, understood = resources): Counts => ({ resources, understood, exposed: 0, stale: 0 });
const estate: Estate = {
  counts: counts(1000), cut: false,
  accounts: [
    {
      account: "111122223333", name: "shop", counts: counts(900),
      regions: [
        { region: "eu-west-1", counts: counts(800), networks: [{ uid: "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1", name: null, counts: counts(500) }], outside: counts(300) },
        { region: "global", counts: counts(100), networks: [], outside: counts(100) },
      ],
    },
    { account: "444455556666", name: null, counts: counts(100), regions: [{ region: "eu-west-1", counts: counts(100), networks: [], outside: counts(100) }] },
  ],
};

describe("the map", () => {
  it("has an area for each account, region and network, and for what lies in none", () => {
    const all = areas(estate);
    expect(all.map((area) => area.name)).toEqual(["shop (111122223333)", "444455556666"]);
    expect(all[0]?.children.map((area) => area.children.map((each) => [each.name, each.counts.resources]))).toEqual([[["vpc-1", 500], ["in no network", 300]], []]);
  });
  it("draws what the provider keeps for all, and counts it as nobody's account", () => {
    const more: Estate = { ...estate, accounts: [...estate.accounts, { account: "aws", name: null, counts: counts(11), regions: [] }] };
    expect(areas(more).at(-1)?.name).toBe("What AWS itself keeps for all");
    expect(owned(more)).toBe(2);
  });
  it("opens just what is in an area", () => {
    const [vpc, outside] = areas(estate)[0]?.children[0]?.children ?? [];
    expect(vpc?.filter).toEqual({ account: ["111122223333"], region: ["eu-west-1"], network: ["arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1"] });
    expect(outside?.filter.network).toEqual([""]);
  });
  it("draws areas as large as their resources, inside of what they belong to", () => {
    const placed = place(areas(estate), { x: 0, y: 0, width: 1000, height: 600 });
    const of = (key: string) => placed.find(({ area }) => area.key === key)?.box ?? { x: 0, y: 0, width: 0, height: 0 };
    const size = (key: string) => of(key).width * of(key).height;
    expect(size("111122223333") / size("444455556666")).toBeGreaterThan(8);
    expect(size("111122223333") / size("444455556666")).toBeLessThan(10);
    const [outer, within] = [of("111122223333"), of("111122223333\neu-west-1")];
    expect(within.x).toBeGreaterThan(outer.x);
    expect(within.x + within.width).toBeLessThan(outer.x + outer.width);
    expect(within.y).toBeGreaterThanOrEqual(outer.y + 20);
  });
  it("keeps the smallest in sight", () => {
    const many: Estate = { ...estate, accounts: [estate.accounts[0] as (typeof estate.accounts)[0], ...Array.from({ length: 40 }, (_, at) => ({ account: `small ${at}`, name: null, counts: counts(1), regions: [] }))] };
    const placed = place(areas(many), { x: 0, y: 0, width: 1000, height: 600 });
    expect(placed.filter(({ depth }) => depth === 0)).toHaveLength(41);
    expect(Math.min(...placed.filter(({ depth }) => depth === 0).map(({ box }) => Math.min(box.width, box.height)))).toBeGreaterThan(6);
  });
});
