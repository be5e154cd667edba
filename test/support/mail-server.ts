import type { AddressInfo } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { onTestFinished } from "vitest";

export interface MailServer {
  port: number;
  /** What was taken, in order. */
  mails: ParsedMail[];
  /** The mails' recipients as the envelope had them. */
  recipients: string[][];
  /** Whether each mail came over an encrypted connection. */
  encrypted: boolean[];
  logins: string[];
  /** Connections made so far. */
  connections(): number;
}

/** A real SMTP server on loopback that keeps what it receives, and is closed when the test ends. */
export async function mailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  let connections = 0;
  const kept: MailServer = {
    ...{ port: 0, mails: [], recipients: [], encrypted: [], logins: [] },
    connections: () => connections,
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onConnect: (_, callback) => {
      connections++;
      callback();
    },
    onData: (stream, session, callback) => {
      simpleParser(stream).then((mail) => {
        kept.mails.push(mail);
        kept.recipients.push(session.envelope.rcptTo.map(({ address }) => address));
        kept.encrypted.push(session.secure);
        callback();
      }, callback);
    },
    onAuth: ({ username, password }, _, callback) => {
      kept.logins.push(`${username}/${password}`);
      callback(null, { user: username });
    },
    ...options,
  });
  // Clients that break off are what some tests are about.
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  kept.port = (server.server.address() as AddressInfo).port;
  return kept;
}
