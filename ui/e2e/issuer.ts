// The OpenID Connect provider that the tests of the server sign in at, for journeys.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Where `cargo xtask test` installs its packages. */
const PACKAGES = join(process.env.FATHOM_CACHE_DIR ?? join(homedir(), ".cache/fathom"), "oidc");
const PROGRAM = new URL("../../crates/fathom-testkit/src/provider.mjs", import.meta.url);

/** Whether it can run here. */
export const hasIssuer = (): boolean => existsSync(join(PACKAGES, "node_modules/oidc-provider"));

export interface Issuer { url: string; redirectTo: (address: string) => Promise<void>; end: () => void }

/** People by what they type as login, with their claims. */
export async function issuer(accounts: Record<string, object>): Promise<Issuer> {
  const clients = [{ client_id: "fathom", client_secret: "s3cret", redirect_uris: ["http://localhost/not/known/yet"], grant_types: ["authorization_code"], response_types: ["code"] }];
  const child = spawn(process.execPath, ["--input-type=module", "--eval", readFileSync(PROGRAM, "utf8")], {
    cwd: PACKAGES, stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, PROVIDER_CONFIG: JSON.stringify({ clients, accounts, inToken: true }) },
  });
  const [url] = await new Promise<string[]>((resolve, reject) => {
    child.once("exit", () => reject(new Error("the provider ended before it said its address")));
    createInterface({ input: child.stdout }).once("line", (line) => resolve([line.trim()]));
  });
  return {
    url: url ?? "",
    redirectTo: async (address) => {
      const answer = await fetch(`${url}/control`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ redirects: [`${address}/api/v1/signin/oidc/callback`] }) });
      if (!answer.ok) throw new Error(`the provider refused: ${answer.status}`);
    },
    end: () => { child.stdin.end(); },
  };
}
