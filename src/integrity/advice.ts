import { collections, type IntegrityReport, type Section } from '../records/index.ts';
import { ACTIONS, actionFor, type ActionName, type ReportLanguage } from './render-findings.ts';

/** A suggested command, and what it does. */
export interface Advice extends Readonly<Record<ReportLanguage, string>> {
  readonly command: string;
}

/** What to do about a report, each command once, in the order of what was found. */
export function adviceFor(report: IntegrityReport): readonly Advice[] {
  const { sections, status } = report;
  const named = new Map<ActionName, string>();
  for (const { kind, ids } of findingsIn(sections)) {
    const action = actionFor(kind);
    if (action && !named.has(action)) named.set(action, recordIn(kind, ids[0]));
  }
  if (sections.some(({ error }) => error?.code === 'STORE_NOT_FOUND')) named.set('init', '');
  if (status === 'unknown') named.set('check', '');
  const kind = kindOptions(sections);
  const advice = [...named].flatMap(([action, id]): readonly Advice[] => {
    if (action === 'recover') return recoverAdvice(sections);
    const { command, ...texts } = ACTIONS[action];
    return [{ command: command.replace('{id}', id) + (OF_A_KIND.has(action) ? kind : ''), ...texts }];
  });
  return hasNoRecords(report) ? [...advice, NAME_YOUR_OWN] : advice;
}

/** Whether only pictures were looked at, and there are none: then the report tells of nobody's calls. */
export function hasNoRecords({ sections }: IntegrityReport): boolean {
  return sections.some(({ name, figures }) => name === 'works' && figures['total'] === 0);
}

/** Whether nothing is wrong, and yet the result of some call is not known. */
export function isUnsettled({ sections, status }: IntegrityReport): boolean {
  return status === 'ok' && findingsIn(sections).some(({ kind }) => kind === 'unknown-waiting');
}

const findingsIn = (sections: readonly Section[]): Section['findings'] => sections.flatMap(({ findings }) => findings);

const NAME_YOUR_OWN: Advice = {
  command: 'wx-durable check --records <collection>',
  zh: '检查自己的付费调用：--records 写其记录的集合',
  en: 'check your own costly calls: name the collection of their records',
};

/** What is done for one kind of calls at a time. */
const OF_A_KIND: ReadonlySet<ActionName> = new Set<ActionName>(['check', 'explain']);

// A report about other calls than pictures says where they are.
function kindOptions(sections: readonly Section[]): string {
  const { records, accounts } = kindIn(sections);
  const options = [isName(records) ? `--records ${records}` : '', isName(accounts) ? `--accounts ${accounts}` : ''];
  return options.map((option) => (option === '' ? '' : ` ${option}`)).join('');
}

function kindIn(sections: readonly Section[]): { readonly records?: unknown; readonly accounts?: unknown } {
  return (sections.find(({ name }) => name === 'calls')?.figures['collections'] ?? {}) as ReturnType<typeof kindIn>;
}

/** The findings that are letters alone. */
const OF_LETTERS: ReadonlySet<string> = new Set(['letters-waiting', 'letters-overdue']);

// Recovery writes to named collections only: the command for a letter is the one that names its own.
function recoverAdvice(sections: readonly Section[]): readonly Advice[] {
  const { command, ...texts } = ACTIONS.recover;
  const { records = collections.works } = kindIn(sections);
  const waiting = placesIn(sections);
  const also = waiting.filter(({ name, isCall }) => !isCall && name !== records).map(({ name }) => name);
  const others = waiting.filter(({ name, isCall }) => isCall && name !== records);
  const asked = findingsIn(sections).filter(({ kind }) => actionFor(kind) === 'recover');
  const isElsewhere = asked.every(({ kind }) => OF_LETTERS.has(kind)) && others.length === waiting.length;
  const alsoOption = also.length > 0 ? ` --also ${also.join(',')}` : '';
  const own = { command: command + kindOptions(sections) + alsoOption, ...texts };
  return [
    ...(isElsewhere && others.length > 0 ? [] : [own]),
    ...others.map(({ name }) => (name === collections.works ? { command, ...texts } : ofOtherCalls(name))),
  ];
}

function ofOtherCalls(records: string): Advice {
  return {
    command: `${ACTIONS.recover.command} --records ${records}`,
    zh: `恢复 ${records} 的调用（账户不在 users 时加 --accounts）`,
    en: `finish the calls of ${records} (--accounts where those are not users)`,
  };
}

interface Place {
  readonly name: string;
  readonly isCall: boolean;
}

// The names come out of documents, and a person pastes the command into a shell.
function placesIn(sections: readonly Section[]): readonly Place[] {
  const places = sections.find(({ name }) => name === 'backup')?.figures['waitingIn'];
  return Array.isArray(places) ? (places as readonly Place[]).filter(({ name }) => isName(name)) : [];
}

const isName = (value: unknown): value is string => typeof value === 'string' && /^\w[\w-]{0,127}$/.test(value);

// A person pastes the command into a shell: an id that is more than a plain name stays out of it.
function recordIn(kind: string, id = ''): string {
  const recordId = kind.startsWith('letter') ? id.replace(/_\d+(_[0-9a-f]{16})?$/, '') : id;
  return isName(recordId) ? recordId : '<id>';
}
