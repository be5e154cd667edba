import { createTransport, type Transporter } from "nodemailer";
import type { Callback } from "../config/configuration.js";
import { connectionTypes, encryptionOf, isConnectionType } from "../config/mail-connection.js";
import type { MailSettings } from "../config/qb-conf.js";
import { UcbError } from "../errors.js";
import type { Execution } from "./execution.js";
import { mailError } from "./mail-failure.js";
import { composeMail, type Mail, type MailKind } from "./mail-message.js";
import { MailSocket } from "./mail-socket.js";

/** A mail server that does not answer must not hold a run for ever. */
const patienceMs = 30_000;

/**
 * Sends one mail of a `.qcb` file and says in a line to whom.
 * @param callback whose trigger the mail may show, and whose `timeout` it must keep
 * @throws UcbError `ERR_UCB_LATER` if the server cannot be reached or refuses for now; `ERR_UCB_MAIL` if mail is not
 * configured, nobody is to receive it or the server refuses for good
 */
export async function sendMail(
  kind: MailKind,
  execution: Execution,
  callback: Pick<Callback, "triggers" | "options">,
  settings: MailSettings,
): Promise<string> {
  const { host, port, connectionType } = settings;
  if (host === null) {
    throw new UcbError("ERR_UCB_MAIL", `mail-${kind}: mail_host is not set in qb.conf`, {
      hint: "set mail_host to the site's SMTP server",
    });
  }
  if (connectionType !== null && !isConnectionType(connectionType)) {
    const message = `mail-${kind}: mail_connection_type in qb.conf is "${connectionType}", which is unknown`;
    throw new UcbError("ERR_UCB_MAIL", message, { hint: `set it to ${connectionTypes.join(", ")}` });
  }
  const triggers = callback.triggers.map(({ trigger }) => trigger.text.trim()).join(" || ");
  const mail = composeMail(kind, execution, triggers, settings);
  const to = recipientsOf(mail);
  const { timeoutMs } = callback.options;
  const socket = new MailSocket(host, port, Math.min(patienceMs, timeoutMs), timeoutMs);
  const transport = openTransport(settings, host, socket);
  try {
    const { rejected = [] } = await transport.sendMail(mail);
    if (rejected.length > 0) throw new Error(`the server refused ${rejected.join(", ")} and took it for the others`);
  } catch (error) {
    const isTlsFirst = encryptionOf(connectionType) === "always";
    throw mailError(error, `mail-${kind} to ${to} through ${host}:${port}`, isTlsFirst);
  } finally {
    transport.close();
    socket.close();
  }
  return `mail-${kind}: sent to ${to}\n`;
}

function openTransport(settings: MailSettings, host: string, socket: MailSocket): Transporter {
  const encryption = encryptionOf(settings.connectionType);
  return createTransport({
    host,
    port: settings.port,
    secure: encryption === "always",
    requireTLS: encryption === "required",
    ignoreTLS: encryption === "never",
    connectionTimeout: socket.patienceMs,
    greetingTimeout: socket.patienceMs,
    socketTimeout: socket.patienceMs,
    getSocket: (_, callback) => socket.open(callback),
    ...(settings.user === null ? {} : { auth: { user: settings.user, pass: settings.password ?? "" } }),
  });
}

function recipientsOf({ to, cc }: Mail): string {
  return [...to, ...(cc ?? [])].map((each) => (typeof each === "string" ? each : each.address)).join(", ");
}
