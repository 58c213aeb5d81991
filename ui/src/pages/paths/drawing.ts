// The picture of all stories as a file: the same boxes and lines as on the screen, and nothing that runs.
import { shown } from "../../lib/text";
import { escape } from "../graph/svg";
import { BOX, type Drawn, LAYERS } from "./layers";
import type { Answer } from "./words";

/** The colours that are seen now. */
export interface Ink { ground: string; text: string; soft: string; line: string; box: string; hatch: [string, string] }

const DASHES: Record<Answer, string> = { yes: "", only_if: ' stroke-dasharray="7 4"', unknown: ' stroke-dasharray="1.5 4" stroke-linecap="round"' };

/** As much of a text as fits into a box. */
const fit = (text: string, most: number): string => escape(shown(text, most));

export function drawing({ boxes, lines, width, height }: Drawn, { ground, text, soft, line, box: fill, hatch }: Ink): string {
  const font = 'font-family="system-ui, sans-serif"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<defs><pattern id="unknown" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" fill="${hatch[0]}"/><rect width="2" height="5" fill="${hatch[1]}"/></pattern></defs>`,
    `<rect width="100%" height="100%" fill="${ground}"/>`,
    ...LAYERS.flatMap((layer, index) => { const first = boxes.find((each) => each.layer === index); return first ? [`<text x="${first.x}" y="18" font-size="12" font-weight="600" ${font} fill="${soft}">${layer}</text>`] : []; }),
    ...lines.map(({ path, tip, answer }) => `<path d="${path}" fill="none" stroke="${line}" stroke-width="1.5"${DASHES[answer]}/><path d="M-8 -4L0 0L-8 4Z" transform="translate(${tip.x} ${tip.y}) rotate(${tip.turn})" fill="${line}"/>`),
    ...boxes.map((each) => [
      `<rect x="${each.x}" y="${each.y - BOX.height / 2}" width="${BOX.width}" height="${BOX.height}" rx="8" fill="${fill}" stroke="${line}" stroke-width="1.5"${DASHES[each.answer]}/>`,
      each.answer === "unknown" ? `<rect x="${each.x}" y="${each.y - BOX.height / 2}" width="7" height="${BOX.height}" fill="url(#unknown)"/>` : "",
      `<text x="${each.x + 14}" y="${each.y - 3}" font-size="12" font-weight="600" ${font} fill="${text}">${fit(each.name, 26)}</text>`,
      `<text x="${each.x + 14}" y="${each.y + 13}" font-size="11" ${font} fill="${soft}">${fit(`${each.is}${each.stories.length > 1 ? ` · ${each.stories.length} stories` : ""}`, 32)}</text>`,
    ].join("")),
    "</svg>",
  ].join("\n");
}
