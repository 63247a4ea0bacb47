import { describe, expect, it } from 'vitest';
import { readPhaseCheckpoint } from '../../src/durable/index.ts';

describe('where a walk in phases stopped', () => {
  const phases = ['holds', 'letters'] as const;

  it.each([
    ['the beginning of a phase', { phase: 'letters' }],
    ['a place by id', { phase: 'holds', after: { id: 'w_1' } }],
    ['a place by value', { phase: 'holds', after: { id: 'w_1', value: 7 } }],
  ])('is understood as %s', (_what, stored) => {
    expect(readPhaseCheckpoint(stored, phases)).toEqual(stored);
  });

  it('keeps nothing that does not belong to it', () => {
    expect(readPhaseCheckpoint({ phase: 'holds', more: 1 }, phases)).toEqual({ phase: 'holds' });
    expect(readPhaseCheckpoint({ phase: 'holds', after: undefined }, phases)).not.toHaveProperty('after');
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'holds'],
    ['no phase', {}],
    ['a phase of another walk', { phase: 'pictures' }],
    ['a place without an id', { phase: 'holds', after: { value: 1 } }],
    ['a place that is a text', { phase: 'holds', after: 'w_1' }],
    ['a place that is null', { phase: 'holds', after: null }],
  ])('is none where %s is stored: the walk begins anew', (_what, stored) => {
    expect(readPhaseCheckpoint(stored, phases)).toBeUndefined();
  });
});
