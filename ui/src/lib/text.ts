// Text that somebody else wrote, made fit to be shown.

/** Characters that move or hide what stands beside them: controls, direction marks, invisible joiners, tags. */
// eslint-disable-next-line no-control-regex -- they are what it looks for
const TRICKY = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** The text with what would mislead the reader made visible, cut to `max` characters. */
export function shown(text: string, max = 300): string {
  // Cut before the replacement, so that a very long text costs nothing.
  const cut = text.length > max ? cutAt(text, max) : text;
  const plain = cut.replace(TRICKY, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
  return cut.length < text.length ? `${plain}…` : plain;
}

function cutAt(text: string, max: number): string {
  const end = text.charCodeAt(max - 1);
  // Half of a pair would be shown as a replacement character.
  return text.slice(0, end >= 0xd800 && end <= 0xdbff ? max - 1 : max);
}

const NUMBER = new Intl.NumberFormat("en");
/** 1,234,567 */
export const count = (value: number): string => NUMBER.format(value);

/** The same where it may be kept from whoever sees only a part. */
export const told = (value: number | null | undefined): string => (value === null || value === undefined ? "–" : count(value));

/** `1 resource`, `2 resources`. */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

/** 83.3 %, and never 100 % or 0 % by rounding. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return "–";
  const exact = (part / whole) * 100;
  const rounded = Math.round(exact * 10) / 10;
  if (part < whole && rounded >= 100) return "99.9 %";
  if (part > 0 && rounded <= 0) return "0.1 %";
  return `${Number.isInteger(rounded) ? rounded : rounded.toFixed(1)} %`;
}

/** `AWS::S3::Bucket` as `S3 Bucket`. */
export function kind(type: string): string {
  return shown(type.replace(/^AWS::/, "").replace(/::/g, " "), 80);
}

/** `creator_or_code` as `creator or code`. */
export const plain = (word: string): string => shown(word.replace(/_/g, " "), 80);

/** Words joined as one says them: `a, b and c`. */
export function list(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
