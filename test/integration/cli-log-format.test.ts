import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { ndjson } from "../support/ndjson.js";
import { runCommand, startCommand } from "../support/run-command.js";
import { type TemporarySite, temporarySite } from "../support/temporary-site.js";

const files = {
  "callbacks.conf": `later.py = waiting-job-self
mail.qcb = failed-job-self
bad.py = nonsense
[*]
breaker = no
[later.py]
retry = 1, 1s
`,
  "later.py": "import sys; sys.exit(75)\n",
  "mail.qcb": "mail-status\n",
};

function start(site: TemporarySite, ...more: string[]) {
  return startCommand(["run", site.directory, "--log", "json", "--logpath", site.logPath, ...more]);
}

test("every line on stderr is a document, and each that is about a run names it", async () => {
  const site = temporarySite(files);
  const daemon = start(site, "--socket", site.path("socket"));
  await daemon.said("listening on");
  const env = { UCB_CONTROL: site.path("socket") };
  await runCommand(["emit", "waiting-job-7"], { env });
  await runCommand(["emit", "failed-job-8"], { env });
  await daemon.said("asked to be tried again");
  await daemon.said("mail.qcb for job 8 failed");
  writeFileSync(join(site.directory, "callbacks.conf"), "mail.qcb = failed-job-self\n[mail.qcb]\nbraeker = no\n");
  expect((await runCommand(["reload"], { env })).code).toBe(1);
  writeFileSync(join(site.directory, "callbacks.conf"), "mail.qcb = failed-job-self\n");
  expect((await runCommand(["reload"], { env })).code).toBe(0);
  await daemon.said("holds now");
  daemon.child.kill("SIGTERM");
  const { stdout, stderr } = await daemon.ended;
  const records = ndjson(stderr) as Record<string, unknown>[];
  const runs = (ndjson(stdout) as { run: { id: string; jobId: number } }[]).map(({ run }) => run);
  const idOf = (job: number) => runs.find(({ jobId }) => jobId === job)?.id;
  const about = (part: string) => records.find(({ msg }) => String(msg).includes(part));
  expect(about("listening on")).toMatchObject({ level: "info", callbacks: 2, socket: site.path("socket") });
  expect(about("bad.py") ?? records.find(({ code }) => String(code).startsWith("ERR_UCB_TRIGGER"))).toMatchObject({
    ...{ level: "error", file: join(site.directory, "callbacks.conf"), line: 3 },
  });
  expect(about("asked to be tried again")).toMatchObject({ callback: "later.py", job: 7, run: idOf(7), attempt: 2 });
  expect(about("mail.qcb for job 8 failed")).toMatchObject({ level: "warn", run: idOf(8), code: "ERR_UCB_MAIL" });
  expect(about("holds now")).toMatchObject({ level: "info", generation: 2, removed: ["0/later.py"] });
  expect(about("SIGTERM: ")).toMatchObject({ level: "info", signal: "SIGTERM" });
  for (const record of records) expect(record).toMatchObject({ name: "ucb", pid: daemon.child.pid });
});

test("what ends the command is a record, too", async () => {
  const site = temporarySite(files);
  const { code, stderr } = await runCommand(["run", site.directory, "--log", "json", "--logpath", "/dev/null/log"]);
  expect(code).toBe(1);
  expect(ndjson(stderr).at(-1)).toMatchObject({ level: "error", code: "ERR_UCB_LOG", path: expect.any(String) });
});

test.each(["text", "json"])("nobody who does not read the %s log holds up the daemon", async (format) => {
  const site = temporarySite(files);
  mkdirSync(site.path("runtime"));
  const daemon = start(site, "--socket", site.path("socket"), "--log", format, "--events", "-");
  await daemon.said("listening on");
  daemon.child.stderr.pause();
  const count = 3000;
  daemon.child.stdin.end('{"event":"failed-job-8"}\n'.repeat(count));
  await vi.waitUntil(() => daemon.stdout.split("\n").length > count, { timeout: 60_000, interval: 50 });
  const status = await runCommand(["status", "--json", "--socket", site.path("socket")]);
  expect(JSON.parse(status.stdout).status.counters["0/mail.qcb"]).toMatchObject({ failed: count });
  daemon.child.stderr.resume();
  daemon.child.kill("SIGTERM");
  await daemon.ended;
  expect(daemon.stderr).toContain("mail.qcb for job 8 failed");
});

test("a log that nobody reads any more ends nothing", async () => {
  const site = temporarySite(files);
  const daemon = start(site, "--socket", site.path("socket"));
  await daemon.said("listening on");
  daemon.child.stderr.destroy();
  const env = { UCB_CONTROL: site.path("socket") };
  for (let job = 1; job <= 3; job++) expect((await runCommand(["emit", `failed-job-${job}`], { env })).code).toBe(0);
  expect((await runCommand(["status"], { env })).code).toBe(0);
  daemon.child.kill("SIGTERM");
  expect((await daemon.ended).signal).toBe("SIGTERM");
});

test("clients that are too many are turned away, which is said once, and later ones are let in again", async () => {
  const site = temporarySite(files);
  const daemon = start(site, "--socket", site.path("socket"));
  await daemon.said("listening on");
  const clients: Socket[] = [];
  onTestFinished(() => clients.forEach((client) => void client.destroy()));
  // The system itself turns away who comes faster than the daemon takes clients.
  while (!daemon.stderr.includes("1024 clients are connected")) {
    const client = connect(site.path("socket"));
    clients.push(client);
    await new Promise<void>((resolve) => client.once("connect", resolve).on("error", () => resolve()));
  }
  const isLetIn = async (): Promise<boolean> => {
    const client = connect(site.path("socket"));
    clients.push(client);
    client.on("error", () => undefined).write('{"ask":"status"}\n');
    return await new Promise((resolve) => {
      client.once("data", () => resolve(true)).once("close", () => resolve(false));
    });
  };
  // By its answer all that came before have been let in or turned away.
  await isLetIn();
  // A few places that become free and are taken again are no news.
  for (const client of clients.splice(0, 8)) client.destroy();
  await vi.waitUntil(isLetIn, { timeout: 30_000 });
  while (await isLetIn());
  for (const client of clients) client.destroy();
  const asked = () => runCommand(["status", "--socket", site.path("socket")]);
  await vi.waitUntil(async () => (await asked()).code === 0, { timeout: 30_000 });
  daemon.child.kill("SIGTERM");
  const { stderr } = await daemon.ended;
  const told = (ndjson(stderr) as Record<string, unknown>[]).filter(({ msg }) => String(msg).includes("turned away"));
  expect(told).toMatchObject([{ level: "warn", code: "ERR_UCB_CONTROL" }]);
});

test("a client that follows and does not read is sent away, which is said", async () => {
  const site = temporarySite({ "callbacks.conf": "note.qcb = failed-work-self-*\n", "note.qcb": "block-self\n" });
  const daemon = start(site, "--socket", site.path("socket"), "--events", "-");
  await daemon.said("listening on");
  const client = connect(site.path("socket"));
  onTestFinished(() => void client.destroy());
  client.write('{"ask":"follow"}\n');
  await once(client, "readable");
  const extra = "x".repeat(500_000);
  daemon.child.stdin.end(`{"event":"failed-work-8-${extra}"}\n`.repeat(60));
  await daemon.said("was sent away");
  expect(ndjson(daemon.stderr)).toContainEqual(expect.objectContaining({ level: "warn", code: "ERR_UCB_SLOW" }));
});
