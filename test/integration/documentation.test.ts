import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { loadConfiguration } from "../../lib/config/load-configuration.js";
import { performancePath, withResults } from "../../scripts/performance-tables.js";
import { referencePath, withTables } from "../../scripts/reference-tables.js";
import { callbackFolder, examples, folder, readDocument, root } from "../support/document-examples.js";
import { startCommand } from "../support/run-command.js";

const run = promisify(execFile);

/** The example with the site's paths replaced by those of the test. */
function placed(code: string | undefined, callback: string, where: string): string {
  return (code ?? "").replace("/apps/qube/callback", callback).replace("/var/spool/qube", join(where, "log"));
}

/** Puts the package where a consumer has it. */
function installPackage(where: string): void {
  mkdirSync(join(where, "node_modules"));
  symlinkSync(root, join(where, "node_modules", "universal-callbacks"));
}

/** Runs an example as a consumer's module. */
async function runModule(code: string, where: string): Promise<string> {
  installPackage(where);
  writeFileSync(join(where, "example.mts"), code);
  const tsx = join(root, "node_modules", "tsx", "dist", "cli.mjs");
  const { stdout } = await run(process.execPath, [tsx, "example.mts"], { cwd: where });
  return stdout;
}

test("the tables of the reference are those of the code", () => {
  const text = readFileSync(referencePath, "utf8");
  expect(text, "run: npx tsx scripts/reference-tables.ts").toBe(withTables(text));
});

test("the figures of the page on performance are those that were measured", () => {
  const text = readFileSync(performancePath, "utf8");
  expect(text, "run: npx tsx scripts/performance-tables.ts").toBe(withResults(text));
});

test("the engine is embedded as the supervisor author's page shows", async () => {
  const where = folder();
  const callback = callbackFolder(where, "frame.py = complete-work-self-*\n", {
    "frame.py": "print(qb.event['extra'])\n",
  });
  const [code] = examples("docs/supervisor-author.md", "embed");
  expect(await runModule(placed(code, callback, where), where)).toBe("frame.py complete-work-1001-17 succeeded \n");
  expect(readFileSync(join(where, "log/job/1000/1001/1001.cb"), "utf8")).toContain("\n17\n");
});

test("the README's engine runs callbacks and functions", async () => {
  const where = folder();
  const callback = callbackFolder(where, "frame.py = complete-work-self-*\n", { "frame.py": "print(1)\n" });
  const [code] = examples("README.md", "supervisor");
  const output = await runModule(placed(code, callback, where), where);
  expect(output.trimEnd().split("\n")).toEqual(
    ["queued", "running", "succeeded"].map((state) => `frame.py complete-work-1001-17 ${state}`),
  );
});

test("the supervisor of the supervisor author's page answers and does what callbacks ask", async () => {
  const where = folder();
  const callback = callbackFolder(where, "ask.py = failed-work-self-*\n", {
    "ask.py": 'print(qb.kill(*[job["id"] for job in qb.jobinfo("-status", "running")]))\n',
  });
  const [code] = examples("docs/supervisor-author.md", "supervisor");
  expect(await runModule(placed(code, callback, where), where)).toBe("killed\n");
});

test("callbacks submit jobs and ask for hosts as the supervisor author's page shows", async () => {
  const where = folder();
  const callback = callbackFolder(where, "chain.py = complete-job-self\nhello.py = submit-job-self\n", {
    "chain.py": `try:
    qb.kill(qb.jobid())
except qb.QBError as error:
    print(error)
print(qb.submit({"name": "after " + qb.jobinfo("-id", qb.jobid())[0]["name"]})["id"], qb.hostinfo()[0]["name"])
`,
    "hello.py": "print('hello')\n",
  });
  const [code] = examples("docs/supervisor-author.md", "supervisor-more");
  expect(await runModule(placed(code, callback, where), where)).toBe("after shot010\n");
  const log = readFileSync(join(where, "log/job/1000/1001/1001.cb"), "utf8");
  expect(log).toContain("\nkill is not for callbacks\n1002 alpha\n");
  expect(readFileSync(join(where, "log/job/1000/1002/1002.cb"), "utf8")).toContain("\nhello\n");
});

test("the example of a durable state prints what it does", async () => {
  const [code] = examples("docs/supervisor-author.md", "state");
  expect(await runModule(code ?? "", folder())).toBe("job 1001 failed\n");
});

