// The picture of a graph as SVG: the same signs as on the screen, and nothing that runs.

export interface Drawn {
  width: number; height: number; ground: string; text: string; line: string; attention: string; hatch: [string, string];
  areas: { x: number; y: number; width: number; height: number; name: string; outer: boolean }[];
  edges: { from: [number, number]; to: [number, number]; loose: boolean }[];
  nodes: { x: number; y: number; radius: number; fill: string; unknown: boolean; exposed: boolean; label: string; code: string }[];
}

const SIGNS: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
/** What would be markup, as text; characters that XML does not know are left out. */
export const escape = (text: string): string => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "").replace(/[&<>"']/g, (found) => SIGNS[found] ?? found); // eslint-disable-line no-control-regex

const n = (value: number): string => String(Math.round(value * 10) / 10);

export function picture({ width, height, ground, text, line, attention, hatch, areas, edges, nodes }: Drawn): string {
  const font = 'font-family="system-ui, sans-serif"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${n(width)}" height="${n(height)}" viewBox="0 0 ${n(width)} ${n(height)}">`,
    `<defs><pattern id="unknown" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" fill="${hatch[0]}"/><rect width="2" height="5" fill="${hatch[1]}"/></pattern>`,
    `<marker id="end" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L6 3L0 6z" fill="${line}"/></marker></defs>`,
    `<rect width="100%" height="100%" fill="${ground}"/>`,
    ...areas.map((area) => `<rect x="${n(area.x)}" y="${n(area.y)}" width="${n(area.width)}" height="${n(area.height)}" rx="5" fill="none" stroke="${line}" stroke-width="${area.outer ? 1.2 : 0.6}"/>${area.width > 50 ? `<text x="${n(area.x + 6)}" y="${n(area.y + 14)}" font-size="11" ${font} fill="${text}">${escape(area.name)}</text>` : ""}`),
    ...edges.map(({ from, to, loose }) => `<line x1="${n(from[0])}" y1="${n(from[1])}" x2="${n(to[0])}" y2="${n(to[1])}" stroke="${line}" stroke-width="1"${loose ? ' stroke-dasharray="4 3"' : ""} marker-end="url(#end)"/>`),
    ...nodes.map((node) => [
      `<circle cx="${n(node.x)}" cy="${n(node.y)}" r="${n(node.radius)}" fill="${node.unknown ? "url(#unknown)" : node.fill}"/>`,
      node.exposed ? `<circle cx="${n(node.x)}" cy="${n(node.y)}" r="${n(node.radius + 2.5)}" fill="none" stroke="${attention}" stroke-width="2" stroke-dasharray="3 2"/>` : "",
      node.radius >= 7 ? `<text x="${n(node.x)}" y="${n(node.y + node.radius * 0.28)}" font-size="${n(node.radius * 0.78)}" text-anchor="middle" font-weight="600" ${font} fill="${node.unknown ? text : ground}">${escape(node.code)}</text>` : "",
      node.label ? `<text x="${n(node.x + node.radius + 3)}" y="${n(node.y + 4)}" font-size="11" ${font} fill="${text}">${escape(node.label)}</text>` : "",
    ].join("")),
    "</svg>",
  ].join("\n");
}
