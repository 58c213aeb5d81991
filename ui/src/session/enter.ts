// How somebody can come in.
import { counted } from "../lib/text";
import type { PersonView } from "./types";

/** Whether somebody has a way in. */
export const canEnter = (person: PersonView): boolean =>
  !person.disabled && (person.issuer !== null || person.passkeys > 0 || (person.has_password && person.has_totp));

/** `You sign in with 2 passkeys, or with a password and an authenticator app.` */
export function waysIn(me: Pick<PersonView, "passkeys" | "has_password" | "has_totp" | "issuer">): string {
  if (me.issuer !== null) return "You sign in through OpenID Connect.";
  const all = [me.passkeys > 0 && counted(me.passkeys, "passkey"), me.has_password && me.has_totp && "a password and an authenticator app"].filter((each) => each !== false);
  return all.length ? `You sign in with ${all.join(", or with ")}.` : "You have no way to sign in again.";
}

/** `2 passkeys, password` */
export function waysOf(person: PersonView): string {
  if (person.issuer !== null) return "OpenID Connect";
  const all = [person.passkeys > 0 && counted(person.passkeys, "passkey"), person.has_password && person.has_totp && "password and app"].filter(Boolean);
  return all.join(", ") || "none";
}
