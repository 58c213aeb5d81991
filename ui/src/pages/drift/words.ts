// What each verdict is called, and how it looks.
import type { Verdict } from "../../api/types";
import type { State } from "../../parts/state";

export const VERDICT: Record<Verdict, { name: string; state?: State; many: (count: string) => string }> = {
  drifted: { name: "drifted", state: "attention", many: (count) => `${count} drifted` },
  missing: { name: "declared, not there", state: "broken", many: (count) => `${count} declared and not there` },
  undeclared: { name: "not declared", many: (count) => `${count} that no code declares` },
  not_comparable: { name: "not comparable", state: "unknown", many: (count) => `${count} that could not be compared` },
  in_line: { name: "in line", state: "understood", many: (count) => `${count} in line` },
};
