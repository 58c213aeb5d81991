// A policy as it would be, and what it would give and take. Nothing is changed.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useId, useState } from "react";
import * as ask from "../../api/queries";
import { kind, shown } from "../../lib/text";
import { CopyLine } from "../../parts/Copy";
import { KindIcon, label } from "../../parts/Name";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import { Changes } from "./Changes";
import { type Choice, Pick } from "../../parts/Pick";
import { isJson, line, NEW, OF, type Of, type Proposal, written } from "./proposal";
import styles from "./Permissions.module.css";

const FOUND = 8;

async function found(of: Of, search: string, signal: AbortSignal): Promise<Choice[]> {
  const { resources } = await ask.resources({ search, type: OF[of].types, limit: FOUND }, signal);
  const id = (uid: string) => (of === "scp" || of === "rcp" ? (uid.split("/").at(-1) ?? uid) : uid);
  return resources.map((row) => ({ value: id(row.uid), shown: <><KindIcon type={row.type} /><bdi className="truncate">{label(row)}</bdi></>, beside: `${kind(row.type)} · ${shown(row.account, 20)}` }));
}

export function WhatIf() {
  const { of = "principal", id } = useSearch({ from: "/permissions" });
  const navigate = useNavigate({ from: "/permissions" });
  const field = useId();
  return (
    <>
      <div className={styles.asking} role="search" aria-label="Policy">
        <div className={styles.field}>
          <label className="small" htmlFor={field}>A policy of</label>
          <select id={field} className="input" value={of} onChange={(event) => void navigate({ search: (was) => ({ ...was, of: event.target.value as Of, id: undefined }) })}>
            {Object.entries(OF).map(([each, { name }]) => <option key={each} value={each}>{name}</option>)}
          </select>
        </div>
        <Pick key={of} name={`what-if ${of}`} label={OF[of].which} open={OF[of].open} value={id} find={(text, signal) => found(of, text, signal)} onChange={(next) => void navigate({ search: (was) => ({ ...was, id: next }) })} />
      </div>
      {id ? <Editing key={`${of} ${id}`} of={of} id={id} /> : <Empty title="Choose whose policy it is"><p>Then change it here, and see who would gain what and who would lose what. Nothing is changed by asking.</p></Empty>}
    </>
  );
}

/** What there is now, read from what the scan found. */
function Editing({ of, id }: { of: Of; id: string }) {
  const isControl = of === "scp" || of === "rcp";
  // Policies of the organisation go by the id at the end of their ARN.
  const named = useQuery({ queryKey: ["permissions", "control", of, id], enabled: isControl, queryFn: ({ signal }) => ask.resources({ search: id, type: OF[of].types, limit: 2 }, signal) });
  const uid = isControl ? named.data?.resources.find((row) => row.uid.endsWith(`/${id}`))?.uid : id;
  const known = useQuery({ ...ask.resource(uid ?? ""), enabled: uid?.startsWith("arn:") ?? false });
  if (isControl ? named.isLoading || known.isLoading : known.isLoading) return <p className="small muted" role="status">Reading the policy…</p>;
  const document = known.data?.document;
  return <Form key={String(document === undefined)} of={of} id={id} policies={written(of, document)} hidden={known.data !== undefined && (document === null || document === undefined)} />;
}

function Form({ of, id, policies, hidden }: { of: Of; id: string; policies: { name: string; text: string }[]; hidden: boolean }) {
  const [name, setName] = useState(policies[0]?.name ?? NEW);
  const was = policies.find((each) => each.name === name)?.text ?? "";
  const [text, setText] = useState(was);
  const [asked, setAsked] = useState<Proposal>();
  const fields = { name: useId(), text: useId() };
  const fine = isJson(text);
  const proposal = (document: string | null): Proposal => ({ of, id, document, ...(of === "principal" ? { name } : {}) });
  return (
    <div className={styles.editing}>
      {hidden && <p className="row wrapped"><Badge state="attention">not shown</Badge><span>Your role does not show documents; write or paste the policy.</span></p>}
      {of === "principal" && (
        <label className="small row wrapped" htmlFor={fields.name}>Inline policy
          <select id={fields.name} className="input" value={name} onChange={(event) => { const next = event.target.value; setName(next); setText(policies.find((each) => each.name === next)?.text ?? ""); }}>
            {policies.map((each) => <option key={each.name} value={each.name}>{shown(each.name, 80)}</option>)}
            {!policies.some((each) => each.name === NEW) && <option value={NEW}>a new one beside these</option>}
          </select>
        </label>
      )}
      <label className="small" htmlFor={fields.text}>The policy as it would be</label>
      <textarea id={fields.text} className={`input ${styles.policy}`} rows={Math.min(24, Math.max(8, text.split("\n").length + 1))} spellCheck={false} autoComplete="off" maxLength={131_072} value={text} placeholder={'{ "Version": "2012-10-17", "Statement": [ … ] }'} aria-invalid={text.trim() !== "" && !fine} onChange={(event) => setText(event.target.value)} />
      <div className="row wrapped">
        <button type="button" className="button main" disabled={!fine} onClick={() => setAsked(proposal(text))}>What changes?</button>
        {was !== "" && of !== "managed" && <button type="button" className="button" onClick={() => setAsked(proposal(null))}>And if it goes?</button>}
        {text !== was && was !== "" && <button type="button" className="button plain" onClick={() => setText(was)}>As it is now</button>}
        {text.trim() !== "" && !fine && <span className="small row"><Badge state="broken">is no JSON</Badge></span>}
      </div>
      {asked && <Changes key={JSON.stringify(asked)} proposal={asked} />}
      <CopyLine text={line(proposal(asked?.document === null ? null : text))} />
    </div>
  );
}
