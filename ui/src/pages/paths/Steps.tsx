// The steps of a way, each with what it needs, what it gains, ATT&CK's technique, and its proof.
import { Link } from "@tanstack/react-router";
import { Lock } from "lucide-react";
import { shown } from "../../lib/text";
import { Says } from "../../parts/Answered";
import { Hops, Said } from "../network/Hops";
import { Asked } from "../permissions/Asked";
import climbing from "../permissions/Escalation.module.css";
import shared from "../permissions/Permissions.module.css";
import styles from "./Paths.module.css";
import { bare, called, done, type Node, type Step, type Story, title } from "./words";

export function Steps({ story }: { story: Story }) {
  return (
    <section className="stack" aria-label="Step by step">
      <h3>Step by step</h3>
      <ol className={climbing.way} aria-label={`Steps ${title(story).replace(/^F/, "f")}`}>{story.steps.map((step, at) => <One key={at} step={step} />)}</ol>
    </section>
  );
}

export function One({ step }: { step: Step }) {
  if (step.withheld) return <li><p className={climbing.can}><Lock aria-hidden className="icon" /><span className="wrap muted">A part of the way that is outside your scope.</span></p></li>;
  return (
    <li>
      <div className="stack">
        <p className={climbing.can}>
          <Says decision={step.answer} />
          <span className="wrap"><Needs nodes={step.with} /> {step.with.length > 1 ? "together: " : ""}<strong>{done(step)}</strong>{step.gains.withheld || !isSame(step) ? <>, and has <Named node={step.gains} /></> : ""}. {step.technique && <Technique id={step.technique} />}</span>
        </p>
        <Proof step={step} />
      </div>
    </li>
  );
}

/** Whether what is gained is what it is done with: then it is not said twice. */
const isSame = ({ with: needs, gains }: Step): boolean => needs.length === 1 && needs[0]?.kind === gains.kind && needs[0].id === gains.id;

function Needs({ nodes }: { nodes: Node[] }) {
  return <>{nodes.map((node, at) => <span key={`${node.kind} ${node.id}`}>{at > 0 && " and "}<Named node={node} /></span>)}</>;
}

/** Something that an intruder has; a resource is a door to its page. */
function Named({ node }: { node: Node }) {
  const words = called(node);
  const name = bare(node);
  const at = words.indexOf(name);
  if (!node.uid || node.withheld || at < 0) return <bdi>{words}</bdi>;
  return <>{words.slice(0, at)}<Link to="/resource" search={{ uid: node.uid }} className={styles.name} title={shown(node.uid, 400)}><bdi>{name}</bdi></Link>{words.slice(at + name.length)}</>;
}

/** A technique of MITRE ATT&CK, by its number; the catalogue is elsewhere and nothing is fetched from it. */
const Technique = ({ id }: { id: string }) => <code className={styles.technique} title="Technique of MITRE ATT&CK">{shown(id, 20)}</code>;

/** The statements, the packet with its hops, what must hold and what was not read. */
export function Proof({ step: { proof, with: needs, answer } }: { step: Step }) {
  if (!proof) return null;
  // Whoever acts as it is can be asked about every layer; what it gave itself, nobody has yet.
  const [actor] = needs;
  const plain = needs.length === 1 && actor?.kind === "principal" && actor.id?.startsWith("arn:") ? actor.id : undefined;
  return (
    <>
      {proof.asked.length > 0 && <ul className={shared.rows} aria-label="What is asked">{proof.asked.map((each, at) => <Asked key={at} asked={each} actor={plain} />)}</ul>}
      {proof.packet && <p className="small wrap"><code>{shown(proof.packet, 400)}</code></p>}
      <Said path={{ conditions: proof.only_if, missing: proof.not_known, assumptions: [] }} />
      {proof.hops.length > 0 && <details className={styles.hops}><summary className="small">Every hop of the packet and of its answer</summary><Hops hops={proof.hops} /></details>}
      {proof.withheld && <p className="row small muted"><Lock aria-hidden className="icon" />A part of the proof is outside your scope.</p>}
      {answer === "yes" && proof.asked.length === 0 && !proof.packet && proof.hops.length === 0 && !proof.withheld && <p className="small muted">Nothing is asked for it: who has the one has the other.</p>}
    </>
  );
}
