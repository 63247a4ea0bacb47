import { DurableError, type Deadline } from '../core/index.ts';
import { createNotifier, readChannel, type Channel, type Language, type NotifyReport } from '../notify/index.ts';
import { planAlerts, type RunOutcome } from './alert-plan.ts';
import type { Environment } from './config.ts';
import type { Runtime } from './runtime.ts';

/** Tells the configured groups what a maintenance run came to. */
export interface Alerts {
  /** Never rejects; starts nothing after the deadline. One read when all is well. */
  tell(outcome: RunOutcome, deadline: Deadline): Promise<NotifyReport>;
}

export interface AlertsConfig {
  readonly channels: readonly Channel[];
  readonly language: Language;
  /** Stands in the title, where one group hears of several deployments. */
  readonly name: string | undefined;
}

/**
 * Alerts as the environment configures them; make them once an instance, beside the function's handler.
 * Throws `CONFIG_INVALID` at once for a wrong setting. Without `WX_DURABLE_ALERTS` they go to the log alone.
 */
export function createAlerts(
  runtime: Pick<Runtime, 'store' | 'clock' | 'random' | 'log' | 'fetch' | 'hash' | 'env'>,
): Alerts {
  const config = readAlertsConfig(runtime.env);
  const { store, clock, random, log, fetch, hash } = runtime;
  const notifier = createNotifier({ store, clock, random, log, fetch, hash, channels: config.channels }, config);
  return { tell: (outcome, deadline) => notifier.notify(planAlerts(outcome, config.language), deadline) };
}

const MAX_CHANNELS = 5;

/**
 * Reads `WX_DURABLE_ALERTS` (robots by comma: `wecom:KEY`, `feishu:TOKEN[:SECRET]`, `dingtalk:TOKEN[:SECRET]`),
 * `WX_DURABLE_ALERTS_LANGUAGE` (`zh` or `en`), `WX_DURABLE_ALERTS_NAME`, and for tests `WX_DURABLE_ALERTS_TEST_ORIGIN`
 * (a server on this machine that stands in for all robots). Throws `CONFIG_INVALID` naming the variable and the place
 * in it, never its content.
 */
export function readAlertsConfig(env: Environment): AlertsConfig {
  const listed = (env['WX_DURABLE_ALERTS'] ?? '').split(',').map((part) => part.trim());
  const parts = listed.filter((part) => part !== '');
  if (parts.length > MAX_CHANNELS) throw invalid('WX_DURABLE_ALERTS', `at most ${MAX_CHANNELS} robots`);
  const testOrigin = env['WX_DURABLE_ALERTS_TEST_ORIGIN'] || undefined;
  return {
    channels: parts.map((part, index) => readRobot(part, index + 1, testOrigin)),
    language: readLanguage(env['WX_DURABLE_ALERTS_LANGUAGE']),
    name: env['WX_DURABLE_ALERTS_NAME']?.trim().slice(0, 40) || undefined,
  };
}

function readRobot(text: string, place: number, testOrigin: string | undefined): Channel {
  try {
    return readChannel(text, testOrigin);
  } catch (cause) {
    if (!(cause instanceof DurableError)) throw cause;
    throw invalid('WX_DURABLE_ALERTS', `robot ${place}: ${cause.message.replace(/^\[\w+\] /, '')}`, cause);
  }
}

function readLanguage(value: string | undefined): Language {
  if (value === undefined || value === '') return 'zh';
  if (value === 'zh' || value === 'en') return value;
  throw invalid('WX_DURABLE_ALERTS_LANGUAGE', 'say "zh" or "en"');
}

function invalid(variable: string, what: string, cause?: unknown): DurableError {
  return new DurableError('CONFIG_INVALID', `environment variable ${variable}: ${what}`, {
    details: { variable },
    cause,
  });
}
