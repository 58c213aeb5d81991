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
