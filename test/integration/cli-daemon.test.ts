import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { anotherUser } from "../support/another-user.js";
import { root } from "../support/document-examples.js";
import { ndjson } from "../support/ndjson.js";
import { type CommandResult, type RunningCommand, runCommand, startCommand } from "../support/run-command.js";
import { type TemporarySite, temporarySite } from "../support/temporary-site.js";

const patience = { timeout: 30_000, interval: 10 };

interface RunningDaemon {
  site: TemporarySite;
  socket: string;
  command: RunningCommand;
  /** Runs a command that talks to it. */
  ask(...args: string[]): Promise<CommandResult>;
}

const files = {
  "hello.py": "print('hello from', qb.jobid())\n",
  "both.py": "print('both')\n",
  "callbacks.conf": "hello.py = done-job-self\nboth.py = done-work-self-1 && done-work-self-2\n",
};

async function startDaemon(...options: string[]): Promise<RunningDaemon> {
  const site = temporarySite(files);
  const socket = site.path("socket");
  const command = startCommand(["run", site.directory, "--socket", socket, "--logpath", site.logPath, ...options]);
  onTestFinished(() => void command.child.kill("SIGKILL"));
  await vi.waitUntil(() => command.stderr.includes("listening on"), patience);
  return { site, socket, command, ask: (...args) => runCommand([...args, "--socket", socket]) };
}

/** Sends lines to a socket, ends, and resolves to all lines that come back. */
async function talk(socket: string, text: string | Buffer): Promise<Record<string, unknown>[]> {
  let answer = "";
  const client = connect({ path: socket, allowHalfOpen: true }, () => client.end(text));
  client.setEncoding("utf8").on("data", (chunk) => {
    answer += chunk;
  });
  await new Promise((resolve, reject) => client.once("end", resolve).once("error", reject));
  return ndjson(answer) as Record<string, unknown>[];
}

/** What is answered to who has been told this name for the machine. */
function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
}

test("events are taken, runs shown, their output printed, and the daemon says how it does", async () => {
  const { ask, command, socket } = await startDaemon();
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  const emitted = await ask("emit", "done-job-7", "--json");
  expect(emitted).toMatchObject({ code: 0, stderr: "" });
  const [{ taken }] = ndjson(emitted.stdout) as [{ taken: { event: string; runs: string[] } }];
  expect(taken).toEqual({ event: "done-job-7", runs: [expect.any(String)] });
  const [id = ""] = taken.runs;
  await vi.waitUntil(() => command.stdout.includes(id), patience);

  const runs = await ask("runs", "--json");
  expect(JSON.parse(runs.stdout)).toMatchObject({ runs: [{ id, callback: "hello.py", state: "succeeded", jobId: 7 }] });
  expect((await ask("runs", "--state", "failed")).stdout).toBe("no such runs\n");
  expect((await ask("runs", "--job", "7")).stdout).toMatch(new RegExp(`${id} +hello\\.py +done-job-7 +succeeded`));
  expect(await ask("log", id)).toMatchObject({ code: 0, stdout: "hello from 7\n" });
  expect(await ask("log", "nothing")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/there is no run nothing/),
  });
  const { stdout: status } = await ask("status");
  expect(status).toMatch(/^daemon \d+, version /);
  expect(status).toMatch(/0\/hello\.py +1 +1 +0/);
  expect(status).toContain("in memory");
});

test("an event carries its own job's record, from a file with several, too", async () => {
  const { ask, site } = await startDaemon();
  const file = site.path("jobs.json");
  writeFileSync(file, JSON.stringify([{ id: 7, label: "lamp" }, { id: 8 }]));
  expect(await ask("emit", "done-job-8", "--job", file)).toMatchObject({ code: 0, stderr: "" });
  const missing = await ask("emit", "done-job-9", "--job", file);
  expect(missing).toMatchObject({ code: 1, stdout: "" });
  expect(missing.stderr).toContain(`none of the 2 records in ${file} is of job 9`);
});

