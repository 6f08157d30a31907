// Adds up vitest's JSON reports: names what failed, and prints a last line: N passed, N failed, N skipped.
import { readFileSync } from "node:fs";

const firstLines = (text = "") => text.split("\n").slice(0, 3).join("\n  ");

const total = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(path, "utf8"));
  total.passed += report.numPassedTests;
  total.failed += report.numFailedTests + report.numFailedTestSuites * (report.numFailedTests === 0 ? 1 : 0);
  total.skipped += report.numPendingTests + report.numTodoTests;
  for (const { name, status, message, assertionResults } of report.testResults) {
    const failed = assertionResults.filter((test) => test.status === "failed");
    for (const test of failed)
      console.log(`${name}: ${test.fullName}\n  ${firstLines(test.failureMessages[0])}`);
    if (status === "failed" && failed.length === 0) console.log(`${name}: ${firstLines(message)}`);
  }
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
