export { matchJobs } from "./bridge/job-query.js";
export type {
  Action,
  ActionTarget,
  Job,
  JobQuery,
  Subjob,
  Supervisor,
  Verb,
  Work,
} from "./bridge/supervisor.js";
export { verbs } from "./bridge/supervisor.js";
export type {
  Callback,
  CallbackOptions,
  CallbackTrigger,
  Configuration,
  Language,
  ProcessLimits,
} from "./config/configuration.js";
export { ConfigurationError } from "./config/configuration-error.js";
export type { Diagnostic } from "./config/diagnostic.js";
export type { Languages } from "./config/language-flags.js";
export { type LoadOptions, loadConfiguration } from "./config/load-configuration.js";
export type { AddressHeader, AddressTemplate } from "./config/mail-header.js";
export type { MailSubject, MailTemplate } from "./config/mail-template.js";
export type { MailTemplates } from "./config/mail-templates.js";
export type { MailVariable, VariableText } from "./config/mail-variables.js";
export type { Place } from "./config/place.js";
export type { MailSettings, QbConf } from "./config/qb-conf.js";
export type { QcbAction, QcbCode } from "./config/qcb.js";
export { renderDiagnostic } from "./config/render-diagnostic.js";
export type { BreakerLimits, Overflow, Retry, RunLimits, Throttle } from "./config/run-limits.js";
export type { CallbackPause } from "./engine/breaker.js";
export {
  type BatchResult,
  CallbackEngine,
  type CloseMode,
  type Registration,
} from "./engine/callback-engine.js";
export type { ConfigurationChange } from "./engine/configuration-change.js";
export type { CallbackCounters, DropCode } from "./engine/counters.js";
export type { RefusedConfiguration } from "./engine/current-site.js";
export type { EngineEvent } from "./engine/engine-event.js";
export type { EngineEvents } from "./engine/engine-events.js";
export type { EngineOptions } from "./engine/engine-options.js";
export type { EventExplanation, Obstacle, OwnerStanding, TriggerStanding } from "./engine/event-explanation.js";
export type { Happening, PendingTrigger } from "./engine/memory-trace.js";
export { type ErrorCode, errorCodes, type SourcePosition, UcbError, type UcbErrorDetails } from "./errors.js";
export type { CallbackFunction, FunctionContext } from "./execute/function.js";
export type { Launched, LaunchObserver, ProcessOutcome, ProcessStarted } from "./execute/launched.js";
export {
  type AdoptOptions,
  Launcher,
  type LauncherOptions,
  type LaunchLimits,
  type LaunchOptions,
  type LogBlock,
  type RunningProcesses,
} from "./execute/launcher.js";
export { RetryLater } from "./execute/retry-later.js";
export type { ResourceUsage, Run, RunState, SatisfiedTerm } from "./execute/run.js";
export type { TrustedScript } from "./execute/trusted-script.js";
export type { NativeHalfSatisfied as HalfSatisfied, NativeMatcherStats as MatcherStats } from "./native.js";
export type { Context, Expression, Operation, Pattern, Span, Term, Trigger, TriggerIssue } from "./trigger/ast.js";
export type { Rule } from "./trigger/compile.js";
export { type EventFields, formatEvent, parseEvent } from "./trigger/event.js";
export { trigger } from "./trigger/literal.js";
export { type AttachedJob, type Match, Matcher, type MemoryVisitor } from "./trigger/matcher.js";
export { type ParsedTrigger, parseTrigger } from "./trigger/parse.js";
export type { TermStanding } from "./trigger/standing.js";
export {
  type EventName,
  type EventType,
  eventNames,
  eventTypes,
  type GlobalType,
  type JobType,
} from "./trigger/vocabulary.js";
