import { describe, it } from "vitest";
import { expectMistake, type Mistake } from "../support/mistake.js";

const mistakes: Mistake[] = [
  {
    about: "an unknown section",
    conf: "other.pl = done-job-self\n[othr.pl]\ntimeout = 1",
    expected: ["2:2 ERR_UCB_SECTION_UNKNOWN"],
    marked: ["othr.pl"],
    hint: 'did you mean "other.pl"?',
    usable: ["other.pl"],
  },
  {
    about: "a section that is not closed",
    conf: "other.pl = done-job-self\n[other.pl\ntimeout = 1",
    expected: ["2:1 ERR_UCB_INI_SECTION"],
    usable: ["other.pl"],
  },
  { about: "a line without key", conf: "= done-job-self", expected: ["1:1 ERR_UCB_INI_KEY"] },
  {
    about: "an unknown option",
    conf: "other.pl = done-job-self\n[other.pl]\ntimeot = 1",
    expected: ["3:1 ERR_UCB_OPTION_UNKNOWN"],
    marked: ["timeot"],
    hint: 'did you mean "timeout"?',
  },
  ...[
    { name: "env", value: "PASSWORD=hunter2", hint: 'write "env.NAME = …"' },
    { name: "limit", value: "2g", hint: 'write "limit.memory = …" or "limit.files = …" or "limit.output = …"' },
  ].map(
    ({ name, value, hint }): Mistake => ({
      about: `${name} without what it is about`,
      conf: `other.pl = done-job-self\n[other.pl]\n${name} = ${value}`,
      expected: ["3:1 ERR_UCB_OPTION_UNKNOWN"],
      marked: [name],
      hint,
    }),
  ),
  {
    about: "a variable without a name",
    conf: "other.pl = done-job-self\n[other.pl]\nenv. = hunter2",
    expected: ["3:1 ERR_UCB_OPTION_VALUE"],
    hint: /^write "env\.NAME = …"/,
  },
  {
    about: "a callback below a section",
    conf: "[*]\nother.pl = done-job-self",
    expected: ["2:1 ERR_UCB_OPTION_UNKNOWN"],
    hint: /above the first section/,
  },
  {
    about: "an option without value",
    conf: "other.pl = done-job-self\n[other.pl]\ntimeout\nenabled =",
    expected: ["3:1 ERR_UCB_OPTION_VALUE", "4:1 ERR_UCB_OPTION_VALUE"],
  },
  {
    about: "an option twice",
    conf: "other.pl = done-job-self\n[other.pl]\ntimeout = 1\n[other.pl]\ntimeout = 2",
    expected: ["5:1 WARN_UCB_OPTION_TWICE"],
    usable: ["other.pl"],
  },
  ...["ten", "0", "-5s", "30x", "1.2.3", "10m 5s", "25d", "1e3"].map(
    (value): Mistake => ({
      about: `timeout = ${value}`,
      conf: `other.pl = done-job-self\n[other.pl]\ntimeout = ${value}`,
      expected: ["3:11 ERR_UCB_OPTION_VALUE"],
      marked: [value],
    }),
  ),
  {
    about: "a switch that is neither on nor off",
    conf: "other.pl = done-job-self\n[other.pl]\nenabled = maybe",
    expected: ["3:11 ERR_UCB_OPTION_VALUE"],
    marked: ["maybe"],
  },
  ...["env.", "env.1A", "env.A-B", "env.UCB_EVENT", "env.A.B"].map(
    (name): Mistake => ({
      about: `${name} = hunter2`,
      conf: `other.pl = done-job-self\n[other.pl]\n${name} = hunter2`,
      expected: ["3:1 ERR_UCB_OPTION_VALUE"],
      marked: [name],
    }),
  ),
  {
    about: "a variable with a NUL",
    conf: "other.pl = done-job-self\n[other.pl]\nenv.A = hunter2\0",
    expected: ["3:1 ERR_UCB_OPTION_VALUE"],
  },
  {
    about: "a secret in a misspelt option",
    conf: "other.pl = done-job-self\n[other.pl]\nenviron.A = hunter2\npassword = hunter2",
    expected: ["3:1 ERR_UCB_OPTION_UNKNOWN", "4:1 ERR_UCB_OPTION_UNKNOWN"],
  },
  {
    about: "a relative interpreter",
    conf: "other.pl = done-job-self\n[other.pl]\ninterpreter = perl",
    expected: ["3:15 ERR_UCB_OPTION_VALUE"],
    marked: ["perl"],
  },
  {
    about: "a missing interpreter",
    conf: "other.pl = done-job-self\n[other.pl]\ninterpreter = /nowhere/perl",
    expected: ["3:15 ERR_UCB_OPTION_INTERPRETER"],
    marked: ["/nowhere/perl"],
  },
  {
    about: "a directory as interpreter",
    conf: "other.pl = done-job-self\n[other.pl]\ninterpreter = /usr/bin",
    expected: ["3:15 ERR_UCB_OPTION_INTERPRETER"],
  },
  {
    about: "a directory open to all as interpreter, whose mode is not the mistake",
    conf: "other.pl = done-job-self\n[other.pl]\ninterpreter = /tmp",
    expected: ["3:15 ERR_UCB_OPTION_INTERPRETER"],
    hint: /name an executable file/,
  },
  {
    about: "an interpreter that may not be executed",
    conf: "other.pl = done-job-self\n[other.pl]\ninterpreter = /etc/passwd",
    expected: ["3:15 ERR_UCB_OPTION_INTERPRETER"],
  },
  {
    about: "an interpreter for all",
    conf: "[*]\ninterpreter = /usr/bin/perl",
    expected: ["2:15 ERR_UCB_OPTION_PLACE"],
  },
  {
    about: "an interpreter for codes",
    conf: "release.qcb = done-job-self\n[release.qcb]\ninterpreter = /usr/bin/perl",
    expected: ["3:15 ERR_UCB_OPTION_PLACE"],
  },
  {
    about: "a timeout and a variable for codes",
    conf: "release.qcb = done-job-self\n[release.qcb]\ntimeout = 5s\nenv.A = hunter2",
    expected: ["3:11 ERR_UCB_OPTION_PLACE", "4:1 ERR_UCB_OPTION_PLACE"],
  },
  {
    about: "a mistake in [*], which leaves callbacks as they are",
    conf: "other.pl = done-job-self\n[*]\ntimeout = x",
    expected: ["3:11 ERR_UCB_OPTION_VALUE"],
    usable: ["other.pl"],
  },
];

describe("mistakes in sections", () => {
  it.each(mistakes)("$about", expectMistake);
});
