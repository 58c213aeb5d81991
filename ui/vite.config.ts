// How the console is built; `FATHOM_SERVER` is what the development server asks.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = { "/api": { target: process.env.FATHOM_SERVER ?? "http://127.0.0.1:7373", changeOrigin: true } };

/** What `crates/fathom-api/src/console.rs` sends, so that `npm run preview` refuses the same. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    // The policy of the server allows no `data:` scripts, styles or fonts.
    assetsInlineLimit: 0,
    manifest: true,
  },
  server: { port: 7474, proxy: server },
  preview: { port: 7475, proxy: server, headers: { "content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" } },
  test: { include: ["src/**/*.test.{ts,tsx}"], setupFiles: "src/testing/window.ts" },
});
