import { defineConfig } from "vitest/config";

const report = process.env.UCB_REPORT;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Real processes on small machines: generous ceilings, since every test waits for a condition and not for a time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    typecheck: { enabled: true, include: ["test/types/**/*.test-d.ts"], tsconfig: "tsconfig.json" },
    reporters: report === undefined ? ["default"] : ["default", "json"],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
  },
});
