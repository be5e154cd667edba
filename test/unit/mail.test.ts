import { expect, it } from "vitest";
import { defaultOptions } from "../../lib/config/callback-options.js";
import { readQbConf } from "../../lib/config/qb-conf.js";
import type { Execution } from "../../lib/execute/execution.js";
import { sendMail } from "../../lib/execute/mail.js";
import { testDirectory } from "../support/callback-directory.js";

it("sends nothing over a connection whose type is misspelt", async () => {
  const text = "mail_host = 127.0.0.1\nmail_port = 1\nmail_domain = a.b\nmail_connection_type = tsl\n";
  const { qbConf } = await readQbConf(testDirectory().write("qb.conf", text, 0o600), {});
  const execution = { job: { id: 3, user: "ana" } } as Execution;
  await expect(
    sendMail("status", execution, { triggers: [], options: defaultOptions }, qbConf.mail),
  ).rejects.toMatchObject({
    code: "ERR_UCB_MAIL",
    message: 'mail-status: mail_connection_type in qb.conf is "tsl", which is unknown',
  });
});
