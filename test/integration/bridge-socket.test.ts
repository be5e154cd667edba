import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Bridge } from "../../lib/bridge/bridge.js";
import type { Run } from "../../lib/execute/run.js";
import { RawClient } from "../support/raw-client.js";

function folder(prefix = "ucb-sockets-"): string {
  const path = mkdtempSync(join(tmpdir(), prefix));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function openBridge(base?: string): Promise<Bridge> {
  const bridge = await Bridge.open(base === undefined ? {} : { base });
  onTestFinished(() => bridge.close());
  return bridge;
}

function grant(bridge: Bridge): { socket: string; token: string } {
  return bridge.grant({ id: "run" } as Run);
}

/** Runs a module's text with the library at hand, in a process of its own. */
function runModule(text: string): Promise<{ code: number | null; stdout: string }> {
  const path = join(import.meta.dirname, "..", "..", "lib", "bridge", "bridge.ts");
  const source = `import { Bridge } from ${JSON.stringify(path)};\n${text}`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: join(import.meta.dirname, "..", ".."),
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    stdout += part;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout })));
}

describe("the bridge's socket", () => {
  test("is in a folder that nobody else can enter, and gone after closing", async () => {
    const base = folder();
    const bridge = await openBridge(base);
    const socket = grant(bridge).socket;
    expect(dirname(dirname(socket))).toBe(base);
    expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
    expect(statSync(socket).isSocket()).toBe(true);
    await Promise.all([bridge.close(), bridge.close()]);
    expect(readdirSync(base)).toEqual([]);
    await bridge.close();
  });

  test("may be gone already when the bridge is closed", async () => {
    const base = folder();
    const bridge = await openBridge(base);
    rmSync(base, { recursive: true });
    await bridge.close();
  });

  test("is refused where its path would be too long", async () => {
    const base = join(folder(), "x".repeat(90));
    mkdirSync(base);
    await expect(Bridge.open({ base })).rejects.toMatchObject({ code: "ERR_UCB_BRIDGE", path: base });
    expect(readdirSync(base)).toEqual([]);
  });

  test("is refused where there is no folder", async () => {
    await expect(Bridge.open({ base: "/nowhere" })).rejects.toMatchObject({ code: "ERR_UCB_BRIDGE", errno: "ENOENT" });
  });

  test("takes everybody's connections down when the bridge is closed", async () => {
    const bridge = await openBridge();
    const [one, two] = await Promise.all([RawClient.open(grant(bridge).socket), RawClient.open(grant(bridge).socket)]);
    await bridge.close();
    await one.ended();
    await two.ended();
  });

  test("may be closed while a question is being answered", async () => {
    const bridge = await openBridge();
    let asked = (): void => undefined;
    const asking = new Promise<void>((resolve) => {
      asked = resolve;
    });
    bridge.serve({ jobInfo: () => new Promise(asked as never), perform: () => [] });
    const { socket, token } = grant(bridge);
    const client = await RawClient.open(socket);
    client.request(token, "jobinfo");
    await asking;
    await bridge.close();
    expect(await client.next()).toBeUndefined();
    expect(() => grant(bridge)).toThrow(expect.objectContaining({ code: "ERR_UCB_CLOSED" }));
    bridge.revoke({ id: "run" });
  });

  test("answers nothing before there is a supervisor", async () => {
    const bridge = await openBridge();
    const { socket, token } = grant(bridge);
    const client = await RawClient.open(socket);
    expect(await client.request(token, "jobinfo").next()).toMatchObject({
      error: { code: "ERR_UCB_BRIDGE", message: "there is no supervisor to ask yet" },
    });
    bridge.serve({ jobInfo: () => [{ id: 5 }], perform: () => [] });
    expect(await client.request(token, "jobinfo").next()).toMatchObject({ result: [{ id: 5 }] });
  });
});

