// A scope while somebody types it.
import type { Scope } from "../../session/types";

/** As it is typed; empty lines and doubles do no harm. */
export interface Draft { accounts?: string; teams?: string }

/** The values of a text with one a line, or with commas between. */
export const values = (text: string): string[] => [...new Set(text.split(/[\n,]+/).map((each) => each.trim()).filter(Boolean))];

export const draftOf = ({ accounts, teams }: Scope): Draft => ({ accounts: accounts?.join("\n"), teams: teams?.join("\n") });
export const scopeOf = (draft: Draft): Scope => ({
  accounts: draft.accounts === undefined ? null : values(draft.accounts), teams: draft.teams === undefined ? null : values(draft.teams),
});

/** Whether a list was asked for and nothing stands in it. */
export const isEmpty = (draft: Draft): boolean =>
  (draft.accounts !== undefined && values(draft.accounts).length === 0) || (draft.teams !== undefined && values(draft.teams).length === 0);
