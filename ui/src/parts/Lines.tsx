// Lines over time with what they are of; the library that draws them comes when it is needed.
import { lazy, Suspense } from "react";
import { patient } from "../lib/patient";
import { counted } from "../lib/text";
import type { Line } from "./Chart";
import { Skeleton } from "./states";

const Chart = lazy(() => patient(() => import("./Chart")));

/** `at` in seconds since 1970, one for each run. */
export function Lines({ title, at, lines, height = 190 }: { title: string; at: number[]; lines: Line[]; height?: number }) {
  const ends = lines.map(({ label, values }) => `${label} from ${values[0] ?? "unknown"} to ${values.at(-1) ?? "unknown"}`).join(", ");
  return (
    <figure className="stack">
      <figcaption className="small muted">{title}</figcaption>
      <Suspense fallback={<Skeleton lines={3} />}><Chart at={at} lines={lines} height={height} label={`${title}, over ${counted(at.length, "run")}: ${ends}`} /></Suspense>
    </figure>
  );
}
