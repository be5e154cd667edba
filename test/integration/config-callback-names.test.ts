import { mkdirSync } from "node:fs";
import { describe, it } from "vitest";
import { expectMistake, type Mistake } from "../support/mistake.js";

const mistakes: Mistake[] = [
  {
    about: "a file named over and over, once",
    conf: "other.pl = done-job-self\nother.pl = submit-job-self\nother.pl = removed-job-self\ngood.py = submit-job-self",
    expected: ["2:1 WARN_UCB_CALLBACK_TWICE", "4:1 WARN_UCB_CALLBACK_TWICE"],
    usable: ["other.pl"],
  },
  {
    about: "an unknown extension",
    conf: "a.sh = done-job-self",
    expected: ["1:1 ERR_UCB_CALLBACK_EXTENSION"],
    marked: ["a.sh"],
    hint: /\.py Python/,
  },
  {
    about: "no extension",
    conf: "good = done-job-self",
    expected: ["1:1 ERR_UCB_CALLBACK_EXTENSION"],
    hint: 'did you mean "good.py"?',
  },
  {
    about: "an extension in capitals",
    conf: "good.PY = done-job-self",
    expected: ["1:1 ERR_UCB_CALLBACK_EXTENSION"],
    hint: 'did you mean "good.py"?',
  },
  {
    about: "a name that is only an extension",
    conf: ".py = done-job-self",
    expected: ["1:1 ERR_UCB_CALLBACK_EXTENSION"],
  },
  {
    about: "an option above the first section",
    conf: "timeout = 30s\nenv.KEY = hunter2",
    expected: ["1:1 ERR_UCB_CALLBACK_EXTENSION", "2:1 ERR_UCB_CALLBACK_EXTENSION"],
    hint: /section/,
  },
  {
    about: "an absolute path",
    conf: "/bin/true.py = done-job-self",
    expected: ["1:1 ERR_UCB_CALLBACK_OUTSIDE"],
    marked: ["/bin/true.py"],
  },
  {
    about: "a path through ..",
    conf: " ../a.py = done-job-self\nsub/../good.py = done-job-self",
    expected: ["1:2 ERR_UCB_CALLBACK_OUTSIDE", "2:1 ERR_UCB_CALLBACK_OUTSIDE"],
  },
  {
    about: "a path inside",
    conf: "sub/a.py = done-job-self",
    files: {},
    prepare: (it) => mkdirSync(it.at("sub")),
    expected: ["1:1 ERR_UCB_CALLBACK_NAME"],
  },
  { about: "a name that is empty", conf: "'' = done-job-self", expected: ["1:2 ERR_UCB_CALLBACK_NAME"] },
  { about: "a name with a NUL", conf: "a\0.py = done-job-self", expected: ["1:1 ERR_UCB_CALLBACK_NAME"] },
  {
    about: "a language that is off",
    conf: "other.pl = done-job-self\nrelease.qcb = done-job-self",
    flags: "python",
    expected: ["1:1 ERR_UCB_CALLBACK_LANGUAGE", "2:1 ERR_UCB_CALLBACK_LANGUAGE"],
    hint: /add perl to/,
  },
  {
    about: "the same file twice",
    conf: "other.pl = done-job-self\nother.pl = submit-job-self",
    expected: ["2:1 WARN_UCB_CALLBACK_TWICE"],
    marked: ["other.pl"],
    usable: ["other.pl"],
  },
];

describe("mistakes in names", () => {
  it.each(mistakes)("$about", expectMistake);
});
