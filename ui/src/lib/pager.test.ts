import { describe, expect, it, vi } from "vitest";
import { type Cursor, Pager } from "./pager";

/** A list of numbers whose cursor is the next number, and a note of what was asked for. */
function list(total: number) {
  const asked: [Cursor, number][] = [];
  const page = (cursor: Cursor, limit: number) => {
    const from = Number(cursor ?? 0);
    const rows = Array.from({ length: Math.min(limit, total - from) }, (_, at) => from + at);
    return { rows, next: from + rows.length < total ? from + rows.length : null };
  };
  const load = vi.fn(async (cursor: Cursor, limit: number) => {
    asked.push([cursor, limit]);
    await Promise.resolve();
    return page(cursor, limit);
  });
  return { asked, load, first: page(undefined, 200) };
}

const idle = async (pager: Pager<number>) => { while (pager.loading) await new Promise((resolve) => setTimeout(resolve)); };

describe("a list that comes by pages", () => {
  it("fetches the next page before the last row is reached, and nothing before", async () => {
    const { asked, load, first } = list(1000);
    const pager = new Pager(first, load);
    pager.want(0, 40);
    await idle(pager);
    expect(asked).toEqual([]);
    pager.want(140, 180);
    await idle(pager);
    expect(asked).toEqual([[200, 200]]);
    expect(pager.get(399)).toBe(399);
    expect(pager.get(400)).toBeUndefined();
  });

  it("goes to a place far down in large steps, forgets what lies far away, and comes back to it", async () => {
    const { asked, load, first } = list(100_000);
    const pager = new Pager(first, load);
    pager.want(90_000, 90_040);
    await idle(pager);
    expect(asked.every(([, limit]) => limit <= 1000)).toBe(true);
    expect(asked.length).toBeLessThan(100);
    expect(pager.get(90_020)).toBe(90_020);
    expect(pager.get(10)).toBeUndefined();
    const before = asked.length;
    pager.want(0, 40);
    await idle(pager);
    expect(pager.get(10)).toBe(10);
    expect(asked.slice(before)).toEqual([[undefined, 200]]);
    // Every row on the way can be had again, each where it belongs.
    for (const index of [0, 199, 200, 1200, 44_444, 89_999]) {
      pager.want(index, index);
      await idle(pager);
      expect(pager.get(index)).toBe(index);
    }
  });

  it("ends where the list ends", async () => {
    const { load, first } = list(450);
    const pager = new Pager(first, load);
    pager.want(400, 100_000);
    await idle(pager);
    expect(pager.ended).toBe(true);
    expect(pager.reach).toBe(450);
    expect(pager.get(449)).toBe(449);
    expect(pager.get(450)).toBeUndefined();
  });

  it("says what failed, and goes on when told to", async () => {
    const { load, first } = list(1000);
    load.mockRejectedValueOnce(new Error("away"));
    const pager = new Pager(first, load);
    pager.want(300, 340);
    await idle(pager);
    expect(pager.error).toEqual(new Error("away"));
    pager.again();
    await idle(pager);
    expect(pager.get(340)).toBe(340);
  });

  it("keeps its place when the first page comes anew", async () => {
    const { asked, load, first } = list(10_000);
    const pager = new Pager(first, load);
    pager.want(5000, 5040);
    await idle(pager);
    const before = asked.length;
    const renewed = new Pager(first, load, pager);
    renewed.want(5000, 5040);
    await idle(renewed);
    expect(renewed.get(5010)).toBe(5010);
    expect(asked.length - before).toBe(1);
  });
});
