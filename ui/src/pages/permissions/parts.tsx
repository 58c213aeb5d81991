// What all answers about permissions share: the word of a decision, who somebody is, what was not seen.
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/client";
import { counted, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import styles from "../../parts/parts.module.css";
import { Badge } from "../../parts/state";
import { type Asker, short, who } from "./words";

export { AsOf, Gaps, More, Says } from "../../parts/Answered";

/** Somebody; a user or role is a door to what it may do. */
export function Who({ asker }: { asker: Asker }) {
  if (asker.kind !== "user" && asker.kind !== "role" && asker.kind !== "root") return <bdi className="wrap">{who(asker)}</bdi>;
  return (
    <Link to="/permissions" search={{ principal: asker.principal }} className="wrap" title={shown(asker.principal, 400)}>
      <bdi>{asker.kind === "root" ? who(asker) : short(asker.principal)}</bdi>{asker.kind !== "root" && <span className="small muted"> {asker.kind} of {shown(asker.principal.split(":")[4] ?? "", 20)}</span>}
    </Link>
  );
}

const SHOWN = 20;

/** Where the log and IAM say different things of use; neither is taken for the truth. */
export function Disagree({ all }: { all: Schemas["SourcesDisagree"][] }) {
  if (all.length === 0) return null;
  return (
    <details className={styles.gaps}>
      <summary><Badge state="attention">{counted(all.length, "thing")}</Badge> of which the log and IAM say different things</summary>
      <ul>{all.slice(0, SHOWN).map((each) => <li key={each.what} className="wrap small"><bdi>{shown(each.what, 200)}</bdi>: the log has {each.log ? <Ago at={each.log} /> : "no use"}, IAM {each.iam ? <Ago at={each.iam} /> : "none"}; {shown(each.because, 300)}.</li>)}{all.length > SHOWN && <li className="small muted">and {all.length - SHOWN} more</li>}</ul>
    </details>
  );
}

export function Notes({ notes }: { notes: string[] }) {
  return <>{notes.map((note) => <p key={note} className="row wrapped"><Badge state="attention">note</Badge><span className="wrap">{shown(note, 600)}.</span></p>)}</>;
}
