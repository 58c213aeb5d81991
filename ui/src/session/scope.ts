// What part of the estate somebody sees, in words.
import { counted, list, shown } from "../lib/text";
import type { Scope } from "./types";

const NAMED_MAX = 3;

function some(words: readonly string[], one: string): string {
  if (words.length > NAMED_MAX) return counted(words.length, one);
  return `${one}${words.length === 1 ? "" : "s"} ${list(words.map((each) => shown(each, 60)))}`;
}

/** `account 1234 of team payments`; empty where everything is seen. */
export function scopeWords({ accounts, teams }: Scope): string {
  const parts = [accounts && (accounts.length ? some(accounts, "account") : "no account"), teams && (teams.length ? some(teams, "team") : "no team")].filter((each) => each !== null);
  if (parts.length === 2) return `what is in ${parts[0]} and belongs to ${parts[1]}`;
  return parts.join("");
}
