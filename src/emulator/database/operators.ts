import { Context } from 'mingo/core';
import * as projection from 'mingo/operators/projection';
import * as engine from 'mingo/operators/query';
import * as window from 'mingo/operators/window';
import type { Options } from 'mingo/types';
import { CloudError, requestFailed } from '../cloud-error.ts';
import { accumulator } from './accumulators.ts';
import { expression } from './expressions.ts';
import { compileField } from './query/index.ts';
import { stages } from './stages.ts';

type FieldOperator = typeof engine.$eq;

/** Wherever the engine itself compiles a filter, in `$elemMatch` of a projection say, it takes our operators. */
const query = {
  ...engine,
  ...Object.fromEntries(
    [
      '$eq',
      '$ne',
      '$gt',
      '$gte',
      '$lt',
      '$lte',
      '$in',
      '$nin',
      '$all',
      '$elemMatch',
      '$exists',
      '$type',
      '$mod',
      '$not',
    ]
      .concat(['$size', '$regex'])
      .map((name) => [name, asFieldOperator(name)]),
  ),
};

function asFieldOperator(name: string): FieldOperator {
  return (path, operand) => compileField(path, { [name]: operand });
}

const context = Context.init({ accumulator, expression, pipeline: stages, projection, query, window });

/** What every pipeline and projection runs with: all reading operators, and no scripts sent by a client. */
export const ENGINE_OPTIONS: Partial<Options> = { context, scriptEnabled: false };

/** Runs a step of the query engine; what the engine objects to becomes a refusal of the request. */
export function refusing<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof CloudError) throw error;
    throw requestFailed(`[FailedOperation] ${error instanceof Error ? error.message : String(error)}`);
  }
}
