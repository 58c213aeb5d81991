// A document as a tree: text only, cut sensibly, and never more than a browser can hold.
import { useState } from "react";
import { shown } from "../lib/text";
import styles from "./Json.module.css";

/** Members of one object or list that are drawn at once. */
const MEMBERS = 100;
/** Depth that is open at first. */
const OPEN = 3;
/** Deeper than this only as a line of text. */
const DEPTH_MAX = 60;
const TEXT = 400;

export function Json({ value, find = "" }: { value: unknown; find?: string }) {
  return <div className={styles.tree}><Node value={value} depth={0} find={find.trim().toLowerCase()} /></div>;
}

function holds(value: unknown, find: string, name?: string): boolean {
  if (name?.toLowerCase().includes(find)) return true;
  return (typeof value === "object" && value !== null ? JSON.stringify(value) : String(value)).toLowerCase().includes(find);
}

function Node({ name, value, depth, find }: { name?: string; value: unknown; depth: number; find: string }) {
  const [open, setOpen] = useState(depth < OPEN);
  const [max, setMax] = useState(MEMBERS);
  const key = name !== undefined && <><span className={styles.key}>{shown(name, 200)}</span>: </>;
  if (typeof value !== "object" || value === null || depth > DEPTH_MAX) return <div className={styles.leaf}>{key}<Leaf value={value} /></div>;
  const list = Array.isArray(value);
  let members: [string, unknown][] = Object.entries(value);
  if (find && !name?.toLowerCase().includes(find)) members = members.filter(([member, each]) => holds(each, find, list ? undefined : member));
  const [begin, end] = list ? ["[", "]"] : ["{", "}"];
  if (members.length === 0) return <div className={styles.leaf}>{key}{begin}{find ? "…" : ""}{end}</div>;
  const is = open || find !== "";
  return (
    <div>
      <button type="button" className={styles.toggle} aria-expanded={is} onClick={() => setOpen(!open)}>
        <span aria-hidden className={styles.arrow}>{is ? "▾" : "▸"}</span>{key}{begin}{!is && <span className="muted"> {members.length} {end}</span>}
      </button>
      {is && (
        <>
          <div className={styles.members}>
            {members.slice(0, max).map(([member, each]) => <Node key={member} name={list ? undefined : member} value={each} depth={depth + 1} find={find} />)}
            {members.length > max && <button type="button" className="button plain" onClick={() => setMax(max + 10 * MEMBERS)}>{members.length - max} more</button>}
          </div>
          <div className={styles.end}>{end}</div>
        </>
      )}
    </div>
  );
}

function Leaf({ value }: { value: unknown }) {
  const [full, setFull] = useState(false);
  if (typeof value !== "string") return <span className={styles.other}>{shown(JSON.stringify(value ?? null), TEXT)}</span>;
  return (
    <span className="wrap">
      <bdi>"{shown(value, full ? 20_000 : TEXT)}"</bdi>
      {value.length > TEXT && <button type="button" className={styles.more} onClick={() => setFull(!full)}>{full ? "cut" : `${value.length.toLocaleString("en")} characters`}</button>}
    </span>
  );
}
