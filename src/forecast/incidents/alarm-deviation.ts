/** How far an alarm's values are from what was usual, from the rows of the detector. */
import { kindOf, type AlarmKind } from "../detection/kind.js";
import { f32At } from "../detection/layout.js";
import type { DetectionRow } from "../detection/rows.js";

/** The kind of a key's last alarm, and the deviation that its gates judge. */
export interface AlarmReading {
  readonly alarm: AlarmKind | undefined;
  /** In the unit of the values; NaN for an alarm without a direction. */
  readonly deviation: number;
}

/**
 * Reads the rows of a key after the detector scored its value. The deviation is that of the alarm from the mean of the
 * hour, or the value's from its forecast where that is larger and on the same side: a slow shift is far from what was
 * usual, though each of its values is near its forecast.
 *
 * @param error The value less its forecast, NaN where nothing was forecast.
 */
export function readAlarm(row: DetectionRow, error: number): AlarmReading {
  const alarm = kindOf(row);
  if (alarm?.direction === undefined) return { alarm, deviation: NaN };
  const size = row.f32[row.at32 + f32At.size]!;
  const sameSide = error > 0 === size > 0;
  return { alarm, deviation: sameSide && Math.abs(error) > Math.abs(size) ? error : size };
}
