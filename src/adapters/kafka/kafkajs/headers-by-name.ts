/** A record's headers in the client's form: by name, with a list of values where a name occurs more than once. */
import type { IHeaders } from "kafkajs";

type HeaderValue = Buffer | null;

/** Collects headers in time linear in their number; every name is one's own, `__proto__` and `constructor` too. */
export class HeadersByName {
  readonly headers: IHeaders = {};

  add(name: string, value: HeaderValue): void {
    const byName = this.headers as Record<string, HeaderValue | HeaderValue[]>;
    if (!Object.hasOwn(byName, name)) {
      // An assignment would set the prototype where the name is __proto__.
      if (name === "__proto__") defineOwn(byName, name, value);
      else byName[name] = value;
      return;
    }
    const earlier = byName[name]!;
    if (Array.isArray(earlier)) earlier.push(value);
    else byName[name] = [earlier, value];
  }
}

function defineOwn(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}
