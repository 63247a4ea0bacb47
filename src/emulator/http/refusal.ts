/** A request that is answered with an HTTP status of its own and one sentence why. Never leaves this room. */
export class HttpRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'HttpRefusal';
    this.status = status;
  }
}
