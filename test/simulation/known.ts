/** Numbers for things, so that whether two are equal is seen at once. */
export class Numbers<T> {
  readonly #numbers = new Map<string, number>();
  readonly #things: T[] = [];

  /** The number of the thing with this text; `make` makes it when the text is new. */
  of(text: string, make: (number: number) => T): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#things.length;
    this.#numbers.set(text, number);
    this.#things.push(make(number));
    return number;
  }

  at(number: number): T {
    return this.#things[number] as T;
  }
}

/** Thrown where something is not known yet that only real code can tell: after `find`, try again. */
export class Missing extends Error {
  readonly find: () => Promise<void>;
  constructor(find: () => Promise<void>) {
    super('not known yet');
    this.find = find;
  }
}

/** What `make` answers, once everything is known that it asks for; at once where it is known already. */
export function whenKnown<T>(make: () => T): T | Promise<T> {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    return error.find().then(() => whenKnown(make));
  }
}
