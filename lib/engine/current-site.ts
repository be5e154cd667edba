import type { Configuration } from "../config/configuration.js";
import { loadConfiguration } from "../config/load-configuration.js";
import { usualQbConf } from "../config/qb-conf.js";
import type { SiteWatch } from "../config/site-watch.js";
import { asUcbError, UcbError } from "../errors.js";
import { type ConfigurationChange, compareConfigurations, isSame } from "./configuration-change.js";
import type { EngineOptions } from "./engine-options.js";
import { loadSite, type Site } from "./load-site.js";

/** A configuration that was not taken: what the files say is not what holds. */
export interface RefusedConfiguration {
  error: UcbError;
  /** When it was refused first, in Unix milliseconds. */
  since: number;
}

export interface SiteListener {
  /** Another configuration holds from now on. */
  taken(change: ConfigurationChange, site: Site): void;
  /** After a refusal the files say again what holds. */
  mended(change: ConfigurationChange): void;
  /** Files have changed, and what is in them now is not taken. */
  refused(error: UcbError): void;
}

/** The configuration that holds, and how another comes to hold: whole, or not at all. */
export class CurrentSite {
  readonly #options: EngineOptions;
  readonly #listener: SiteListener;
  readonly #watch: SiteWatch | null;
  #configuration: Configuration;
  #generation = 1;
  #refusal: RefusedConfiguration | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    options: EngineOptions,
    { configuration, watch }: { configuration: Configuration; watch: SiteWatch | null },
    listener: SiteListener,
  ) {
    this.#options = options;
    this.#configuration = configuration;
    this.#listener = listener;
    this.#watch = watch;
    if (watch !== null) watch.onChange = () => void this.#follow();
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  /** Null while the files say what holds, as far as they were read. */
  get refusal(): RefusedConfiguration | null {
    return this.#refusal;
  }

  /** One after the other. */
  reload(given?: Configuration): Promise<ConfigurationChange> {
    const reloaded = this.#last.then(() => this.#reload(given));
    reloaded.catch((error) => this.#refuse(asUcbError(error, "ERR_UCB_CONFIG", "")));
    this.#last = reloaded.catch(() => undefined);
    return reloaded;
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
  }

  async #follow(): Promise<void> {
    try {
      await this.reload();
    } catch (error) {
      if (!this.#closed) this.#listener.refused(asUcbError(error, "ERR_UCB_CONFIG", ""));
    }
  }

  #refuse(error: UcbError): void {
    if (!this.#closed) this.#refusal = { error, since: this.#refusal?.since ?? Date.now() };
  }

  async #reload(given: Configuration | undefined): Promise<ConfigurationChange> {
    const configuration = given ?? (await loadConfiguration(this.#options));
    const site = await loadSite({ ...this.#options, configuration, strict: true });
    if (this.#closed) throw new UcbError("ERR_UCB_CLOSED", "the engine is closed: it takes no configuration");
    const difference = compareConfigurations(this.#configuration, site.configuration);
    this.#configuration = site.configuration;
    if (this.#watch !== null) this.#watch.paths = watchedPaths(this.#options, site.configuration);
    const isMended = this.#refusal !== null;
    this.#refusal = null;
    if (isSame(difference)) {
      const same = { generation: this.#generation, ...difference };
      if (isMended) this.#listener.mended(same);
      return same;
    }
    const change = { generation: ++this.#generation, ...difference };
    this.#listener.taken(change, site);
    return change;
  }
}

/** What a change of which may change the configuration. */
export function watchedPaths(options: EngineOptions, { directories, qbConf: { mail } }: Configuration): string[] {
  const templates = [mail.jobStatusFormat, mail.subjobStatusFormat, mail.workStatusFormat];
  return [options.qbConf ?? usualQbConf, ...directories, ...templates.filter((path) => path !== null)];
}
