import { assertPath, comparisonOf, readFilter, type Change, type Comparison, type Filter, type PageKey } from '../index.ts';
import type { Command, Operator } from './sdk.ts';

/** A filter in the SDK's terms: every value wrapped in an operator, so that none can become one. */
export function toWhere(command: Command, filter: Filter): Record<string, Operator> {
  return Object.fromEntries(readFilter(filter).map(([path, comparison]) => [path, toOperator(command, comparison)]));
}

function toOperator(command: Command, comparison: Comparison): Operator {
  switch (comparison.op) {
    case 'eq':
      return command.eq(comparison.value);
    case 'ne':
      return command.neq(comparison.value);
    case 'in':
      return command.in(comparison.values);
    case 'absent':
      return command.exists(false);
    case 'absentOr':
      return command.or([command.exists(false), toOperator(command, comparisonOf(comparison.other))]);
    default:
      return command[comparison.op](comparison.value);
  }
}

/** A change in the SDK's terms. Objects are wrapped in `set`, or the SDK would merge them field by field. */
export function toData(command: Command, change: Change): Record<string, Operator> {
  const data: Record<string, Operator> = {};
  const put = (path: string, operator: Operator): void => {
    assertPath(path);
    data[path] = operator;
  };
  for (const [path, value] of Object.entries(change.set ?? {})) put(path, command.set(value));
  for (const [path, by] of Object.entries(change.inc ?? {})) put(path, command.inc(by));
  for (const [path, value] of Object.entries(change.push ?? {})) put(path, command.push([value]));
  for (const path of change.unset ?? []) put(path, command.remove());
  return data;
}

export interface Order {
  readonly field: string;
  readonly direction: 'asc' | 'desc';
}

/** The condition for what comes after `key` in the order (field, `_id`). */
export function toAfter(command: Command, order: Order, key: PageKey): unknown {
  const beyond = (value: unknown): Operator => (order.direction === 'asc' ? command.gt(value) : command.lt(value));
  if (order.field === '_id' || key.value === undefined) return { _id: beyond(key.id) };
  return command.or([
    { [order.field]: beyond(key.value) },
    { [order.field]: command.eq(key.value), _id: beyond(key.id) },
  ]);
}
