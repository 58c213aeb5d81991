// Values over time. The same figures stand beside it as text for whoever cannot see it.
import { useEffect, useRef, useSyncExternalStore } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { colour, themes } from "../shell/theme";

export interface Line { label: string; values: (number | null)[]; token?: string; unit?: string }

/** A day of 24 hours, and the date where a day begins. */
const TIMES = [
  [86_400 * 360, "{YYYY}", null, null, null, null, null, null, 1],
  [86_400 * 28, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [86_400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
] as uPlot.Axis.Values;

const TOKENS = ["--chart-1", "--chart-2", "--chart-3", "--chart-4"];

/** `at` in seconds since 1970, rising. `range` fixes the vertical scale. */
export default function Chart({ at, lines, height = 150, range, label }: { at: number[]; lines: Line[]; height?: number; range?: [number, number]; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const theme = useSyncExternalStore(themes.subscribe, themes.seen);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let plot: uPlot | undefined;
    const draw = () => {
      plot?.destroy();
      const axis: uPlot.Axis = {
        stroke: colour("--text-2"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif",
      };
      plot = new uPlot(
        {
          width: Math.max(120, element.clientWidth), height, legend: { show: lines.length > 1 }, padding: [8, 12, 0, 0],
          cursor: { y: false }, scales: range ? { y: { range } } : {},
          axes: [{ ...axis, space: 80, values: TIMES }, { ...axis, size: 46, values: (_, ticks) => ticks.map((tick) => `${tick}${lines[0]?.unit ?? ""}`) }],
          series: [
            {},
            ...lines.map((line, index) => ({
              label: line.label, stroke: colour(line.token ?? TOKENS[index % TOKENS.length] ?? "--text"), width: 2, points: { show: at.length < 40, size: 6 },
              value: (_: uPlot, value: number | null) => (value === null ? "–" : `${Math.round(value * 10) / 10}${line.unit ?? ""}`),
            })),
          ],
        },
        [at, ...lines.map((line) => line.values)] as uPlot.AlignedData,
        element,
      );
    };
    draw();
    const sizes = new ResizeObserver(() => plot?.setSize({ width: Math.max(120, element.clientWidth), height }));
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      plot?.destroy();
    };
  }, [at, lines, height, range, theme]);
  return <div ref={place} role="img" aria-label={label} style={{ minHeight: height, minWidth: 0, overflow: "hidden" }} />;
}
