import { asUcbError, type UcbError } from "../errors.js";

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

/** `ERR_UCB_LATER` if another attempt may succeed, else `ERR_UCB_MAIL`. */
export function mailError(error: unknown, context: string): UcbError {
  return asUcbError(error, error instanceof Error && isTemporary(error) ? "ERR_UCB_LATER" : "ERR_UCB_MAIL", context);
}

function isTemporary({ code = "", originalCode = "", responseCode }: SmtpFailure): boolean {
  if (responseCode !== undefined) return responseCode >= 400 && responseCode < 500;
  return connectionCodes.has(code) && !certificateCode.test(originalCode);
}
