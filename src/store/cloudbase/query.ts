import {
  assertChange,
  comparisonOf,
  readFilter,
  type Change,
  type Comparison,
  type Filter,
  type PageKey,
  type PagePlan,
} from '../index.ts';
import type { Command, Operator } from './sdk.ts';

/** A filter in the SDK's terms: every value wrapped in an operator, so that none can become one. */
export function toWhere(command: Command, filter: Filter): unknown {
  const comparisons = readFilter(filter);
  const fields = comparisons.map(([path, comparison]) => ({ [path]: toOperator(command, comparison) }));
  // The SDK pours the `or` of every field into one `$or` of the whole query: two would widen it to "either".
  const alternatives = comparisons.filter(([, { op }]) => op === 'absentOr');
  return alternatives.length > 1 ? command.and(fields) : (Object.assign({}, ...fields) as unknown);
}

function toOperator(command: Command, comparison: Comparison): Operator {
  switch (comparison.op) {
    case 'eq':
      return command.eq(comparison.value);
    case 'ne':
      return command.neq(comparison.value);
    case 'in':
    case 'nin':
      return command[comparison.op](comparison.values);
    case 'absent':
      return command.exists(false);
    case 'absentOr':
      return command.or([command.exists(false), toOperator(command, comparisonOf(comparison.other))]);
    case 'all':
      return command.and(comparison.others.map((other) => toOperator(command, comparisonOf(other))));
    default:
      return command[comparison.op](comparison.value);
  }
}

/** A change in the SDK's terms. Objects are wrapped in `set`, or the SDK would merge them field by field. */
export function toData(command: Command, change: Change): Record<string, Operator> {
  const data: Record<string, Operator> = {};
  assertChange(change);
  for (const [path, value] of Object.entries(change.set ?? {})) data[path] = command.set(value);
  for (const [path, by] of Object.entries(change.inc ?? {})) data[path] = command.inc(by);
  for (const [path, value] of Object.entries(change.push ?? {})) data[path] = command.push([value]);
  for (const path of change.unset ?? []) data[path] = command.remove();
  return data;
}

/** The condition for what comes after `after` in the order (field, `_id`). */
export function toAfter(command: Command, { orderBy, direction }: PagePlan, after: PageKey): unknown {
  const isUp = direction === 'asc';
  const beyond = (value: unknown): Operator => (isUp ? command.gt(value) : command.lt(value));
  if (orderBy === '_id') return { _id: beyond(after.id) };
  // Null equals absent here, and sorts below every value.
  const absent = command.eq(null);
  if (after.value === undefined) {
    const rest = { [orderBy]: absent, _id: beyond(after.id) };
    return isUp ? command.or([rest, { [orderBy]: command.neq(null) }]) : rest;
  }
  const rest = [{ [orderBy]: beyond(after.value) }, { [orderBy]: command.eq(after.value), _id: beyond(after.id) }];
  return command.or(isUp ? rest : [...rest, { [orderBy]: absent }]);
}
