// One story: the answer, each step with its proof, and the edit that breaks it.
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import { get } from "../../api/client";
import { AsOf, Missing } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { BRINGS } from "./AttackPaths";
import { Edited } from "./Edited";
import styles from "./Paths.module.css";
import { Steps } from "./Steps";
import { Sure } from "./Sure";
import { bare, called, comes, type Entry, inSteps, type Jewel, key, loss, MEANS, pathsLine, type Story, title } from "./words";

export function OneStory({ story: { entry, jewel, to }, note }: { story: { entry: Entry; jewel: Jewel; to: string }; note: ReactNode }) {
  const { from } = useSearch({ from: "/paths" });
  const query = { to, jewel, ...(entry === "given" ? { from } : { entry }) };
  return (
    <div className={styles.page}>
      <div className="row spread wrapped"><h1>Attack path</h1><Link from="/paths" to="/paths" search={(was) => ({ ...was, story: undefined })} className="button"><ArrowLeft aria-hidden />All stories</Link></div>
      {note}
      <Told query={query} />
      <CopyLine text={pathsLine({ entry: entry === "given" ? undefined : [entry], jewel: [jewel], from: entry === "given" ? from : undefined, to })} />
    </div>
  );
}

export function Told({ query }: { query: { to: string; jewel: Jewel; entry?: Entry; from?: string } }) {
  const asked = useQuery({ queryKey: ["paths", "story", query], queryFn: ({ signal }) => get("/api/v1/paths/story", query, { signal }) });
  if (!asked.data) return <Missing of={asked} label="Proving each step, and trying what closes it" brings={BRINGS} />;
  const { story, edit, as_of } = asked.data;
  return (
    <>
      <section className="stack" aria-label="Answer">
        <p className={styles.sentence}><Sure answer={story.answer} /><span className="wrap"><strong>{title(story)}{inSteps(story.steps)}:</strong> {MEANS[story.answer]}. <AsOf of={as_of} /></span></p>
        <p className="wrap">Lost: <strong>{loss(story)}</strong>.</p>
        <Ends story={story} />
      </section>
      <div className={styles.told}>
        <Steps story={story} />
        <section className={styles.aside} aria-label="To break it">
          <h3>To break it</h3>
          {edit ? <Edited edit={edit} came={comes(edit)} /> : <p className="wrap">No single edit that is known closes this way or any other.</p>}
        </section>
      </div>
    </>
  );
}

/** Ways from the ends of the story: the resources, and what falls with them. */
function Ends({ story }: { story: Story }) {
  const ends = [...story.from, story.to].filter((node) => node.uid && !node.withheld);
  const besides = story.with_it;
  return (
    <>
      <p className="row wrapped small">
        {ends.map((node) => node.uid && <Link key={`${node.kind} ${node.uid}`} to="/resource" search={{ uid: node.uid }} className="link">Open <bdi>{bare(node)}</bdi></Link>)}
        {story.from.map((node) => node.id && node.kind !== "vendor" && node.kind !== "internet" && <Link key={node.id} to="/paths" search={{ view: "blast", of: node.id }} className="link">What else falls with <bdi>{bare(node)}</bdi></Link>)}
        <Link to="/paths" search={{ to: story.to.id ?? undefined }} className="link">Every way to <bdi>{bare(story.to)}</bdi></Link>
      </p>
      {besides.length > 0 && (
        <details>
          <summary className="small">What is lost with it, the first {besides.length}</summary>
          <ul className={styles.falls}>{besides.map((node) => <li key={`${node.kind} ${node.id}`} className="wrap small"><Link from="/paths" to="/paths" search={(was) => ({ ...was, story: key({ entry: story.entry, jewel: jewelOf(node.kind), to: node }) })}><bdi>{called(node)}</bdi></Link></li>)}</ul>
        </details>
      )}
    </>
  );
}

/** What kind of loss something stands for. */
function jewelOf(kind: Story["to"]["kind"]): Jewel {
  return kind === "keys" || kind === "backups" || kind === "logs" ? kind : kind === "account" ? "administrators" : "data";
}
