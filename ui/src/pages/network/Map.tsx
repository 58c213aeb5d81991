// The map of what the internet reaches. Each box that can be asked about is a link to its way; the list says the same.
import { Link } from "@tanstack/react-router";
import { Globe } from "lucide-react";
import { useMemo } from "react";
import { counted, shown } from "../../lib/text";
import { KindIcon } from "../../parts/Name";
import { type Box, BOX, drawnMap } from "./exposure";
import styles from "./Network.module.css";
import type { Exposed, Verdict } from "./words";

const LEGEND: [Verdict, string][] = [["yes", "reached"], ["only_if", "only if something holds"], ["unknown", "not known: what decides was not read"]];

export function ExposureMap({ rows, total }: { rows: Exposed[]; total: number }) {
  const drawn = useMemo(() => drawnMap(rows, total), [rows, total]);
  return (
    <figure className={styles.figure}>
      <div className={styles.map} role="region" aria-label="Map of what the internet reaches, scrolls" tabIndex={0}>
        <svg role="group" aria-label="From the internet by gateways and load balancers to what is reached; the list says the same" width={drawn.width} height={drawn.height} viewBox={`0 0 ${drawn.width} ${drawn.height}`}>
          {drawn.lines.map((line) => (
            <g key={`${line.from} ${line.to}`} aria-hidden>
              <path d={line.path} className={styles.line} data-verdict={line.verdict} />
              <path d={`M${drawn.boxes.find((box) => box.id === line.to)?.x ?? 0} ${line.y}l-8 -4v8Z`} className={styles.tip} />
              {line.label && <text x={line.x} y={line.y - 5} className={styles.label}><title>{shown(line.label, 300)}</title>{shown(line.label, line.to.startsWith("lb ") ? 14 : 18)}</text>}
            </g>
          ))}
          {drawn.boxes.map((box) => (
            <foreignObject key={box.id} x={box.x} y={box.y - BOX.height / 2} width={BOX.width} height={BOX.height} className={styles.object}><One box={box} /></foreignObject>
          ))}
        </svg>
      </div>
      <figcaption className={styles.legend}>
        {LEGEND.map(([verdict, words]) => <span key={verdict} className="row"><svg width="34" height="10" aria-hidden><path d="M0 5H27" className={styles.line} data-verdict={verdict} /><path d="M34 5l-8 -4v8Z" className={styles.tip} /></svg>{words}</span>)}
        {drawn.left > 0 && <span><strong>{counted(drawn.left, "thing")} more</strong> {drawn.left === 1 ? "is" : "are"} not drawn; the list has {drawn.left === 1 ? "it" : "them"}.</span>}
      </figcaption>
    </figure>
  );
}

function One({ box }: { box: Box }) {
  const inside = (
    <>
      {box.column === 0 ? <Globe aria-hidden className="icon" /> : <KindIcon type={box.type ?? (box.column === 1 ? "Gateway" : "")} />}
      <span className={styles.boxWords}><bdi className={styles.boxName}>{shown(box.name, 120)}</bdi><span className={styles.boxIs}>{shown(box.is, 80)}</span></span>
    </>
  );
  const title = shown(`${box.name}, ${box.is}`, 300);
  if (!box.ask) return <div className={styles.box} data-verdict={box.verdict} title={title}>{inside}</div>;
  const { to, protocol, port } = box.ask;
  return <Link to="/network" search={{ view: "reach", from: "internet", to, protocol: protocol === "tcp" ? undefined : [protocol], port }} className={styles.box} data-verdict={box.verdict} title={title}>{inside}</Link>;
}
