// Every version, newest first, with what changed in each.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get } from "../../api/client";
import { word } from "../../lib/sqltext";
import { moment } from "../../lib/time";
import { Ago } from "../../parts/Ago";
import { CopyLine } from "../../parts/Copy";
import { ChangeSign, Difference } from "../../parts/Difference";
import { Answer } from "../../parts/states";
import styles from "./Resource.module.css";

export function History({ uid }: { uid: string }) {
  const history = useQuery({ queryKey: ["history", uid], queryFn: ({ signal }) => get("/api/v1/resource/history", { uid, limit: 100 }, { signal }) });
  return (
    <Answer of={history} lines={6} label="Reading its history">
      {(data) => (
        <div className={styles.proof}>
          <ol className={styles.history}>
            {data.versions.map((version) => (
              <li key={version.scan}>
                <div className="row wrapped">
                  <ChangeSign what={version.what} /><Link to="/scans" hash={`scan-${version.scan}`}>scan {version.scan}</Link>
                  <span className="muted small" title={moment(version.seen_at)}><Ago at={version.seen_at} /></span>
                  {version.hash && <code className="muted" title={`SHA-256 ${version.hash}`}>{version.hash.slice(0, 12)}</code>}
                </div>
                {version.difference && <Difference of={version.difference} />}
              </li>
            ))}
          </ol>
          {data.total > data.versions.length && <p className="muted">{data.total - data.versions.length} older versions are not shown.</p>}
          <CopyLine text={`fathom history ${word(uid)}${data.total > data.versions.length ? " --full" : ""}`} />
        </div>
      )}
    </Answer>
  );
}