describe("where the socket is made", () => {
  const { XDG_RUNTIME_DIR, TMPDIR } = process.env;
  afterEach(() => {
    for (const [name, value] of Object.entries({ XDG_RUNTIME_DIR, TMPDIR })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  test("is the user's runtime folder", async () => {
    const runtime = folder();
    process.env.XDG_RUNTIME_DIR = runtime;
    expect(grant(await openBridge()).socket).toContain(`${runtime}/`);
  });

  test.each([
    ["is missing", (runtime: string) => rmSync(runtime, { recursive: true })],
    ["is open to others", (runtime: string) => chmodSync(runtime, 0o777)],
  ])("is the temporary folder if that %s", async (_, spoil) => {
    const [runtime, temporary] = [folder(), folder()];
    spoil(runtime);
    process.env.XDG_RUNTIME_DIR = runtime;
    process.env.TMPDIR = temporary;
    expect(grant(await openBridge()).socket).toContain(`${temporary}/`);
  });

  test("may be shared if it is sticky, and else is refused", async () => {
    const temporary = folder();
    delete process.env.XDG_RUNTIME_DIR;
    process.env.TMPDIR = temporary;
    chmodSync(temporary, 0o1777);
    expect(grant(await openBridge()).socket).toContain(`${temporary}/`);
    chmodSync(temporary, 0o777);
    await expect(Bridge.open()).rejects.toMatchObject({ code: "ERR_UCB_BRIDGE", path: temporary });
  });

  test("is named if there is no such folder", async () => {
    delete process.env.XDG_RUNTIME_DIR;
    process.env.TMPDIR = "/nope";
    const message = "there is no folder /nope for a socket";
    await expect(Bridge.open()).rejects.toMatchObject({ code: "ERR_UCB_BRIDGE", message });
  });
});

describe("a process", () => {
  const opening = (base: string) => `
    const bridge = await Bridge.open({ base: ${JSON.stringify(base)} });
    bridge.serve({ jobInfo: () => [], perform: () => [] });
    const { socket } = bridge.grant({ id: "run" });
    const { connect } = await import("node:net");
    await new Promise((resolve) => connect(socket, resolve).unref());
    console.log(socket);
  `;

  test.each([[""], ["process.exit(0);"]])(
    "is not kept alive by its bridge, and leaves nothing behind %s",
    async (end) => {
      const base = folder();
      const ended = await runModule(`${opening(base)}${end}`);
      expect(ended.code).toBe(0);
      expect(ended.stdout).toContain(`${base}/`);
      expect(readdirSync(base)).toEqual([]);
    },
  );

  test("that was killed has its folder cleared away by the next", async () => {
    const base = folder();
    const killed = await runModule(`${opening(base)}process.kill(process.pid, "SIGKILL");`);
    const left = killed.stdout.trim();
    expect(existsSync(left)).toBe(true);
    const other = join(base, "ucb-bridge-young");
    mkdirSync(other, { mode: 0o700 });
    const old = join(base, "ucb-bridge-old");
    mkdirSync(old, { mode: 0o700 });
    utimesSync(old, 0, 0);
    writeFileSync(join(base, "ucb-bridge-file"), "not a folder");
    const alive = await openBridge(base);
    const bridge = await openBridge(base);
    expect(existsSync(left)).toBe(false);
    const kept = [other, join(base, "ucb-bridge-file"), dirname(grant(alive).socket), dirname(grant(bridge).socket)];
    expect(
      readdirSync(base)
        .map((name) => join(base, name))
        .sort(),
    ).toEqual(kept.sort());
    expect(await RawClient.open(grant(alive).socket)).toBeDefined();
  });

  test("may have many bridges", async () => {
    const base = folder();
    const bridges = await Promise.all(Array.from({ length: 20 }, () => openBridge(base)));
    const sockets = bridges.map((bridge) => grant(bridge).socket);
    expect(new Set(sockets).size).toBe(20);
    await Promise.all(bridges.map((bridge) => bridge.close()));
    expect(readdirSync(base)).toEqual([]);
  });

  test("has no descriptors left after closing", async () => {
    const count = () => readdirSync("/proc/self/fd").length;
    const before = count();
    for (let round = 0; round < 5; round++) {
      const bridge = await openBridge();
      const clients = await Promise.all(Array.from({ length: 10 }, () => RawClient.open(grant(bridge).socket)));
      await bridge.close();
      for (const client of clients) client.socket.destroy();
    }
    await vi.waitFor(() => expect(count()).toBeLessThanOrEqual(before));
  });

  test("whose folder is somebody's old socket is left alone while it listens", async () => {
    const base = folder();
    const directory = join(base, "ucb-bridge-other");
    mkdirSync(directory, { mode: 0o700 });
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(join(directory, "socket"), resolve));
    onTestFinished(() => void server.close());
    await openBridge(base);
    expect(existsSync(join(directory, "socket"))).toBe(true);
  });
});
