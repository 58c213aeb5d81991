// The edit of a policy that prevents it, what is left afterwards, and the way to what else that edit would take.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get } from "../../api/client";
import * as ask from "../../api/queries";
import { Skeleton, Wrong } from "../../parts/states";
import { type Climb, type Edit, edited, goal, keptIn, left, type Reached } from "./climb";
import styles from "./Escalation.module.css";

export function Prevent({ answer, one, at }: { answer: Climb; one: Reached; at: number }) {
  // An edit is looked for by name, which means the first of that name, and only for the way that is shown.
  const first = answer.reached.findIndex((each) => each.name === one.name);
  const query = { principal: answer.principal.principal, to: one.name };
  const asked = useQuery({ queryKey: ["permissions", "escalation", query], queryFn: ({ signal }) => get("/api/v1/permissions/escalation", query, { signal }) });
  const meant = answer.reached[first];
  return (
    <section className={styles.prevent} aria-label="To prevent it">
      <h3>To prevent it</h3>
      {first !== at && meant && <p className="small muted wrap">Told of the first that has this name: that it can <bdi>{goal(meant)}</bdi>.</p>}
      {asked.data ? <Told edit={asked.data.edit ?? undefined} /> : asked.error ? <Wrong error={asked.error} again={() => void asked.refetch()} /> : <Skeleton lines={3} label="Trying what would prevent it" />}
    </section>
  );
}

function Told({ edit }: { edit?: Edit }) {
  // The document of the holder says whether the policy is its own or one that others have too.
  const holder = useQuery({ ...ask.resource(edit?.holder ?? ""), enabled: edit?.layer === "identity_policies" && edit.holder.startsWith("arn:"), retry: false });
  if (!edit) return <p className="wrap">No single statement can be edited that would prevent it.</p>;
  const kept = keptIn(edit, holder.data?.document);
  const isAws = kept?.of === "managed" && /^arn:[^:]*:iam::aws:/.test(kept.id);
  return (
    <>
      <p className="wrap"><strong>{edited(edit)}</strong></p>
      <p className="wrap">{left(edit)}</p>
      {kept?.of === "managed" && <p className="small wrap">{isAws ? "AWS writes this policy: detach it, or put one of your own in its place." : "The policy is a managed one: whoever else has it loses the same."}</p>}
      {kept && !isAws && <p className="small"><Link to="/permissions" search={{ view: "what-if", of: kept.of, id: kept.id }} className="link">What else that edit would take</Link></p>}
      <p className="small muted">Nothing is changed by asking.</p>
    </>
  );
}
