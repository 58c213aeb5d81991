// What brings weaknesses, and what is known of exploitation; a list that is not there is unknown, with the way to it.
import { count, shown } from "../../lib/text";
import { CopyLine } from "../../parts/Copy";
import { Badge } from "../../parts/state";
import { May } from "../../session/may";
import styles from "./Vulnerabilities.module.css";
import type { Feed } from "./words";

/** The ways by which findings come; Fathom scans no software by itself. */
export function Ways() {
  return (
    <>
      <p>Fathom looks at no software by itself. Turn on Amazon Inspector or the scans of ECR and scan again, or take in what a scanner wrote:</p>
      <CopyLine text="fathom import sarif report.sarif" />
      <CopyLine text="fathom import cyclonedx bom.json --about i-0a1b2c3d" />
    </>
  );
}

const LISTS: Record<string, { name: string; says: string; line: string }> = {
  kev: { name: "KEV", says: "CISA's catalogue of what is exploited was not loaded", line: "fathom import kev known_exploited_vulnerabilities.json" },
  epss: { name: "EPSS", says: "FIRST's chance of exploitation was not loaded", line: "fathom import epss epss_scores.csv.gz" },
};

export function Feeds({ feeds }: { feeds: readonly Feed[] }) {
  return (
    <ul className={styles.feeds} aria-label="What is known of exploitation">
      {feeds.map((feed) => {
        const list = LISTS[feed.feed];
        if (!list) return null;
        if (feed.loaded) return <li key={feed.feed} className="small muted">{list.name}{feed.released_at && ` of ${shown(feed.released_at, 10).replace("…", "")}`}{feed.version && `, version ${shown(feed.version, 40)}`}: {count(feed.entries)} weaknesses.</li>;
        return <li key={feed.feed} className="stack"><span className="row wrapped"><Badge state="unknown">{list.name} not loaded</Badge><span>{list.says}, so whether a weakness is exploited may be unknown.</span></span><May do="scan"><CopyLine text={list.line} /></May></li>;
      })}
    </ul>
  );
}
