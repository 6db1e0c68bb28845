// Builds the interface into the Python package; `npm run dev` proxies /api to a running server (MODICUM_SERVER).
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  // Relative, because the server may run below a prefix: it sets <base href> in index.html.
  base: "./",
  build: {
    outDir: "../src/modicum/static",
    emptyOutDir: true,
    target: "es2022",
    // The content security policy allows no data: scripts, and small inlined assets save nothing on localhost.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One file on purpose: it comes from the machine next to the person, and every page works once the network is gone.
    chunkSizeWarningLimit: 800,
  },
  server: { proxy: { "/api": { target: process.env.MODICUM_SERVER ?? "http://127.0.0.1:8000" } } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
