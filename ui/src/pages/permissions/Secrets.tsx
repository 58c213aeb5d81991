// Secrets: who can read each, which takes its key too.
import { Link, useSearch } from "@tanstack/react-router";
import { get } from "../../api/client";
import { count, counted, kind, shown } from "../../lib/text";
import { CopyLine } from "../../parts/Copy";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import { Missing, usePages } from "./Answers";
import { counts, rotation, type Secret, secretsLine } from "./custody";
import { Back, Concerns, HowMany, Listed, Rotates } from "./Keys";
import { AsOf, Gaps, More, Says, Who } from "./parts";
import shared from "./Permissions.module.css";
import styles from "./Report.module.css";

export function Secrets() {
  const { secret } = useSearch({ from: "/permissions" });
  return (
    <>
      <section className={shared.answer} aria-label="Answer">
        {secret ? <OneSecret key={secret} arn={secret} /> : <AllSecrets />}
      </section>
      <CopyLine text={secretsLine(secret)} />
    </>
  );
}

function useSecrets(secret?: string) {
  return usePages(["secrets", secret], (cursor, signal) => get("/api/v1/permissions/secrets", { secret, cursor }, { signal }));
}

const name = (secret: Pick<Secret, "name" | "secret">): string => shown(secret.name ?? secret.secret.split(":").at(-1) ?? secret.secret, 200);
const day = (at: string): string => shown(at.split("T")[0] ?? at, 20);

/** When it was last read, as far as AWS tells. */
const read = ({ used_at, resource_type }: Secret): string => (used_at ? day(used_at) : resource_type === "AWS::SSM::Parameter" ? "AWS does not tell" : "never, as AWS tells");

/** Its key: a door where it is one that was scanned. */
function UnderKey({ of }: { of: Secret }) {
  const { key } = of;
  if (!key) return <span className="muted">none that has a policy</span>;
  if (!key.startsWith("arn:")) return key.startsWith("alias/") ? <bdi className="wrap">{shown(key, 120)}</bdi> : <Badge state="unknown" title={shown(key, 300)}>not known</Badge>;
  return <Link to="/permissions" search={{ view: "keys", key }} className="wrap" title={shown(key, 400)}><bdi>{shown(key.split("/").at(-1) ?? key, 60)}</bdi></Link>;
}

export function AllSecrets() {
  const pages = useSecrets();
  const first = pages.data?.pages[0];
  if (!first) return <><h2>Secrets</h2><Missing of={pages} label="Asking who can read every secret" /></>;
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  const concerned = rows.filter((row) => row.concerns.length > 0).length;
  return (
    <>
      <h2>Secrets</h2>
      <p className="wrap"><strong>{first.total === 0 ? "No secret was scanned." : `${counted(first.total, "secret")}, ${count(concerned)}${rows.length < first.total ? ` of the first ${count(rows.length)}` : ""} with something to look at.`}</strong> Secrets of Secrets Manager and SecureString parameters; their values are never read. <AsOf of={first.as_of} /></p>
      {rows.length === 0 ? <Empty title="No secrets"><p>The scan found no secret. Under Coverage stands what could not be read.</p></Empty> : (
        <div className={styles.scroller} role="region" aria-label="Secrets, scrolls" tabIndex={0}>
          <table className={styles.table} aria-label="Secrets">
            <thead><tr><th scope="col">Secret</th><th scope="col">To look at</th><th scope="col">Can read it</th><th scope="col">Key</th><th scope="col">Rotation</th><th scope="col">Last read</th></tr></thead>
            <tbody>{rows.map((row) => <Row key={row.secret} row={row} />)}</tbody>
          </table>
        </div>
      )}
      <More pages={pages} />
      <Gaps gaps={first.gaps} />
    </>
  );
}

