import { expect, test } from "vitest";
import { mailServer } from "../support/mail-server.js";
import { mailSite } from "../support/mail-site.js";
import { openEngine } from "../support/temporary-site.js";

test("mail-status tells the job's owner the essentials", async () => {
  const { port, mails } = await mailServer();
  const { site, qbConf } = mailSite(
    "mail-status\n",
    `mail_host = 127.0.0.1\nmail_port = ${port}\nmail_domain = farm.example\n`,
  );
  const { engine, ended } = await openEngine(site, { qbConf });
  engine.submit({ id: 1001, name: "shot010\nBcc: x@y.z", user: "ana", status: "failed", label: "render", pid: 0 });
  engine.emit("failed-job-1001");
  await engine.idle();
  expect(ended).toEqual([expect.objectContaining({ state: "succeeded", reason: null })]);
  expect(mails).toHaveLength(1);
  const [mail] = mails;
  expect(mail?.to).toMatchObject({ text: "ana@farm.example" });
  expect(mail?.from?.text).toBe("qube@farm.example");
  expect(mail?.bcc).toBeUndefined();
  expect(mail?.subject).toBe("job 1001 (shot010 Bcc: x@y.z): failed");
  expect(mail?.text).toContain("Event:          failed-job-1001\n");
  expect(mail?.text).toContain("Label:          render\n");
  expect(mail?.text).not.toContain("Parent");
  expect(mail?.headers.get("auto-submitted")).toBe("auto-generated");
});

test("a job's mailaddress comes first, the administrator receives reports, and login is used", async () => {
  const { port, mails, logins } = await mailServer();
  const { site, qbConf } = mailSite(
    "mail-subjob-status\nmail-license-status\nmail-report-status\n",
    `mail_host = 127.0.0.1\nmail_port = ${port}\nmail_user = farm\nmail_password = "s3cret"\nmail_from = farm@farm.example\nmail_administrator = boss@farm.example\n`,
  );
  const { engine, ended } = await openEngine(site, { qbConf });
  engine.submit({ id: 7, user: "ana", mailaddress: "ana@home.example" });
  engine.emit({ name: "failed", type: "subjob", jobId: 7, extra: 2, subjob: { id: 2, status: "failed" } });
  await engine.idle();
  expect(ended[0]).toMatchObject({ state: "succeeded" });
  expect(mails.map(({ to, subject }) => [to && "text" in to && to.text, subject])).toEqual([
    ["ana@home.example", "job 7: subjob failed"],
    ["boss@farm.example", "job 7: license status"],
    ["boss@farm.example", "job 7: status report"],
  ]);
  expect(logins).toEqual(["farm/s3cret", "farm/s3cret", "farm/s3cret"]);
});

test.each([
  ["mail_host is missing", "mail_domain = farm.example\n", "mail-status: mail_host is not set in qb.conf"],
  ["nobody is to receive it", "mail_host = 127.0.0.1\nmail_port = 1\n", "job 3 has no mailaddress"],
])("when %s, the run fails and says so", async (_, keys, reason) => {
  const { site, qbConf } = mailSite("mail-status\n", keys);
  const { engine, ended } = await openEngine(site, { qbConf });
  engine.submit({ id: 3, user: "ana" });
  engine.emit("complete-job-3");
  await engine.idle();
  expect(ended).toEqual([expect.objectContaining({ state: "failed", code: "ERR_UCB_MAIL" })]);
  expect(ended[0]?.reason).toContain(reason);
});

test("a server that refuses the mail fails the run with its words, without the password", async () => {
  const { port } = await mailServer({
    onRcptTo: (_, __, callback) => callback(Object.assign(new Error("no such mailbox"), { responseCode: 550 })),
  });
  const { site, qbConf } = mailSite(
    "mail-status\n",
    `mail_host = 127.0.0.1\nmail_port = ${port}\nmail_domain = a.b\nmail_user = u\nmail_password = s3cret\n`,
  );
  const { engine, ended } = await openEngine(site, { qbConf });
  engine.submit({ id: 3, user: "ana" });
  engine.emit("complete-job-3");
  await engine.idle();
  expect(ended[0]?.reason).toContain("no such mailbox");
  expect(JSON.stringify(ended)).not.toContain("s3cret");
});
