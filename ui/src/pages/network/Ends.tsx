// The form: from where, to where, with what. One end may be left open.
import { ArrowLeftRight } from "lucide-react";
import { useState } from "react";
import * as ask from "../../api/queries";
import { end, END_TYPES } from "../../lib/ends";
import { kind, shown } from "../../lib/text";
import { KindIcon, label } from "../../parts/Name";
import { type Choice, Pick } from "../../parts/Pick";
import styles from "./Network.module.css";
import { hasPorts, PROTOCOLS } from "./words";

export interface Asked { from?: string; to?: string; protocol: string; port?: number }

const FOUND = 8;

async function find(text: string, signal: AbortSignal): Promise<Choice[]> {
  const { resources } = await ask.resources({ search: text, type: END_TYPES, limit: FOUND }, signal);
  const rows = resources.flatMap((row): Choice[] => {
    const value = end(row);
    return value === undefined ? [] : [{ value, shown: <><KindIcon type={row.type} /><bdi className="truncate">{label(row)}</bdi></>, beside: `${kind(row.type)} · ${shown(row.account, 20)}` }];
  });
  return "internet".startsWith(text.toLowerCase()) ? [{ value: "internet", shown: <><KindIcon type="Domain" />internet</>, beside: "anybody there" }, ...rows] : rows;
}

export function Ends({ asked, set }: { asked: Asked; set: (next: Partial<Asked>) => void }) {
  const { from, to, protocol, port } = asked;
  const others = PROTOCOLS.some(([each]) => each === protocol) ? [] : [protocol];
  return (
    <div className={styles.asking} role="search" aria-label="Question">
      <Pick name="end" label="From" open="internet, id, name or address" value={from} find={find} onChange={(next) => set({ from: next })} />
      <button type="button" className="button plain" aria-label="Turn around" title="Turn around" disabled={!from && !to} onClick={() => set({ from: to, to: from })}><ArrowLeftRight aria-hidden /></button>
      <Pick name="end" label="To" open="id, name or address" value={to} find={find} onChange={(next) => set({ to: next })} />
      <label className={styles.field}>
        <span className="small">Protocol</span>
        <select className="input" value={protocol} onChange={(event) => set({ protocol: event.target.value, port: hasPorts(event.target.value) ? port : undefined })}>
          {PROTOCOLS.map(([each, name]) => <option key={each} value={each}>{name}</option>)}
          {others.map((each) => <option key={each} value={each}>{shown(each, 20)}</option>)}
        </select>
      </label>
      {hasPorts(protocol) && <Port port={port} set={(next) => set({ port: next })} />}
    </div>
  );
}

/** Taken when somebody leaves the field or presses Enter; empty means every port. */
function Port({ port, set }: { port?: number; set: (port: number | undefined) => void }) {
  // What is typed and not taken yet.
  const [text, setText] = useState<string>();
  const value = text ?? (port === undefined ? "" : String(port));
  const typed = value.trim();
  const wrong = typed !== "" && !(/^\d{1,5}$/.test(typed) && Number(typed) <= 65_535);
  const take = () => {
    const next = typed === "" ? undefined : Number(typed);
    if (wrong) return;
    setText(undefined);
    if (next !== port) set(next);
  };
  return (
    <label className={styles.field}>
      <span className="small">{wrong ? "0 to 65535" : "Port"}</span>
      <input className="input" inputMode="numeric" placeholder="every" value={value} maxLength={5} aria-invalid={wrong || undefined} autoComplete="off" onChange={(event) => setText(event.target.value)} onBlur={take} onKeyDown={(event) => { if (event.key === "Enter") take(); }} />
    </label>
  );
}
