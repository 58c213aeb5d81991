// What the signed-in person may do. The server decides each time; this only keeps what it would refuse out of the way.
import type { ReactNode } from "react";
import { useSyncExternalStore } from "react";
import { list } from "../lib/text";
import { ROLES_THAT } from "./roles";
import { sessions, type Who } from "./session";
import type { Permission, Role } from "./types";

export type { Permission, Role };

export { ROLE_WORDS, ROLES, ROLES_THAT } from "./roles";

/** Who is signed in; nobody while that is being asked. */
export function useWho(): Who | undefined {
  const session = useSyncExternalStore(sessions.subscribe, sessions.get, sessions.get);
  return "who" in session ? session.who : undefined;
}

export const useMay = (what: Permission): boolean => useWho()?.permissions.includes(what) ?? false;

export const isWhole = (who: Who | undefined): boolean => who !== undefined && !who.scope.accounts && !who.scope.teams;

/** Whether the person sees all accounts and teams. */
export const useWhole = (): boolean => isWhole(useWho());

/** Whether the person may ask in SQL, whose answers cannot be cut to a part of the estate. */
export const useMayAsk = (): boolean => {
  const who = useWho();
  return isWhole(who) && (who?.permissions.includes("query_sql") ?? false);
};

/** `An analyst, a responder or an administrator can.` */
export function whoCan(what: Permission): string {
  const roles = ROLES_THAT[what].map((role) => (/^[aeio]/.test(role) ? `an ${role}` : `a ${role}`));
  const text = list(roles).replace(" and ", " or ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)} can.`;
}

/** Shows its children to who may; to others nothing, or who could do what `say` names. */
export function May({ do: what, say, whole, children }: { do: Permission; say?: string; whole?: boolean; children: ReactNode }) {
  const who = useWho();
  const may = who?.permissions.includes(what) ?? false;
  if (may && (!whole || isWhole(who))) return <>{children}</>;
  if (!say) return null;
  return <span className="small muted">{may ? `Only people who are not limited to accounts or teams can ${say}.` : `${whoCan(what).replace(/\.$/, "")} ${say}.`}</span>;
}
