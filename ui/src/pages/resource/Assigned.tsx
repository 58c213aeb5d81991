// Who sees to it, and the way to end or renew that.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { remove } from "../../api/client";
import type { Assignment } from "../../api/types";
import { shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { Plan } from "../../parts/Plan";
import { Badge } from "../../parts/state";
import { useMay } from "../../session/may";
import { Assign } from "../unexplained/Assign";

interface Named { uid: string; type: string; name?: string | null }

export function Assigned({ resource, assignments, past }: { resource: Named; assignments: Assignment[]; past: boolean }) {
  const may = useMay("accept") && !past;
  const [doing, setDoing] = useState<"assign" | Assignment>();
  if (assignments.length === 0 && !may) return null;
  return (
    <div className="stack">
      <h3>Sees to it</h3>
      {assignments.length === 0 && <p className="small muted">Nobody is assigned.</p>}
      {assignments.map((each) => (
        <div key={each.id} className="stack">
          <div className="row wrapped"><Badge state="progress">{each.kind}</Badge><bdi className="wrap">{shown(each.to, 120)}</bdi></div>
          <p className="small muted wrap">{each.note && <><bdi>{shown(each.note, 400)}</bdi> – </>}by {shown(each.by, 80)}, <Ago at={each.at} />{each.until && <>, until {each.until.slice(0, 10)}</>}</p>
          {may && <div><button type="button" className="button plain" onClick={() => setDoing(each)}>End…</button></div>}
        </div>
      ))}
      {may && <div><button type="button" className="button" onClick={() => setDoing("assign")}>{assignments.length ? "Assign to somebody else…" : "Assign…"}</button></div>}
      {doing === "assign" && <Assign rows={[{ ...resource, assigned: assignments[0] ?? null }]} teams={[]} onClose={() => setDoing(undefined)} />}
      {typeof doing === "object" && <End assignment={doing} onClose={() => setDoing(undefined)} />}
    </div>
  );
}

function End({ assignment, onClose }: { assignment: Assignment; onClose: () => void }) {
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const id = useId();
  const end = useMutation({
    mutationFn: () => remove("/api/v1/assignments/{id}", { id: assignment.id }, { reason: reason.trim() }),
    onSuccess: () => { void client.invalidateQueries(); onClose(); },
  });
  return (
    <Plan
      title="End the assignment" action="End it" busy={end.isPending} error={end.error} disabled={reason.trim() === ""} onRun={() => end.mutate()} onClose={onClose}
      plan={[["Ends", <>that <bdi>{shown(assignment.to, 80)}</bdi> sees to it</>], ["Means", "Nobody is assigned any more. No gap opens or closes."], ["Undo", "Assign it again."]]}
    >
      <label htmlFor={id} className="small">Why it ends</label>
      <textarea id={id} className="input" rows={2} data-first required maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
    </Plan>
  );
}
