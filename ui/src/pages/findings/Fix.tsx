// How a finding is put right: by hand, with commands that have its values, in Terraform; how it is taken back, and what that costs.
import { useQuery } from "@tanstack/react-query";
import { Lock } from "lucide-react";
import { useState } from "react";
import { get, type Schemas } from "../../api/client";
import { Refused } from "../../api/problem";
import { shown } from "../../lib/text";
import { CopyButton, CopyLine } from "../../parts/Copy";
import { Badge } from "../../parts/state";
import table from "../../parts/Table.module.css";
import { Tabs } from "../../parts/Tabs";
import styles from "./Findings.module.css";
import { Called, Then, UNDO } from "./Fixed";

export type Filled = Schemas["FixAnswer"];
type How = "cli" | "console" | "terraform";
const HOW = [["cli", "AWS CLI"], ["console", "By hand"], ["terraform", "Terraform"]] as const;

export function Fix({ id, fix }: { id: string; fix: Schemas["FindingFix"] }) {
  const [how, setHow] = useState<How>("cli");
  const asked = useQuery({ queryKey: ["finding", id, "fix"], queryFn: ({ signal }) => get("/api/v1/findings/{id}/fix", undefined, { signal, params: { id } }) });
  const filled = asked.data;
  return (
    <section className="stack" aria-labelledby="fix">
      <h2 id="fix">How it is put right</h2>
      <Tabs label="How" value={how} options={HOW} onChange={setHow} panel="how" />
      <div id="how" role="tabpanel" aria-labelledby={`tab-${how}`} tabIndex={0} className={styles.fix}>
        {how === "console" && <p className="wrap">{shown(fix.console, 2000)}</p>}
        {how === "terraform" && <><Code text={filled?.terraform ?? fix.terraform} copy="Copy the lines" /><p className="small muted wrap">{filled?.declared ? <>Declared as <code>{shown(filled.declared.name, 200)}</code> in {shown(filled.declared.origin, 200)}{!filled.declared.terraform && ", which is no Terraform"}.</> : "No code that Fathom was shown declares it."}</p></>}
        {how === "cli" && (filled && !filled.withheld ? <Commands of={filled} byHand={() => setHow("console")} /> : <Code text={fix.cli} copy="Copy the command" />)}
        {asked.error instanceof Refused && <p className="small muted wrap">{shown(asked.error.problem.detail, 300)}.</p>}
        <p className="small muted wrap">Fathom changes nothing in the cloud: you do, and the next scan says whether it holds.{!filled && " Words in capitals and brackets stand for yours."}</p>
      </div>
      {filled && <Then of={filled} />}
      {filled && <Undo of={filled} />}
      {filled && <Touches of={filled} />}
      {filled?.withheld && <p className="row small muted"><Lock aria-hidden className="icon" />A part of it is outside of what you may see.</p>}
      <dl className={table.facts}>
        <div><dt>money</dt><dd className="wrap">{shown(fix.money, 300)}</dd></div>
        <div><dt>performance</dt><dd className="wrap">{shown(fix.performance, 300)}</dd></div>
        <div><dt>work</dt><dd className="wrap">{shown(fix.effort, 300)}</dd></div>
      </dl>
      <CopyLine text={`fathom fix ${id.slice(0, 12)}`} />
      <p className="small muted wrap">The command line also works out what opens and closes in the network and in permissions.</p>
    </section>
  );
}

function Code({ text, copy }: { text: string; copy: string }) {
  return <div className={styles.code}><pre>{shown(text, 4000)}</pre><CopyButton text={text} what={copy} /></div>;
}

function Commands({ of, byHand }: { of: Filled; byHand: () => void }) {
  return (
    <>
      {of.script.length > 0 ? <Code text={of.script.join("\n")} copy="Copy the commands" /> : of.missing.length === 0 && <p className="wrap">No command fits what the last scans read of it. <button type="button" className="link" onClick={byHand}>By hand</button></p>}
      <Unread of={of.missing} />
      {of.choices.length > 0 && <><h3>You choose</h3><dl className={table.facts}>{of.choices.map((each) => <div key={each.variable}><dt><code>{shown(each.variable, 60)}</code></dt><dd className="wrap">{shown(each.what, 300)}</dd></div>)}</dl></>}
    </>
  );
}

export function Undo({ of: { undo, withheld } }: { of: Filled }) {
  return (
    <section className="stack" aria-labelledby="undo">
      <h3 id="undo">How it is taken back</h3>
      {!undo && <p className="row"><Badge state="unknown">not written yet</Badge></p>}
      {undo && undo.kind !== "reversible" && <p className="row wrapped"><Badge state={undo.kind === "one_way" ? "broken" : "attention"}>{UNDO[undo.kind]}</Badge></p>}
      {undo && undo.script.length > 0 && <><Code text={undo.script.join("\n")} copy="Copy the way back" /><p className="small muted wrap">Keep it before the change is made: it is made of the present values, which are others afterwards.</p></>}
      {undo && undo.kind === "reversible" && undo.script.length === 0 && undo.missing.length === 0 && !withheld && <p className="muted wrap">There is nothing to take back of what the last scans read.</p>}
      {undo && <Unread of={undo.missing} />}
      {undo?.because && <p className="wrap">{shown(undo.because, 600)}</p>}
    </section>
  );
}

export function Touches({ of }: { of: Filled }) {
  if (of.changes.length + of.touches.length === 0) return <p className="muted wrap">Nothing {of.withheld ? "that you may see" : "that the last scans read"} refers to it.</p>;
  return (
    <section className="stack" aria-labelledby="touches">
      <h3 id="touches">What it touches</h3>
      <ul className="stack small">
        {of.changes.map((each) => <li key={each} className="wrap">changes <Called uid={each} /></li>)}
        {of.touches.map((each, at) => <li key={at} className="wrap"><Called uid={each.from} /> {shown(each.kind.replaceAll("_", " "), 60)}{" "}{each.to ? <Called uid={each.to} /> : "it"}</li>)}
      </ul>
      {of.more_touches > 0 && <p className="small muted">and {of.more_touches.toLocaleString("en")} more</p>}
    </section>
  );
}

function Unread({ of }: { of: readonly string[] }) {
  return of.length > 0 ? <ul className="stack">{of.map((each, at) => <li key={at} className="row wrapped"><Badge state="unknown">not known</Badge><span className="wrap">{shown(each, 600)}</span></li>)}</ul> : null;
}
