// Lines over time with what they are of; the library that draws them comes when it is needed.
import { lazy, Suspense, useMemo } from "react";
import { patient } from "../lib/patient";
import { counted } from "../lib/text";
import type { Line } from "./Chart";
import { Skeleton } from "./states";

const Chart = lazy(() => patient(() => import("./Chart")));

/** Counts, one for each run; `at` in seconds since 1970. They begin at nothing, so that half as many look like half. */
export function Lines({ title, at, lines, height = 190 }: { title: string; at: number[]; lines: Line[]; height?: number }) {
  const ends = lines.map(({ label, values }) => `${label} from ${values[0] ?? "unknown"} to ${values.at(-1) ?? "unknown"}`).join(", ");
  const range = useMemo((): [number, number] => [0, Math.max(1, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))) * 1.05], [lines]);
  return (
    <figure className="stack">
      <figcaption className="small muted">{title}</figcaption>
      <Suspense fallback={<Skeleton lines={3} />}><Chart at={at} lines={lines} height={height} range={range} label={`${title}, over ${counted(at.length, "run")}: ${ends}`} /></Suspense>
    </figure>
  );
}
