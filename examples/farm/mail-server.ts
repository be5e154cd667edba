import { mkdir, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

export interface ReceivedMail {
  to: string;
  subject: string;
  file: string;
}

/** A mail server on the loopback interface that delivers to nobody: it keeps what it is sent as files. */
export class MailServer {
  readonly mails: ReceivedMail[] = [];
  readonly #folder: string;
  readonly #server: SMTPServer;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = new SMTPServer({
      // Nobody else can connect, and a certificate for this moment would prove nothing.
      disabledCommands: ["AUTH", "STARTTLS"],
      onData: (stream, session, done) => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join(", ");
        text(stream)
          .then((source) => this.#keep(to, source))
          .then(() => done(), done);
      },
    });
    // A client that hangs up in the middle is its own problem.
    this.#server.on("error", () => {});
  }

  /** Listens on a free port. */
  static async start(folder: string): Promise<MailServer> {
    await mkdir(folder, { recursive: true });
    const server = new MailServer(folder);
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", reject);
      server.#server.listen(0, "127.0.0.1", () => resolve());
    });
    return server;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #keep(to: string, source: string): Promise<void> {
    const { subject = "(no subject)" } = await simpleParser(source);
    const file = join(this.#folder, `${String(this.mails.length + 1).padStart(3, "0")}.eml`);
    this.mails.push({ to, subject, file });
    await writeFile(file, source);
  }
}
