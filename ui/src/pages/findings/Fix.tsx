// How a finding is put right: by hand, with the AWS CLI, in Terraform; and what that costs.
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { shown } from "../../lib/text";
import { CopyButton } from "../../parts/Copy";
import table from "../../parts/Table.module.css";
import { Tabs } from "../../parts/Tabs";
import styles from "./Findings.module.css";

type How = "console" | "cli" | "terraform";
const HOW = [["console", "By hand"], ["cli", "AWS CLI"], ["terraform", "Terraform"]] as const;

export function Fix({ fix }: { fix: Schemas["FindingFix"] }) {
  const [how, setHow] = useState<How>("console");
  const text = fix[how];
  return (
    <section aria-labelledby="fix">
      <h2 id="fix">How it is put right</h2>
      <Tabs label="How" value={how} options={HOW} onChange={setHow} panel="how" />
      <div id="how" role="tabpanel" aria-labelledby={`tab-${how}`} tabIndex={0} className={styles.fix}>
        {how === "console" ? <p className="wrap">{shown(text, 2000)}</p> : <div className={styles.code}><pre>{shown(text, 4000)}</pre><CopyButton text={text} what={how === "cli" ? "Copy the command" : "Copy the lines"} /></div>}
        <p className="small muted">Fathom changes nothing in the cloud: you do, and the next scan says whether it holds. Words in capitals stand for yours.</p>
      </div>
      <dl className={table.facts}>
        <div><dt>money</dt><dd className="wrap">{shown(fix.money, 300)}</dd></div>
        <div><dt>performance</dt><dd className="wrap">{shown(fix.performance, 300)}</dd></div>
        <div><dt>work</dt><dd className="wrap">{shown(fix.effort, 300)}</dd></div>
      </dl>
    </section>
  );
}
