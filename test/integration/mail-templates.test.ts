import { chmodSync, readFileSync, symlinkSync, unlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import type { ParsedMail } from "mailparser";
import { describe, expect, it } from "vitest";
import { mailVariables } from "../../lib/config/mail-variables.js";
import { readQbConf } from "../../lib/config/qb-conf.js";
import type { EngineEvent, Job } from "../../lib/index.js";
import { testDirectory } from "../support/callback-directory.js";
import { summarize, underlined } from "../support/diagnostic-summary.js";
import { mailServer } from "../support/mail-server.js";
import { mailSite } from "../support/mail-site.js";
import { openEngine } from "../support/temporary-site.js";

const job: Job = { id: 1001, name: "shot010", user: "ana", status: "failed" };
const failed: EngineEvent = { name: "failed", type: "job", jobId: 1001 };

/** Sends the mail of one event and returns it, with its recipients. */
async function sent(
  files: Record<string, string>,
  { event = failed, record = job, qcb = "mail-status\n" }: { event?: EngineEvent; record?: Job; qcb?: string } = {},
): Promise<ParsedMail & { recipients: string[] }> {
  const { port, mails, recipients } = await mailServer();
  const keys = Object.keys(files).map((name) => `mail_${name.replace(/\..*/, "")}_status_format = SITE/${name}\n`);
  const server = `mail_host = 127.0.0.1\nmail_port = ${port}\nmail_domain = farm.example\n`;
  const { site, qbConf } = mailSite(qcb, server + keys.join(""), { files });
  const { engine, ended } = await openEngine(site, { qbConf });
  expect(engine.diagnostics).toEqual([]);
  engine.submit(record);
  engine.emit(event);
  await engine.idle();
  expect(ended).toMatchObject([{ state: "succeeded", reason: null }]);
  expect(mails).toHaveLength(1);
  return Object.assign(mails[0] as ParsedMail, { recipients: recipients[0] ?? [] });
}

describe("a template", () => {
  it("gives a mail its headers and its text", async () => {
    const text = `Subject: $JOB_NAME is $JOB_STATUS\nX-Farm: night $JOB_ID\n\nDear $\{JOB_USER},\n$JOB_NAME is $JOB_STATUS.\n`;
    const mail = await sent({ "job.txt": text });
    expect(mail.subject).toBe("shot010 is failed");
    expect(mail.headers.get("x-farm")).toBe("night 1001");
    expect(mail.headers.get("auto-submitted")).toBe("auto-generated");
    expect(mail.text).toBe("Dear ana,\nshot010 is failed.\n");
    expect(mail.html).toBe(false);
    expect(mail.recipients).toEqual(["ana@farm.example"]);
  });

  it("without headers leaves the usual subject", async () => {
    const mail = await sent({ "job.txt": "$JOB_NAME" });
    expect(mail.subject).toBe("job 1001 (shot010): failed");
    expect(mail.text?.trim()).toBe("shot010");
  });

  it("knows every variable", async () => {
    const fields = Object.keys(mailVariables);
    const record: Job = { ...job, pgrp: 900, pid: 800, timesubmit: 1_700_000_000, timestart: 1_700_000_100 };
    Object.assign(record, {
      timecomplete: 1_700_003_861,
      flagsstring: "auto_mail",
      groups: ["a", "b"],
      data: { k: 1 },
    });
    for (const field of "account cluster cpus domain hosts kind label omitgroups omithosts".split(" "))
      record[field] ??= field;
    for (const field of "package priority prototype requirements restrictions timeout type".split(" "))
      record[field] ??= field;
    const event: EngineEvent = { name: "failed", type: "work", jobId: 1001, extra: "frame 7" };
    event.work = { name: "frame 7", host: "node3", status: "failed", pid: 77, subid: 2, address: "10.0.0.3" };
    event.work.resultpackage = { exitcode: 3 };
    event.subjob = { id: 2, status: "running", pid: 78, address: "10.0.0.4" };
    const mail = await sent({ "work.txt": fields.map((name) => `${name}=$${name}\n`).join("") }, { event, record });
    const values = Object.fromEntries(
      (mail.text ?? "")
        .trim()
        .split("\n")
        .map((line) => line.split(/=(.*)/, 2)),
    );
    const { of, ...same } = Object.fromEntries(
      "ACCOUNT CLUSTER CPUS DOMAIN HOSTS KIND LABEL OMITGROUPS OMITHOSTS PACKAGE PRIORITY PROTOTYPE REQUIREMENTS RESTRICTIONS TIMEOUT TYPE"
        .split(" ")
        .map((name) => [`JOB_${name}`, name.toLowerCase()]),
    );
    expect(values).toEqual({
      ...same,
      HOST: hostname(),
      USER: userInfo().username,
      TRIGGERS: "done-job-self || done-subjob-self-* || done-work-self-*",
      ...{
        JOB_ID: "1001",
        JOB_NAME: "shot010",
        JOB_USER: "ana",
        JOB_STATUS: "failed",
        JOB_PGRP: "900",
        JOB_PID: "800",
      },
      ...{ JOB_FLAGS: "auto_mail", JOB_GROUPS: "a, b", JOB_DATA: '{"k":1}', JOB_TIMEELAPSED: "1:02:41" },
      JOB_TIMESUBMIT: "2023-11-14T22:13:20Z",
      JOB_TIMESTART: "2023-11-14T22:15:00Z",
      JOB_TIMECOMPLETE: "2023-11-14T23:17:41Z",
      ...{ WORK_NAME: "frame 7", WORK_HOST: "node3", WORK_STATUS: "failed", WORK_PID: "77", WORK_SUBID: "2" },
      ...{ WORK_ADDRESS: "10.0.0.3", WORK_RESULTPACKAGE: '{"exitcode":3}' },
      ...{ SUBJOB_ID: "2", SUBJOB_STATUS: "running", SUBJOB_PID: "78", SUBJOB_ADDRESS: "10.0.0.4" },
    });
  });

  it("shows nothing for a parent, a start and an end that are not there", async () => {
    const text = "[$JOB_PID][$JOB_TIMESTART][$JOB_TIMECOMPLETE][$JOB_TIMEELAPSED][$JOB_LABEL] group $JOB_PGRP";
    const record = { ...job, pid: 0, pgrp: 0, timestart: 0, timecomplete: 0 };
    expect((await sent({ "job.txt": text }, { record })).text?.trim()).toBe("[][][][][] group 1001");
  });

  it("is chosen by what the event is about", async () => {
    const files = { "job.txt": "a job", "subjob.txt": "subjob $SUBJOB_ID", "work.txt": "work $WORK_NAME" };
    const text = async (event: EngineEvent, qcb?: string) =>
      (await sent(files, { event, ...(qcb === undefined ? {} : { qcb }) })).text?.trim();
    expect(await text({ name: "failed", type: "job", jobId: 1001 })).toBe("a job");
    expect(await text({ name: "failed", type: "subjob", jobId: 1001, extra: 3 })).toBe("subjob 3");
    expect(await text({ name: "failed", type: "work", jobId: 1001, extra: "17" })).toBe("work 17");
    expect(await text({ name: "failed", type: "subjob", jobId: 1001, extra: 3 }, "mail-subjob-status\n")).toBe(
      "subjob 3",
    );
  });

  it("for jobs alone leaves the mail about a work item as it is built in", async () => {
    const mail = await sent(
      { "job.txt": "a job" },
      { event: { name: "failed", type: "work", jobId: 1001, extra: "17" } },
    );
    expect(mail.text).toContain("Work item:      17\n");
  });

  it("in HTML has values as text, and the usual text beside it", async () => {
    const record = { ...job, name: `<script>"a" & 'b'</script>` };
    const mail = await sent({ "job.html": 'Subject: $JOB_NAME\n\n<p title="$JOB_NAME">$JOB_NAME</p>\n' }, { record });
    const safe = "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;";
    expect(mail.html).toContain(`<p title="${safe}">${safe}</p>`);
    expect(mail.subject).toBe(record.name);
    expect(mail.text).toContain("Event:          failed-job-1001\n");
  });

  it("cannot be made by a job's values to say anything to anyone else", async () => {
    const evil = "x\r\nBcc: evil@example.com\n\nbody, <evil@example.com>, \u2028evil2@example.com\0\u0007";
    const text = 'Subject: $JOB_NAME\nX-Label: $JOB_LABEL\nCc: "$JOB_NAME" <$JOB_USER@farm.example>\n\n[$JOB_NAME]';
    const record = { ...job, name: evil, label: evil, user: evil, mailaddress: "ana@farm.example" };
    const mail = await sent({ "job.txt": text }, { record });
    const user = "xBccevilexample.combodyevilexample.comevil2example.com@farm.example";
    expect(mail.recipients).toEqual(["ana@farm.example", user]);
    expect(mail.bcc).toBeUndefined();
    const line = "x Bcc: evil@example.com body, <evil@example.com>, evil2@example.com";
    expect(mail.subject).toBe(line);
    expect(mail.headers.get("x-label")).toBe(line);
    expect(mail.text).toBe("[x\nBcc: evil@example.com\n\nbody, <evil@example.com>, \u2028evil2@example.com]\n");
  });

  it("may name sender and recipients, of which those are left out that are not known", async () => {
    const text =
      "From: Farm <night@farm.example>\nTo: boss@farm.example, $JOB_ACCOUNT@farm.example\nBcc: log@farm.example\n\nx";
    const mail = await sent({ "job.txt": text });
    expect(mail.from?.text).toBe('"Farm" <night@farm.example>');
    expect(mail.recipients).toEqual(["boss@farm.example", "log@farm.example"]);
    expect(mail.headers.has("bcc")).toBe(false);
  });
});

it("of the example site is without fault", async () => {
  const text = readFileSync(new URL("../../examples/site/job-status.html", import.meta.url), "utf8");
  const record = { ...job, label: "render", timesubmit: 1_700_000_000 };
  const mail = await sent({ "job.html": text }, { record });
  expect(mail.subject).toBe("Job 1001 (shot010) is failed");
  expect(mail.html).toContain("<tr><td>Submitted</td><td>2023-11-14T22:13:20Z</td></tr>");
  expect(mail.html).not.toContain("$");
});

describe("a template file", () => {
  const read = (text: string) => readQbConf(testDirectory().write("qb.conf", text, 0o600), {});

  it("that is missing is reported where it is named, and mails are as they are built in", async () => {
    const { qbConf, diagnostics } = await read("mail_host = a\nmail_job_status_format = /nowhere/job.txt\n");
    expect(summarize(diagnostics)).toEqual(["qb.conf:2:26 ERR_UCB_MAIL_MISSING"]);
    expect(underlined(diagnostics)).toEqual(["/nowhere/job.txt"]);
    expect(qbConf.mail.templates).toEqual({ job: null, subjob: null, work: null });
  });

  it("that cannot be read, is no text or is open to others is reported and not used", async () => {
    const folder = testDirectory();
    const open = folder.write("open.txt", "text");
    chmodSync(open, 0o666);
    const latin = folder.write("latin.txt", Buffer.from([0x61, 0x0a, 0x62, 0xe4]));
    const conf = `mail_job_status_format = ${folder.path}\nmail_work_status_format = ${latin}\nmail_subjob_status_format = ${open}`;
    const { qbConf, diagnostics } = await read(conf);
    expect(summarize(diagnostics)).toEqual([
      "qb.conf:1:26 ERR_UCB_MAIL_UNREADABLE",
      "latin.txt:2:2 ERR_UCB_MAIL_ENCODING",
      "qb.conf:3:29 ERR_UCB_PATH_WRITABLE",
    ]);
    expect(qbConf.mail.templates).toEqual({ job: null, subjob: null, work: null });
  });

  it("may be a link, and has its mistakes reported once where it serves twice", async () => {
    const folder = testDirectory({ "real.html": "Subject: x\n\n$JOB_NAMES" });
    symlinkSync(join(folder.path, "real.html"), join(folder.path, "link.html"));
    const name = join(folder.path, "link.html");
    const { qbConf, diagnostics } = await read(`mail_job_status_format = ${name}\nmail_work_status_format = ${name}\n`);
    expect(summarize(diagnostics)).toEqual(["link.html:3:1 WARN_UCB_MAIL_VARIABLE"]);
    expect(qbConf.mail.templates).toMatchObject({ job: { isHtml: true }, work: { isHtml: true }, subjob: null });
    unlinkSync(name);
  });
});
