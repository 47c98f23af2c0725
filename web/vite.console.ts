/// The build of the console, and its component tests.
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("./console"),
  base: "/console/",
  cacheDir: here("./node_modules/.vite"),
  plugins: [react()],
  resolve: { alias: { "#shared": here("./shared"), "#ui": here("./console/ui") } },
  build: {
    outDir: here("../gencharge/api/static/console"),
    emptyOutDir: true,
    target: "es2022",
    // The policy of the page allows no `data:` fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: "manifest.json",
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What changes with our code is not in one file with what changes with a library.
        codeSplitting: {
          groups: [
            { name: "libraries", test: /node_modules[\\/](react|react-dom|scheduler|@tanstack)[\\/]/ },
          ],
        },
      },
    },
  },
  // `npm run dev`: the pages from the sources, the API from `make run`.
  server: { proxy: { "/v1": "http://127.0.0.1:8000", "/health": "http://127.0.0.1:8000" } },
  test: {
    root: here("."),
    include: ["shared/**/*.test.ts", "console/**/*.test.{ts,tsx}"],
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://127.0.0.1/console/" } },
    setupFiles: [here("./console/test_setup.ts")],
    restoreMocks: true,
    testTimeout: 30_000,
    // A page for each file would take most of the time. No test leaves anything in it (test_setup.ts).
    isolate: false,
    // The machine of the suite has two cores, and other tests run beside these.
    maxWorkers: 2,
  },
});
