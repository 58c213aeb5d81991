// What one user or role may do against what it did, and the policy that leaves that, with its proof.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { get } from "../../api/client";
import { count, counted, list, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { CopyButton } from "../../parts/Copy";
import { Badge } from "../../parts/state";
import { Missing } from "./Answers";
import { AsOf, Disagree, Notes } from "./parts";
import shared from "./Permissions.module.css";
import styles from "./Report.module.css";
import { byService, type Least, type Service } from "./used";
import { short } from "./words";

const SERVICES_SHOWN = 30;
const ACTIONS_SHOWN = 60;
const REGIONS_SHOWN = 6;

interface Props { principal: string; days: number; drop: boolean; setDrop: (drop: boolean) => void }

export function LeastPrivilege({ principal, days, drop, setDrop }: Props) {
  const query = { principal, days, drop_unseen: drop };
  const asked = useQuery({ queryKey: ["permissions", "least-privilege", query], queryFn: ({ signal }) => get("/api/v1/permissions/least-privilege", query, { signal }) });
  const answer = asked.data;
  if (!answer) return <Missing of={asked} label="Comparing what is granted with what was used" />;
  const services = byService(answer);
  const told = answer.places.length > 0 || answer.remembered || services.some((each) => each.used.length > 0 || each.never.length > 0);
  const sum = (of: "used" | "never" | "tried" | "unseen") => services.reduce((all, each) => all + each[of].length, 0);
  return (
    <>
      <p className="wrap"><strong><bdi title={shown(answer.principal, 400)}>{short(answer.principal)}</bdi> has {counted(answer.granted, "action")}{told ? `: ${count(sum("used"))} used, ${count(sum("never"))} never used, ${sum("tried") > 0 ? `${count(sum("tried"))} never tried as IAM remembers, ` : ""}${count(sum("unseen"))} that no log would show.` : "; which of these it uses is not known."}</strong> {answer.policies.length === 0 ? "No policy grants it anything." : <>Granted by {list(answer.policies.slice(0, 6).map((each) => shown(each, 120)))}{answer.policies.length > 6 && ` and ${answer.policies.length - 6} more`}.</>} <AsOf of={answer.as_of} /></p>
      <Covered answer={answer} />
      {answer.remembered && <Remembered of={answer.remembered} />}
      <Disagree all={answer.disagreements} />
      <Notes notes={answer.notes.map((each) => each.replace(/\.$/, ""))} />
      {services.length > 0 && <Services services={services} />}
      {answer.used.some((each) => !each.granted) && <NotGranted answer={answer} />}
      {answer.not_mapped.length > 0 && <p className="row wrapped small"><Badge state="unknown">{counted(answer.not_mapped.length, "call")} not understood</Badge><span className="wrap">no action is known for {list(answer.not_mapped.slice(0, 4).map((each) => `${shown(each.name, 60)} of ${shown(each.source, 60)}`))}{answer.not_mapped.length > 4 && ` and ${answer.not_mapped.length - 4} more`}</span></p>}
      <Proposed answer={answer} drop={drop} setDrop={setDrop} />
      <p className="row wrapped small"><Link to="/permissions" search={{ principal: answer.principal }} className="link">What it can do</Link><Link to="/permissions" search={{ view: "escalation", principal: answer.principal }} className="link">What it can become</Link></p>
    </>
  );
}

/** How much of the time the logs cover. */
function Covered({ answer: { places, silent, days } }: { answer: Least }) {
  if (places.length === 0) return <p className="row wrapped"><Badge state="unknown">no log read</Badge><span className="wrap">No log of its account was read for these {counted(days, "day")}: <code>fathom import cloudtrail</code> brings it.</span></p>;
  return (
    <div className="stack">
      <h3>What the logs cover</h3>
      <ul className={styles.lines}>
        {places.map((place) => (
          <li key={place.region}><code>{shown(place.region, 30)}</code><span className="wrap">{count(place.days)} of {counted(days, "day")}, until <Ago at={place.last} />{place.days_of_reads === 0 ? <> <Badge state="unknown">no calls that only read</Badge></> : `; calls that only read over ${counted(place.days_of_reads, "day")}`}</span></li>
        ))}
        {silent.length > 0 && <li><Badge state="unknown">not read</Badge><span className="wrap">{list(silent.slice(0, REGIONS_SHOWN).map((each) => shown(each, 30)))}{silent.length > REGIONS_SHOWN && ` and ${silent.length - REGIONS_SHOWN} more`} {silent.length === 1 ? "was" : "were"} scanned, and no log of {silent.length === 1 ? "it" : "them"} was read.</span></li>}
      </ul>
    </div>
  );
}

function Remembered({ of }: { of: NonNullable<Least["remembered"]> }) {
  const tried = of.services.filter((each) => each.last).length;
  return <p className="small wrap">IAM remembers {counted(of.window_days, "day")}: {count(tried)} of {counted(of.services.length, "allowed service")} tried in that time, as of <Ago at={of.made} />.</p>;
}

const PARTS = [["used", "used"], ["never", "never used"], ["tried", "never tried, as IAM remembers"], ["unseen", "no log would show it"]] as const;

function Services({ services }: { services: Service[] }) {
  const [all, setAll] = useState(false);
  return (
    <div className="stack">
      <h3>Granted against used, by service</h3>
      <p className={styles.legend}>{PARTS.map(([part, name]) => <span key={part}><span className={styles.bar} aria-hidden><span data-is={part} style={{ width: "100%" }} /></span>{name}</span>)}</p>
      <ul className={shared.rows} aria-label="Granted against used, by service">
        {services.slice(0, all ? undefined : SERVICES_SHOWN).map((each) => <OneService key={each.service} of={each} />)}
      </ul>
      {!all && services.length > SERVICES_SHOWN && <div><button type="button" className="button" onClick={() => setAll(true)}>{counted(services.length - SERVICES_SHOWN, "service")} more</button></div>}
    </div>
  );
}

function OneService({ of }: { of: Service }) {
  const [open, setOpen] = useState(false);
  const says = `${count(of.used.length)} of ${counted(of.granted, "granted action")} used`;
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span className={shared.what} style={{ flex: 1 }}>
            <span className="row wrapped"><code>{shown(of.service, 60)}</code><span className="small muted">{says}{of.never.length + of.tried.length > 0 && `, ${count(of.never.length + of.tried.length)} never`}{of.unseen.length > 0 && `, ${count(of.unseen.length)} not known`}</span></span>
            <span className={styles.bar} role="img" aria-label={says}>{PARTS.map(([part]) => of[part].length > 0 && <span key={part} data-is={part} style={{ width: `${(of[part].length / of.granted) * 100}%` }} />)}</span>
          </span>
        </summary>
        {open && <div className="stack">{PARTS.map(([part, name]) => of[part].length > 0 && <Actions key={part} name={name} actions={of[part]} />)}</div>}
      </details>
    </li>
  );
}

