// Who sees to it: a person or a team, for one resource or many.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { post } from "../../api/client";
import type { Assignment, UnknownRow } from "../../api/types";
import { counted, shown } from "../../lib/text";
import { inDays, Plan } from "../../parts/Plan";
import { Tabs } from "../../parts/Tabs";
import { Chosen } from "./Chosen";

type Kind = "team" | "person";

export function Assign({ rows, teams, onClose, onDone }: { rows: Pick<UnknownRow, "uid" | "type" | "name" | "assigned">[]; teams: string[]; onClose: () => void; onDone?: () => void }) {
  const client = useQueryClient();
  const [kind, setKind] = useState<Kind>("team");
  const [to, setTo] = useState("");
  const [note, setNote] = useState("");
  const [until, setUntil] = useState("");
  const ids = { to: useId(), note: useId(), until: useId(), teams: useId() };
  const run = useMutation({
    mutationFn: () => post<{ assignments: Assignment[] }>("/api/v1/assignments", { uids: rows.map((row) => row.uid), to: to.trim(), kind, note: note.trim(), ...(until ? { until } : {}) }),
    onSuccess: () => { void client.invalidateQueries(); onDone?.(); onClose(); },
  });
  const before = rows.filter((row) => row.assigned);
  return (
    <Plan
      title={`Assign ${counted(rows.length, "resource")}`} action="Assign" busy={run.isPending} error={run.error} disabled={to.trim() === ""} onRun={() => run.mutate()} onClose={onClose}
      plan={[
        ["Concerns", <Chosen key="rows" rows={rows} />],
        ["Means", "It says who sees to it. It explains nothing and closes no gap. Each is sealed in the ledger."],
        ...(before.length > 0 ? [["Ends", before.length === 1 ? `the assignment to ${shown(before[0]?.assigned?.to ?? "", 60)}` : counted(before.length, "earlier assignment")] as const] : []),
        ["Undo", "End the assignment on the page of the resource, or assign it to somebody else."],
      ]}
    >
      <Tabs label="To a" value={kind} options={[["team", "team"], ["person", "person"]]} onChange={setKind} />
      <label htmlFor={ids.to} className="small">{kind === "team" ? "Team" : "Person"}</label>
      <input id={ids.to} className="input" data-first required maxLength={200} value={to} list={kind === "team" ? ids.teams : undefined} onChange={(event) => setTo(event.target.value)} autoComplete="off" />
      <datalist id={ids.teams}>{teams.slice(0, 200).map((team) => <option key={team} value={team} />)}</datalist>
      <label htmlFor={ids.note} className="small">Note</label>
      <textarea id={ids.note} className="input" rows={2} maxLength={2000} value={note} onChange={(event) => setNote(event.target.value)} />
      <label htmlFor={ids.until} className="small">Until the end of (until somebody ends it where empty)</label>
      <div><input id={ids.until} className="input" type="date" min={inDays(0)} max={inDays(366)} value={until} onChange={(event) => setUntil(event.target.value)} /></div>
    </Plan>
  );
}
