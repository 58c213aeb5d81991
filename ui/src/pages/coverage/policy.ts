// The policy that grants what was denied, in pieces that AWS takes.

/** AWS counts no white space, and takes so many characters in a managed policy. */
const POLICY_MAX = 6_144;

export interface Policy { text: string; permissions: number; name: string }

/** Permissions as policies: sorted, each once, as few policies as their size allows. What is no permission of one action is left out. */
export function policies(permissions: readonly string[]): Policy[] {
  const actions = [...new Set(permissions)].filter((each) => /^[a-z0-9-]+:[A-Za-z0-9]+$/.test(each)).sort();
  const pieces: string[][] = [];
  const frame = JSON.stringify(document([])).length;
  let size = Infinity;
  for (const action of actions) {
    const more = action.length + 3;
    if (size + more > POLICY_MAX) {
      pieces.push([]);
      size = frame;
    }
    pieces.at(-1)?.push(action);
    size += more;
  }
  return pieces.map((piece, at) => ({ text: JSON.stringify(document(piece), null, 2), permissions: piece.length, name: pieces.length === 1 ? "fathom-reads" : `fathom-reads-${at + 1}` }));
}

const document = (actions: readonly string[]) => ({ Version: "2012-10-17", Statement: [{ Sid: "FathomReads", Effect: "Allow", Action: actions, Resource: "*" }] });