function Actions({ name, actions }: { name: string; actions: string[] }) {
  const [all, setAll] = useState(false);
  return (
    <div className={shared.actions}>
      <span className="small muted">{name}</span>
      <ul aria-label={`Actions: ${name}`}>
        {actions.slice(0, all ? undefined : ACTIONS_SHOWN).map((action) => <li key={action}><code>{shown(action, 120)}</code></li>)}
        {!all && actions.length > ACTIONS_SHOWN && <li><button type="button" className="button plain small" onClick={() => setAll(true)}>{count(actions.length - ACTIONS_SHOWN)} more</button></li>}
      </ul>
    </div>
  );
}

function NotGranted({ answer }: { answer: Least }) {
  const used = answer.used.filter((each) => !each.granted);
  return <p className="row wrapped small"><Badge state="attention">{counted(used.length, "action")} used without a grant that was read</Badge><span className="wrap">{list(used.slice(0, 5).map((each) => shown(each.action, 80)))}{used.length > 5 && ` and ${used.length - 5} more`}: a policy of a resource, or one that is gone, let it.</span></p>;
}

function Proposed({ answer, drop, setDrop }: { answer: Least; drop: boolean; setDrop: (drop: boolean) => void }) {
  const { policy, proof } = answer;
  const text = policy ? JSON.stringify(policy, null, 2) : "";
  return (
    <section className="stack" aria-label="Proposed policy">
      <h3>The policy that leaves what is used</h3>
      <label className="row small"><input type="checkbox" checked={drop} onChange={(event) => setDrop(event.target.checked)} />Leave out what no log would show</label>
      {drop && <p className="row wrapped small"><Badge state="attention">take care</Badge><span>What is left out may be in use all the same: no log tells.</span></p>}
      {!policy ? <p className="wrap muted">There is none; the notes above say why.</p> : (
        <>
          {proof && (
            <ul className={styles.proofs} aria-label="Proof">
              <li className="row wrapped"><Badge state="understood">contains what was used</Badge><span className="wrap">{counted(proof.allowed, "request")} for what was used asked of the evaluator: all allowed as they are today.</span></li>
              <li className="row wrapped">{proof.not_wider === true ? <><Badge state="understood">no wider</Badge><span>It allows nothing that is not granted today.</span></> : proof.not_wider === false ? <><Badge state="broken">wider</Badge><span>It allows something that is not granted today.</span></> : <><Badge state="unknown">not known whether wider</Badge><span className="wrap">{shown(proof.because.join("; "), 400)}</span></>}</li>
              {proof.not_granted.length > 0 && <li className="row wrapped"><Badge state="attention">{counted(proof.not_granted.length, "request")} not granted</Badge><span className="wrap">used, though the policies that were read do not allow it: {list(proof.not_granted.slice(0, 3).map((each) => `${shown(each.action, 80)} on ${shown(each.resource, 160)}`))}{proof.not_granted.length > 3 && ` and ${proof.not_granted.length - 3} more`}</span></li>}
            </ul>
          )}
          <div className="row spread wrapped"><span className="small muted">{counted(answer.policy_chars, "character")} as AWS counts them</span><CopyButton text={text} what="Copy the policy" /></div>
          <pre className={styles.policy} role="region" aria-label="Policy as JSON" tabIndex={0}>{shown(text, 200_000)}</pre>
          <p className="small muted">Nothing is changed by asking. Under “What if” it can be tried in the place of a policy that there is.</p>
        </>
      )}
    </section>
  );
}
