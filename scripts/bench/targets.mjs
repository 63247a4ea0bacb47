/**
 * Whether a figure is what it must be. A target is a sign and a bound: `<= 1.05`, `>= 300`, `= 0`. Throws for any other
 * text: a target that nobody can read would always be met.
 * @param {number} value
 * @param {string} target
 */
export function meets(value, target) {
  const [, sign, bound] = /^(<=|>=|=) (\d+(?:\.\d+)?)$/.exec(target) ?? [];
  if (bound === undefined) throw new Error(`"${target}" is no target`);
  if (sign === '<=') return value <= Number(bound);
  return sign === '>=' ? value >= Number(bound) : value === Number(bound);
}
