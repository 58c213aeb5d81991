// Who else may say who somebody is.
import { useQuery } from "@tanstack/react-query";
import { counted, shown } from "../../lib/text";
import { CopyLine } from "../../parts/Copy";
import { Badge, type State } from "../../parts/state";
import { Answer, Empty } from "../../parts/states";
import type { ProviderView } from "../../session/types";
import * as ask from "./ask";
import { Head } from "./Head";
import styles from "./Settings.module.css";

const STATES: Record<ProviderView["state"], [State, string]> = { well: ["understood", "answers"], unreachable: ["broken", "does not answer"], unknown: ["unknown", "not asked yet"] };

export function Issuers() {
  const providers = useQuery(ask.providers);
  const callback = `${window.location.origin}/api/v1/signin/oidc/callback`;
  return (
    <>
      <Head title="OpenID Connect" sentence="Set in a file of the server, so that nobody can redirect sign-ins from here." />
      <div className={styles.sections}>
        <Answer of={providers} lines={6} label="Asking for issuers">
          {(data) => data.providers.length === 0 ? (
            <>
              <Empty title="No issuer is configured">
                <p>With one, people sign in with the account that they have already, and their groups give them roles. Write <code>signin.yaml</code> into the data directory (the guide has an example), register the address below at the issuer, and start the server anew.</p>
              </Empty>
              <section className={styles.section}>
                <h3>To register at the issuer</h3>
                <p className="muted">The address that sign-ins come back to:</p>
                <CopyLine text={callback} />
              </section>
            </>
          ) : data.providers.map((each) => {
            const [state, words] = STATES[each.state];
            return (
              <section key={each.id} className={styles.section} aria-label={shown(each.name, 100)}>
                <div className={styles.top}><h3><bdi>{shown(each.name, 100)}</bdi></h3><Badge state={state} title={each.detail ? shown(each.detail, 500) : undefined}>{words}</Badge></div>
                {each.detail && <p className="wrap">{shown(each.detail, 500)}</p>}
                <dl className={styles.facts}>
                  <dt>issuer</dt><dd><bdi>{shown(each.issuer, 300)}</bdi></dd>
                  <dt>client id</dt><dd><bdi>{shown(each.client_id, 200)}</bdi></dd>
                  <dt>people</dt><dd>{each.people === 0 ? "nobody came in so far" : counted(each.people, "person", "people")}</dd>
                  <dt>register there</dt><dd><CopyLine text={each.callback} /></dd>
                </dl>
              </section>
            );
          })}
        </Answer>
        {providers.data?.file && <p className="small muted wrap">Read from <code>{shown(providers.data.file, 300)}</code>; a change of it holds from the next start of the server on.</p>}
      </div>
    </>
  );
}
