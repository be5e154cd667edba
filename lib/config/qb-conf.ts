/** What `qb.conf` says about callbacks; every key has a default. */
export interface QbConf {
  /** Absolute path of the file that was read; null when none was and the defaults hold. */
  file: string | null;
  /** Absolute callback directories, in order. */
  directories: string[];
  languages: { qube: boolean; perl: boolean; python: boolean; mail: boolean };
  /** Absolute folder under which `job/<group>/<jobid>/<jobid>.cb` is written. */
  logPath: string;
  mail: MailSettings;
}

export interface MailSettings {
  /** SMTP server; null where mail is not configured. */
  host: string | null;
  port: number;
  user: string | null;
  password: string | null;
  /** As written, e.g. `plain`, `ssl`, `tls`; null where absent. */
  connectionType: string | null;
  domain: string | null;
  from: string;
  administrator: string | null;
  /** Template files. */
  jobStatusFormat: string | null;
  subjobStatusFormat: string | null;
  workStatusFormat: string | null;
}
