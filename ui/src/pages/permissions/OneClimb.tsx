// What one can become: the answer, its picture, everything as a list, the steps of one way, and what prevents it.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { get } from "../../api/client";
import { count, counted, shown } from "../../lib/text";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import { Missing } from "./Answers";
import { chosen, type Climb, DECISIONS, goal, LEVELS, type Reached, says, taken } from "./climb";
import styles from "./Escalation.module.css";
import { AsOf, Gaps, Says } from "./parts";
import { Tree } from "./Tree";
import { Prevent } from "./Prevent";
import { Way } from "./Way";
import { short, who } from "./words";

const LISTED = 12;

export const Cut = () => <p className="row wrapped"><Badge state="unknown">not all was followed</Badge><span>There is too much that can be reached.</span></p>;

export interface Chosen { to: string; more?: true }

interface Props { principal: string; to?: string; more?: boolean; choose: (one: Chosen) => void }

export function OneClimb({ principal, to, more, choose }: Props) {
  const asked = useQuery({ queryKey: ["permissions", "escalation", principal], queryFn: ({ signal }) => get("/api/v1/permissions/escalation", { principal }, { signal }) });
  if (!asked.data) return <Missing of={asked} label="Following what it can become" />;
  return <Answer answer={asked.data} to={to} more={more} choose={choose} />;
}

function Answer({ answer, to, more, choose }: { answer: Climb } & Omit<Props, "principal">) {
  const { principal, administers, reached } = answer;
  const found = to === undefined ? 0 : chosen(reached, to, more);
  const at = Math.max(0, found);
  const one = reached[at];
  const first = reached[0];
  const pick = (next: number) => { const is = reached[next]; if (is) choose({ to: is.name, more: is.what === "more" || undefined }); };
  const name = principal.kind === "user" || principal.kind === "role" ? short(principal.principal) : who(principal);
  return (
    <>
      <p className="wrap">
        <strong><bdi>{name}</bdi> {first ? `${says(first)}.` : "can become nothing more that was asked about."}</strong>
        {answer.total > 1 && ` ${counted(answer.total - 1, "other thing")} besides.`} {administers && `It may do everything in its account already (${LEVELS[administers]}).`} <AsOf of={answer.as_of} />
      </p>
      <p className="row wrapped small">{(principal.kind === "user" || principal.kind === "role" || principal.kind === "root") && <Link to="/permissions" search={{ principal: principal.principal }} className="link">What it can do now</Link>}<Link to="/permissions" search={{ view: "escalation" }} className="link">Everybody who can become more</Link></p>
      {answer.cut && <Cut />}
      {found < 0 && to !== undefined && <p className="row wrapped"><Badge state="attention">not found</Badge><span className="wrap">It cannot become <code>{shown(to, 300)}</code>{one && "; what it can is below"}.</span></p>}
      {one ? (
        <>
          <Tree answer={answer} at={at} pick={pick} />
          {answer.total > 1 && <Everything answer={answer} at={at} pick={pick} />}
          <div className={styles.told}>
            <Way key={`way ${at}`} answer={answer} at={at} />
            <Prevent answer={answer} one={one} at={at} />
          </div>
        </>
      ) : <Empty title="Nothing more"><p>It can become nobody else, take over no account, and give itself or others no more permissions, as far as was asked.</p></Empty>}
      <Gaps gaps={answer.gaps} />
    </>
  );
}

/** All that can be reached, those too that are not drawn. */
function Everything({ answer, at, pick }: { answer: Climb; at: number; pick: (at: number) => void }) {
  const [all, setAll] = useState(false);
  const { reached, total } = answer;
  const rows = all || at >= LISTED ? reached : reached.slice(0, LISTED);
  return (
    <section className="stack" aria-label="All that it can become">
      <h3>All that it can become</h3>
      <ul className={styles.all}>{rows.map((one, place) => <li key={place}><Choice one={one} chosen={place === at} onClick={() => pick(place)} /></li>)}</ul>
      {rows.length < reached.length && <div><button type="button" className="button small" onClick={() => setAll(true)}>{count(reached.length - rows.length)} more</button></div>}
      {total > reached.length && <p className="small muted">The nearest {count(reached.length)} of {count(total)} {reached.length === 1 ? "is" : "are"} told.</p>}
    </section>
  );
}

function Choice({ one, chosen, onClick }: { one: Reached; chosen: boolean; onClick: () => void }) {
  return (
    <button type="button" className={styles.choice} aria-pressed={chosen} onClick={onClick}>
      <Says decision={DECISIONS[one.decision]} /><span className="wrap"><bdi>{goal(one)}</bdi> <span className="small muted">in {counted(taken(one).length, "step")}</span></span>
    </button>
  );
}
