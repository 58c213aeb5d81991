// Everything the provider said.
import { Download } from "lucide-react";
import { useState } from "react";
import { save } from "../../lib/csv";
import { CopyButton } from "../../parts/Copy";
import { Json } from "../../parts/Json";
import { Empty } from "../../parts/states";
import { whoCan } from "../../session/may";
import type { Detail } from "./Resource";
import styles from "./Resource.module.css";

export function Raw({ detail: { document, resource } }: { detail: Detail }) {
  const [find, setFind] = useState("");
  if (document === null || document === undefined) return <Empty title="Your role does not show documents"><p>{whoCan("read_documents")} What it is and what it leads to stands on the other tabs.</p></Empty>;
  const text = () => JSON.stringify(document, null, 2);
  return (
    <div className={styles.proof}>
      <div className="row">
        <input type="search" className="input" data-search placeholder="Find in the document" aria-label="Find in the document" value={find} onChange={(event) => setFind(event.target.value)} />
        <CopyButton text={text()} what="Copy the document" />
        <button type="button" className="button" onClick={() => save(`${resource.id.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 80)}.json`, [text()], "application/json")}><Download aria-hidden />JSON</button>
      </div>
      <Json value={document} find={find} />
    </div>
  );
}
