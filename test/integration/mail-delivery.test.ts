import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Run } from "../../lib/index.js";
import { selfSigned } from "../support/certificate.js";
import { type MailServer, mailServer } from "../support/mail-server.js";
import { mailSite } from "../support/mail-site.js";
import { runCommand } from "../support/run-command.js";
import { openEngine } from "../support/temporary-site.js";

const soon = "[mail.qcb]\nretry = 3, 10ms\n";

function keysOf(port: number, more = ""): string {
  return `mail_host = 127.0.0.1\nmail_port = ${port}\nmail_domain = farm.example\n${more}`;
}

/** Fires one mail and waits for its end; says all that was told of its run. */
async function deliver(
  port: number,
  { keys = "", qcb = "mail-status\n", options = soon }: { keys?: string; qcb?: string; options?: string } = {},
): Promise<{ told: Run[]; last: Run | undefined; log: string; actions: string[] }> {
  const { site, qbConf } = mailSite(qcb, keysOf(port, keys), { options });
  const { engine, told } = await openEngine(site, { qbConf });
  expect(engine.diagnostics).toEqual([]);
  const actions: string[] = [];
  engine.on("action", ({ verb }) => void actions.push(verb));
  engine.submit({ id: 3, user: "ana" });
  engine.emit("complete-job-3");
  await engine.idle();
  const log = readFileSync(`${site.logPath}/job/0/3/3.cb`, "utf8");
  return { told, last: told.at(-1), log, actions };
}

/** A server on loopback that is no mail server. */
async function oddServer(answer: (socket: Socket) => void): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

function refusing(code: number, times: number): { options: object; asked: () => number } {
  let asked = 0;
  const refuse = (callback: (error?: Error) => void) => {
    asked++;
    callback(asked <= times ? Object.assign(new Error("busy"), { responseCode: code }) : undefined);
  };
  const onRcptTo = (_: unknown, __: unknown, callback: (error?: Error) => void) => refuse(callback);
  return { options: { onRcptTo }, asked: () => asked };
}

describe("a failure that may pass", () => {
  it("of the server's is tried again, and visible", async () => {
    const { options } = refusing(451, 2);
    const { port, mails } = await mailServer(options);
    const { told, last, log } = await deliver(port);
    expect(mails).toHaveLength(1);
    expect(last).toMatchObject({ state: "succeeded", attempt: 3, reason: null });
    const waits = told.filter(({ retryAt }) => retryAt !== null);
    expect(waits.map(({ attempt, code }) => [attempt, code])).toEqual([
      [2, "ERR_UCB_LATER"],
      [3, "ERR_UCB_LATER"],
    ]);
    expect(waits[0]?.reason).toMatch(
      /^attempt 1 asked to be repeated: mail\.qcb:1: mail-status to ana@.* through .*451 busy/,
    );
    expect(log.match(/451 busy/g)).toHaveLength(2);
    expect(log).toContain("mail-status: sent to ana@farm.example\n");
  });

  it("is given up after as many attempts as the callback may have", async () => {
    const { options, asked } = refusing(451, 100);
    const { port } = await mailServer(options);
    const { last } = await deliver(port);
    expect(last).toMatchObject({ state: "failed", attempt: 4, code: "ERR_UCB_LATER" });
    expect(asked()).toBe(4);
  });

  it("of the connection is tried again", async () => {
    const { last } = await deliver(1, { options: "[mail.qcb]\nretry = 1, 1ms\n" });
    expect(last).toMatchObject({ state: "failed", attempt: 2, code: "ERR_UCB_LATER" });
    expect(last?.reason).toContain("mail-status to ana@farm.example through 127.0.0.1:1");
    expect(last?.reason).toContain("ECONNREFUSED");
  });

  it("repeats the mail alone, and not the lines before it", async () => {
    const { options } = refusing(421, 1);
    const { port, mails } = await mailServer(options);
    const { last, actions } = await deliver(port, { qcb: "unblock-self\nmail-status\nblock-self\n" });
    expect(last).toMatchObject({ state: "succeeded", attempt: 2 });
    expect(mails).toHaveLength(1);
    expect(actions).toEqual(["unblock", "block"]);
  });

  it("is a server that says nothing, or dawdles", async () => {
    const silent = await oddServer(() => {});
    const options = "[*]\ntimeout = 300ms\nretry = 1, 1ms\n";
    expect((await deliver(silent.port, { options })).last).toMatchObject({ state: "failed", code: "ERR_UCB_LATER" });
    expect(silent.sockets).toHaveLength(2);
    const dawdling = await oddServer((socket) => {
      socket.write("220-");
      const timer = setInterval(() => socket.write("x"), 20);
      socket.on("close", () => clearInterval(timer));
    });
    expect((await deliver(dawdling.port, { options })).last).toMatchObject({ state: "failed", code: "ERR_UCB_LATER" });
    expect(dawdling.sockets).toHaveLength(2);
  });

  it("is a connection that breaks", async () => {
    const { port, sockets } = await oddServer((socket) => socket.end("220 hello\r\n"));
    expect((await deliver(port)).last).toMatchObject({ state: "failed", attempt: 4, code: "ERR_UCB_LATER" });
    expect(sockets).toHaveLength(4);
  });
});

