// Journeys in a browser: some against a server that runs already, the others against servers of their own.
import { basename } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that stand for themselves, the longest first: two walk beside each other. `asked` and `served` are several in one, which share a server. */
const FILES = ["asked", "served", "states", "signin", "sessions", "roles", "oidc"];
const place = ({ moduleId }: TestSpecification) => FILES.indexOf(basename(moduleId, ".e2e.ts"));

class LongestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.sort((a, b) => place(a) - place(b)));
  }
}

export default defineConfig({
  test: {
    include: FILES.map((name) => `e2e/${name}.e2e.ts`),
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // One that passes the second time is marked by the reporter.
    retry: 1,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});
