// The page that asks who comes in.
import { useQuery } from "@tanstack/react-query";
import { Answer } from "../parts/states";
import { Notices } from "../shell/Notices";
import { Card } from "./Card";
import { Invited } from "./Invited";
import type { Session } from "./session";
import styles from "./session.module.css";
import { ways } from "./ways";
import { Ways } from "./Ways";

interface Props { session: Session; invitation?: string; onInvitationUsed: () => void }

export function SignIn({ session, invitation, onInvitationUsed }: Props) {
  const offered = useQuery({ queryKey: ["signin"], queryFn: ({ signal }) => ways(signal), staleTime: 0 });
  const out = session.state === "out" ? session : undefined;
  if (invitation !== undefined) return <Invited invitation={invitation} inAs={session.state === "in" ? session.who.name : undefined} onLeave={onInvitationUsed} />;
  const empty = offered.data?.setup_needed ?? false;
  return (
    <>
      <Notices />
      <Card title={empty ? "Set up this server" : "Sign in"}>
        {out?.why && <p className={`${styles.why} ${out.own ? styles.own : ""}`} role={out.own ? "status" : "alert"}>{out.why}</p>}
        <Answer of={offered} lines={4} label="Asking how one signs in here">
          {(data) => (
            <>
              {data.setup_needed && <p className="muted">Nobody can sign in here yet. Whoever owns the server sets up the first administrator; after that this takes about two minutes.</p>}
              <Ways of={data.setup_needed ? { ...data, password: false, passkey: false, recovery: false } : data} first={data.setup_needed ? "token" : "password"} />
            </>
          )}
        </Answer>
      </Card>
    </>
  );
}
