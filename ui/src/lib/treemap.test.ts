import { describe, expect, it } from "vitest";
import { inner, squarify } from "./treemap";

const area = ({ width, height }: { width: number; height: number }) => width * height;

describe("areas", () => {
  // The example of the paper: a box of 6 × 4 with these weights.
  const weights = [6, 6, 4, 3, 2, 2, 1];
  const placed = squarify(weights, (each) => each, { x: 0, y: 0, width: 6, height: 4 });

  it("are as large as what they stand for", () => {
    expect(placed.map(({ item, box }) => [item, Math.round(area(box) * 1e9) / 1e9])).toEqual(weights.map((each) => [each, each]));
  });
  it("stand as the paper says: the two largest beside the rest, each 3 wide and 2 high", () => {
    expect(placed[0]?.box).toEqual({ x: 0, y: 0, width: 3, height: 2 });
    expect(placed[1]?.box).toEqual({ x: 0, y: 2, width: 3, height: 2 });
    expect(placed[2]?.box.x).toBe(3);
  });
  it("neither overlap nor leave the box", () => {
    const many = squarify(Array.from({ length: 300 }, (_, at) => 1 + ((at * 7919) % 97)), (each) => each, { x: 10, y: 20, width: 640, height: 300 });
    expect(many).toHaveLength(300);
    expect(many.reduce((sum, { box }) => sum + area(box), 0)).toBeCloseTo(640 * 300, 3);
    for (const { box } of many) {
      expect(box.x).toBeGreaterThanOrEqual(10 - 1e-6);
      expect(box.y).toBeGreaterThanOrEqual(20 - 1e-6);
      expect(box.x + box.width).toBeLessThanOrEqual(650 + 1e-6);
      expect(box.y + box.height).toBeLessThanOrEqual(320 + 1e-6);
    }
    const overlap = many.some(({ box: a }, at) => many.slice(at + 1).some(({ box: b }) => Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x) > 1e-6 && Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y) > 1e-6));
    expect(overlap).toBe(false);
  });
  it("are none without weight or room", () => {
    expect(squarify([0], (each) => each, { x: 0, y: 0, width: 5, height: 5 })).toEqual([]);
    expect(squarify([1], (each) => each, { x: 0, y: 0, width: 0, height: 5 })).toEqual([]);
  });
  it("keep room for a title", () => {
    expect(inner({ x: 0, y: 0, width: 100, height: 60 }, 2, 18)).toEqual({ x: 2, y: 18, width: 96, height: 40 });
    expect(inner({ x: 0, y: 0, width: 3, height: 4 }, 2, 18)).toEqual({ x: 2, y: 18, width: 0, height: 0 });
  });
});
