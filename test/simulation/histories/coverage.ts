/** What a history came through, told by the library's own log: the situations that must be met now and then. */
import type { Log, LogFields, LogLevel } from '../../../src/core/index.ts';
import type { Chronicle } from './chronicle.ts';
import type { Machine } from './machine.ts';
import type { Answer, Commit, PaidCall } from './truth.ts';

/** A log that notes what it is told about; sealed letters are kept, if the log service got them. */
export function createSimLog(
  chronicle: Chronicle,
  { machine, sealed, isLost }: { readonly machine: Machine; readonly sealed: string[]; readonly isLost: () => boolean },
): Log {
  const who = `machine ${machine.number}`;
  return {
    write(level: LogLevel, event: string, fields: LogFields = {}) {
      const situation = situationOf(event, fields);
      if (situation) chronicle.see(situation);
      if (situation === OPEN) machine.knownDown.add(String(fields['collection']));
      chronicle.tell(who, () => `log ${level} ${event} ${JSON.stringify({ ...fields, sealed: undefined })}`);
      if (event === 'write.sealed' && !isLost()) sealed.push(JSON.stringify({ event, ...fields }));
    },
  };
}

const OPEN = 'breaker: open';

function situationOf(event: string, fields: LogFields): string | undefined {
  switch (event) {
    case 'write.dead-lettered':
      if (fields['attempts'] === 0 && fields['code'] === 'STORE_UNAVAILABLE') return OPEN;
      return `tier: ${String(fields['tier'])}`;
    case 'write.attempt-failed':
      return `error: ${String(fields['code'])}`;
    case 'redrive.placed':
      return `letter: ${String(fields['placement'])}`;
    case 'once.closed':
      return `hold: ${String(fields['state'])}${fields['applied'] === true ? '' : ' before'}`;
    case 'once.recovered':
      return `recovered: ${String(fields['status'])}`;
    case 'repair.user-count':
      return fields['applied'] === true ? 'count repair: applied' : 'count repair: deferred by seq';
    case 'once.pruned':
      return fields['applied'] === true ? 'holds: pruned' : 'holds: pruning deferred';
    case 'generation.no-picture':
      return `no picture: ${String(fields['outcome'])}`;
    default:
      return event;
  }
}

/** Situations that are seen only by looking back. */
export function lookBack(
  chronicle: Chronicle,
  { paid, answers }: { readonly paid: readonly PaidCall[]; readonly answers: readonly Answer[] },
): void {
  if (paid.some(({ attempt }) => attempt > 1)) chronicle.see('reopened and paid');
  for (const { said } of answers) {
    if (said.kind === 'error') chronicle.see(`told: ${said.code}`);
    else if (said.kind === 'nothing') chronicle.see(`told nothing: ${said.why}`);
    else chronicle.see(`told: ${said.status} in ${said.savedIn}${said.replayed ? ', again' : ''}`);
    if (said.kind === 'final' && said.replayed) chronicle.see(`replayed from: ${said.savedIn}`);
  }
  unknownEnds(chronicle);
}

function unknownEnds({ commits, see }: Chronicle): void {
  const before = new Map<string, Commit>();
  const letters = new Set<string>();
  for (const commit of commits) {
    const { place, id, after } = commit;
    if (place === 'letter-files' || place === 'emergency_backup')
      letters.add(`${String(after?.['recordId'])} ${tokenIn(after)}`);
    if (after?.['state'] === 'quarantined') see('letter: quarantined');
    if (place !== 'works') continue;
    if (before.get(id)?.after?.['status'] === 'unknown' && after && after['status'] !== 'unknown') {
      const isLetter = letters.has(`${id} ${String(after['token'])}`);
      if (after['errorCode'] === 'ONCE_UNKNOWN') see('unknown ended: after a day');
      else if (after['isRecovered']) see(isLetter ? 'unknown ended: by its letter' : 'unknown ended: by its task');
      else see('unknown ended: by its own call');
    }
    before.set(id, commit);
  }
}

function tokenIn(letter: Commit['after']): string {
  return String((letter?.['payload'] as { readonly token?: unknown } | undefined)?.token);
}
