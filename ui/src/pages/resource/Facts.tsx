// The facts at the side, each with its age; what is not known is hatched.
import { useState } from "react";
import { Link } from "@tanstack/react-router";
import { count, plain, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { Badge } from "../../parts/state";
import type { Detail } from "./Resource";
import styles from "./Resource.module.css";
import { held } from "./sentence";

const PARTS = ["owner", "purpose", "environment", "data_class", "creator", "declared_by"];
const TAGS_SHOWN = 12;

export function Facts({ detail }: { detail: Detail }) {
  const { resource, unknown } = detail;
  const [all, setAll] = useState(false);
  const missing = new Set(unknown?.gaps.map((gap) => gap.part));
  const tags = Object.entries(resource.tags);
  return (
    <>
      <dl className={styles.facts}>
        {PARTS.map((part) => {
          const found = held(detail, part);
          // Creator and code are one demand: either closes it.
          const demanded = missing.has(part) || (missing.has("creator_or_code") && (part === "creator" || part === "declared_by"));
          if (!found && !demanded) return null;
          return (
            <div key={part}>
              <dt>{part === "data_class" ? "data class" : plain(part)}</dt>
              <dd className="wrap" title={found && shown(`${found.source}: ${found.origin}`, 300)}>{found ? <bdi>{shown(found.value, 120)}</bdi> : <Badge state="unknown">unknown</Badge>}</dd>
            </div>
          );
        })}
      </dl>
      <dl className={styles.facts}>
        {unknown && <div><dt>place on the list</dt><dd><Link to="/unexplained" className="link">{count(unknown.rank)}</Link></dd></div>}
        {resource.created_at && <div><dt>created</dt><dd><Ago at={resource.created_at} /></dd></div>}
        <div><dt>first seen</dt><dd><Ago at={resource.first_seen} /></dd></div>
        {resource.last_seen && <div><dt>last seen</dt><dd><Ago at={resource.last_seen} /></dd></div>}
        {resource.network && <div><dt>network</dt><dd className="truncate"><Link to="/resource" search={{ uid: resource.network }} title={shown(resource.network, 300)}><bdi>{shown(resource.network.split(/[/:]/).at(-1) ?? resource.network, 60)}</bdi></Link></dd></div>}
        {resource.deleted_at && <div><dt>gone</dt><dd><Ago at={resource.deleted_at} /></dd></div>}
        <div><dt>versions</dt><dd>{count(detail.versions.length)}</dd></div>
        <div><dt>document</dt><dd className="mono truncate" title={`SHA-256 ${resource.version_hash}`}>{resource.version_hash.slice(0, 12)}</dd></div>
      </dl>
      {tags.length > 0 && (
        <div className="stack">
          <h3>Tags</h3>
          <dl className={styles.tags}>
            {tags.slice(0, all ? 200 : TAGS_SHOWN).map(([key, text]) => (
              <div key={key}><dt className="wrap"><bdi>{shown(key, 60)}</bdi></dt><dd className="wrap"><bdi>{shown(text, 120)}</bdi></dd></div>
            ))}
          </dl>
          {tags.length > TAGS_SHOWN && !all && <button type="button" className="button plain" onClick={() => setAll(true)}>{tags.length - TAGS_SHOWN} more</button>}
        </div>
      )}
    </>
  );
}
