// Strokes of the picture of a graph.
import type { Box } from "../../lib/treemap";

export interface Ink { text: string; muted: string; line: string; faint: string; node: string; surface: string; sunken: string; hatch1: string; hatch2: string; accent: string; attention: string; group: string }

export const inkOf = (colour: (token: string) => string): Ink => ({
  text: colour("--text"), muted: colour("--text-2"), line: colour("--line-strong"), faint: colour("--line"), node: colour("--understood"), surface: colour("--surface"), sunken: colour("--sunken"),
  hatch1: colour("--hatch-1"), hatch2: colour("--hatch-2"), accent: colour("--accent"), attention: colour("--attention"), group: colour("--progress"),
});

export function ring(pen: CanvasRenderingContext2D, x: number, y: number, radius: number, ink: string, width: number, dash: number[] = []): void {
  pen.beginPath();
  pen.setLineDash(dash);
  pen.lineWidth = width;
  pen.strokeStyle = ink;
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.stroke();
  pen.setLineDash([]);
}

/** What stands where in one frame: nodes, and the names that are drawn so far. */
export interface Taken { width: number; nodes: readonly { x: number; y: number; radius: number }[]; names: Box[] }

const NAME_PX = 12;
const covers = (box: Box, { nodes, names, width }: Taken): boolean =>
  box.x < 2 || box.x + box.width > width - 2
  || nodes.some(({ x, y, radius }) => Math.hypot(x - Math.min(Math.max(x, box.x), box.x + box.width), y - Math.min(Math.max(y, box.y), box.y + box.height)) < radius)
  || names.some((other) => box.x < other.x + other.width && other.x < box.x + box.width && box.y < other.y + other.height && other.y < box.y + box.height);

/** A node's name at its right, at its left or below it: where it covers no node, no other name and is not cut off, or not at all. */
export function named(pen: CanvasRenderingContext2D, { x, y, size, label }: { x: number; y: number; size: number; label: string | null }, ink: string, halo: string, taken: Taken): void {
  if (!label) return;
  pen.font = `${NAME_PX}px system-ui, sans-serif`;
  const width = pen.measureText(label).width;
  const [height, beside] = [NAME_PX + 2, y - NAME_PX / 2 - 1];
  const box = [{ x: x + size + 6, y: beside }, { x: x - size - 6 - width, y: beside }, { x: x - width / 2, y: y + size + 5 }].map((at) => ({ ...at, width, height })).find((each) => !covers(each, taken));
  if (!box) return;
  taken.names.push(box);
  pen.lineJoin = "round";
  pen.lineWidth = 3;
  pen.strokeStyle = halo;
  pen.strokeText(label, box.x, box.y + NAME_PX - 1);
  pen.fillStyle = ink;
  pen.fillText(label, box.x, box.y + NAME_PX - 1);
}

export function hatch(pen: CanvasRenderingContext2D, x: number, y: number, radius: number, ground: string, ink: string): void {
  pen.save();
  pen.beginPath();
  pen.arc(x, y, radius + 0.5, 0, 2 * Math.PI);
  pen.clip();
  pen.fillStyle = ground;
  pen.fill();
  pen.strokeStyle = ink;
  pen.lineWidth = 1.3;
  pen.beginPath();
  for (let at = -2 * radius; at <= 2 * radius; at += 4) {
    pen.moveTo(x + at - radius, y + radius);
    pen.lineTo(x + at + radius, y - radius);
  }
  pen.stroke();
  pen.restore();
}

const PLAIN_PX = 36;

/** An area with its name, where there is room for one. */
export function roundedBox(pen: CanvasRenderingContext2D, box: Box, outer: boolean, name: string, count: number, ink: Ink, seen: { width: number; height: number }): void {
  if (box.x > seen.width || box.y > seen.height || box.x + box.width < 0 || box.y + box.height < 0) return;
  pen.fillStyle = outer ? ink.surface : ink.sunken;
  // Thousands of small ones are plain.
  if (!outer && (box.width < PLAIN_PX || box.height < PLAIN_PX)) {
    if (box.width > 2 && box.height > 2) pen.fillRect(box.x, box.y, box.width, box.height);
    return;
  }
  pen.beginPath();
  pen.roundRect(box.x, box.y, box.width, box.height, 5);
  pen.fill();
  pen.lineWidth = outer ? 1.4 : 1;
  pen.strokeStyle = outer ? ink.line : ink.faint;
  pen.stroke();
  if (box.width < 60 || box.height < 26) return;
  pen.save();
  pen.beginPath();
  pen.rect(box.x + 4, box.y, box.width - 8, box.height);
  pen.clip();
  pen.font = `${outer ? 600 : 400} 11px system-ui, sans-serif`;
  pen.fillStyle = outer ? ink.text : ink.muted;
  pen.textAlign = "left";
  pen.textBaseline = "top";
  // The name stays in sight while a part of the area is.
  const [x, y] = [Math.max(box.x, 0) + 7, Math.max(box.y, 0) + 5];
  pen.fillText(`${name}  ${count}`, Math.min(x, box.x + box.width - 50), Math.min(y, box.y + box.height - 16));
  pen.restore();
}
