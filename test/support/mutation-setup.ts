/** Properties with the same cases in every run: whether a mutant is noticed must not depend on luck. */
import fc from "fast-check";

fc.configureGlobal({ seed: 1 });
