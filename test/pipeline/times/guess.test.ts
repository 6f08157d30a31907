/** Formats that are guessed for the advice in an error, against the parser that the advice leads to. */
import { expect, test } from "vitest";
import { timeFormatFault, timeFormatParser } from "../../../src/pipeline/times/format.js";
import { likelyFormat } from "../../../src/pipeline/times/guess.js";
import { decodeNames, flagNames, timeReader } from "../../../src/pipeline/times/reader.js";

const at = (hour = 0, minute = 0, second = 0): number => Date.UTC(2026, 2, 20, hour, minute, second);

test.each([
  ["3/20/2026 1:05 PM", "M/d/yyyy h:mm a", at(13, 5)],
  ["3/20/2026, 1:05:07 PM", "M/d/yyyy, h:mm:ss a", at(13, 5, 7)],
  ["20/3/2026 13:05", "d/M/yyyy H:mm", at(13, 5)],
  ["3/20/26", "M/d/yy", at()],
  ["20-03-2026", "d-M-yyyy", at()],
  ["20.03.2026 13:05:07", "d.M.yyyy H:mm:ss", at(13, 5, 7)],
  ["20.3.26", "d.M.yy", at()],
  ["2026/03/20 13:05", "yyyy/M/d H:mm", at(13, 5)],
  ["2026-03-20 1:05 PM", "yyyy-MM-dd h:mm a", at(13, 5)],
  ["2026-03", "yyyy-MM", Date.UTC(2026, 2)],
  ["2026-W12-5", "kkkk-'W'WW-c", at()],
  ["2026-W12", "kkkk-'W'WW", Date.UTC(2026, 2, 16)],
  ["March 20, 2026", "MMMM d, yyyy", at()],
  ["Mar 20, 2026 13:05", "MMM d, yyyy H:mm", at(13, 5)],
  ["May 1, 2026", "MMM d, yyyy", Date.UTC(2026, 4, 1)],
  ["20-Mar-2026", "d-MMM-yyyy", at()],
  ["20-Mar-26", "d-MMM-yy", at()],
  ["20 March 2026", "d MMMM yyyy", at()],
  ["20 Mar 2026 13:05:07.250", "d MMM yyyy H:mm:ss.SSS", at(13, 5, 7) + 250],
])("%s is likely %s, which reads it", (text, format, time) => {
  expect(likelyFormat(text)).toBe(format);
  expect(timeFormatFault(format)).toBeUndefined();
  expect(timeFormatParser(format)(text)).toBe(time);
});

test.each(["", "soon", "20.03", "13:05", "2026-03-20 13:05 or so", "Total", "9".repeat(50)])(
  "%j has no likely format",
  (text) => expect(likelyFormat(text)).toBeUndefined(),
);

test("an error names the format by the option of the command or the setting of the service", () => {
  expect(() => timeReader({}, flagNames)("20.03.2026")).toThrow(
    'the time is the text "20.03.2026"; --time-format "d.M.yyyy" reads it',
  );
  expect(() => timeReader({}, decodeNames)("3/4/2026")).toThrow(
    'the time is the text "3/4/2026"; decode.timeFormat: "M/d/yyyy" reads it, if the month is first',
  );
  expect(() => timeReader({ timeFormat: "d.M.yyyy" }, flagNames)("3/20/2026")).toThrow(
    'not of the format d.M.yyyy; --time-format "M/d/yyyy" reads it',
  );
  expect(() => timeReader({}, flagNames)(" 20.03.2026 ")).toThrow('--time-format "d.M.yyyy" reads it');
  expect(() => timeReader({}, flagNames)("30.02.2026")).toThrow(/^the time is the text "30.02.2026"$/);
  expect(() => timeReader({}, flagNames)("soon")).toThrow(/^the time is the text "soon"$/);
});
