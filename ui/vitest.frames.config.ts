// Measures how many pictures a second the graph draws: `npm run frames`, against a server that runs already.
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["e2e/frames.ts"], testTimeout: 240_000, hookTimeout: 60_000, retry: 0, maxWorkers: 1 } });
