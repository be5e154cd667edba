import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { referencePath, withTables } from "../../scripts/reference-tables.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** The code blocks of a document that follow `<!-- example: NAME -->`, in order. */
function examples(document: string, name: string): string[] {
  const text = readFileSync(join(root, document), "utf8");
  const blocks = text.matchAll(/<!-- example: (\S+) -->\n```\w+\n([\s\S]*?)```/g);
  return [...blocks].filter(([, found]) => found === name).map(([, , code]) => code ?? "");
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "ucb-doc-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Runs an example as a consumer's module, with the package where a consumer finds it. */
async function runModule(code: string, where: string): Promise<string> {
  mkdirSync(join(where, "node_modules"));
  symlinkSync(root, join(where, "node_modules", "universal-callbacks"));
  writeFileSync(join(where, "example.mts"), code);
  const tsx = join(root, "node_modules", "tsx", "dist", "cli.mjs");
  const { stdout } = await run(process.execPath, [tsx, "example.mts"], { cwd: where });
  return stdout;
}

test("the tables of the reference are those of the code", () => {
  const text = readFileSync(referencePath, "utf8");
  expect(text, "run: npx tsx scripts/reference-tables.ts").toBe(withTables(text));
});

test("the README's first callback does what it says", async () => {
  const where = folder();
  const commands = examples("README.md", "first-callback");
  expect(commands).toHaveLength(4);
  const outputs: string[] = [];
  for (const command of commands) {
    // What npx does in a checkout, where the command lies beside the packages.
    const script = `set -e\nnpx() { shift; "${process.execPath}" "${root}/dist/cli/main.js" "$@"; }\n${command}`;
    const { stdout } = await run("bash", ["-c", script], { cwd: where });
    outputs.push(stdout);
  }
  expect(outputs[1]).toContain("no errors, no warnings");
  expect(outputs[1]).toContain("complete-job-1001 fires 1 of 1 callback");
  expect(outputs[2]).toContain("job 1001, shot010, is done");
  expect(JSON.parse(outputs[3] ?? "")).toMatchObject({
    run: { callback: "hello.py", event: "failed-job-1002", state: "succeeded", exitCode: 0 },
  });
});

test("the engine is embedded as the supervisor author's page shows", async () => {
  const where = folder();
  const callback = join(where, "callback");
  mkdirSync(callback, { mode: 0o755 });
  writeFileSync(join(callback, "callbacks.conf"), "frame.py = complete-work-self-*\n", { mode: 0o644 });
  writeFileSync(join(callback, "frame.py"), "print(qb.event['extra'])\n", { mode: 0o644 });
  const [code] = examples("docs/supervisor-author.md", "embed");
  const placed = code?.replace("/apps/qube/callback", callback).replace("/var/spool/qube", join(where, "log"));
  expect(await runModule(placed ?? "", where)).toBe("frame.py complete-work-1001-17 succeeded \n");
  expect(readFileSync(join(where, "log/job/1000/1001/1001.cb"), "utf8")).toContain("\n17\n");
});

test("matcher and launcher work on their own as the supervisor author's page shows", async () => {
  const [matcher] = examples("docs/supervisor-author.md", "matcher");
  expect(await runModule(matcher ?? "", folder())).toBe("[ { callback: 0, jobId: 1001 } ]\n");
  const where = folder();
  const [launcher] = examples("docs/supervisor-author.md", "launcher");
  const placed = launcher?.replace("/tmp/echo.log", join(where, "echo.log"));
  expect(await runModule(placed ?? "", where)).toBe("0 null\n");
  expect(readFileSync(join(where, "echo.log"), "utf8")).toBe("hello\n");
});
