import { asUcbError, UcbError } from "../errors.js";

/** What nodemailer says of a failure. */
interface SmtpFailure extends Error {
  /** Of nodemailer's own (`ECONNECTION`, `ESOCKET`, …), or the system's. */
  code?: string;
  /** The system's or OpenSSL's, where `code` is nodemailer's own. */
  originalCode?: string;
  /** The server's answer, if it gave one. */
  responseCode?: number;
}

/** Nodemailer's codes for servers that are not reached or fall silent, and the system's for the same. */
const connectionCodes: ReadonlySet<string> = new Set([
  ...["ECONNECTION", "ETIMEDOUT", "ESOCKET", "EDNS"],
  ...["ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN", "EPIPE"],
  ...["ENOTFOUND", "EAI_AGAIN"],
]);

/** OpenSSL's verdicts on a certificate do not change by themselves. */
const certificateCode = /CERT|CRL|SIGNATURE|ISSUER|CHAIN|HOSTNAME|^ERR_(TLS|SSL)/;

/** What OpenSSL says where the other side does not speak TLS, or not yet. */
const plainCode = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE)$/;

/**
 * `ERR_UCB_LATER` if another attempt may succeed, else `ERR_UCB_MAIL`; in one line.
 * @param isTlsFirst whether nothing was said before the connection was encrypted
 */
export function mailError(error: unknown, context: string, isTlsFirst: boolean): UcbError {
  if (error instanceof UcbError) return error;
  const code = error instanceof Error && isTemporary(error) ? "ERR_UCB_LATER" : "ERR_UCB_MAIL";
  if (isTlsFirst && error instanceof Error && plainCode.test((error as SmtpFailure).originalCode ?? "")) {
    const reason = "the server does not speak TLS from the start, as mail_connection_type = ssl in qb.conf has it";
    const remedy = "set it to starttls, or mail_port to the server's port for ssl (usually 465)";
    return new UcbError(code, `${context}: ${reason}: ${remedy}`, { cause: error });
  }
  const { message, errno, syscall, path } = asUcbError(error, code, context);
  // OpenSSL ends its messages with an empty line.
  const line = message.trim().replace(/\s*\n\s*/g, " ");
  return new UcbError(code, line, { cause: error, errno, syscall, path });
}

function isTemporary({ code = "", originalCode = "", responseCode }: SmtpFailure): boolean {
  if (responseCode !== undefined) return responseCode >= 400 && responseCode < 500;
  return connectionCodes.has(code) && !certificateCode.test(originalCode);
}
