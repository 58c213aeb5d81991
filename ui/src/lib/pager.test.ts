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

  it("goes back to its place when it is renewed, in few steps", async () => {
    const { asked, load, first } = list(10_000);
    const renewed = new Pager(first, load);
    renewed.want(5000, 5040);
    await idle(renewed);
    expect(renewed.get(5010)).toBe(5010);
    expect(asked.length).toBeLessThan(10);
  });

  describe("of which rows come and go", () => {
    /** A list whose cursor is the last row before, as the API's are, over rows that change. */
    function changing(total: number) {
      let rows = Array.from({ length: total }, (_, at) => at * 10);
      const page = (cursor: Cursor, limit: number) => {
        const found = rows.filter((row) => cursor === undefined || row > Number(cursor)).slice(0, limit);
        return { rows: found, next: found.length > 0 && found.at(-1) !== rows.at(-1) ? found.at(-1) : null };
      };
      const load = (cursor: Cursor, limit: number) => Promise.resolve(page(cursor, limit));
      const all = async (pager: Pager<number>) => {
        const seen: (number | undefined)[] = [];
        for (let at = 0; !pager.ended || at < pager.reach; at++) {
          pager.want(at, at + 30);
          await idle(pager);
          if (at < pager.reach) seen.push(pager.get(at));
        }
        return seen;
      };
      return { page: () => page(undefined, 200), load, all, rows: () => rows, set: (next: number[]) => { rows = next.sort((a, b) => a - b); } };
    }
    const without = (rows: number[], gone: number[]) => rows.filter((row) => !gone.includes(row));

    it("has each row once after it is renewed", async () => {
      const it = changing(1000);
      const before = new Pager(it.page(), it.load);
      before.want(900, 940);
      await idle(before);
      for (const change of [() => it.set([...it.rows(), 4001, 4002, 8001]), () => it.set(without(it.rows(), [3990, 4000, 9990])), () => it.set([5, ...without(it.rows(), [20])])]) {
        change();
        const renewed = new Pager(it.page(), it.load);
        renewed.want(900, 940);
        await idle(renewed);
        expect(renewed.get(900)).toBe(it.rows()[900]);
        expect(await it.all(renewed)).toEqual(it.rows());
      }
    });

    it("has each row once when what was forgotten is fetched again", async () => {
      const it = changing(60_000);
      const pager = new Pager(it.page(), it.load);
      pager.want(59_000, 59_040);
      await idle(pager);
      expect(pager.get(1000)).toBeUndefined();
      it.set([...without(it.rows(), [9990, 20_000]), 10_001, 10_002, 10_003]);
      pager.want(1000, 1040);
      await idle(pager);
      pager.want(59_000, 59_040);
      await idle(pager);
      expect(pager.get(59_000)).toBe(it.rows()[59_000]);
      pager.want(60_000, 60_001);
      await idle(pager);
      expect(pager.ended).toBe(true);
      expect(pager.reach).toBe(it.rows().length);
    });
  });
});
