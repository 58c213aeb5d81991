// What an address brings along in its fragment, which browsers send to no server.

/** What came in the address's fragment: it is used once, and stands there no longer. */
export type Brought = { kind: "token" | "invite" | "failed"; value: string };

const KINDS = { token: "token", invite: "invite", signin_failed: "failed" } as const;

export function brought(fragment: string): Brought | undefined {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ""));
  for (const [name, kind] of Object.entries(KINDS)) {
    const value = parameters.get(name)?.trim();
    if (value && canBeSecret(value)) return { kind, value };
  }
  return undefined;
}

/** Whether a text can be one of the server's tokens at all; the server alone says whether it is the right one. */
export const canBeSecret = (value: string): boolean => value.length <= 512 && /^[\x21-\x7e]+$/.test(value);

const FAILURES = new Map(Object.entries({
  refused: "What the other place said of you does not hold here, or your account is disabled.",
  declined: "You gave up the sign-in at the other place.",
  no_role: "You are known there, but nobody has given you a role here. Ask an administrator of Fathom.",
  expired: "The sign-in took too long, or was begun in another browser. Begin again.",
  issuer: "The other place does not answer as it should. Try again, or use another way.",
}));

/** Why a sign-in elsewhere led to nothing, from the word in the address. */
export const failure = (code: string): string => FAILURES.get(code) ?? "The sign-in at the other place did not work. Try again, or use another way.";
