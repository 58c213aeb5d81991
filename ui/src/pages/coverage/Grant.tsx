// What to grant so that nothing is denied any more, ready to be copied.
import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { get, type Query } from "../../api/client";
import { save } from "../../lib/csv";
import { count, counted, list, shown } from "../../lib/text";
import { CopyButton, CopyLine } from "../../parts/Copy";
import { Dialog } from "../../parts/Dialog";
import { Answer } from "../../parts/states";
import styles from "./Coverage.module.css";
import { policies } from "./policy";

/** Rows that are read for it; as many permissions would not fit into any account. */
const ROWS_MAX = 20_000;

export function Grant({ filter }: { filter: Query<"/api/v1/coverage"> }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}><KeyRound aria-hidden />Policy that grants it</button>
      {open && <Permissions filter={filter} onClose={() => setOpen(false)} />}
    </>
  );
}

function Permissions({ filter, onClose }: { filter: Query<"/api/v1/coverage">; onClose: () => void }) {
  const denied = useQuery({
    queryKey: ["coverage", "denied", filter],
    queryFn: async ({ signal }) => {
      const rows = [];
      let cursor: number | undefined;
      do {
        const page = await get("/api/v1/coverage", { ...filter, outcome: "unknown", reason: "denied", cursor, limit: 1000 }, { signal });
        rows.push(...page.coverage);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined && rows.length < ROWS_MAX);
      return rows;
    },
  });
  return (
    <Dialog title="Grant what was denied" onClose={onClose} wide>
      <Answer of={denied} lines={6} label="Gathering the permissions">
        {(rows) => {
          const all = policies(rows.flatMap((row) => (row.permission ? [row.permission] : [])));
          const accounts = [...new Set(rows.map((row) => row.account))].sort();
          const without = rows.filter((row) => !row.permission).length;
          if (rows.length === 0) return <p>Nothing was denied.</p>;
          return (
            <div className="stack">
              <p className="wrap">{counted(rows.length, "call")} {rows.length === 1 ? "was" : "were"} denied in {accounts.length > 5 ? counted(accounts.length, "account") : list(accounts.map((each) => shown(each, 20)))}. They only read. Give the caller there {all.length === 1 ? "this policy" : `these ${count(all.length)} policies (AWS takes no longer ones)`}; a policy of the organisation or a boundary may still deny it.</p>
              {without > 0 && <p className="small muted">{counted(without, "row")} name no permission and are not in it.</p>}
              {all.map((policy) => (
                <section key={policy.name} className="stack" aria-label={policy.name}>
                  <div className="row spread"><strong>{policy.name}.json <span className="muted">{counted(policy.permissions, "permission")}</span></strong><button type="button" className="button" onClick={() => save(`${policy.name}.json`, [policy.text], "application/json")}>Download</button></div>
                  <div className={styles.policy}><pre>{policy.text}</pre><CopyButton text={policy.text} what="Copy the policy" /></div>
                </section>
              ))}
              <CopyLine text="fathom permissions" />
            </div>
          );
        }}
      </Answer>
    </Dialog>
  );
}
