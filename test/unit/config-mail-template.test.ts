import { describe, expect, it } from "vitest";
import { parseMailTemplate } from "../../lib/config/mail-template.js";
import { expandVariables, mailVariables, variableText } from "../../lib/config/mail-variables.js";
import { summarize, underlined } from "../support/diagnostic-summary.js";

const shown = (text: Parameters<typeof expandVariables>[0]) =>
  expandVariables(
    text,
    (variable) => `<${variable}>`,
    (value) => value,
  );

function parse(text: string, name = "job.txt", about: "job" | "subjob" | "work" = "job") {
  return parseMailTemplate(text, `/site/${name}`, about);
}

describe("variables", () => {
  it.each(Object.keys(mailVariables))("%s is written with and without braces", (name) => {
    expect(shown(variableText(`a $${name}, $\{${name}}b`))).toBe(`a <${name}>, <${name}>b`);
  });

  it("leaves what is no variable as it is", () => {
    const text = `$ $5 $$JOB_NAME $\{} $\{JOB_NAME $JOB_NAMES $job_name $\{JOB NAME} 10$`;
    expect(shown(variableText(text))).toBe(`$ $5 $<JOB_NAME> $\{} $\{JOB_NAME $JOB_NAMES $job_name $\{JOB NAME} 10$`);
  });

  it("warns of unknown ones where they stand, with what may be meant", () => {
    const { template, diagnostics } = parse(`Hello\n $JOB_NMAE and $\{FOO}, $JOB_IDs\n$job_user`);
    expect(template).not.toBeNull();
    expect(summarize(diagnostics)).toEqual([
      "job.txt:2:2 WARN_UCB_MAIL_VARIABLE",
      "job.txt:2:16 WARN_UCB_MAIL_VARIABLE",
      "job.txt:2:24 WARN_UCB_MAIL_VARIABLE",
      "job.txt:3:1 WARN_UCB_MAIL_VARIABLE",
    ]);
    expect(underlined(diagnostics)).toEqual(["$JOB_NMAE", `$\{FOO}`, "$JOB_IDs", "$job_user"]);
    expect(diagnostics[0]?.hint).toBe('did you mean "JOB_NAME"?');
    expect(diagnostics[3]?.hint).toBe('did you mean "JOB_USER"?');
  });

  it("warns of those that are always empty", () => {
    const text = "$WORK_NAME $SUBJOB_ID $JOB_ID";
    expect(underlined(parse(text).diagnostics)).toEqual(["$WORK_NAME", "$SUBJOB_ID"]);
    expect(underlined(parse(text, "subjob.txt", "subjob").diagnostics)).toEqual(["$WORK_NAME"]);
    expect(parse(text, "work.txt", "work").diagnostics).toEqual([]);
  });
});

describe("headers", () => {
  it("are read up to the first empty line", () => {
    const text = [
      "\uFEFFsubject: Job $JOB_ID",
      "\tis $JOB_STATUS",
      'From: "The Farm, at night" <farm@example.com>',
      "Cc: $JOB_USER@example.com, ops@example.com",
      "X-Farm: yes",
      " ",
      "Subject: text",
      "",
      "$JOB_NAME",
    ].join("\r\n");
    const { template, diagnostics } = parse(text);
    expect(diagnostics).toEqual([]);
    expect(shown(template?.subject ?? [])).toBe("Job <JOB_ID> is <JOB_STATUS>");
    const addresses = Object.entries(template?.addresses ?? {}).map(([header, list]) => [
      header,
      ...list.map(({ name, address }) => `${shown(name)}|${shown(address)}`),
    ]);
    expect(addresses).toEqual([
      ["from", "The Farm, at night|farm@example.com"],
      ["cc", "|<JOB_USER>@example.com", "|ops@example.com"],
    ]);
    expect(template?.headers.map(({ name, value }) => `${name}: ${shown(value)}`)).toEqual(["X-Farm: yes"]);
    expect(shown(template?.body ?? [])).toBe("Subject: text\n\n<JOB_NAME>");
  });

  it.each(["Job: $JOB_ID\n\ntext", "Hello\nSubject: x\n\n", "\nSubject: x\n\ntext", "<p>Subject: x</p>\n"])(
    "are none in %j",
    (text) => {
      const { template, diagnostics } = parse(text);
      expect(diagnostics).toEqual([]);
      expect(template?.subject).toBeNull();
      expect(shown(template?.body ?? [])).toBe(text.replace("$JOB_ID", "<JOB_ID>"));
    },
  );

  it("that are misspelt in the first line are noticed", () => {
    const { diagnostics } = parse("Subjekt: x\n\ntext");
    expect(summarize(diagnostics)).toEqual(["job.txt:1:1 WARN_UCB_MAIL_HEADER"]);
    expect(diagnostics[0]?.hint).toBe('did you mean "Subject"?');
  });

  it.each<[string, string, string]>([
    ["no empty line", "Subject: x\nHello there\n", "2:1"],
    ["a type of content", "Subject: x\nContent-Type: text/html\n\ntext", "2:1"],
    ["one that is written when a mail is sent", "Message-ID: <a@b>\n\ntext", "1:1"],
    ["an unknown one", "Subject: x\nFoo: y\n\ntext", "2:1"],
    ["one twice", "Subject: x\nsubject: y\n\ntext", "2:1"],
    ["no address", "To:\n\ntext", "1:1"],
    ["what is no address", "Subject: x\nTo: $JOB_USER\n\ntext", "2:1"],
  ])("with %s are an error", (_, text, where) => {
    const { template, diagnostics } = parse(text);
    expect(template).toBeNull();
    expect(summarize(diagnostics)).toEqual([`job.txt:${where} ERR_UCB_MAIL_HEADER`]);
  });
});

it.each(["", " \n", "Subject: x\n", "Subject: x\n\n \n"])("warns of %j, which has no text", (text) => {
  expect(summarize(parse(text).diagnostics)).toEqual(["job.txt:0:0 WARN_UCB_MAIL_EMPTY"]);
});

it.each([
  ["job.html", true],
  ["JOB.HTM", true],
  ["job.txt", false],
  ["html", false],
])("%s is HTML: %s", (name, isHtml) => {
  expect(parse("text", name).template?.isHtml).toBe(isHtml);
});
