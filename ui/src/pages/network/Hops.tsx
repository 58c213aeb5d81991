// The way of a packet, hop by hop, there and back; what held it up stands first.
import { Link } from "@tanstack/react-router";
import { ArrowLeft, ArrowRight, Ban, Globe, Lock } from "lucide-react";
import { shown } from "../../lib/text";
import { KindIcon } from "../../parts/Name";
import { Badge } from "../../parts/state";
import styles from "./Network.module.css";
import { component, held, type Hop, legs, type Path, says } from "./words";

export function Way({ path }: { path: Path }) {
  const hop = held(path);
  return (
    <div className="stack">
      {hop && <Held hop={hop} />}
      <Said path={path} />
      {path.packet && <p className="small muted wrap">The packet: <code>{shown(path.packet, 300)}</code></p>}
      <Hops hops={path.hops} decides={path.decides} />
    </div>
  );
}

/** Every hop, in the ways that they are walked. */
export function Hops({ hops, decides }: { hops: Hop[]; decides?: number | null }) {
  return (
    <div className={styles.legs}>
      {legs(hops).map((leg, place) => (
        <section key={place} className="stack" aria-label={leg.leg === "there" ? "There" : "Back"}>
          <h3 className="row">{leg.leg === "there" ? <ArrowRight aria-hidden className="icon" /> : <ArrowLeft aria-hidden className="icon" />}{place > 1 ? `Behind the load balancer, ${leg.leg}` : leg.leg === "there" ? "There" : "Back"}</h3>
          <ol className={styles.hops}>{leg.hops.map(({ hop, at }) => <One key={at} hop={hop} decides={decides === at} />)}</ol>
        </section>
      ))}
    </div>
  );
}

/** What must hold, what was not read, what was taken to be so. */
export function Said({ path }: { path: Pick<Path, "conditions" | "missing" | "assumptions"> }) {
  const lists = [["Only if", path.conditions], ["Not seen", path.missing], ["Taken to be so", path.assumptions]] as const;
  return (
    <>
      {lists.map(([title, lines]) => lines.length > 0 && (
        <div key={title} className="stack">
          <h3>{title}</h3>
          <ul className={styles.said}>{lines.map((line) => <li key={line} className="wrap">{shown(line, 600)}</li>)}</ul>
        </div>
      ))}
    </>
  );
}

/** The rule that decides, in a frame. */
function Held({ hop }: { hop: Hop }) {
  return (
    <div className={styles.held} data-says={hop.says} role="note" aria-label="What holds it up">
      <Sign hop={hop} />
      <div className={styles.words}><Head hop={hop} /><Rule hop={hop} /></div>
    </div>
  );
}

function One({ hop, decides }: { hop: Hop; decides: boolean }) {
  return (
    <li data-says={hop.says} data-decides={decides || undefined}>
      <Sign hop={hop} />
      <div className={styles.words}><Head hop={hop} /><Rule hop={hop} /></div>
    </li>
  );
}

function Sign({ hop }: { hop: Hop }) {
  if (hop.withheld) return <Lock aria-hidden className={styles.sign} />;
  if (hop.says === "blocked") return <Ban aria-hidden className={styles.sign} />;
  if (hop.component === "internet" || hop.component === "outside") return <Globe aria-hidden className={styles.sign} />;
  return <span className={styles.sign}><KindIcon type={hop.resource_type ?? hop.component} /></span>;
}

function Head({ hop }: { hop: Hop }) {
  const name = hop.name ?? hop.id;
  return (
    <p className={styles.head}>
      <strong>{component(hop.component)}</strong>
      {hop.uid ? <Link to="/resource" search={{ uid: hop.uid }} className="wrap" title={shown(hop.uid, 400)}><bdi>{shown(name, 160)}</bdi></Link> : name && <bdi className="wrap">{shown(name, 160)}</bdi>}
      {hop.name && hop.id && !hop.id.startsWith("arn:") && <code className="muted">{shown(hop.id, 60)}</code>}
      {hop.says === "unknown" ? <Badge state="unknown">{says(hop)}</Badge> : <span className={styles.word}>{says(hop)}</span>}
    </p>
  );
}

function Rule({ hop }: { hop: Hop }) {
  if (hop.withheld) return <p className="small muted">A part of the way that you may not see.</p>;
  if (!hop.rule && !hop.code) return null;
  return <p className="small wrap"><span className="muted">{shown(hop.rule, 600)}</span>{hop.code && <> <code className="muted">{shown(hop.code, 80)}</code></>}</p>;
}
