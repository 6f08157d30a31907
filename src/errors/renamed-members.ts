/** Renamed members of classes: an old use is an error that names the new member, where JavaScript would go on silently. */

/**
 * Lets a method of a class that was a number before throw where code still uses it as one: in arithmetic, comparisons and texts.
 *
 * @param renamed Name of the member that is the number now.
 */
export function refuseAsNumber(owner: { readonly prototype: object }, name: string, renamed: string): void {
  Object.defineProperty(Reflect.get(owner.prototype, name), Symbol.toPrimitive, {
    value: () => {
      throw new TypeError(`${name} is a method now; the number is called ${renamed}`);
    },
  });
}