describe("a failure that stays", () => {
  const once = { state: "failed", attempt: 1, code: "ERR_UCB_MAIL" };

  it("is a recipient that does not exist", async () => {
    const { port, connections } = await mailServer(refusing(550, 100).options);
    expect((await deliver(port)).last).toMatchObject(once);
    expect(connections()).toBe(1);
  });

  it("is one of several recipients that does not exist: the others have the mail", async () => {
    const { port, mails } = await mailServer(refusing(550, 1).options);
    const { site, qbConf } = mailSite("mail-status\n", keysOf(port), { options: soon });
    const { engine, ended } = await openEngine(site, { qbConf });
    engine.submit({ id: 3, mailaddress: "gone@farm.example, ana@farm.example" });
    engine.emit("complete-job-3");
    await engine.idle();
    expect(ended).toMatchObject([once]);
    expect(ended[0]?.reason).toContain("the server refused gone@farm.example and took it for the others");
    expect(mails).toHaveLength(1);
  });

  it("is a wrong password, which is not told", async () => {
    const { port, connections } = await mailServer({
      onAuth: (_, __, callback) => callback(Object.assign(new Error("no"), { responseCode: 535 })),
    });
    const { told, last, log } = await deliver(port, { keys: "mail_user = farm\nmail_password = s3cret\n" });
    expect(last).toMatchObject(once);
    expect(last?.reason).toContain("Invalid login: 535");
    expect(JSON.stringify(told) + log).not.toContain("s3cret");
    expect(connections()).toBe(1);
  });

  it.each(["ssl", "tls"])("with %s is a certificate of nobody that is trusted", async (type) => {
    const { port, mails } = await mailServer({ ...selfSigned(), secure: type === "ssl", disabledCommands: [] });
    const { last } = await deliver(port, { keys: `mail_connection_type = ${type}\n` });
    expect(last).toMatchObject(once);
    expect(last?.reason).toContain("self-signed certificate");
    expect(mails).toEqual([]);
  });

  it("with ssl is a server that greets in plain, and the setting is named", async () => {
    const { port } = await mailServer();
    const { last, log } = await deliver(port, { keys: "mail_connection_type = ssl\n" });
    expect(last).toMatchObject(once);
    expect(last?.reason).toMatch(
      /mail-status to .*: the server does not speak TLS .* mail_connection_type = ssl .*starttls/,
    );
    expect(last?.reason).not.toContain("\n");
    expect(log).not.toContain("OpenSSL");
  });

  it("with tls is a server that encrypts nothing", async () => {
    const { port, mails, logins } = await mailServer();
    const keys = "mail_connection_type = tls\nmail_user = farm\nmail_password = s3cret\n";
    expect((await deliver(port, { keys })).last).toMatchObject(once);
    expect({ mails, logins }).toEqual({ mails: [], logins: [] });
  });
});

describe("a connection", () => {
  /** With the server's certificate trusted, which only a process of its own can do. */
  async function fire(server: MailServer, certFile: string, keys: string) {
    const { site, qbConf } = mailSite("mail-status\n", keysOf(server.port, keys));
    mkdirSync(site.logPath, { recursive: true });
    writeFileSync(site.path("job.json"), '{"id":3,"user":"ana"}');
    const args = [
      "fire",
      "complete-job-3",
      "--qb-conf",
      qbConf,
      "--logpath",
      site.logPath,
      "--job",
      site.path("job.json"),
    ];
    const { code, stdout, stderr } = await runCommand(args, { env: { NODE_EXTRA_CA_CERTS: certFile } });
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: "" });
  }

  it.each([
    ["ssl", true],
    ["tls", false],
    ["STARTTLS", false],
  ])("of type %s is encrypted before the login", async (type, secure) => {
    const { key, cert, certFile } = selfSigned();
    const server = await mailServer({ key, cert, secure, disabledCommands: [], allowInsecureAuth: false });
    const keys = `mail_connection_type = ${type}\nmail_user = farm\nmail_password = s3cret\n`;
    await fire(server, certFile, keys);
    expect(server.mails).toHaveLength(1);
    expect(server.encrypted).toEqual([true]);
    expect(server.logins).toEqual(["farm/s3cret"]);
  });

  it("of no type is encrypted if the server offers it", async () => {
    const { key, cert, certFile } = selfSigned();
    const server = await mailServer({ key, cert, disabledCommands: [] });
    await fire(server, certFile, "");
    expect(server.encrypted).toEqual([true]);
  });

  it.each(["plain", "None"])("of type %s is not encrypted", async (type) => {
    const server = await mailServer({ ...selfSigned(), disabledCommands: [] });
    expect((await deliver(server.port, { keys: `mail_connection_type = ${type}\n` })).last?.state).toBe("succeeded");
    expect(server.encrypted).toEqual([false]);
  });
});
