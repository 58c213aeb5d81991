// A text as a picture for a camera, drawn here and sent nowhere.
import { encode } from "uqr";

/** Light modules around it, as the standard asks for (ISO/IEC 18004). */
const QUIET = 4;

/** The dark modules as a path, and how many modules a side has with the quiet zone. */
export function outline(text: string): { side: number; path: string } {
  const { size, data } = encode(text, { ecc: "M", border: 0 });
  const dark = data.flatMap((row, y) => row.flatMap((is, x) => (is ? [`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : [])));
  return { side: size + 2 * QUIET, path: dark.join("") };
}

export default function Qr({ text, label, size = 176 }: { text: string; label: string; size?: number }) {
  const { side, path } = outline(text);
  // Dark on light in both themes: many readers know no other.
  return (
    <svg role="img" aria-label={label} width={size} height={size} viewBox={`0 0 ${side} ${side}`} shapeRendering="crispEdges">
      <path d={`M0 0h${side}v${side}H0z`} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  );
}