test("events are reported over the socket as the supervisor author's page shows", async () => {
  const where = folder();
  const callback = callbackFolder(where, "hello.py = failed-job-self\n", { "hello.py": "print(1)\n" });
  const socket = join(where, "socket");
  const daemon = startCommand(["run", callback, "--socket", socket, "--logpath", join(where, "log")]);
  onTestFinished(() => void daemon.child.kill("SIGKILL"));
  await vi.waitUntil(() => daemon.stderr.includes("listening on"), { timeout: 30_000 });
  const env = { PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`, UCB_CONTROL: socket };
  const [python = ""] = examples("docs/supervisor-author.md", "socket-python");
  expect((await run("python3", ["-c", python], { env })).stdout).toBe("[0, 1]\n");
  const [shell = ""] = examples("docs/supervisor-author.md", "socket-shell");
  const [first, second = ""] = (await run("sh", ["-ec", shell], { env })).stdout.trimEnd().split("\n");
  expect(first).toBe("submit-job-1002 fires no runs");
  expect(JSON.parse(second).taken.runs).toHaveLength(1);
});

test("functions are registered as the supervisor author's page shows", async () => {
  const [code] = examples("docs/supervisor-author.md", "functions");
  expect(await runModule(code ?? "", folder())).toBe("retry work [ '1001:17' ]\n");
});

test("functions have limits as the supervisor author's page shows", async () => {
  const [code] = examples("docs/supervisor-author.md", "limits");
  expect(await runModule(code ?? "", folder())).toBe("3 2 2 1\n");
});

test("the limits of the administrator's page are understood", async () => {
  const [sections = ""] = examples("docs/administrator.md", "limits");
  const files = ["checkWork.pl", "mail-owner.py", "refresh-listing.py", "logFailuresToDB.py"];
  const rules = files.map((file) => `${file} = done-job-self\n`).join("");
  const where = folder();
  const callback = callbackFolder(where, `${rules}${sections}`, Object.fromEntries(files.map((file) => [file, ""])));
  const { callbacks, diagnostics } = await loadConfiguration({ directories: [callback] });
  expect(diagnostics).toEqual([]);
  expect(callbacks.map(({ options }) => options)).toMatchObject([
    { maxRunning: 4, serial: "job" },
    { throttle: { runs: 1, periodMs: 600_000, per: "job" } },
    { queue: 1, overflow: "coalesce" },
    { retry: { times: 5, delayMs: 30_000 }, breaker: { failures: 10, pauseMs: 60_000 } },
  ]);
});

test("a script reads its standard input as the reference shows", async () => {
  const where = folder();
  const [python] = examples("docs/reference.md", "stdin-python");
  const [perl] = examples("docs/reference.md", "stdin-perl");
  const rules = "a.py = failed-work-self-*\nb.pl = failed-work-self-*\n";
  const callback = callbackFolder(where, rules, { "a.py": python ?? "", "b.pl": perl ?? "" });
  const args = ["fire", "failed-work-1001-17", callback, "--logpath", join(where, "log")];
  const { stdout } = await run(process.execPath, [join(root, "dist/cli/main.js"), ...args]);
  expect(stdout.match(/^ {2}\| failed-work-1001-17 1001$/gm)).toHaveLength(2);
});

test("every example in TypeScript compiles as a consumer's that is strict", async () => {
  const where = folder();
  const documents = ["README.md", "docs/supervisor-author.md"];
  const blocks = documents.flatMap((document) => [...readDocument(document).matchAll(/```ts\n([\s\S]*?)```/g)]);
  expect(blocks.length).toBeGreaterThanOrEqual(6);
  blocks.forEach(([, code], index) => void writeFileSync(join(where, `example-${index}.mts`), code ?? ""));
  installPackage(where);
  symlinkSync(join(root, "node_modules", "@types"), join(where, "node_modules", "@types"));
  const compilerOptions = { strict: true, noEmit: true, module: "nodenext", target: "es2023", types: ["node"] };
  writeFileSync(join(where, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.mts"] }));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { stdout } = await run(process.execPath, [tsc, "-p", where]).catch((error: { stdout: string }) => error);
  expect(stdout).toBe("");
});

test("matcher and launcher work on their own as the supervisor author's page shows", async () => {
  const [matcher] = examples("docs/supervisor-author.md", "matcher");
  expect(await runModule(matcher ?? "", folder())).toBe("[ { callback: 0, jobId: 1001 } ]\n");
  const where = folder();
  const [launcher] = examples("docs/supervisor-author.md", "launcher");
  const moved = launcher?.replace("/tmp/echo.log", join(where, "echo.log"));
  expect(await runModule(moved ?? "", where)).toBe("0 null\n");
  expect(readFileSync(join(where, "echo.log"), "utf8")).toBe("hello\n");
});

test("every link of the documents leads to a file, and to a heading of it", () => {
  const documents = [
    "README.md",
    "examples/README.md",
    ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
  ];
  const broken = documents
    .filter((document) => document.endsWith(".md"))
    .flatMap((document) =>
      [...readDocument(document).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)]
        .filter(([, file = "", heading]) => {
          const target = file === "" ? document : join(dirname(document), file);
          if (!existsSync(join(root, target))) return true;
          return heading !== undefined && !headingsOf(target).includes(heading);
        })
        .map(([link]) => `${document}: ${link}`),
    );
  expect(broken).toEqual([]);
});

/** The names that links have for the headings of a document. */
function headingsOf(document: string): string[] {
  const text = readDocument(document).replace(/```[\s\S]*?```/g, "");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
