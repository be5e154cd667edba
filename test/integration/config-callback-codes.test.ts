import { describe, it } from "vitest";
import { expectMistake, type Mistake } from "../support/mistake.js";

const mistakes: Mistake[] = [
  {
    about: "an unknown code",
    conf: "c.qcb = done-job-self",
    files: { "c.qcb": "# x\n  unblok-self # y\nkill-self" },
    expected: ["c.qcb:2:3 ERR_UCB_QCB_CODE"],
    marked: ["unblok-self"],
    hint: 'did you mean "unblock-self"?',
  },
  {
    about: "two codes on a line",
    conf: "c.qcb = done-job-self",
    files: { "c.qcb": "kill-self mail-status" },
    expected: ["c.qcb:1:1 ERR_UCB_QCB_CODE"],
    hint: "write one code a line",
  },
  {
    about: "single where there is none",
    conf: "c.qcb = done-job-self",
    files: { "c.qcb": "kill-subjob-self-single" },
    expected: ["c.qcb:1:1 ERR_UCB_QCB_CODE"],
  },
  {
    about: "a work item that no trigger has",
    conf: "c.qcb = done-job-self && complete-host-self-*",
    files: { "c.qcb": "unblock-self\nretry-work-self" },
    expected: ["c.qcb:2:1 ERR_UCB_QCB_WORK"],
    marked: ["retry-work-self"],
  },
  {
    about: "a work item that one of two triggers has",
    conf: "c.qcb = done-job-self || failed-work-self-*",
    files: { "c.qcb": "retry-work-self" },
    expected: ["c.qcb:1:1 WARN_UCB_QCB_EVENT"],
    usable: ["c.qcb"],
  },
  {
    about: "a subjob that no trigger has",
    conf: "c.qcb = failed-work-self-*",
    files: { "c.qcb": "unblock-subjob-self\nunblock-subjob-self-single" },
    expected: ["c.qcb:2:1 ERR_UCB_QCB_SUBJOB"],
  },
  {
    about: "a job that no trigger has",
    conf: "c.qcb = globaltime-5",
    files: { "c.qcb": "mail-license-status\nunblock-self" },
    expected: ["c.qcb:2:1 ERR_UCB_QCB_JOB"],
  },
  {
    about: "mail while mail is off",
    conf: "c.qcb = done-job-self",
    flags: "python,qube",
    files: { "c.qcb": "unblock-self\n mail-status" },
    expected: ["c.qcb:2:2 ERR_UCB_QCB_LANGUAGE"],
    marked: ["mail-status"],
  },
  {
    about: "mail without a server",
    conf: "c.qcb = done-job-self",
    mail: "",
    files: { "c.qcb": "unblock-self\n mail-status\nmail-subjob-status # x\nmail-report-status" },
    expected: ["c.qcb:2:2 WARN_UCB_QCB_MAIL", "c.qcb:3:1 WARN_UCB_QCB_MAIL", "c.qcb:4:1 WARN_UCB_QCB_MAIL"],
    marked: ["mail-status", "mail-subjob-status", "mail-report-status"],
    hint: 'write "mail_host = …" in qb.conf',
    usable: ["c.qcb"],
  },
  {
    about: "mail to an administrator who is not named",
    conf: "c.qcb = done-job-self",
    mail: "mail_host = smtp.example.com\n",
    files: { "c.qcb": "mail-status\nmail-license-status\nmail-report-status" },
    expected: ["c.qcb:2:1 WARN_UCB_QCB_MAIL", "c.qcb:3:1 WARN_UCB_QCB_MAIL"],
    hint: 'write "mail_administrator = …" in qb.conf',
    usable: ["c.qcb"],
  },
  {
    about: "mistakes of all kinds, in the order of the file",
    conf: "c.qcb = done-job-self",
    files: { "c.qcb": "retry-work-self\nunblok-self\nfail-work-self" },
    expected: ["c.qcb:1:1 ERR_UCB_QCB_WORK", "c.qcb:2:1 ERR_UCB_QCB_CODE", "c.qcb:3:1 ERR_UCB_QCB_WORK"],
  },
  {
    about: "no code at all",
    conf: "c.qcb = done-job-self",
    files: { "c.qcb": "# nothing\n" },
    expected: ["c.qcb:0:0 WARN_UCB_QCB_EMPTY"],
    usable: ["c.qcb"],
  },
];

describe("mistakes in codes", () => {
  it.each(mistakes)("$about", expectMistake);
});
