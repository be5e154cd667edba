import { describe, it } from "vitest";
import { expectMistake, type Mistake } from "../support/mistake.js";

const mistakes: Mistake[] = [
  { about: "an empty trigger", conf: "other.pl =", expected: ["1:11 ERR_UCB_TRIGGER_EMPTY"] },
  { about: "an empty trigger in quotes", conf: "other.pl = ''", expected: ["1:13 ERR_UCB_TRIGGER_EMPTY"] },
  {
    about: "a key without value",
    conf: "  other.pl # = done-job-self",
    expected: ["1:3 ERR_UCB_CALLBACK_NO_TRIGGER"],
    marked: ["other.pl"],
  },
  {
    about: "a name cut off by a comment",
    conf: "other#1.pl = done-job-self",
    expected: ["1:1 ERR_UCB_CALLBACK_EXTENSION", "1:1 ERR_UCB_CALLBACK_NO_TRIGGER", "1:6 WARN_UCB_INI_COMMENT"],
  },
  {
    about: "a missing operand",
    conf: "other.pl = done-job-self && ",
    expected: ["1:26 ERR_UCB_TRIGGER_SYNTAX"],
    marked: ["&&"],
  },
  {
    about: "a missing operand in a quoted value",
    conf: "\tother.pl\t= 'done-job-self &&'",
    expected: ["1:28 ERR_UCB_TRIGGER_SYNTAX"],
    marked: ["&&"],
  },
  {
    about: "a missing operand behind an escape",
    conf: "other.pl = done-job-a\\#b ||",
    expected: ["1:26 ERR_UCB_TRIGGER_SYNTAX"],
    marked: ["||"],
  },
  {
    about: "a parenthesis that is not closed",
    conf: "other.pl = (done-job-self",
    expected: ["1:12 ERR_UCB_TRIGGER_SYNTAX"],
    marked: ["("],
  },
  {
    about: "a single &",
    conf: "other.pl = done-job-self & failed-job-self",
    expected: ["1:26 ERR_UCB_TRIGGER_SYNTAX"],
    marked: ["&"],
  },
  { about: "a quote that is not closed", conf: "other.pl = done-job-'a", expected: ["1:21 ERR_UCB_TRIGGER_QUOTE"] },
  {
    about: "an unknown type",
    conf: "other.pl = failed-wrk-self-*",
    expected: ["1:19 ERR_UCB_TRIGGER_TYPE"],
    marked: ["wrk"],
    hint: /did you mean "work"/,
  },
  {
    about: "a misspelt name",
    conf: "other.pl = faield-job-self",
    expected: ["1:12 WARN_UCB_TRIGGER_NAME"],
    marked: ["faield"],
    hint: /did you mean "failed"/,
    usable: ["other.pl"],
  },
  {
    about: "extra on a job event",
    conf: "other.pl = failed-job-self-*",
    expected: ["1:28 WARN_UCB_TRIGGER_JOB_EXTRA"],
    marked: ["*"],
    usable: ["other.pl"],
  },
  {
    about: "a type that needs an extra",
    conf: "other.pl = failed-work-self",
    expected: ["1:28 ERR_UCB_TRIGGER_EXTRA_MISSING"],
  },
  {
    about: "a fixed job id",
    conf: "other.pl = done-job-19294",
    expected: ["1:21 WARN_UCB_TRIGGER_FIXED_JOB"],
    marked: ["19294"],
    usable: ["other.pl"],
  },
  {
    about: "a second trigger that is wrong, beside the first",
    conf: "other.pl = done-job-self\nother.pl = done-jb-self",
    expected: ["2:1 WARN_UCB_CALLBACK_TWICE", "2:17 ERR_UCB_TRIGGER_TYPE"],
    usable: ["other.pl"],
  },
  {
    about: "a comment that may be meant as text",
    conf: "other.pl = done-job-a#b",
    expected: ["1:22 WARN_UCB_INI_COMMENT"],
    marked: ["#"],
    usable: ["other.pl"],
  },
  {
    about: "mistakes in name and trigger at once",
    conf: "a.sh = done-jb-self",
    expected: ["1:1 ERR_UCB_CALLBACK_EXTENSION", "1:13 ERR_UCB_TRIGGER_TYPE"],
  },
];

describe("mistakes in triggers", () => {
  it.each(mistakes)("$about", expectMistake);
});