function Row({ row }: { row: Secret }) {
  return (
    <tr>
      <th scope="row"><span className={styles.two}><Link to="/permissions" search={{ view: "secrets", secret: row.secret }} className="wrap" title={shown(row.secret, 400)}><bdi>{name(row)}</bdi></Link><span className="small muted wrap">{kind(row.resource_type)} · {shown(row.account, 40)}</span></span></th>
      <td data-name="To look at" data-none={row.concerns.length === 0 && row.gaps.length === 0 ? "" : undefined}><Concerns of={row} /></td>
      <td data-name="Can read it"><HowMany of={row.readers} />{row.without_key > 0 && <span className="small muted wrap">{count(row.without_key)} may ask and cannot decrypt</span>}</td>
      <td data-name="Key"><UnderKey of={row} /></td>
      <td data-name="Rotation"><Rotates of={row.rotation} /></td>
      <td data-name="Last read">{read(row)}</td>
    </tr>
  );
}

function OneSecret({ arn }: { arn: string }) {
  const pages = useSecrets(arn);
  const first = pages.data?.pages[0];
  if (!first) return <><Back view="secrets">All secrets</Back><h2>Secret</h2><Missing of={pages} label="Asking who can read the secret" /></>;
  const secret = first.rows[0];
  if (!secret) return <><Back view="secrets">All secrets</Back><Empty title="No such secret"><p className="wrap">No scan saw a secret <code>{shown(arn, 300)}</code>.</p></Empty></>;
  const { readers } = secret;
  const all = readers.users + readers.roles + readers.roots + readers.services + readers.outside + secret.without_key;
  return (
    <>
      <Back view="secrets">All secrets</Back>
      <h2 className="wrap"><bdi>{name(secret)}</bdi></h2>
      <p className="wrap"><strong>{counts(readers)} can read it</strong>{secret.without_key > 0 && `; ${count(secret.without_key)} may ask for it and cannot decrypt it`}. <AsOf of={first.as_of} /></p>
      <div className="row wrapped"><span>{kind(secret.resource_type)}</span><span className="muted">·</span><span>key <UnderKey of={secret} /></span><span className="muted">·</span><span>rotation {rotation(secret.rotation)}{secret.rotated_at && `, last ${day(secret.rotated_at)}`}</span>{secret.changed_at && <><span className="muted">·</span><span>changed {day(secret.changed_at)}</span></>}<span className="muted">·</span><span>last read: {read(secret)}</span></div>
      {secret.deleted_at && <p><Badge state="broken">gone on {day(secret.deleted_at)}</Badge></p>}
      {secret.concerns.length > 0 && <Concerns of={{ concerns: secret.concerns, gaps: [] }} />}
      <section className={styles.part} aria-label="Who can read it">
        <h3>Who can read it: their policies, and the key</h3>
        {secret.read_by.length === 0 ? <p className="muted">Nobody who was asked about.</p> : (
          <Listed all={secret.read_by} total={all} label="Who can read it">
            {(one) => (
              <li key={`${one.kind} ${one.principal}`}>
                <Says decision={one.content} />
                <span className={styles.two}>
                  <Who asker={one} />
                  <span className="small wrap"><span className="muted">ask for the value</span> {WORDS[one.may_read]} <span className="muted">· decrypt</span> {one.may_decrypt ? WORDS[one.may_decrypt] : "takes no permission on a key"}{one.note && <span className="muted"> ({shown(one.note, 200)})</span>} <span className="muted">·</span> <Link to="/permissions" search={{ principal: one.principal, kind: one.kind, action: READS[secret.resource_type], resource: secret.secret }} className="link">Why</Link></span>
                </span>
              </li>
            )}
          </Listed>
        )}
      </section>
      <p className="small row wrapped"><Link to="/resource" search={{ uid: secret.secret }} className="link">The resource</Link><Link to="/permissions" search={{ resource: secret.secret }} className="link">What is allowed on it</Link></p>
      <Gaps gaps={[...secret.gaps, ...first.gaps]} />
    </>
  );
}

const WORDS = { allowed: "yes", only_if: "only if", unknown: "not known", denied: "no" };
/** The action that reads the value. */
const READS: Record<string, string> = { "AWS::SecretsManager::Secret": "secretsmanager:GetSecretValue", "AWS::SSM::Parameter": "ssm:GetParameter" };