test("half-satisfied triggers are shown with what they have seen and what they wait for", async () => {
  const { ask } = await startDaemon();
  await ask("emit", "submit-job-6");
  expect((await ask("pending")).stdout).toBe("no trigger is half satisfied\n");
  await ask("emit", "complete-work-6-2");
  const { stdout } = await ask("pending", "--job", "6");
  expect(stdout).toMatch(/^0\/both\.py for job 6, for \d+ s: done-work-self-1 && done-work-self-2\n/);
  expect(stdout).toMatch(/seen +done-work-self-2: complete-work-6-2 at /);
  expect(stdout).toMatch(/waits done-work-self-1\n$/);

  const { stdout: emitted } = await ask("emit", "done-work-6-1", "--json");
  const [run = ""] = JSON.parse(emitted).taken.runs;
  const why = await ask("explain", "--run", run);
  expect(why).toMatchObject({ code: 0, stderr: "" });
  const [heading, trigger, first, second] = why.stdout.split("\n");
  expect(heading).toMatch(/^both\.py for job 6 fired on done-work-6-1 at .*, under configuration 1$/);
  expect(trigger).toBe("  done-work-self-1 && done-work-self-2");
  expect(first).toMatch(/\+ done-work-self-1: done-work-6-1 at .*, the run's own event$/);
  expect(second).toMatch(/\+ done-work-self-2: complete-work-6-2 at .*, it had happened before$/);
  expect(await ask("explain", "--run", "none")).toMatchObject({ code: 1 });
  expect(await ask("explain", "done-work-6-1", "--run", run)).toMatchObject({ code: 2 });
});

test("a good configuration is taken over, a bad one refused, and the daemon keeps going", async () => {
  const { ask, command, site } = await startDaemon("--no-watch");
  const conf = join(site.directory, "callbacks.conf");
  writeFileSync(conf, "both.py = done-job-self\n");
  const good = await ask("reload");
  expect(good).toMatchObject({ code: 0, stdout: "- 0/hello.py\n~ 0/both.py\nconfiguration 2 holds now\n" });
  expect((await ask("reload")).stdout).toBe("nothing is different: configuration 2 still holds\n");
  writeFileSync(conf, "both.py = done-jub-self\n");
  const bad = await ask("reload");
  expect(bad).toMatchObject({ code: 1, stdout: "" });
  expect(bad.stderr).toContain(`${conf}:1:16: `);
  expect(bad.stderr).toMatch(/did you mean "job"/);
  expect(JSON.parse((await ask("emit", "done-job-1", "--json")).stdout).taken.runs).toHaveLength(1);
  expect((await ask("status")).stdout).toContain(`configuration 2: 1 callback\na later one is refused since `);
  const { refused } = JSON.parse((await ask("status", "--json")).stdout).status;
  expect(refused).toMatchObject({ code: "ERR_UCB_CONFIG", file: conf, line: 1, column: 16 });
  writeFileSync(conf, "both.py = done-job-self\n");
  await ask("reload");
  await vi.waitUntil(() => command.stderr.includes("nothing is wrong any more: configuration 2 still holds"), patience);
  expect((await ask("status")).stdout).not.toContain("refused");
});

test("files that change are read again, and SIGHUP does so at once", async () => {
  const { command, site } = await startDaemon();
  writeFileSync(join(site.directory, "callbacks.conf"), "both.py = done-job-self\n");
  await vi.waitUntil(() => command.stderr.includes("configuration 2 holds now: -0/hello.py ~0/both.py"), patience);
  writeFileSync(join(site.directory, "callbacks.conf"), "hello.py = done-job-self\n");
  command.child.kill("SIGHUP");
  await vi.waitUntil(() => command.stderr.includes("configuration 3 holds now: +0/hello.py -0/both.py"), patience);
  command.child.kill("SIGHUP");
  await vi.waitUntil(() => command.stderr.includes("nothing is different: configuration 3 still holds"), patience);
  writeFileSync(join(site.directory, "callbacks.conf"), "hello.py = done-jub-self\n");
  command.child.kill("SIGHUP");
  await vi.waitUntil(() => command.stderr.includes("the configuration before still holds"), patience);
});

test("with a state, what was answered survives the daemon", async () => {
  const site = temporarySite(files);
  const [socket, state] = [site.path("socket"), site.path("state")];
  const args = ["run", site.directory, "--socket", socket, "--logpath", site.logPath, "--state", state];
  const first = startCommand(args);
  await vi.waitUntil(() => first.stderr.includes("listening on"), patience);
  await runCommand(["emit", "submit-job-6", "--socket", socket]);
  await runCommand(["emit", "done-work-6-1", "--socket", socket]);
  first.child.kill("SIGKILL");
  await first.ended;
  expect(existsSync(socket)).toBe(true);
  const second = startCommand(args);
  await vi.waitUntil(() => second.stderr.includes("listening on"), patience);
  const { stdout } = await runCommand(["emit", "done-work-6-2", "--json", "--socket", socket]);
  expect(JSON.parse(stdout).taken.runs).toHaveLength(1);
  expect((await runCommand(["status", "--socket", socket])).stdout).toContain("durable");
  second.child.kill("SIGTERM");
  expect((await second.ended).stdout).toContain('"callback":"both.py"');
  expect(existsSync(socket)).toBe(false);
});

test("why a run fired is told by the triggers it fired on, whatever became of them since", async () => {
  const site = temporarySite(files);
  const [socket, state] = [site.path("socket"), site.path("state")];
  const args = ["run", site.directory, "--socket", socket, "--logpath", site.logPath, "--state", state];
  const first = startCommand(args);
  await vi.waitUntil(() => first.stderr.includes("listening on"), patience);
  const { stdout } = await runCommand(["emit", "failed-job-1", "--json", "--socket", socket]);
  const [run = ""] = JSON.parse(stdout).taken.runs;
  await vi.waitUntil(() => first.stdout.includes(run), patience);
  const asked = ["explain", "--run", run, "--socket", socket];
  expect(await runCommand(asked)).toMatchObject({ code: 0, stderr: "" });
  first.child.kill("SIGTERM");
  await first.ended;
  writeFileSync(join(site.directory, "callbacks.conf"), "hello.py = killed-job-self\n");
  const second = startCommand(args);
  onTestFinished(() => void second.child.kill("SIGKILL"));
  await vi.waitUntil(() => second.stderr.includes("listening on"), patience);
  const why = await runCommand(asked);
  expect(why.stdout).toMatch(/\n {2}done-job-self\n.*\+ done-job-self: failed-job-1 at .*, the run's own event\n$/);
  expect(why).toMatchObject({ code: 0, stderr: expect.stringContaining("given other triggers") });
});

test("lines over the socket are answered in their order, bad ones too, and cost the others nothing", async () => {
  const { socket } = await startDaemon();
  const lines = [
    '{"event":"done-job-1"}',
    "nonsense",
    "",
    '{"event":"done-jib-1"}',
    '{"ask":"status"}',
    '{"ask":"whatever"}',
    '{"event":"done-job-2","job":{"id":3}}',
    '{"ask":"runs","limit":-1}',
    '{"event":"done-job-4"}',
  ];
  const answers = await talk(socket, `${lines.join("\n")}\n`);
  expect(answers).toMatchObject([
    { taken: { event: "done-job-1", runs: [expect.any(String)] } },
    { error: { line: 2, code: "ERR_UCB_INPUT" } },
    { error: { line: 4, code: "ERR_UCB_EVENT" } },
    { status: { callbacks: 2 } },
    { error: { line: 6, code: "ERR_UCB_INPUT" } },
    { error: { line: 7, code: "ERR_UCB_EVENT" } },
    { error: { line: 8, code: "ERR_UCB_INPUT" } },
    { taken: { event: "done-job-4" } },
  ]);
});

test("while nobody reads the outcomes events wait, and go on when somebody does", async () => {
  const { command, site, socket, ask } = await startDaemon("--no-watch");
  // Each of these is told of at once, as one that is not run.
  writeFileSync(join(site.directory, "callbacks.conf"), "hello.py = done-job-self\n[hello.py]\nthrottle = 1/1h\n");
  expect((await ask("reload")).code).toBe(0);
  command.child.stdout.pause();
  const answered = talk(
    socket,
    Array.from({ length: 5000 }, (_, index) => `{"event":"done-job-${index + 1}"}\n`).join(""),
  );
  const fired = async () =>
    JSON.parse((await ask("status", "--json")).stdout).status.counters["0/hello.py"]?.fired ?? 0;
  let before = -1;
  await vi.waitUntil(async () => {
    const now = await fired();
    const stands = now > 0 && now === before;
    before = now;
    return stands;
  }, patience);
  expect(before).toBeLessThan(5000);
  command.child.stdout.resume();
  expect(await answered).toHaveLength(5000);
  expect(await fired()).toBe(5000);
});

test("ten thousand events over one connection are all answered", async () => {
  const { socket } = await startDaemon();
  const lines = Array.from({ length: 10_000 }, (_, index) => `{"event":"running-work-1-${index}"}\n`);
  const answers = await talk(socket, lines.join(""));
  expect(answers).toHaveLength(10_000);
  expect(answers.every(({ taken }) => taken !== undefined)).toBe(true);
});

test("followers hear of runs that end and of what callbacks ask for", async () => {
  const { ask, command, socket, site } = await startDaemon("--no-watch");
  writeFileSync(join(site.directory, "hello.py"), "qb.kill('7')\n");
  const follower = startCommand(["runs", "--follow", "--limit", "0", "--socket", socket]);
  onTestFinished(() => void follower.child.kill("SIGKILL"));
  await vi.waitUntil(() => follower.stdout.includes("no such runs"), patience);
  await vi.waitUntil(async () => {
    await ask("emit", "done-job-7");
    return follower.stdout.includes('"run"');
  }, patience);
  expect(follower.stdout).toContain('{"action":{"verb":"kill","target":"job","ids":["7"]');
  command.child.kill("SIGTERM");
  expect(await follower.ended).toMatchObject({ code: 1, stderr: "ucb: the daemon went away\n" });
});

test("over HTTP events are taken, questions answered, and watchers told", async () => {
  const { command } = await startDaemon("--http", "127.0.0.1:0");
  await vi.waitUntil(() => command.stderr.includes("http://"), patience);
  const base = /http:\/\/127\.0\.0\.1:\d+/.exec(command.stderr)?.[0] ?? "";
  const response = await fetch(`${base}/events`, { method: "POST", body: '{"event":"done-job-5"}\nnonsense\n' });
  const [first, second] = ndjson(await response.text()) as { taken?: { runs: string[] }; error?: object }[];
  expect(second).toMatchObject({ error: { line: 2, code: "ERR_UCB_INPUT" } });
  const id = first?.taken?.runs[0] ?? "";
  const run = await vi.waitUntil(async () => {
    const { run } = (await (await fetch(`${base}/runs/${id}`)).json()) as { run: { state: string } };
    return run.state === "succeeded" ? run : null;
  }, patience);
  expect(run).toMatchObject({ id, callback: "hello.py", event: "done-job-5" });
  expect(await (await fetch(`${base}/runs/${id}/log`)).json()).toMatchObject({ log: { text: "hello from 5\n" } });
  expect(await (await fetch(`${base}/runs?callback=hello.py&limit=5`)).json()).toMatchObject({ runs: [{ id }] });
  expect((await fetch(`${base}/runs/none`)).status).toBe(404);
  expect((await fetch(`${base}/nowhere`)).status).toBe(400);
  expect((await fetch(`${base}/status`, { headers: { origin: "http://elsewhere" } })).status).toBe(400);
  expect(await statusFor(`${base}/status`, "rebound.example")).toBe(400);
  expect(await statusFor(`${base}/status`, "localhost:80")).toBe(200);
  expect(await (await fetch(`${base}/healthz`)).text()).toBe("ok\n");
  const metrics = await (await fetch(`${base}/metrics`)).text();
  expect(metrics).toContain('ucb_runs_total{callback="0/hello.py",outcome="succeeded"} 1');
  expect(metrics).toContain("ucb_events_total 1");
  expect(metrics).toMatch(/ucb_start_seconds_count\{callback="hello\.py"\} 1/);
  expect(metrics).toContain("nodejs_eventloop_lag_seconds");
});

test("a socket in use is refused, a dead one replaced, and what is no socket left alone", async () => {
  const { site, socket } = await startDaemon();
  const other = await runCommand(["run", site.directory, "--socket", socket, "--logpath", site.logPath]);
  expect(other).toMatchObject({ code: 1, stderr: expect.stringMatching(/another daemon listens on/) });
  const file = site.path("file");
  writeFileSync(file, "precious");
  const onFile = await runCommand(["run", site.directory, "--socket", file, "--logpath", site.logPath]);
  expect(onFile).toMatchObject({ code: 1, stderr: expect.stringMatching(/is no socket/) });
  expect(readdirSync(site.path("."))).toContain("file");
});

test("a daemon that goes away without an answer is said to have", async () => {
  const site = temporarySite({});
  // Reads nothing, so that the system resets the connection when it is closed.
  const server = createServer({ pauseOnConnect: true }, (socket) => socket.destroySoon());
  await new Promise<void>((resolve) => server.listen(site.path("socket"), resolve));
  onTestFinished(() => void server.close());
  const { code, stderr } = await runCommand(["status", "--socket", site.path("socket")]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^ucb: the daemon went away/);
});

test("where a daemon cannot listen it says why, and what to do", async () => {
  const site = temporarySite(files);
  const run = (...options: string[]) => runCommand(["run", site.directory, "--logpath", site.logPath, ...options]);
  const folderless = await run("--socket", site.path("missing/socket"));
  expect(folderless).toMatchObject({ code: 1, stdout: "" });
  expect(folderless.stderr).toContain(
    `cannot be opened: there is no folder ${site.path("missing")}\nhint: make the folder`,
  );
  writeFileSync(site.path("file"), "");
  expect((await run("--socket", site.path("file/socket"))).stderr).toContain(`: ${site.path("file")} is no folder\n`);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const taken = await run("--http", `127.0.0.1:${port}`);
  expect(taken).toMatchObject({ code: 1, stdout: "" });
  expect(taken.stderr).toMatch(/:\d+: the port is in use\nhint: .*another port with --http\n/);
});

test("whoever may not use a daemon's socket is told whose it is", async ({ skip }) => {
  const user = anotherUser();
  if (user.uid === null) return skip(user.reason);
  const { site, socket } = await startDaemon();
  // The test's own folder is closed to others, whom the socket alone shall turn away.
  chmodSync(site.path("."), 0o711);
  const command = [join(root, "dist/cli/main.js"), "status", "--socket", socket];
  const { uid } = user;
  const { status, stderr } = spawnSync(process.execPath, command, { uid, gid: uid, cwd: "/", encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toMatch(/: the socket is root's, and not for this user\nhint: .*--group/);
});

test("without a daemon commands say where they looked and how to start one", async () => {
  const nowhere = await runCommand(["status", "--socket", "/nowhere/socket"]);
  expect(nowhere).toMatchObject({ code: 1, stdout: "" });
  expect(nowhere.stderr).toMatch(
    /no daemon can be reached at \/nowhere\/socket.*\nhint: .*--socket .*may still wait for its runs\n/,
  );
  const fromEnvironment = await runCommand(["pending"], { env: { UCB_CONTROL: "/elsewhere/socket" } });
  expect(fromEnvironment.stderr).toContain("/elsewhere/socket");
  expect(await runCommand(["emit", "nonsense"])).toMatchObject({ code: 2 });
});
