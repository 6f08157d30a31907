/** What incidents are, as they are told. */
import { kinds, type Kind } from "../detection/kind.js";

/** What an incident is: what an alarm was, or a key that came regularly and does not come any more. */
export type IncidentKind = Kind | "silence";
export const incidentKinds: readonly IncidentKind[] = [...kinds, "silence"];
