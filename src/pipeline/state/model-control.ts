/** Changes the tuning of the live model while a pipeline runs. Each partition takes the settings up at a commit. */
import { UndercurrentError } from "../../errors/errors.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import {
  changedNames,
  compareSettings,
  isTuning,
  signedSettings,
} from "../../forecast/snapshot/signature.js";

export class ModelControl {
  #model: ForecasterSettings;
  readonly #followers = new Set<() => void>();

  /** @param model The settings that the pipeline starts with. */
  constructor(model: ForecasterSettings) {
    this.#model = model;
  }

  /** The settings that every partition has, or takes up next. */
  get model(): ForecasterSettings {
    return this.#model;
  }

  /** Gives other settings to every partition. Throws SETTING_INVALID if the state depends on one that differs. */
  retune(model: ForecasterSettings): void {
    const theirs = signedSettings(this.#model);
    const change = compareSettings(theirs, model);
    if (change === "same") return;
    if (change === "shape") {
      const names = changedNames(theirs, signedSettings(model)).filter((name) => !isTuning(name));
      throw new UndercurrentError("SETTING_INVALID", `the saved state depends on ${names.join(", ")}`);
    }
    this.#model = model;
    for (const follower of [...this.#followers]) follower();
  }

  /** Calls a listener after each change, until the function that is returned is called. */
  follow(listener: () => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }
}
