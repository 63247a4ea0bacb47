import { DurableError } from '../core/index.ts';
import {
  knownProvider,
  providerForms,
  type ProviderConfig,
  type ProviderForm,
  type Registration,
} from '../generation/index.ts';

/** A function's environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface GenerateConfig {
  /** Undefined: none is configured, and generation is refused. */
  readonly provider: ProviderConfig | undefined;
  /** The service used before, which is still asked about the tasks that it took. */
  readonly previousProvider: ProviderConfig | undefined;
  readonly registration: Registration;
  /** Whose check looks at what a person wrote. Undefined: nobody's. */
  readonly moderation: 'wechat' | undefined;
  /** The deployment's key, 32 bytes as hex or base64. */
  readonly key: string | undefined;
  /** Keys used before: letters written under them are still read. */
  readonly previousKeys: readonly string[];
}

/** Reads `WX_DURABLE_*`. Throws `CONFIG_INVALID` naming the variable, never its value. */
export function readConfig(env: Environment): GenerateConfig {
  return {
    provider: readProvider(env, 'WX_DURABLE_PROVIDER'),
    previousProvider: readProvider(env, 'WX_DURABLE_PREVIOUS_PROVIDER'),
    registration: {
      open: readSwitch(env, 'WX_DURABLE_REGISTRATION', true),
      initialCredits: readCount(env, 'WX_DURABLE_INITIAL_CREDITS', 20),
    },
    moderation: readModeration(env['WX_DURABLE_MODERATION']),
    key: env['WX_DURABLE_KEY'] || undefined,
    previousKeys: readList(env['WX_DURABLE_PREVIOUS_KEYS']),
  };
}

function readProvider(env: Environment, prefix: string): ProviderConfig | undefined {
  const name = env[prefix];
  if (!name) return undefined;
  const known = knownProvider(name);
  const address = env[`${prefix}_URL`] || undefined;
  const baseUrl = address ?? known?.baseUrl;
  if (!baseUrl) throw invalid(`${prefix}_URL`, 'give the address of this provider, which is none of those known');
  if (!/^https?:\/\/[^\s]+$/.test(baseUrl)) throw invalid(`${prefix}_URL`, 'give an http(s) address');
  const form = readForm(`${prefix}_FORM`, env[`${prefix}_FORM`] || known?.form || 'openai');
  const model = env[`${prefix}_MODEL`] || undefined;
  // Whoever stands at an address of one's own may have a default.
  if (!model && (form === 'dashscope' || address === undefined))
    throw invalid(`${prefix}_MODEL`, 'name the model of this service');
  return { name, form, baseUrl, apiKey: env[`${prefix}_KEY`] || undefined, model };
}

function readForm(variable: string, form: string): ProviderForm {
  const known = providerForms.find((name) => name === form);
  if (known) return known;
  throw invalid(variable, `say ${providerForms.map((name) => `"${name}"`).join(' or ')}`);
}

function readModeration(value: string | undefined): 'wechat' | undefined {
  if (value === undefined || value === '' || value === 'off') return undefined;
  if (value === 'wechat') return value;
  throw invalid('WX_DURABLE_MODERATION', 'say "wechat" or "off"');
}

/** The entries of a list with commas. */
export function readList(value: string | undefined): readonly string[] {
  return (value ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function readSwitch(env: Environment, name: string, otherwise: boolean): boolean {
  const value = env[name];
  if (value === undefined || value === '') return otherwise;
  if (value === 'on' || value === 'off') return value === 'on';
  throw invalid(name, 'say "on" or "off"');
}

function readCount(env: Environment, name: string, otherwise: number): number {
  const value = env[name];
  if (value === undefined || value === '') return otherwise;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw invalid(name, 'give a whole number');
}

function invalid(variable: string, what: string): DurableError {
  return new DurableError('CONFIG_INVALID', `environment variable ${variable}: ${what}`, { details: { variable } });
}
