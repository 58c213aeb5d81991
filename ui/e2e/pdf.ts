// The text of a PDF that Chromium made, and how many pages it has: enough to say whether what must stand there does. Only what Chromium
// writes is read: objects one after the other, streams deflated or plain, fonts that say which letters their glyphs are.
import { inflateSync } from "node:zlib";

interface Part { head: string; body: string }

/** The objects by their numbers. */
function objects(file: string): Map<string, Part> {
  const found = new Map<string, Part>();
  const begins = /(?:^|\n)(\d+) 0 obj\b/g;
  for (let begin = begins.exec(file); begin; begin = begins.exec(file)) {
    const at = begins.lastIndex;
    const stream = /stream\r?\n|endobj/g;
    stream.lastIndex = at;
    const next = stream.exec(file);
    if (!next) break;
    const head = file.slice(at, next.index);
    const length = Number(/\/Length (\d+)/.exec(head)?.[1] ?? 0);
    const raw = next[0] === "endobj" ? "" : file.slice(stream.lastIndex, stream.lastIndex + length);
    const packed = head.includes("/FlateDecode");
    found.set(begin[1] ?? "", { head, body: packed && raw ? inflateSync(Buffer.from(raw, "latin1")).toString("latin1") : raw });
    // What is within a stream is no object.
    begins.lastIndex = stream.lastIndex + raw.length;
  }
  return found;
}

const hex = (text: string): number => Number.parseInt(text, 16);
const letters = (text: string): string => (text.match(/.{4}/g) ?? []).map((each) => String.fromCharCode(hex(each))).join("");

/** Which letters the glyphs of a font are. */
function glyphs(map: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const [, part = ""] of map.matchAll(/beginbfchar([\s\S]*?)endbfchar/g)) for (const [, glyph = "", text = ""] of part.matchAll(/<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>/g)) found.set(hex(glyph), letters(text));
  for (const [, part = ""] of map.matchAll(/beginbfrange([\s\S]*?)endbfrange/g))
    for (const [, from = "", to = "", text = ""] of part.matchAll(/<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>/g)) for (let glyph = hex(from); glyph <= hex(to); glyph += 1) found.set(glyph, String.fromCharCode(hex(text) + glyph - hex(from)));
  return found;
}

/** Text without its blanks, as lines end anywhere, and with the letters of ligatures. */
export const bare = (text: string): string => text.normalize("NFKC").replace(/\s+/g, "");

export function read(pdf: Buffer): { pages: number; text: string } {
  const all = objects(pdf.toString("latin1"));
  const fonts = new Map<string, { wide: boolean; map: Map<number, string> }>();
  for (const { head } of all.values())
    for (const [, name = "", number = ""] of head.matchAll(/\/(F\d+) (\d+) 0 R/g)) {
      const font = all.get(number)?.head ?? "";
      const map = all.get(/\/ToUnicode (\d+) 0 R/.exec(font)?.[1] ?? "")?.body;
      if (map) fonts.set(name, { wide: font.includes("/Type0"), map: glyphs(map) });
    }
  const pages = [...all.values()].filter(({ head }) => /\/Type\s*\/Page\b/.test(head));
  const text = pages.map(({ head }) => {
    const numbers = /\/Contents (?:\[([^\]]*)\]|(\d+) 0 R)/.exec(head);
    const contents = [...(numbers?.[1] ?? `${numbers?.[2] ?? ""} 0 R`).matchAll(/(\d+) 0 R/g)].map(([, number = ""]) => all.get(number)?.body ?? "").join("\n");
    let font: { wide: boolean; map: Map<number, string> } | undefined;
    let said = "";
    for (const [token, name, glyph] of contents.matchAll(/\/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>|\bET\b/g)) {
      if (name) font = fonts.get(name);
      else if (glyph) for (const each of glyph.match(font?.wide === false ? /.{2}/g : /.{4}/g) ?? []) said += font?.map.get(hex(each)) ?? "";
      else if (token === "ET") said += " ";
    }
    return said;
  });
  return { pages: pages.length, text: text.join("\n") };
}
