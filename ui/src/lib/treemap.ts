// Areas within areas, as large as what they stand for, and as square as it goes (Bruls, Huizing, van Wijk: squarified treemaps).

export interface Box { x: number; y: number; width: number; height: number }
export interface Placed<T> { item: T; box: Box }

/** Divides `box` among items by weight, the heaviest first. Weights are above zero. */
export function squarify<T>(items: readonly T[], weight: (item: T) => number, box: Box): Placed<T>[] {
  const sorted = items.filter((item) => weight(item) > 0).sort((a, b) => weight(b) - weight(a));
  const total = sorted.reduce((sum, item) => sum + weight(item), 0);
  if (total === 0 || box.width <= 0 || box.height <= 0) return [];
  const scale = (box.width * box.height) / total;
  const placed: Placed<T>[] = [];
  let left = { ...box };
  let at = 0;
  while (at < sorted.length) {
    const side = Math.min(left.width, left.height);
    const row: T[] = [];
    let area = 0;
    let worst = Infinity;
    // The row grows for as long as its least square area gets squarer.
    while (at + row.length < sorted.length) {
      const next = sorted[at + row.length] as T;
      const grown = area + weight(next) * scale;
      const largest = weight(sorted[at] as T) * scale;
      const ratio = Math.max((side * side * largest) / (grown * grown), (grown * grown) / (side * side * weight(next) * scale));
      if (ratio > worst) break;
      worst = ratio;
      area = grown;
      row.push(next);
    }
    left = lay(row, area, left, (item) => weight(item) * scale, placed);
    at += row.length;
  }
  return placed;
}

/** Lays a row along the shorter side, and says what is left of the box. */
function lay<T>(row: readonly T[], area: number, box: Box, size: (item: T) => number, placed: Placed<T>[]): Box {
  const upright = box.width >= box.height;
  const deep = area / (upright ? box.height : box.width);
  let along = 0;
  for (const item of row) {
    const long = size(item) / deep;
    placed.push({ item, box: upright ? { x: box.x, y: box.y + along, width: deep, height: long } : { x: box.x + along, y: box.y, width: long, height: deep } });
    along += long;
  }
  return upright ? { x: box.x + deep, y: box.y, width: Math.max(0, box.width - deep), height: box.height } : { x: box.x, y: box.y + deep, width: box.width, height: Math.max(0, box.height - deep) };
}

/** The box without a border of `by` on each side and without a title of `top` above. */
export const inner = (box: Box, by: number, top: number): Box => ({ x: box.x + by, y: box.y + top, width: Math.max(0, box.width - 2 * by), height: Math.max(0, box.height - top - by) });
