// Lines for fathom.yaml that would explain what is chosen. They are only shown: the file belongs to its repository.
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type SyntheticEvent, useId, useState } from "react";
import { post } from "../../api/client";
import type { Suggestion, UnknownRow } from "../../api/types";
import { count, counted, shown } from "../../lib/text";
import { CopyButton } from "../../parts/Copy";
import { Dialog } from "../../parts/Dialog";
import { Wrong } from "../../parts/states";
import { Chosen } from "./Chosen";
import styles from "./Unexplained.module.css";

const CLASSES = ["public", "internal", "confidential", "restricted"];
const PARTS = [["owner", "Owner (a team)"], ["purpose", "Purpose"], ["environment", "Environment"], ["data_class", "Data class"]] as const;
type Part = (typeof PARTS)[number][0];

export function Explain({ rows, teams, onClose }: { rows: Pick<UnknownRow, "uid" | "type" | "name" | "gaps">[]; teams: string[]; onClose: () => void }) {
  const [set, setSet] = useState<Partial<Record<Part, string>>>({});
  const [system, setSystem] = useState("");
  const id = useId();
  const missing = new Set(rows.flatMap((row) => row.gaps.map((gap) => gap.part)));
  const stated = Object.fromEntries(Object.entries(set).flatMap(([part, value]) => (value.trim() ? [[part, value.trim()]] : [])));
  const ask = useMutation({ mutationFn: () => post<Suggestion>("/api/v1/declarations/suggest", { uids: rows.slice(0, 500).map((row) => row.uid), set: stated, ...(system.trim() ? { system: system.trim() } : {}) }) });
  function submit(event: SyntheticEvent) {
    event.preventDefault();
    ask.mutate();
  }
  const answer = ask.data;
  return (
    <Dialog title={`Explain ${counted(rows.length, "resource")} in fathom.yaml`} onClose={onClose} wide>
      <p className="wrap">Say what is true of <Chosen rows={rows} />. You get the lines to add to <code>fathom.yaml</code>; nothing is written anywhere. The next scan reads them.</p>
      <form className="stack" onSubmit={submit}>
        <div className={styles.parts}>
          {PARTS.map(([part, name], at) => (
            <label key={part} className="stack small"><span>{name}{missing.has(part) && <span className="muted"> is missing</span>}</span>
              {part === "data_class" ? (
                <select className="input" value={set[part] ?? ""} onChange={(event) => setSet({ ...set, [part]: event.target.value })}><option value="">leave as it is</option>{CLASSES.map((each) => <option key={each}>{each}</option>)}</select>
              ) : (
                <input className="input" data-first={at === 0 || undefined} maxLength={300} value={set[part] ?? ""} list={part === "owner" ? id : undefined} placeholder="leave as it is" onChange={(event) => setSet({ ...set, [part]: event.target.value })} />
              )}
            </label>
          ))}
          <label className="stack small">As the system (for one rule of its own, leave empty)<input className="input" maxLength={100} value={system} onChange={(event) => setSystem(event.target.value)} placeholder="checkout" /></label>
        </div>
        <datalist id={id}>{teams.slice(0, 200).map((team) => <option key={team} value={team} />)}</datalist>
        <div><button type="submit" className="button main" disabled={ask.isPending || Object.keys(stated).length === 0}>{ask.isPending ? "Working it out…" : "Suggest lines"}</button></div>
      </form>
      {ask.error && <Wrong error={ask.error} again={() => ask.mutate()} once />}
      {answer && (
        <section className="stack" aria-label="Suggested lines">
          <p>{answer.explains === rows.length ? `These lines match ${rows.length === 1 ? "it" : `all ${count(answer.explains)}`}` : `These lines match ${count(answer.explains)} of ${count(rows.length)}`}{answer.also > 0 ? <>, and <strong>{counted(answer.also, "other")} too</strong>: look whether that is right.</> : ", and nothing else."}</p>
          {answer.also_sample.length > 0 && <ul className="small">{answer.also_sample.slice(0, 5).map((uid) => <li key={uid} className="truncate"><Link to="/resource" search={{ uid }}><bdi>{shown(uid, 160)}</bdi></Link></li>)}</ul>}
          {answer.notes.map((note) => <p key={note} className="small muted wrap">{shown(note, 300)}</p>)}
          <div className={styles.yaml}><pre>{shown(answer.yaml, 20_000)}</pre><CopyButton text={answer.yaml} what="Copy the lines" /></div>
        </section>
      )}
    </Dialog>
  );
}
