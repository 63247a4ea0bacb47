import { DurableError } from '../core/index.ts';
import { createBackupSection, createTiersSection } from '../durable/index.ts';
import { createWorksSection } from '../generation/index.ts';
import { createCallsSection, type PlainKindOptions } from '../once/index.ts';
import {
  createCheck,
  createUsersSection,
  INDICATOR_INPUTS,
  indicatorsSection,
  type Check,
} from '../integrity/index.ts';
import { collections, type CheckSection } from '../records/index.ts';
import { sealsOf, type Runtime } from './runtime.ts';

/** The sections of the check, in their order; … */
export const CHECK_SECTIONS = ['works', 'backup', 'users', 'tiers', 'indicators'] as const;
/** … and where it is about another kind of calls than pictures. */
export const KIND_SECTIONS = ['calls', 'backup', 'tiers'] as const;
export type CheckSectionName = (typeof CHECK_SECTIONS)[number] | (typeof KIND_SECTIONS)[number];

export interface IntegrityCheckOptions {
  /** Ask storage for every picture, and not for a sample of 100. @default false */
  readonly deep?: boolean;
  /** Only these; `indicators` brings along what it is made of. @default all */
  readonly sections?: readonly CheckSectionName[] | undefined;
  /** Another kind of costly calls, by its collections. @default pictures */
  readonly kind?: PlainKindOptions | undefined;
}

type CheckRuntime = Pick<Runtime, 'store' | 'blobs' | 'clock' | 'random' | 'hash' | 'log' | 'env' | 'createSeal'>;

/** The integrity check of a deployment, put together from the sections that the rooms offer. */
export function createIntegrityCheck(runtime: CheckRuntime, options: IntegrityCheckOptions = {}): Check {
  const { deep = false, kind } = options;
  const offered: readonly CheckSectionName[] = kind ? KIND_SECTIONS : CHECK_SECTIONS;
  const wanted = options.sections ?? offered;
  const deps = { ...runtime, ...sealsOf(runtime) };
  const derives = wanted.includes('indicators');
  const makers: Readonly<Record<Exclude<CheckSectionName, 'indicators'>, () => CheckSection>> = {
    calls: () => createCallsSection(deps, kind ?? { records: collections.works, accounts: collections.users }),
    works: () => createWorksSection(deps, { deep }),
    backup: () => createBackupSection(deps),
    users: () => createUsersSection(deps),
    tiers: () => createTiersSection(deps),
  };
  const names = offered.filter((name) => wanted.includes(name) || (derives && isInput(name)));
  const sections = names.flatMap((name) => (name === 'indicators' ? [] : [makers[name]()]));
  return createCheck({ ...runtime, sections, derived: derives ? [indicatorsSection] : [] });
}

/** The sections named by a caller; throws `INPUT_INVALID` for what is none. */
export function readSectionNames(names: unknown): readonly CheckSectionName[] {
  const isName = (name: unknown): name is (typeof CHECK_SECTIONS)[number] =>
    (CHECK_SECTIONS as readonly unknown[]).includes(name);
  if (Array.isArray(names) && names.length > 0 && names.every(isName)) return names;
  throw new DurableError('INPUT_INVALID', `\`sections\` is a list of ${CHECK_SECTIONS.join(', ')}`, {
    details: { field: 'sections', zh: `sections 应为 ${CHECK_SECTIONS.join('、')} 中的一个或多个` },
  });
}

const isInput = (name: string): boolean => (INDICATOR_INPUTS as readonly string[]).includes(name);
