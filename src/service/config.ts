import { DurableError } from '../core/index.ts';
import { knownProviders, type ProviderConfig, type ProviderForm, type Registration } from '../generation/index.ts';

/** A function's environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface GenerateConfig {
  /** Undefined: none is configured, and generation is refused. */
  readonly provider: ProviderConfig | undefined;
  readonly registration: Registration;
  /** The deployment's key, 32 bytes as hex or base64. */
  readonly key: string | undefined;
}

/** Reads `WX_DURABLE_*`. Throws `CONFIG_INVALID` naming the variable, never its value. */
export function readConfig(env: Environment): GenerateConfig {
  return {
    provider: readProvider(env),
    registration: {
      open: readSwitch(env, 'WX_DURABLE_REGISTRATION', true),
      initialCredits: readCount(env, 'WX_DURABLE_INITIAL_CREDITS', 20),
    },
    key: env['WX_DURABLE_KEY'] || undefined,
  };
}

function readProvider(env: Environment): ProviderConfig | undefined {
  const name = env['WX_DURABLE_PROVIDER'];
  if (!name) return undefined;
  const known = Object.hasOwn(knownProviders, name) ? knownProviders[name] : undefined;
  const baseUrl = env['WX_DURABLE_PROVIDER_URL'] || known?.baseUrl;
  if (!baseUrl) throw invalid('WX_DURABLE_PROVIDER_URL', `give the address of provider "${name.slice(0, 20)}"`);
  if (!/^https?:\/\/[^\s]+$/.test(baseUrl)) throw invalid('WX_DURABLE_PROVIDER_URL', 'give an http(s) address');
  const form = readForm(env, known?.form ?? 'openai');
  const model = env['WX_DURABLE_PROVIDER_MODEL'] || undefined;
  if (form === 'dashscope' && !model) throw invalid('WX_DURABLE_PROVIDER_MODEL', 'name the model of this service');
  return { name, form, baseUrl, apiKey: env['WX_DURABLE_PROVIDER_KEY'] || undefined, model };
}

function readForm(env: Environment, otherwise: ProviderForm): ProviderForm {
  const form = env['WX_DURABLE_PROVIDER_FORM'] || otherwise;
  if (form === 'openai' || form === 'dashscope') return form;
  throw invalid('WX_DURABLE_PROVIDER_FORM', 'say "openai" or "dashscope"');
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
